import { readFile } from 'node:fs/promises';
import { Log, People, Tokens } from './support/admin-pages';
import { admin } from './support/nightjar';
import { Entry, Wall } from './support/pages';
import { expect, test } from './support/test';
import { awkward, overflow } from './support/touch';

// What admins do: people and what they may see, tokens, links, and the log of it.

const password = 'violet ferry onion crane';

test('a viewer is added, sees the one camera that is granted, and no longer when it is withdrawn', { tag: ['@phone'] }, async ({ page, wall, nightjar, addCamera, camera, browser, problems }, info) => {
  problems.allow(/status of 422/, 'a weak password is tried on purpose');
  for (const name of ['Gate', 'Yard']) await addCamera(camera, name, { always_on: false, group: 'Street' });
  const people = new People(page, nightjar.url);
  await wall.open();
  await page.getByRole('button', { name: 'Pages' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'People' }).click();
  await expect(page.getByText('You are the only one here.')).toBeVisible();

  await people.add.click();
  await people.name.fill('Vera');
  await people.password.fill('short');
  await people.password.press('Enter');
  await expect(people.adding.getByText(/12/).first()).toBeVisible();
  await people.adding.getByRole('button', { name: 'Make one up' }).click();
  await expect(people.password).toHaveValue(/^[a-z2-9]{4}(-[a-z2-9]{4}){3}$/);
  await people.password.fill(password);
  await people.password.press('Enter');
  await expect(page).toHaveURL(/\/people\/\d+$/);
  await expect(people.message('Vera can sign in now. Choose what they may see.')).toBeVisible();
  await expect(people.tick('Live', 'All cameras')).not.toBeChecked();
  await expect(people.tick('Settings', 'Gate')).toHaveCount(0);
  if (info.project.name === 'phone') {
    expect(await overflow(page)).toEqual([]);
    expect(await awkward(page)).toEqual([]);
  }

  await people.tick('Live', 'Gate').check();
  await people.save.click();
  await expect(people.message('Vera has been saved.')).toBeVisible();

  const theirs = await browser.newContext({ viewport: page.viewportSize() });
  try {
    const other = await theirs.newPage();
    const entry = new Entry(other, nightjar.url);
    await entry.open('/');
    await entry.user.fill('vera');
    await entry.password.fill(password);
    await entry.password.press('Enter');
    const seen = new Wall(other, nightjar.url);
    await expect(seen.tiles).toHaveCount(1);
    await expect(seen.tile('Gate').state('Live')).toBeVisible();
    await other.getByRole('button', { name: 'Pages' }).click();
    await expect(other.getByRole('navigation', { name: 'Pages' }).getByRole('link')).toHaveText(['Wall', 'Recordings', 'Account']);
    // Whoever types the address is told, without a word about anybody.
    await entry.open('/people');
    await expect(other.getByRole('heading', { name: 'Not for your account' })).toBeVisible();
    await expect(other.getByText('Admin', { exact: true })).toHaveCount(0);
    await seen.open();
    await expect(seen.tile('Gate').state('Live')).toBeVisible();

    // All cameras cover the one, which shows it; and back.
    await people.tick('Live', 'All cameras').check();
    await expect(people.tick('Live', 'Yard')).toBeChecked();
    await expect(people.tick('Live', 'Yard')).toBeDisabled();
    await people.page.getByRole('button', { name: 'Undo' }).click();
    await expect(people.tick('Live', 'Yard')).not.toBeChecked();
    await people.tick('Live', 'Gate').uncheck();
    await people.save.click();
    await expect(people.message('Vera has been saved.').first()).toBeVisible();
    await expect(seen.tiles).toHaveCount(0);

    // Turned off, they are out.
    await page.getByRole('switch', { name: /^May sign in/ }).click();
    await people.save.click();
    await expect(other).toHaveURL(/\/sign-in/);
  } finally {
    await theirs.close();
  }
  await page.getByRole('link', { name: 'All people' }).click();
  await expect(people.person('Vera')).toContainText('Sees no camera yet');
  await expect(people.person('Vera').getByText(/^Last signed in: /), 'on a phone as well').toBeVisible();
  await expect(people.person('Admin').getByText(/^Signed in/)).toBeVisible();
  if (info.project.name === 'phone') expect(await overflow(page)).toEqual([]);
  // The log, opened by its address, names the camera as well.
  await people.open('/audit');
  await expect(new Log(page).entry('changed what Vera may do').last()).toContainText('Gate: live');
  await people.open();
  await people.person('Vera').click();
  await people.remove.click();
  await people.removing.getByRole('button', { name: 'Remove the account' }).click();
  await expect(people.message('Vera has been removed.')).toBeVisible();
  await expect(people.person('Vera')).toHaveCount(0);
});

test('what comes late is not shown as another person’s: neither a new name nor an account', async ({ page, nightjar }) => {
  const people = new People(page, nightjar.url);
  const heading = (name: string) => page.getByRole('heading', { name, exact: true, level: 1 });
  const ids = new Map<string, number>();
  for (const username of ['Vera', 'Wanda']) {
    const { id } = await nightjar.api<{ id: number }>('POST', '/users', { username, role: 'viewer', password: 'violet ferry onion crane' });
    ids.set(username, id);
  }
  await people.open();
  for (const name of ['Vera', 'Wanda']) {
    await people.person(name).click();
    await expect(heading(name)).toBeVisible();
    if (name === 'Vera') await page.getByRole('link', { name: 'All people' }).click();
  }
  // Answers about Wanda wait until they are let go.
  const held: (() => void)[] = [];
  const asked: string[] = [];
  await page.route(`**/api/v1/users/${ids.get('Wanda')}`, async (route) => {
    asked.push(route.request().method());
    await new Promise<void>((go) => held.push(go));
    await route.continue();
  });
  const answered = async (name: string, method: string) => {
    const answer = await page.waitForResponse((response) => response.request().method() === method && response.url().endsWith(`/users/${ids.get(name)}`));
    await answer.finished();
  };
  const letGo = () => held.splice(0).forEach((go) => go());

  await people.name.fill('Wilma');
  await people.save.click();
  await expect.poll(() => asked).toEqual(['PATCH']);
  // Back by two at once: the page stays, the person changes.
  await page.evaluate(() => history.go(-2));
  await expect(heading('Vera')).toBeVisible();
  letGo();
  await expect(people.message('Wilma has been saved.')).toBeVisible();
  await expect(heading('Vera')).toBeVisible();

  await page.evaluate(() => history.go(2));
  await expect.poll(() => asked).toEqual(['PATCH', 'GET']);
  await Promise.all([answered('Vera', 'GET'), page.evaluate(() => history.go(-2))]);
  await Promise.all([answered('Wanda', 'GET'), letGo()]);
  // The page has had the time to show it.
  await page.evaluate(() => new Promise((shown) => requestAnimationFrame(() => requestAnimationFrame(shown))));
  await expect(heading('Vera')).toBeVisible();
  await expect(people.name).toHaveValue('Vera');
});

test('the last admin can neither be demoted nor turned off nor removed', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 409/, 'the last admin is tried on purpose');
  const people = new People(page, nightjar.url);
  await people.open();
  await people.person(admin.username).click();
  await expect(page.getByText('Admins may do everything with every camera.')).toBeVisible();
  const refusal = page.getByRole('alert').getByText('This is the last admin.');
  await people.role('Viewer').check({ force: true });
  await expect(page.getByText('This is you: another role signs you out')).toBeVisible();
  await people.save.click();
  await expect(refusal).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(refusal).toHaveCount(0);
  await expect(people.role('Admin')).toBeChecked();
  await page.getByRole('switch', { name: /^May sign in/ }).click();
  await people.save.click();
  await expect(refusal).toBeVisible();
  await page.getByRole('button', { name: 'Undo' }).click();
  await people.remove.click();
  await people.removing.getByRole('button', { name: 'Remove the account' }).click();
  await expect(people.removing.getByText('This is the last admin.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(people.removing).toHaveCount(0);
  await expect(people.remove).toBeFocused();
});

test('a token is shown once, used, revoked, and the log tells of it', { tag: ['@phone'] }, async ({ page, context, nightjar, addCamera, camera, problems }, info) => {
  problems.allow(/status of 422/, 'a token without a name is tried on purpose');
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const { id: gate } = await addCamera(camera, 'Gate', { always_on: false });
  const { id: yard } = await addCamera(camera, 'Yard', { always_on: false });
  const people = new People(page, nightjar.url);
  const tokens = new Tokens(page);
  await people.open('/tokens');
  await tokens.make.click();
  await tokens.dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(tokens.dialog.getByText('Give it a name')).toBeVisible();
  await tokens.dialog.getByRole('textbox', { name: 'Name' }).fill('Door bell');
  await tokens.dialog.getByRole('radio', { name: 'Some' }).check({ force: true });
  await tokens.dialog.getByRole('checkbox', { name: 'Gate' }).check();
  if (info.project.name === 'phone') expect(await overflow(page)).toEqual([]);
  await tokens.dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(tokens.secret).toHaveValue(/^nightjar_/);
  const secret = await tokens.secret.inputValue();
  await tokens.dialog.getByRole('button', { name: 'Copy' }).click();
  await expect(tokens.dialog.getByText('Copied.')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await tokens.dialog.getByRole('button', { name: 'Done' }).click();
  const row = tokens.list.getByRole('listitem').filter({ hasText: 'Door bell' });
  await expect(row).toContainText('Reads · Gate · made by Admin');
  await expect(row).toContainText('never used');

  const ask = async (camera: number) => (await fetch(`${nightjar.url}/api/v1/cameras/${camera}`, { headers: { authorization: `Bearer ${secret}` } })).status;
  expect([await ask(gate), await ask(yard)]).toEqual([200, 404]);
  await people.open('/tokens');
  expect(await page.content()).not.toContain(secret);
  await expect(row).toContainText('last used');
  await row.getByRole('button', { name: 'Revoke Door bell' }).click();
  await page.getByRole('dialog', { name: 'Revoke Door bell?' }).getByRole('button', { name: 'Revoke', exact: true }).click();
  await expect(row).toHaveCount(0);
  expect(await ask(gate)).toBe(401);

  await page.getByRole('navigation', { name: 'People and access' }).getByRole('link', { name: 'Log' }).click();
  const log = new Log(page);
  await expect(log.entry('Admin made the token “Door bell”.')).toBeVisible();
  await expect(log.entry('The token “Door bell” was used.')).toBeVisible();
  await expect(log.entry('Admin revoked the token “Door bell”.')).toBeVisible();
  if (info.project.name === 'phone') {
    expect(await overflow(page)).toEqual([]);
    expect(await awkward(page)).toEqual([]);
  }
});

test('a guest link shows one camera until it is revoked', async ({ page, nightjar, addCamera, camera, browser }) => {
  for (const name of ['Gate', 'Yard']) await addCamera(camera, name, { always_on: false });
  const people = new People(page, nightjar.url);
  const tokens = new Tokens(page);
  await people.open('/tokens');
  await tokens.makeLink.click();
  await tokens.dialog.getByRole('textbox', { name: 'Name' }).fill('Neighbours');
  await tokens.dialog.getByRole('combobox', { name: 'Camera' }).selectOption('Yard');
  await tokens.dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(tokens.secret).toHaveValue(/\/guest\//);
  const address = await tokens.secret.inputValue();
  await tokens.dialog.getByRole('button', { name: 'Done' }).click();
  await expect(tokens.links.getByRole('listitem')).toContainText('A guest · Yard · made by Admin');
  const theirs = await browser.newContext();
  try {
    const guest = await theirs.newPage();
    await guest.goto(address);
    const seen = new Wall(guest, nightjar.url);
    await expect(seen.tile('Yard').root).toBeVisible();
    await expect(seen.tile('Gate').root).toHaveCount(0);
    await tokens.links.getByRole('button', { name: 'Revoke Neighbours' }).click();
    await tokens.dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(tokens.links).toHaveCount(0);
    await expect(guest).toHaveURL(/\/sign-in/);
  } finally {
    await theirs.close();
  }
});

test('a player’s link may be for one stream', { tag: ['@phone'] }, async ({ page, nightjar, addCamera, camera, playwright }, info) => {
  const gate = await addCamera(camera, 'Gate');
  const people = new People(page, nightjar.url);
  const tokens = new Tokens(page);
  await people.open('/tokens');
  await tokens.makeLink.click();
  await tokens.dialog.getByRole('textbox', { name: 'Name' }).fill('Panel');
  await expect(tokens.dialog.getByRole('group', { name: 'What it plays' }), 'a guest sees the page').toHaveCount(0);
  await tokens.dialog.getByText('A player', { exact: true }).click();
  await tokens.dialog.getByRole('group', { name: 'What it plays' }).getByText('Sub stream').click();
  if (info.project.name === 'phone') {
    expect(await overflow(page)).toEqual([]);
    expect(await awkward(page)).toEqual([]);
  }
  await tokens.dialog.getByRole('button', { name: 'Make it' }).click();
  const address = await tokens.secret.inputValue();
  expect(address).toContain(`/live/${gate.id}/sub/index.m3u8`);
  await tokens.dialog.getByRole('button', { name: 'Done' }).click();
  await expect(tokens.links.getByRole('listitem')).toContainText('A player · Gate · Sub stream · made by Admin');
  const player = await playwright.request.newContext();
  try {
    const list = await player.get(address);
    expect(await list.text()).toContain('#EXTM3U');
    expect((await player.get(address.replace('/sub/', '/main/'))).status()).toBe(401);
  } finally {
    await player.dispose();
  }
});

test('the log is found in, by keyboard as well, and exported', async ({ page, nightjar, problems }) => {
  problems.allow(/status of 422/, 'a length of time that is not allowed is tried on purpose');
  for (const name of ['a name that nobody has', admin.username.toUpperCase()]) {
    await fetch(`${nightjar.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: name, password: 'guess' }),
    });
  }
  const people = new People(page, nightjar.url);
  const log = new Log(page);
  await people.open('/audit');
  await expect(log.entry('Somebody at the server’s console made the account Admin, admin.')).toBeVisible();
  await log.refused.check();
  await expect(log.entries).toHaveCount(2);
  await expect(log.entry('Somebody tried to sign in under a name that nobody has.')).toHaveCount(1);
  await log.find.fill('ADMIN');
  await expect(log.entries).toHaveCount(1);
  await expect(log.entry('Somebody tried to sign in as “Admin”.')).toContainText('127.0.0.1');
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Export CSV' }).click();
  const file = await (await download).path();
  const lines = (await readFile(file, 'utf8')).trim().split('\r\n');
  expect(lines).toHaveLength(2);
  expect(lines[1]).toContain('"session.sign_in","refused"');
  await log.find.fill('nowhere');
  await expect(page.getByText('Nothing was found.')).toBeVisible();
  await log.find.fill('');
  await test.step('from one day until another', async () => {
    const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 16);
    await log.time.selectOption('From … until …');
    await log.from.fill(day(2));
    await expect(page.getByText('Nothing was found.')).toBeVisible();
    await log.from.fill(day(-2));
    await expect(log.entries).toHaveCount(2);
    await log.until.fill(day(-1));
    await expect(page.getByText('Nothing was found.')).toBeVisible();
    await log.until.fill(day(1));
    await expect(log.entries).toHaveCount(2);
    const exported = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Export CSV' }).click();
    const asked = new URL((await exported).url()).searchParams;
    expect([asked.get('from'), asked.get('to')].map((moment) => Date.parse(moment ?? ''))).not.toContain(NaN);
    await log.time.selectOption('Everything');
    await expect(log.from).toHaveCount(0);
  });
  await log.refused.uncheck();
  await log.kind.selectOption('People');
  await expect(log.entries).toHaveCount(1);

  const days = page.getByRole('textbox', { name: 'Keep entries for' });
  await expect(days).toHaveValue('365');
  await days.fill('3');
  await days.press('Enter');
  await expect(days).toHaveAccessibleDescription(/a whole number from 7 to 3650 \(days\)/);
  await days.fill('30');
  await days.press('Enter');
  await expect(people.message('Changed.')).toBeVisible();
  await log.kind.selectOption('This log');
  await log.more('changed how long this log is kept').press('Enter');
  await expect(log.entry('changed how long this log is kept')).toContainText('365');
});
