import { rm } from 'node:fs/promises';
import { People } from './support/admin-pages';
import { hostile, hostileFolder, leadsTo, openAll, planted, putEverywhere, shows, watch } from './support/hostile';
import { Entry } from './support/pages';
import { expect, test } from './support/test';

// Whatever people and strangers write: on every page it is text.

test('texts that would be markup are text on every page', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 40[34]/, 'pictures of cameras that are dark');
  const done = await watch(page);
  let taken = 0;
  for (const [n, text] of hostile.entries()) taken += await putEverywhere(nightjar, text, n);
  expect(taken, 'fields that took a text').toBeGreaterThan(30);

  const waiting = ['/', '/health', '/settings', '/welcome', '/https', '/account', '/camera/1'];
  const seen = new Set<string>();
  const showing: string[] = [];
  while (waiting.length > 0) {
    const path = waiting.shift() as string;
    // One camera's page is like another's.
    const kind = path.replace(/\d+/, 'N');
    if (seen.has(kind)) continue;
    seen.add(kind);
    await page.goto(nightjar.url + path);
    await page.waitForFunction(() => '__nightjar' in window);
    await expect(page.getByRole('main')).toBeVisible();
    await openAll(page);
    expect(await planted(page), path).toEqual([]);
    if (await shows(page)) showing.push(path);
    waiting.push(...(await leadsTo(page)));
  }
  expect(showing, 'pages on which the texts are seen').toContain('/');
  expect([...seen], 'the pages of the installation are among them').toEqual(expect.arrayContaining(['/health', '/settings', '/welcome', '/people', '/people/N', '/tokens', '/audit']));
  expect(showing.length).toBeGreaterThan(2);
  expect(done).toEqual([]);
});

test('a person is renamed to what would be markup: refused or text, also in the list and in the log', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 422/, 'names that are refused');
  const done = await watch(page);
  const people = new People(page, nightjar.url);
  const named = hostile.map((text, n) => ({ text, name: `${n} ${text}`, refused: /[<>:"\\]/.test(text) }));
  for (const { text, name, refused } of named) {
    const person = { username: `Before ${name.slice(0, 1)}`, role: 'viewer', password: 'violet ferry onion crane' };
    const { id } = await nightjar.api<{ id: number }>('POST', '/users', person);
    await people.open(`/people/${id}`);
    await people.name.fill(name);
    await people.save.click();
    const said = refused ? page.getByText('Leave out < > : " and \\.') : page.getByRole('heading', { name, exact: true, level: 1 });
    await expect(said, text).toBeVisible();
    await expect(people.name).toHaveValue(name);
    expect(await planted(page), text).toEqual([]);
  }
  const taken = named.filter(({ refused }) => !refused);
  expect(taken.length, 'some are names').toBeGreaterThan(2);
  for (const path of ['/people', '/audit']) {
    await people.open(path);
    for (const { name } of taken) await expect(page.getByRole('main').getByText(name).filter({ visible: true }).first(), path).toBeVisible();
    await openAll(page);
    expect(await planted(page), path).toEqual([]);
  }
  expect(done).toEqual([]);
});

test('the folder of recordings and what is said of it are text, on the welcome page as in the settings', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 422/, 'folders that are refused');
  const done = await watch(page);
  const entry = new Entry(page, nightjar.url);
  for (const text of hostile) {
    const folder = hostileFolder(nightjar, text);
    await nightjar.api('PUT', '/settings/recordings', { folder });
    // Gone, as a disk that is not mounted: a sentence tells of it.
    await rm(`${nightjar.data}/films`, { recursive: true });
    for (const path of ['/welcome', '/settings']) {
      await entry.open(path);
      await expect(entry.folder, path).toHaveValue(folder.replace(/\/$/, ''));
      await expect(page.getByText('The folder is not there. Is its disk mounted?'), path).toBeVisible();
      expect(await planted(page), `${path}: ${text}`).toEqual([]);
    }
    await entry.open('/welcome');
    await expect(entry.folder).not.toHaveValue('');
    // Refused: it is no whole path. What was written stays in the field.
    await entry.folder.fill(text);
    await entry.next.click();
    await expect(page.getByText('Write the whole path')).toBeVisible();
    await expect(entry.folder).toHaveValue(text);
    expect(await planted(page), `refused: ${text}`).toEqual([]);
  }
  expect(done).toEqual([]);
});

test('texts that would be markup are text in dialogs and menus', async ({ page, nightjar, wall }) => {
  const done = await watch(page);
  const [, , , , attribute] = hostile;
  await putEverywhere(nightjar, attribute, 1);
  await wall.open();
  const name = `1 ${attribute}`;
  const tile = wall.tile(name);
  await tile.choose('Edit');
  const editing = wall.editing(name);
  await expect(editing.root).toBeVisible();
  await expect(editing.root.getByRole('textbox', { name: 'Name', exact: true })).toHaveValue(name);
  expect(await planted(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await expect(page).toHaveTitle(/Nightjar/);
  expect(done).toEqual([]);
});
