import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { Log, Tokens } from './support/admin-pages';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { hostile, planted, watch } from './support/hostile';
import { type Nightjar, admin } from './support/nightjar';
import { Wall } from './support/pages';
import { Recordings } from './support/recording-pages';
import { type Added, expect, test } from './support/test';
import { awkward, overflow } from './support/touch';

// Recordings by hand: made on the wall, watched, named, shared, deleted.

interface Recording {
  id: number;
  duration_ms: number;
  ended_by?: string;
}

/** Somebody with an account, in a browser of their own. */
async function signedIn(nightjar: Nightjar, context: BrowserContext, username: string, role: string, grants: string[]): Promise<void> {
  const granted = grants.flatMap((grant) => ['--grant', grant]);
  nightjar.command(['user', 'add', username, '--role', role, ...granted, '--password-stdin'], admin.password);
  const answer = await context.request.post(`${nightjar.url}/api/v1/session`, { data: { ...admin, username } });
  expect(answer.ok(), `${username} signs in`).toBe(true);
}

/** Runs something in a browser of somebody else's. */
async function elsewhere(browser: Browser, run: (page: Page, context: BrowserContext) => Promise<void>): Promise<void> {
  const context = await browser.newContext();
  try {
    await run(await context.newPage(), context);
  } finally {
    await context.close();
  }
}

/** Records until there is something to watch, and stops. */
async function recorded(nightjar: Nightjar, camera: Added, seconds = 3): Promise<Recording> {
  const { id } = await nightjar.api<Recording>('POST', `/cameras/${camera.id}/recording`, {});
  const length = async () => (await nightjar.api<Recording>('GET', `/recordings/${id}`)).duration_ms;
  await expect.poll(length, { message: `${seconds} s are recorded` }).toBeGreaterThan(seconds * 1_000);
  return nightjar.api<Recording>('DELETE', `/cameras/${camera.id}/recording`);
}

const linkInput = (camera: Added, recording: Recording, actions: string[]) => ({
  kind: 'guest',
  label: 'Insurer',
  camera_id: camera.id,
  recording_id: recording.id,
  actions,
  expires_at: new Date(Date.now() + 86_400_000).toISOString(),
});

test('an operator records a camera, watches it, names it, takes it along and deletes it', async ({ page, context, wall, nightjar, addCamera, camera, browser }, info) => {
  const gate = await addCamera(camera, 'Gate');
  await context.clearCookies();
  await signedIn(nightjar, context, 'Olga', 'operator', []);
  const recordings = new Recordings(page, nightjar.url);
  const tile = wall.tile('Gate');

  await test.step('from the menu, for everybody to see', async () => {
    await wall.open();
    await expectLive(tile, loop.sub);
    await tile.choose('Record');
    await expect(wall.message('Recording Gate.')).toBeVisible();
    await expect(tile.recording).toHaveText(/REC 0:0[1-9]/);
    await elsewhere(browser, async (other, context) => {
      await signedIn(nightjar, context, 'Eve', 'viewer', [`camera:${gate.id}=live`]);
      const seen = new Wall(other, nightjar.url);
      await seen.open();
      await expect(seen.tile('Gate').recording).toHaveText(/REC 0:\d\d/);
      await other.goto('about:blank');
    });
    await expect(tile.recording).toHaveText(/REC 0:0[4-9]|REC 0:[1-9]\d/);
    await tile.menu();
    await expect(page.getByRole('menuitem', { name: 'Record', exact: true })).toHaveCount(0);
    await page.getByRole('menuitem', { name: 'Stop recording' }).click();
    await expect(tile.recording).toHaveCount(0);
  });

  await test.step('watched', async () => {
    await page.getByRole('status').getByRole('link', { name: 'Watch' }).click();
    await expect(page).toHaveURL(/\/recordings\/\d+$/);
    await expect(recordings.heading).toHaveText('Gate');
    await recordings.play();
    await expect.poll(async () => (await recordings.watched()).at, 'it plays').toBeGreaterThan(0.5);
    const { width, length } = await recordings.watched();
    expect(width).toBe(1280);
    expect(length).toBeGreaterThan(2);
    await recordings.seek(0.5);
    const there = await recordings.watched();
    expect(Math.abs(there.at - length / 2)).toBeLessThan(0.6);
    await expect(recordings.facts).toContainText('Olga');
    await expect(recordings.facts).toContainText('Somebody stopped it');
  });

  await test.step('named', async () => {
    await recordings.rename.click();
    await expect(recordings.title).toBeFocused();
    await recordings.title.fill('Parcel at the door');
    await recordings.title.press('Enter');
    await expect(recordings.heading).toHaveText('Parcel at the door');
    await expect(recordings.rename, 'the focus is back').toBeFocused();
    await recordings.rename.click();
    await recordings.title.fill('Something else');
    await recordings.title.press('Escape');
    await expect(recordings.heading).toHaveText('Parcel at the door');
  });

  await test.step('taken along', async () => {
    const [file] = await Promise.all([page.waitForEvent('download'), recordings.download.click()]);
    expect(file.suggestedFilename()).toMatch(/\.mp4$/);
    const saved = info.outputPath('recording.mp4');
    await file.saveAs(saved);
    expect((await readFile(saved)).subarray(4, 8).toString()).toBe('ftyp');
    const told = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,width', '-of', 'csv=p=0', saved], { encoding: 'utf8' });
    expect(told).toContain('h264,1280');
    expect(told).toContain('aac');
  });

  await test.step('in the list, and deleted', async () => {
    await page.getByRole('link', { name: 'All recordings' }).click();
    await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
    const row = recordings.row('Parcel at the door');
    await expect(row).toContainText('recorded by Olga');
    await row.getByRole('link').click();
    await recordings.remove.click();
    await recordings.dialog.getByRole('button', { name: 'Delete recording' }).click();
    await expect(page).toHaveURL(/\/recordings$/);
    await expect(page.getByRole('heading', { name: 'Nothing recorded yet' })).toBeVisible();
    expect(await nightjar.api('GET', '/recordings')).toMatchObject({ spans: [] });
  });
});

test('a recording that runs is shown as far as it is, ends on its page, and leads to its neighbours', async ({ page, nightjar, addCamera, camera }) => {
  const gate = await addCamera(camera, 'Gate');
  const yard = await addCamera(camera, 'Yard');
  const first = await recorded(nightjar, gate, 2);
  await recorded(nightjar, yard, 2);
  const second = await nightjar.api<Recording>('POST', `/cameras/${gate.id}/recording`, { duration_s: 600 });
  const recordings = new Recordings(page, nightjar.url);
  await recordings.open(`/recordings?camera=${gate.id}`);
  await expect(recordings.rows).toHaveCount(2);
  await expect(recordings.row('Recording now')).toHaveCount(1);
  await expect(recordings.camera).toHaveValue(String(gate.id));
  await recordings.row('Recording now').getByRole('link').click();
  await expect(page.getByText('It is still being recorded.')).toBeVisible();
  await expect.poll(async () => (await recordings.watched()).length, 'what there is so far').toBeGreaterThan(0.5);
  await expect(recordings.remove, 'not while it runs').toHaveCount(0);
  await recordings.stop.click();
  await expect(recordings.stop).toHaveCount(0);
  await expect(recordings.facts).toContainText('Somebody stopped it');
  const before = (await recordings.watched()).length;
  await page.getByRole('button', { name: 'Load what has come since' }).click();
  await expect.poll(async () => (await recordings.watched()).length, 'the whole of it').toBeGreaterThanOrEqual(before);
  await expect(page.getByText('It is still being recorded.')).toHaveCount(0);

  await page.getByRole('link', { name: 'Earlier' }).click();
  await expect(page).toHaveURL(new RegExp(`/recordings/${first.id}$`));
  await expect(page.getByRole('link', { name: 'Earlier' })).toHaveCount(0);
  await page.getByRole('link', { name: 'Later' }).click();
  await expect(page).toHaveURL(new RegExp(`/recordings/${second.id}$`));

  await recordings.open('/recordings');
  await expect(recordings.rows).toHaveCount(3);
  await recordings.camera.selectOption('Yard');
  await expect(page).toHaveURL(new RegExp(`camera=${yard.id}$`));
  await expect(recordings.rows).toHaveCount(1);
  await recordings.day.fill('2001-02-03');
  await expect(page.getByText('There is no recording of that.')).toBeVisible();
  await page.getByRole('button', { name: 'Any day' }).click();
  await expect(recordings.rows).toHaveCount(1);
  await page.reload();
  await expect(recordings.rows, 'the address keeps it').toHaveCount(1);
});

test('who may only watch recordings has no buttons for more, and who may not finds none', async ({ nightjar, addCamera, camera, browser, problems }) => {
  problems.allow(/status of 404/, 'addresses of what is not theirs are typed on purpose');
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 2);
  await elsewhere(browser, async (page, context) => {
    await signedIn(nightjar, context, 'Vera', 'viewer', [`camera:${gate.id}=live,playback`]);
    const recordings = new Recordings(page, nightjar.url);
    const wall = new Wall(page, nightjar.url);
    await wall.open();
    await wall.tile('Gate').menu();
    await expect(page.getByRole('menuitem', { name: 'Record', exact: true })).toHaveCount(0);
    await page.getByRole('menuitem', { name: 'Recordings' }).click();
    await expect(page).toHaveURL(new RegExp(`/recordings\\?camera=${gate.id}$`));
    await recordings.row('Gate').getByRole('link').click();
    await expect(recordings.video).toBeVisible();
    await expect(recordings.share).toBeVisible();
    for (const button of [recordings.download, recordings.remove, recordings.rename, recordings.stop]) await expect(button).toHaveCount(0);
    const answers = await Promise.all([
      context.request.get(`${nightjar.url}/api/v1/recordings/${one.id}/export.mp4`),
      context.request.delete(`${nightjar.url}/api/v1/recordings/${one.id}`),
    ]);
    for (const answer of answers) expect(answer.ok()).toBe(false);
    await page.goto('about:blank');
  });
  await elsewhere(browser, async (page, context) => {
    await signedIn(nightjar, context, 'Eve', 'viewer', [`camera:${gate.id}=live`]);
    const recordings = new Recordings(page, nightjar.url);
    const wall = new Wall(page, nightjar.url);
    await wall.open();
    await wall.tile('Gate').menu();
    await expect(page.getByRole('menuitem', { name: 'History' })).toBeVisible();
    await expect(page.getByRole('menuitem', { name: /record/i })).toHaveCount(0);
    await recordings.open();
    await expect(page.getByText('Nothing recorded yet')).toBeVisible();
    const answer = await page.goto(`${nightjar.url}/recordings/${one.id}`);
    expect(answer?.status()).toBe(404);
    await expect(recordings.missing).toBeVisible();
    expect(await page.content()).not.toContain('Gate');
    for (const part of ['', '/video.mp4', '/export.mp4', '/poster.jpg']) {
      expect((await context.request.get(`${nightjar.url}/api/v1/recordings/${one.id}${part}`)).status(), part).toBe(404);
    }
    await page.goto('about:blank');
  });
});

test('a link shows one recording to whoever has it, and nothing else, until it is revoked', { tag: ['@phone'] }, async ({ page, nightjar, addCamera, camera, browser, problems }, info) => {
  problems.allow(/status of 40[14]/, 'addresses of what is not theirs are typed on purpose, and the link is revoked');
  problems.allow(/status of 422/, 'a link without a name is tried on purpose');
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 2);
  const other = await recorded(nightjar, gate, 1);
  const recordings = new Recordings(page, nightjar.url);
  const tokens = new Tokens(page);
  await recordings.open(`/recordings/${one.id}`);
  await recordings.share.click();
  await recordings.dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(recordings.dialog.getByText('Give it a name')).toBeVisible();
  await recordings.dialog.getByRole('textbox', { name: 'Name' }).fill('Insurer');
  await recordings.dialog.getByRole('combobox', { name: 'Ends' }).selectOption('In a day');
  await recordings.dialog.getByRole('checkbox', { name: 'May download it' }).check({ force: true });
  if (info.project.name === 'phone') expect(await overflow(page)).toEqual([]);
  await recordings.dialog.getByRole('button', { name: 'Make it' }).click();
  await expect(tokens.secret).toHaveValue(/\/guest\//);
  const address = await tokens.secret.inputValue();
  await recordings.dialog.getByRole('button', { name: 'Done' }).click();
  await expect(recordings.links).toContainText('Insurer');

  await elsewhere(browser, async (guest, context) => {
    const seen = new Recordings(guest, nightjar.url);
    await guest.goto(address);
    await expect(guest).toHaveURL(new RegExp(`/recordings/${one.id}$`));
    await expect(seen.heading).toHaveText('Gate');
    await expect(seen.download).toBeVisible();
    await expect(seen.facts).toContainText('holds until');
    await seen.play();
    await expect.poll(async () => (await seen.watched()).at, 'it plays').toBeGreaterThan(0.3);
    for (const nothing of [seen.nav, seen.share, seen.remove, seen.rename, seen.links]) await expect(nothing).toHaveCount(0);
    await expect(guest.getByRole('main').getByRole('link'), 'nowhere to go').toHaveText(['Download']);
    const status = async (path: string) => (await context.request.get(nightjar.url + path)).status();
    expect(await status(`/api/v1/recordings/${other.id}`)).toBe(404);
    expect(await status(`/api/v1/recordings/${other.id}/video.mp4`)).toBe(404);
    expect(await status(`/api/v1/cameras/${gate.id}`)).toBe(404);
    expect(await status(`/api/v1/cameras/${gate.id}/snapshot.jpg`)).toBe(404);
    expect(await (await context.request.get(`${nightjar.url}/api/v1/cameras`)).json()).toEqual([]);
    await seen.open(`/recordings/${other.id}`);
    await expect(seen.missing).toBeVisible();
    await seen.open('/');
    await expect(guest.getByRole('heading', { name: 'Your link leads to one recording' })).toBeVisible();
    for (const name of ['Pages', /^Add/, /^Find/]) await expect(guest.getByRole('button', { name })).toHaveCount(0);
    await guest.getByRole('link', { name: 'Watch' }).click();
    await expect(seen.video).toBeVisible();

    await tokens.page.goto(`${nightjar.url}/tokens`);
    await expect(tokens.links.getByRole('listitem')).toContainText(/A guest · One recording: Gate, \d/);
    await expect(tokens.links.getByRole('link', { name: /One recording/ })).toHaveAttribute('href', `/recordings/${one.id}`);
    await recordings.open(`/recordings/${one.id}`);
    await recordings.links.getByRole('button', { name: 'Revoke Insurer' }).click();
    await recordings.dialog.getByRole('button', { name: 'Revoke', exact: true }).click();
    await expect(recordings.links).toHaveCount(0);
    await expect(guest).toHaveURL(/\/sign-in/);
    expect(await status(`/api/v1/recordings/${one.id}/video.mp4`)).toBe(401);
  });
});

test('the log tells who watched and who downloaded', async ({ page, nightjar, addCamera, camera, browser }) => {
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 1);
  const link = await nightjar.api<{ path: string }>('POST', '/links', linkInput(gate, one, ['playback', 'export']));
  await elsewhere(browser, async (guest) => {
    await guest.goto(nightjar.url + link.path);
    const seen = new Recordings(guest, nightjar.url);
    await expect.poll(async () => (await seen.watched()).width).toBe(1280);
    await Promise.all([guest.waitForEvent('download'), seen.download.click()]);
  });
  const recordings = new Recordings(page, nightjar.url);
  const log = new Log(page);
  await recordings.open('/audit');
  await log.kind.selectOption('Recordings');
  await expect(log.entry('The guest “Insurer” watched the recording of Gate.')).not.toHaveCount(0);
  await expect(log.entry('The guest “Insurer” downloaded the recording of Gate.')).not.toHaveCount(0);
  await expect(log.entry('The token “Tests” started recording Gate.')).toHaveCount(1);
  await expect(log.entry('The token “Tests” stopped recording Gate.')).toHaveCount(1);
});

test('a title that would be markup is text', async ({ page, nightjar, addCamera, camera }) => {
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 1);
  const recordings = new Recordings(page, nightjar.url);
  const done = await watch(page);
  for (const text of [...hostile, '<img src=x onerror=zq9x()>']) {
    await nightjar.api('PATCH', `/recordings/${one.id}`, { title: text });
    for (const path of ['/recordings', `/recordings/${one.id}`]) {
      await recordings.open(path);
      await expect(page.getByRole('main').getByText(text).first()).toBeVisible();
      expect(await planted(page), path).toEqual([]);
    }
  }
  expect(done).toEqual([]);
});

test('the keyboard is enough', async ({ page, wall, nightjar, addCamera, camera }) => {
  await addCamera(camera, 'Gate');
  const recordings = new Recordings(page, nightjar.url);
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await tile.button('More').focus();
  await page.keyboard.press('Enter');
  const entry = page.getByRole('menuitem', { name: 'Record', exact: true });
  await expect(page.getByRole('menuitem').first()).toBeFocused();
  for (let step = 0; step < 12 && !(await entry.evaluate((element) => element === document.activeElement)); step += 1) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(tile.recording).toHaveText(/REC 0:0[2-9]/);
  await expect(tile.button('More'), 'the focus is back').toBeFocused();

  // Enlarged, it is a button of its own.
  await tile.enlarge();
  await tile.button('Stop recording').focus();
  await page.keyboard.press('Space');
  await expect(tile.recording).toHaveCount(0);
  await expect(tile.button('Record')).toBeVisible();
  await page.keyboard.press('Escape');

  await page.getByRole('status').getByRole('link', { name: 'Watch' }).focus();
  await page.keyboard.press('Enter');
  await expect(recordings.video).toBeVisible();
  await recordings.remove.focus();
  await page.keyboard.press('Enter');
  await expect(recordings.dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'Nothing recorded yet' })).toBeVisible();
});

test('fingers reach everything', { tag: ['@phone', '@ipad', '@touch'] }, async ({ page, nightjar, addCamera, camera }) => {
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 1);
  await nightjar.api('PATCH', `/recordings/${one.id}`, { title: `A title as long as they may be, ${'and then some more, '.repeat(3)}to the end` });
  await recorded(nightjar, gate, 1);
  const recordings = new Recordings(page, nightjar.url);
  for (const path of ['/recordings', `/recordings/${one.id}`]) {
    await recordings.open(path);
    await expect(page.getByRole('main').getByText('A title as long').first()).toBeVisible();
    expect(await overflow(page), path).toEqual([]);
    expect(await awkward(page), path).toEqual([]);
  }
  await recordings.rename.click();
  await expect(recordings.title).toBeFocused();
  expect(await overflow(page)).toEqual([]);
  expect(await awkward(page)).toEqual([]);
});

test('a video that cannot be had says why, and comes when asked again', async ({ page, nightjar, addCamera, camera, problems }) => {
  problems.allow(/status of 503|answer 503/, 'the disk is kept away on purpose');
  const gate = await addCamera(camera, 'Gate');
  const one = await recorded(nightjar, gate, 1);
  const recordings = new Recordings(page, nightjar.url);
  const sentence = 'The disk with the recordings is not there.';
  const body = JSON.stringify({ type: 'about:blank', title: 'Unavailable', status: 503, code: 'storage_unavailable', detail: sentence });
  await page.route('**/video.mp4*', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body }));
  await recordings.open(`/recordings/${one.id}`);
  await expect(page.getByRole('alert').getByText(sentence)).toBeVisible();
  await page.unroute('**/video.mp4*');
  await page.getByRole('alert').getByRole('button', { name: 'Try again' }).click();
  await expect.poll(async () => (await recordings.watched()).width).toBe(1280);
});
