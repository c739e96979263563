import type { Locator, Page } from '@playwright/test';

/** The settings of the installation: where things are. No assertions here. */
export class SettingsPage {
  readonly heading: Locator;
  readonly save: Locator;
  readonly saved: Locator;
  readonly webhook: Locator;
  readonly address: Locator;
  readonly sendTest: Locator;
  readonly saveWebhook: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.heading = page.getByRole('heading', { name: 'Settings', exact: true });
    this.save = page.getByRole('button', { name: 'Save settings' });
    this.saved = page.getByRole('status').getByText('The settings have been saved.');
    this.webhook = page.getByRole('region', { name: 'Webhook' });
    this.address = this.webhook.getByRole('textbox', { name: 'Address' });
    this.sendTest = this.webhook.getByRole('button', { name: 'Send a test' });
    this.saveWebhook = this.webhook.getByRole('button', { name: 'Save webhook' });
  }

  async open(): Promise<void> {
    await this.page.goto(`${this.url}/settings`);
    await this.page.waitForFunction(() => '__nightjar' in window);
  }

  /** A step of the recovery ladder. */
  step(name: string): Locator {
    return this.page.getByRole('list', { name: 'Steps' }).getByRole('listitem').filter({ has: this.page.getByRole('heading', { name, exact: true }) });
  }

  /** A field by its label. */
  field(label: string): Locator {
    return this.page.getByRole('textbox', { name: label, exact: true });
  }

  /** Writes how long a step waits and how often a day it may be taken. */
  async setStep(name: string, wait: number | undefined, most: number): Promise<void> {
    const step = this.step(name);
    if (wait !== undefined) await step.getByRole('textbox', { name: 'Wait first (s)' }).fill(String(wait));
    await step.getByRole('textbox', { name: 'At most per day' }).fill(String(most));
  }

  /** The request to look after a camera that stands below the header of every page. */
  get needsLook(): Locator {
    return this.page.getByRole('status').getByText(/ needs a look/);
  }
}
