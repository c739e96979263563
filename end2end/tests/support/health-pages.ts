import type { Locator, Page } from '@playwright/test';

// Page object of the health page: where things are, by role and label. No assertions here.

/** One stream in the list. */
export class StreamRow {
  readonly root: Locator;
  readonly toggle: Locator;

  constructor(page: Page, camera: string, quality: 'main' | 'sub') {
    this.root = page.getByRole('rowgroup').filter({ has: page.getByRole('button', { name: `Details of ${camera}, ${quality} stream`, exact: true }) });
    this.toggle = this.root.getByRole('button', { name: /^Details of / });
  }

  text(text: string | RegExp): Locator {
    return this.root.getByText(text);
  }

  /** The line of the last hour below a number, by the name of its column. */
  line(column: string): Locator {
    return this.root.getByRole('img', { name: new RegExp(`^${column}: `) });
  }
}

/** The health page. */
export class HealthPage {
  readonly root: Locator;
  readonly heading: Locator;
  readonly streams: Locator;
  readonly onlyTrouble: Locator;
  readonly toggles: Locator;
  readonly figures: Locator;
  readonly feed: Locator;
  readonly sortBy: Locator;
  readonly diagnostics: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.root = page.getByRole('main');
    this.heading = page.getByRole('heading', { name: 'Health', level: 1 });
    this.streams = page.getByRole('region', { name: 'Streams' });
    this.onlyTrouble = page.getByRole('button', { name: /^Only with trouble/ });
    this.figures = page.getByRole('region', { name: 'Server' });
    this.feed = page.getByRole('region', { name: 'What happened last' });
    this.sortBy = page.getByLabel('Sort by');
    this.diagnostics = page.getByRole('link', { name: 'Download diagnostics' });
    this.toggles = this.streams.getByRole('button', { name: /^Details of / });
  }

  /** Opens the page and waits until it runs. */
  async open(): Promise<void> {
    await this.page.goto(`${this.url}/health`);
    await this.page.waitForFunction(() => '__nightjar' in window);
  }

  row(camera: string, quality: 'main' | 'sub'): StreamRow {
    return new StreamRow(this.page, camera, quality);
  }

  /** A figure of the server by the start of its words. */
  figure(text: RegExp): Locator {
    return this.figures.getByText(text);
  }

  /** What a card says, by its name: number and note. */
  card(name: string): Locator {
    return this.figures.getByRole('definition').and(this.page.locator(`dt:text-is("${name}") + dd`));
  }

  column(name: string): Locator {
    return this.streams.getByRole('columnheader', { name });
  }

  /** The cameras of the rows in their order. */
  async order(): Promise<string[]> {
    const labels = await this.toggles.evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label') ?? ''));
    return labels.map((label) => label.replace('Details of ', ''));
  }

  /** How much wider the page is than the window, in pixels. */
  async overflow(): Promise<number> {
    return this.page.evaluate(() => {
      const content = document.querySelector('main') ?? document.documentElement;
      return Math.max(content.scrollWidth - content.clientWidth, document.documentElement.scrollWidth - window.innerWidth);
    });
  }
}
