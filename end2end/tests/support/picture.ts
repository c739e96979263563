import type { Locator, Page } from '@playwright/test';
import { type ClockStrip, readClockStrip } from '../../lib/clock-strip';

type Readable = HTMLVideoElement | HTMLImageElement;

declare global {
  interface Window {
    readClockStrip: typeof readClockStrip;
    __nightjar: { players(): Player[] };
    /** Set by `Wall.mark`: is gone after a reload. */
    sameDocument?: boolean;
  }
}

/** An entry of `window.__nightjar.players()`. */
export interface Player {
  camera_id: number;
  quality: 'main' | 'sub';
  transport: 'mse' | 'hls' | 'native' | 'stills' | null;
  state: string;
  muted: boolean;
  stats: { latency_ms: number | null; fps: number; stalls: number; buffered_s: number; dropped_frames: number } | null;
}

/** What a grid of points of a picture says. */
export interface Sample {
  /** Brightest minus darkest point, 0 to 255: near 0 is a blank picture. */
  contrast: number;
  /** Changes when the picture does. */
  hash: number;
}

/** Puts the strip reader into every page. As text: the page's policy forbids making code from strings there. */
export async function install(page: Page): Promise<void> {
  await page.addInitScript({ content: `window.readClockStrip = ${readClockStrip.toString()};` });
}

/** The strip of the picture that a video shows now. Stills stand in its `poster`. */
export async function strip(video: Locator): Promise<ClockStrip | null> {
  return video.evaluate(async (video: HTMLVideoElement) => {
    let shown: Readable = video;
    if (!video.videoWidth && video.poster) {
      shown = new Image();
      shown.src = video.poster;
      await shown.decode().catch(() => undefined);
    }
    return window.readClockStrip(shown);
  });
}

/** The picture of the next `count` presented frames, sampled. */
export async function samples(video: Locator, count: number): Promise<Sample[]> {
  return video.evaluate((element: HTMLVideoElement, count) => {
    const canvas = new OffscreenCanvas(64, 36);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const seen: Sample[] = [];
    return new Promise<Sample[]>((resolve) => {
      const look = () => {
        context?.drawImage(element, 0, 0, canvas.width, canvas.height);
        const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
        let [low, high, hash] = [255, 0, 0];
        for (let i = 1; i < pixels.length; i += 4) {
          const green = pixels[i] ?? 0;
          low = Math.min(low, green);
          high = Math.max(high, green);
          hash = (Math.imul(hash, 31) + green) | 0;
        }
        seen.push({ contrast: high - low, hash });
        if (seen.length === count) resolve(seen);
        else element.requestVideoFrameCallback(look);
      };
      element.requestVideoFrameCallback(look);
    });
  }, count);
}
