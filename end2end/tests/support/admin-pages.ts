import type { Locator, Page } from '@playwright/test';

// The pages for admins: where things are, and what a person does with them. No assertions here.

/** People, and one of them. */
export class People {
  readonly add: Locator;
  readonly list: Locator;
  readonly adding: Locator;
  readonly name: Locator;
  readonly password: Locator;
  readonly save: Locator;
  readonly remove: Locator;
  readonly removing: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.add = page.getByRole('button', { name: 'Add a person' });
    this.list = page.getByRole('list', { name: 'People', exact: true });
    this.adding = page.getByRole('dialog', { name: 'Add a person' });
    this.name = page.getByRole('textbox', { name: 'User name' });
    this.password = page.getByRole('textbox', { name: /^(New p|P)assword$/ });
    this.save = page.getByRole('button', { name: 'Save', exact: true });
    this.remove = page.getByRole('button', { name: 'Remove the account' });
    this.removing = page.getByRole('dialog', { name: /^Remove / });
  }

  /** Opens a page and waits until it runs. */
  async open(path = '/people'): Promise<void> {
    await this.page.goto(this.url + path);
    await this.page.waitForFunction(() => '__nightjar' in window);
  }

  person(name: string): Locator {
    return this.list.getByRole('link', { name: new RegExp(name) });
  }

  role(name: 'Viewer' | 'Operator' | 'Admin'): Locator {
    return this.page.getByRole('radio', { name: new RegExp(`^${name}`) });
  }

  /** A tick: `Live` of `Gate`. */
  tick(action: string, target: string): Locator {
    return this.page.getByRole('checkbox', { name: `${action}: ${target}`, exact: true });
  }

  message(text: string): Locator {
    return this.page.getByRole('status').getByText(text);
  }
}

/** Tokens and links. */
export class Tokens {
  readonly list: Locator;
  readonly links: Locator;
  readonly make: Locator;
  readonly makeLink: Locator;
  readonly dialog: Locator;
  readonly secret: Locator;

  constructor(readonly page: Page) {
    this.list = page.getByRole('list', { name: 'API tokens' });
    this.links = page.getByRole('list', { name: 'Links' });
    this.make = page.getByRole('button', { name: 'Make a token' });
    this.makeLink = page.getByRole('button', { name: 'Make a link' });
    this.dialog = page.getByRole('dialog');
    this.secret = this.dialog.getByRole('textbox', { name: /^Your (token|link)$/ });
  }
}

/** The log of who did what. */
export class Log {
  readonly entries: Locator;
  readonly find: Locator;
  readonly kind: Locator;
  readonly who: Locator;
  readonly time: Locator;
  readonly from: Locator;
  readonly until: Locator;
  readonly refused: Locator;

  constructor(readonly page: Page) {
    this.entries = page.getByRole('list', { name: 'Entries' }).locator(':scope > li');
    this.find = page.getByRole('searchbox', { name: 'Find' });
    this.kind = page.getByRole('combobox', { name: 'What' });
    this.who = page.getByRole('combobox', { name: 'Who' });
    this.time = page.getByRole('combobox', { name: 'When' });
    this.from = page.getByLabel('From', { exact: true });
    this.until = page.getByLabel('Until', { exact: true });
    this.refused = page.getByRole('checkbox', { name: 'Only what was refused' });
  }

  entry(text: string): Locator {
    return this.entries.filter({ hasText: text });
  }

  /** What opens an entry's details. */
  more(text: string): Locator {
    return this.entry(text).locator('summary');
  }
}
