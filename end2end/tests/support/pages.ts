import type { Locator, Page } from '@playwright/test';
import type { ClockStrip } from '../../lib/clock-strip';
import { type Player, strip } from './picture';

// Page objects: where things are, by role and label, and what a person does with them. No assertions here.

/** A camera's tile, on the wall or enlarged. */
export class Tile {
  readonly root: Locator;
  /** The picture in front. Pictures are hidden from assistive technology, so they have no role. */
  readonly picture: Locator;
  /** Why there is no picture. */
  readonly reason: Locator;
  readonly link: Locator;
  /** How old the picture is, while it is not live. */
  readonly age: Locator;
  /** The remark on a live picture. */
  readonly flag: Locator;
  /** The stream's numbers. */
  readonly details: Locator;
  /** That it is being recorded, and how long. */
  readonly recording: Locator;

  constructor(
    private readonly page: Page,
    readonly name: string,
  ) {
    this.root = page.getByRole('article', { name, exact: true });
    this.picture = this.root.locator('video.is-shown');
    this.reason = this.root.getByRole('status');
    this.age = this.root.locator('.tile__age');
    this.flag = this.root.locator('.tile__flag');
    this.details = this.root.locator('.details');
    this.recording = this.root.locator('.tile__rec');
    this.link = this.root.getByRole('link', { name: `Enlarge ${name}`, exact: true });
  }

  /** The word beside the name: Live, Starting, Retrying, … */
  state(word: string): Locator {
    return this.root.getByText(word, { exact: true });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  async strip(): Promise<ClockStrip | null> {
    // During a swap there is none for a moment.
    return (await this.picture.count()) === 1 ? strip(this.picture) : null;
  }

  /** 1: as it is; less: dimmed. */
  async brightness(): Promise<number> {
    return this.picture.evaluate((video) => Number(getComputedStyle(video.parentElement ?? video).opacity));
  }

  /** One of the stream's numbers, by the word before it. */
  detail(name: string): Locator {
    return this.details.getByRole('definition').and(this.page.locator(`dt:text-is("${name}") + dd`));
  }

  /** What the health monitor sees and decided; opened by the menu. */
  get watch(): Locator {
    return this.root.getByRole('region', { name: 'Picture watch' });
  }

  /** The decisions, the newest first. */
  async decisions(): Promise<string[]> {
    return this.watch.getByRole('listitem').allInnerTexts();
  }

  async enlarge(): Promise<void> {
    await this.link.click();
  }

  /** Opens the menu. */
  async menu(): Promise<void> {
    await this.root.click({ button: 'right', position: { x: 20, y: 40 } });
  }

  /** Opens the menu and chooses an entry. */
  async choose(entry: string): Promise<void> {
    await this.root.click({ button: 'right', position: { x: 20, y: 40 } });
    await this.page.getByRole('menuitem', { name: entry, exact: true }).click();
  }
}

/** The dialog that adds or edits a camera. */
export class CameraDialog {
  readonly root: Locator;
  readonly name: Locator;
  readonly main: Locator;
  readonly sub: Locator;
  readonly user: Locator;
  readonly password: Locator;
  readonly test: Locator;
  readonly save: Locator;
  readonly saveAnyway: Locator;
  readonly cancel: Locator;

  constructor(page: Page, title: string) {
    this.root = page.getByRole('dialog', { name: title, exact: true });
    this.name = this.root.getByRole('textbox', { name: 'Name', exact: true });
    this.main = this.root.getByRole('textbox', { name: /^Main stream/ });
    this.sub = this.root.getByRole('textbox', { name: /^Sub stream/ });
    this.user = this.root.getByRole('textbox', { name: /^User name/ });
    this.password = this.root.getByRole('textbox', { name: /^Password/ });
    this.test = this.root.getByRole('button', { name: 'Test', exact: true });
    this.save = this.root.getByRole('button', { name: 'Save', exact: true });
    this.saveAnyway = this.root.getByRole('button', { name: 'Save anyway' });
    this.cancel = this.root.getByRole('button', { name: 'Cancel' });
  }

  /** Fills the fields that are given. */
  async fill(fields: { name?: string; main?: string; sub?: string; user?: string; password?: string }): Promise<void> {
    for (const [field, text] of Object.entries(fields) as ['name' | 'main' | 'sub' | 'user' | 'password', string][]) {
      await this[field].fill(text);
    }
  }

  kind(name: string): Locator {
    return this.root.getByRole('radio', { name });
  }

  toggle(name: string): Locator {
    return this.root.getByRole('switch', { name });
  }
}

/** The cameras on the network, in the dialog that adds one. */
export class FindDialog {
  readonly root: Locator;
  readonly rows: Locator;
  readonly again: Locator;
  readonly byAddress: Locator;
  readonly done: Locator;

  constructor(private readonly page: Page) {
    this.root = page.getByRole('dialog', { name: 'Cameras on this network', exact: true });
    this.rows = this.root.getByRole('list', { name: 'Cameras that answered' }).getByRole('button');
    this.again = this.root.getByRole('button', { name: 'Search again' });
    this.byAddress = this.root.getByRole('button', { name: 'Add by address' });
    this.done = this.root.getByRole('button', { name: 'Done' });
  }

  row(name: string): Locator {
    // By its own name only: others behind the same address say as which camera they were added.
    return this.rows.filter({ has: this.page.locator('.found__name').getByText(name, { exact: true }) });
  }
}

/** The search for a camera of the wall. */
export class SearchDialog {
  readonly root: Locator;
  readonly field: Locator;
  readonly rows: Locator;
  /** The names in the rows. */
  readonly names: Locator;

  constructor(private readonly page: Page) {
    this.root = page.getByRole('dialog', { name: 'Find a camera', exact: true });
    this.field = this.root.getByRole('combobox', { name: 'Name, group or tag' });
    this.rows = this.root.getByRole('listbox', { name: 'Cameras' }).getByRole('option');
    this.names = this.rows.locator('.search__name');
  }

  row(name: string): Locator {
    return this.rows.filter({ has: this.page.getByText(name, { exact: true }) });
  }
}

/** What happened to a camera. */
export class History {
  readonly root: Locator;
  /** One per trouble. */
  readonly entries: Locator;

  constructor(page: Page, camera: string) {
    this.root = page.getByRole('dialog', { name: `History of ${camera}`, exact: true });
    // The entries themselves, not the steps within them.
    this.entries = this.root.getByRole('list', { name: 'What happened' }).locator(':scope > li');
  }

  /** Stretches of the timeline. */
  stretch(name: RegExp): Locator {
    return this.root.getByRole('button', { name });
  }

  get steps(): Locator {
    return this.entries.getByRole('list', { name: 'Steps' });
  }
}

/** The pages of signing in, setting up and the own account. */
export class Entry {
  readonly token: Locator;
  readonly user: Locator;
  readonly password: Locator;
  readonly again: Locator;
  readonly signIn: Locator;
  readonly makeAccount: Locator;
  readonly signOut: Locator;
  readonly folder: Locator;
  readonly next: Locator;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.token = page.getByRole('textbox', { name: 'Set-up token' });
    this.user = page.getByRole('textbox', { name: 'User name' });
    this.password = page.getByRole('textbox', { name: 'Password', exact: true });
    this.again = page.getByRole('textbox', { name: 'Password again' });
    this.signIn = page.getByRole('button', { name: 'Sign in', exact: true });
    this.makeAccount = page.getByRole('button', { name: 'Create the account' });
    this.signOut = page.getByRole('button', { name: 'Sign out', exact: true });
    this.folder = page.getByRole('textbox', { name: 'Folder on the server' });
    this.next = page.getByRole('button', { name: 'Next', exact: true });
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.url + path);
    await this.ready();
  }

  /** Until the page runs: before that it is the server's HTML, and nobody hears a press. */
  async ready(): Promise<void> {
    await this.page.waitForFunction(() => '__nightjar' in window);
  }
}

/** The page with all cameras. */
export class Wall {
  readonly root: Locator;
  readonly tiles: Locator;
  readonly addCamera: Locator;
  readonly addFirst: Locator;
  readonly addDemo: Locator;
  readonly find: Locator;
  /** Looks for a camera of the wall. */
  readonly search: Locator;
  readonly overlay: Locator;
  readonly adding: CameraDialog;
  readonly finding: FindDialog;
  readonly searching: SearchDialog;

  constructor(
    readonly page: Page,
    private readonly url: string,
  ) {
    this.root = page.getByRole('main', { name: 'Camera wall' });
    this.tiles = page.getByRole('article');
    this.addCamera = page.getByRole('button', { name: 'Add camera', exact: true });
    this.addFirst = page.getByRole('button', { name: 'Add a camera', exact: true });
    this.find = page.getByRole('button', { name: 'Find cameras on this network' });
    this.addDemo = page.getByRole('button', { name: 'Add a demo camera' });
    this.overlay = page.getByRole('alertdialog', { name: 'The server doesn’t answer' });
    this.adding = new CameraDialog(page, 'Add a camera');
    this.finding = new FindDialog(page);
    this.search = page.getByRole('button', { name: /^Find a camera/ });
    this.searching = new SearchDialog(page);
  }

  /** Opens a page and waits until it runs (before that it is the server's HTML, and nobody hears a press). */
  async open(path = '/'): Promise<void> {
    await this.page.goto(this.url + path);
    await this.ready();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  tile(name: string): Tile {
    return new Tile(this.page, name);
  }

  editing(name: string): CameraDialog {
    return new CameraDialog(this.page, `Edit ${name}`);
  }

  history(name: string): History {
    return new History(this.page, name);
  }

  deleting(name: string): Locator {
    return this.page.getByRole('dialog', { name: `Delete ${name}?` });
  }

  /** The short message in the corner. */
  message(text: string): Locator {
    return this.page.getByRole('status').getByText(text);
  }

  async players(): Promise<Player[]> {
    return this.page.evaluate(() => window.__nightjar.players());
  }

  async player(cameraId: number, quality: 'main' | 'sub' = 'sub'): Promise<Player | undefined> {
    return (await this.players()).find((player) => player.camera_id === cameraId && player.quality === quality);
  }

  /** Marks the document, to tell later that it was never loaded anew. */
  async mark(): Promise<void> {
    await this.page.evaluate(() => {
      window.sameDocument = true;
    });
  }

  async isMarked(): Promise<boolean> {
    return this.page.evaluate(() => window.sameDocument === true);
  }

  private async ready(): Promise<void> {
    await this.page.waitForFunction(() => '__nightjar' in window);
  }
}
