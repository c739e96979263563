import type { CDPSession, Locator, Page } from '@playwright/test';

/** What the eye would see: pictures of the screen as the compositor makes them, measured inside one area. */
export class Screencast {
  private readonly frames: string[] = [];

  private constructor(
    private readonly page: Page,
    private readonly session: CDPSession,
    private readonly area: { x: number; y: number; width: number; height: number },
  ) {}

  /** Looks at the place where `what` is now. */
  static async start(page: Page, what: Locator): Promise<Screencast> {
    const box = await what.boundingBox();
    const view = page.viewportSize();
    if (!box || !view) throw new Error('nothing to look at');
    const area = { x: box.x / view.width, y: box.y / view.height, width: box.width / view.width, height: box.height / view.height };
    const session = await page.context().newCDPSession(page);
    const cast = new Screencast(page, session, area);
    session.on('Page.screencastFrame', ({ data, sessionId }) => {
      cast.frames.push(data);
      // Fails only when the cast has ended.
      session.send('Page.screencastFrameAck', { sessionId }).catch(() => undefined);
    });
    await session.send('Page.startScreencast', { format: 'jpeg', quality: 60, maxWidth: 480, maxHeight: 300 });
    return cast;
  }

  /** Brightest minus darkest point of the area's middle, for every picture. */
  async stop(): Promise<{ contrast: number }[]> {
    await this.session.send('Page.stopScreencast');
    await this.session.detach();
    return this.page.evaluate(
      async ({ frames, area }) => {
        const canvas = new OffscreenCanvas(48, 27);
        const context = canvas.getContext('2d', { willReadFrequently: true });
        const measured: { contrast: number }[] = [];
        for (const frame of frames) {
          const bytes = Uint8Array.from(atob(frame), (letter) => letter.charCodeAt(0));
          const picture = await createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
          // Its middle: names and buttons lie along the edges.
          const [x, y] = [(area.x + area.width * 0.2) * picture.width, (area.y + area.height * 0.2) * picture.height];
          const [width, height] = [area.width * 0.6 * picture.width, area.height * 0.6 * picture.height];
          context?.drawImage(picture, x, y, width, height, 0, 0, canvas.width, canvas.height);
          const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
          let [low, high] = [255, 0];
          for (let i = 1; i < pixels.length; i += 4) {
            low = Math.min(low, pixels[i] ?? 0);
            high = Math.max(high, pixels[i] ?? 0);
          }
          measured.push({ contrast: high - low });
        }
        return measured;
      },
      { frames: this.frames, area: this.area },
    );
  }
}
