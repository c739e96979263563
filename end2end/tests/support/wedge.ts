import type { Page } from '@playwright/test';

declare global {
  interface Window {
    /** Media is taken and never shown. */
    swallowMedia?: boolean;
    /** The same for the media sources that exist now: what is made later works. */
    hangPlayers?: () => number;
    /** Intervals do not run, as in a tab that the browser puts to sleep. */
    holdTimers?: boolean;
    /** The element that showed a picture when it was remembered. */
    rememberedVideo?: Element | null;
  }
}

/** Makes the page's players and timers breakable; they work until told otherwise. Call it before the page is opened. */
export async function breakable(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const buffers = new Set<SourceBuffer>();
    const hanging = new WeakSet<SourceBuffer>();
    const append = SourceBuffer.prototype.appendBuffer;
    SourceBuffer.prototype.appendBuffer = function (data) {
      buffers.add(this);
      if (!window.swallowMedia && !hanging.has(this)) return append.call(this, data);
      queueMicrotask(() => this.dispatchEvent(new Event('updateend')));
    };
    window.hangPlayers = () => {
      const count = buffers.size;
      for (const buffer of buffers) hanging.add(buffer);
      buffers.clear();
      return count;
    };
    const every = window.setInterval.bind(window);
    const held = (run: TimerHandler, ms?: number) =>
      every(() => {
        if (!window.holdTimers && typeof run === 'function') run();
      }, ms);
    window.setInterval = held as typeof window.setInterval;
  });
}

/** Every picture of a breakable page stops at one moment; the players notice nothing, and nothing is wrong with the server. */
export async function freezeAll(page: Page): Promise<number> {
  return page.evaluate(() => window.hangPlayers?.() ?? 0);
}

/** What goes over the network from now on. */
export class Traffic {
  /** Connections of players. */
  media = 0;
  /** Connections of the page's live line. */
  lines = 0;
  /** Requests to recover a stream. */
  recovers = 0;

  constructor(page: Page) {
    page.on('websocket', (socket) => {
      if (socket.url().endsWith('/api/v1/ws')) this.lines += 1;
      else if (socket.url().includes('/live/')) this.media += 1;
    });
    page.on('request', (request) => {
      if (request.url().endsWith('/recover')) this.recovers += 1;
    });
  }
}
