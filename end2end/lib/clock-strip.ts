// The clock strip of the fake cameras' pictures, read from a canvas: which frame of which loop is on screen.
//
// `readClockStrip` needs nothing from outside its body, so it can be handed to `page.evaluate` as it is.
// The layout is described in end2end/fakecam/src/strip.rs.

/** What a strip says. */
export interface ClockStrip {
  /** Which loop: tells that a tile shows its own camera. */
  loopId: number;
  /** Frame index inside the loop, in display order. */
  frame: number;
}

/** The control socket's answer to `GET /frame-clock`. */
export interface FrameClock {
  loop_id: number;
  loop_start_epoch_ms: number;
  now_epoch_ms: number;
  fps: number;
  frames_per_loop: number;
  loop_ms: number;
  send_offsets_ms: number[];
}

/** Reads the strip of the picture that a video, image or canvas shows now; null when there is none or it is damaged. */
export function readClockStrip(source: HTMLVideoElement | HTMLImageElement | HTMLCanvasElement): ClockStrip | null {
  const columns = 32;
  const rows = 2;
  const cell = 8;
  const width = "videoWidth" in source ? source.videoWidth : "naturalWidth" in source ? source.naturalWidth : source.width;
  const height = "videoHeight" in source ? source.videoHeight : "naturalHeight" in source ? source.naturalHeight : source.height;
  if (!width || !height) return null;
  const keep = globalThis as unknown as { clockStripCanvas?: OffscreenCanvas };
  keep.clockStripCanvas ??= new OffscreenCanvas(columns * cell, rows * cell);
  const context = keep.clockStripCanvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(source, 0, 0, width, height / 12, 0, 0, columns * cell, rows * cell);
  const pixels = context.getImageData(0, 0, columns * cell, rows * cell).data;
  const bytes = new Array<number>(8).fill(0);
  for (let bit = 0; bit < columns * rows; bit++) {
    const left = (bit % columns) * cell;
    const top = Math.floor(bit / columns) * cell;
    let sum = 0;
    // The middle of the cell only: edges bleed.
    for (let y = top + 2; y < top + 6; y++) {
      for (let x = left + 2; x < left + 6; x++) sum += pixels[(y * columns * cell + x) * 4 + 1] ?? 0;
    }
    if (sum > 16 * 126) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  const [s1, s0, i1, i0, f2, f1, f0, crc] = bytes as [number, number, number, number, number, number, number, number];
  let check = 0;
  for (const byte of [i1, i0, f2, f1, f0]) {
    check ^= byte;
    for (let step = 0; step < 8; step++) check = check & 0x80 ? ((check << 1) ^ 0x07) & 0xff : check << 1;
  }
  if (s1 !== 0xa5 || s0 !== 0xc3 || check !== crc) return null;
  return { loopId: (i1 << 8) | i0, frame: (f2 << 16) | (f1 << 8) | f0 };
}

/**
 * Milliseconds since the camera sent the frame that is on screen, at `nowEpochMs` (`performance.timeOrigin + performance.now()`).
 * Right as long as the picture is younger than one lap of the loop (8 s).
 */
export function glassToGlassMs(strip: ClockStrip, clock: FrameClock, nowEpochMs: number): number {
  const sent = clock.loop_start_epoch_ms + (clock.send_offsets_ms[strip.frame] ?? 0);
  const age = (nowEpochMs - sent) % clock.loop_ms;
  return age < 0 ? age + clock.loop_ms : age;
}
