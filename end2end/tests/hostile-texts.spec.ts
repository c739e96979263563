import { hostile, leadsTo, openAll, planted, putEverywhere, shows, watch } from './support/hostile';
import { expect, test } from './support/test';

// Whatever people and strangers write: on every page it is text.

test('texts that would be markup are text on every page', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 40[34]/, 'pictures of cameras that are dark');
  const done = await watch(page);
  let taken = 0;
  for (const [n, text] of hostile.entries()) taken += await putEverywhere(nightjar, text, n);
  expect(taken, 'fields that took a text').toBeGreaterThan(15);

  const waiting = ['/', '/health', '/settings', '/https', '/account', '/camera/1'];
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
  expect([...seen], 'the pages of the installation are among them').toEqual(expect.arrayContaining(['/health', '/settings', '/people', '/people/N', '/tokens', '/audit']));
  expect(showing.length).toBeGreaterThan(2);
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
