import type { Locator, Page } from '@playwright/test';

// The pages of recordings: where things are, and what a person does with them. No assertions here.

/** The list of recordings, and the page of one. */
export class Recordings {
  readonly days: Locator;
  readonly rows: Locator;
  readonly camera: Locator;
  readonly day: Locator;
  /** The video, on the page of one. */
  readonly video: Locator;
  readonly heading: Locator;
  readonly facts: Locator;
  readonly title: Locator;
  readonly rename: Locator;
  readonly download: Locator;
  readonly share: Locator;
  readonly remove: Locator;
  readonly stop: Locator;
  readonly dialog: Locator;
  readonly links: Locator;
  readonly missing: Locator;
  readonly nav: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    const main = page.getByRole('main');
    this.days = main.getByRole('region').filter({ has: page.getByRole('list') });
    this.rows = main.getByRole('listitem').filter({ has: page.locator('.clip') });
    this.camera = page.getByRole('combobox', { name: 'Camera' });
    this.day = page.getByLabel('Day', { exact: true });
    this.video = page.locator('video.clip-player__video');
    this.heading = page.getByRole('heading', { level: 1 });
    this.facts = page.locator('dl.clip-facts');
    this.title = page.getByRole('textbox', { name: 'Title' });
    this.rename = page.getByRole('button', { name: /^(Give it a title|Change the title)$/ });
    this.download = page.getByRole('link', { name: 'Download' });
    this.share = page.getByRole('button', { name: 'Share' });
    this.remove = page.getByRole('button', { name: 'Delete', exact: true });
    this.stop = page.getByRole('button', { name: 'Stop recording' });
    this.dialog = page.getByRole('dialog');
    this.links = page.getByRole('region', { name: 'Links to this recording' }).getByRole('listitem');
    this.missing = page.getByRole('heading', { name: 'This recording does not exist' });
    this.nav = page.getByRole('navigation', { name: 'Pages' });
  }

  /** Opens a page and waits until it runs. */
  async open(path = '/recordings'): Promise<void> {
    await this.page.goto(this.url + path);
    await this.page.waitForFunction(() => '__nightjar' in window);
  }

  row(text: string): Locator {
    return this.rows.filter({ hasText: text });
  }

  /** What the video is doing. */
  async watched(): Promise<{ at: number; length: number; width: number; paused: boolean }> {
    return this.video.evaluate((video: HTMLVideoElement) => ({
      at: video.currentTime,
      length: video.duration,
      width: video.videoWidth,
      paused: video.paused,
    }));
  }

  /** Presses play. */
  async play(): Promise<void> {
    await this.video.evaluate(async (video: HTMLVideoElement) => {
      video.muted = true;
      await video.play();
    });
  }

  /** Goes to a share of the whole length, 0 to 1, and waits until the picture of it is there. */
  async seek(share: number): Promise<void> {
    await this.video.evaluate(
      (video: HTMLVideoElement, share) =>
        new Promise<void>((resolve) => {
          video.pause();
          video.addEventListener('seeked', () => resolve(), { once: true });
          video.currentTime = video.duration * share;
        }),
      share,
    );
  }
}
