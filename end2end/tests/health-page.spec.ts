import { readFile } from 'node:fs/promises';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { HealthPage } from './support/health-pages';
import { expect, test } from './support/test';

// The health page, and the ways between the pages.

test('from the wall to the health page and back, without loading the page anew', async ({ wall, nightjar, addCamera, camera }) => {
  await addCamera(camera, 'Gate');
  const health = new HealthPage(wall.page, nightjar.url);
  await wall.open();
  await wall.mark();
  await expectLive(wall.tile('Gate'), loop.sub);
  await wall.page.getByRole('button', { name: 'Pages' }).click();
  await wall.page.getByRole('link', { name: 'Health' }).click();
  await expect(health.heading).toBeVisible();
  await expect(health.row('Gate', 'main').text('Live')).toBeVisible();
  await expect(wall.page).toHaveTitle('Health – Nightjar');
  await expect(wall.page.getByRole('link', { name: 'Health' })).toHaveAttribute('aria-current', 'page');
  expect(await wall.players(), 'nothing plays behind the page').toEqual([]);
  await wall.page.getByRole('link', { name: 'Wall', exact: true }).click();
  await expectLive(wall.tile('Gate'), loop.sub);
  expect(await wall.isMarked()).toBe(true);
  await wall.page.goBack();
  await expect(health.heading).toBeVisible();
});

/** Of the server's process, as its figures tell. */
interface Process {
  open_files: number;
  open_files_limit: number;
  tasks: number;
  children: unknown[];
}

/** Names of the files in a zip, from the directory at its end. */
function zipNames(zip: Buffer): string[] {
  const names: string[] = [];
  let at = zip.readUInt32LE(zip.lastIndexOf(Buffer.from('PK\x05\x06')) + 16);
  while (zip.readUInt32LE(at) === 0x02014b50) {
    const [name, extra, comment] = [zip.readUInt16LE(at + 28), zip.readUInt16LE(at + 30), zip.readUInt16LE(at + 32)];
    names.push(zip.toString('utf8', at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names;
}

test('streams and figures are shown live, sorted, filtered and explained', async ({ wall, nightjar, addCamera, camera, startCamera }) => {
  const locked = await startCamera('--auth', 'admin:right');
  await addCamera(camera, 'Gate');
  await addCamera(locked, 'Locked', { credentials: { username: 'admin', password: 'wrong' } });
  await addCamera(camera, 'Yard', { sources: { main: { url: camera.sub, transport: 'tcp' } } });
  // Its picture is drawn by a child process.
  await nightjar.api('POST', '/cameras', { name: 'Demo', profile: 'test_pattern', enabled: true, always_on: true, sources: {} });
  const health = new HealthPage(wall.page, nightjar.url);
  await health.open();

  await test.step('every stream is there once, with its state and numbers', async () => {
    await expect(health.row('Gate', 'main').text('Live')).toBeVisible();
    await expect(health.row('Gate', 'main').text('H.264 1280×720')).toBeVisible();
    await expect(health.row('Gate', 'sub').text('H.264 640×360')).toBeVisible();
    await expect(health.row('Gate', 'main').text(/^2[45](\.\d)? fps$/)).toBeVisible();
    await expect(health.row('Locked', 'main').text('Sign-in refused')).toBeVisible();
    await expect(health.row('Yard', 'sub').root).toBeHidden();
    const lines = health.row('Gate', 'main');
    await expect(lines.line('Frame rate'), 'a point every ten seconds').toHaveAccessibleName(/fps over the last hour/, { timeout: 45_000 });
    await expect(lines.line('Bit rate')).toHaveAccessibleName(/^Bit rate: .*[1-9][\d.]* [kM]bit\/s over the last hour$/);
    await expect(lines.line('Reconnects'), 'none is a line, too').toHaveAccessibleName(/^Reconnects: \d+( to \d+)? over the last hour$/);
  });
  await test.step('the figures of the server', async () => {
    await expect(health.figure(/^\d+ % used$/)).toBeVisible();
    await expect(health.figure(/ free of /)).toBeVisible();
    await expect(health.figure(/^SQLite, reads in /)).toBeVisible();
    await expect(health.figure(/^\d+ %$/)).toBeVisible();
    await expect(health.figure(/^1 page open$/)).toBeVisible();
    const { process } = await nightjar.api<{ process: Process }>('GET', '/system/health');
    await expect(health.card('Open files')).toHaveText(/^[1-9]\d*\s*of at most [1-9][\d\u202f]*$/);
    await expect(health.card('Open files'), 'the limit of this process').toContainText(process.open_files_limit.toLocaleString('en').replaceAll(',', '\u202f'));
    await expect(health.card('Tasks')).toHaveText(new RegExp(`^[1-9]\\d*\\s*on [1-9]\\d* threads$`));
    await expect(health.card('Child processes'), 'the demo camera’s').toHaveText(/^[1-9]\d*\s*.*ffmpeg.*, [1-9][\d.]* MB$/);
    expect([process.open_files, process.tasks, process.children.length].every((count) => count > 0), JSON.stringify(process)).toBe(true);
  });
  await test.step('sorting', async () => {
    expect(await health.order()).toEqual(['Gate, main stream', 'Gate, sub stream', 'Locked, main stream', 'Locked, sub stream', 'Yard, main stream', 'Demo, main stream', 'Demo, sub stream']);
    await health.column('Camera').getByRole('button').click();
    await expect(health.column('Camera')).toHaveAttribute('aria-sort', 'descending');
    expect((await health.order())[0], 'a press on the head of the sorted column turns the order').toBe('Demo, sub stream');
    await health.column('Video').getByRole('button').click();
    await expect(health.column('Video')).toHaveAttribute('aria-sort', 'descending');
    expect((await health.order())[0]).toBe('Gate, main stream');
    await health.column('State').getByRole('button').press('Enter');
    await expect(health.column('State')).toHaveAttribute('aria-sort', 'ascending');
    expect((await health.order()).slice(0, 2), 'the worst first').toEqual(['Locked, main stream', 'Locked, sub stream']);
    await expect(health.column('State').getByRole('button'), 'the focus stays').toBeFocused();
  });
  await test.step('only with trouble', async () => {
    await health.onlyTrouble.click();
    await expect(health.onlyTrouble).toHaveAttribute('aria-pressed', 'true');
    expect(await health.order()).toEqual(['Locked, main stream', 'Locked, sub stream']);
  });
  await test.step('a row opens', async () => {
    await health.row('Locked', 'main').toggle.click();
    await expect(health.row('Locked', 'main').root.getByRole('definition').filter({ hasText: 'refused the user name or password twice, or left them unanswered' })).toBeVisible();
    await health.row('Locked', 'main').toggle.click();
    await expect(health.row('Locked', 'main').root.getByRole('definition')).toHaveCount(0);
    await health.onlyTrouble.click();
  });
  await test.step('a camera that goes is told at once', async () => {
    await camera.stop();
    await expect(health.row('Gate', 'main').text('Live')).toBeHidden();
    await expect(health.onlyTrouble).toHaveText('Only with trouble (5)');
    await expect(health.feed.getByText('Gate').first(), 'the feed tells of it').toBeVisible();
  });
});

test('the diagnostics are downloaded', async ({ wall, nightjar, addCamera, camera }) => {
  await addCamera(camera, 'Gate');
  const health = new HealthPage(wall.page, nightjar.url);
  await health.open();
  const [download] = await Promise.all([wall.page.waitForEvent('download'), health.diagnostics.click()]);
  expect(download.suggestedFilename()).toMatch(/^nightjar-diagnostics-\d{8}-\d{4}\.zip$/);
  const names = zipNames(await readFile(await download.path()));
  expect(names.sort()).toEqual([
    'README.txt',
    'cameras.json',
    'history.json',
    'incidents.json',
    'log.txt',
    'settings.json',
    'status.json',
    'system.json',
    'versions.json',
  ]);
  await expect(health.heading, 'the page stays').toBeVisible();
});

test('the server goes and comes back: the page says so and goes on', async ({ wall, nightjar, addCamera, camera, problems }) => {
  problems.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/, 'the server is gone on purpose');
  await addCamera(camera, 'Gate');
  const health = new HealthPage(wall.page, nightjar.url);
  await health.open();
  await expect(health.row('Gate', 'main').text('Live')).toBeVisible();
  await nightjar.down();
  await expect(wall.overlay).toBeVisible();
  await nightjar.up();
  await expect(wall.overlay).toBeHidden();
  await expect(health.row('Gate', 'main').text('Live')).toBeVisible();
});

test('on a phone: cards, a choice of the order, nothing wider than the screen @phone @touch', async ({ wall, nightjar, addCamera, camera }) => {
  const long = 'A gate with a name that is longer than any phone is wide';
  await addCamera(camera, long);
  await addCamera(camera, 'Yard', { sources: { main: { url: `${camera.rtsp}/nothing`, transport: 'tcp' } } });
  const health = new HealthPage(wall.page, nightjar.url);
  await health.open();
  await expect(health.row('Yard', 'main').text('Retrying')).toBeVisible();
  expect(await health.overflow()).toBeLessThanOrEqual(0);
  await health.sortBy.selectOption('State');
  expect((await health.order())[0]).toBe('Yard, main stream');
  await health.row('Yard', 'main').toggle.tap();
  await expect(health.row('Yard', 'main').root.getByRole('definition').filter({ hasText: 'no such path' })).toBeVisible();
  expect(await health.overflow()).toBeLessThanOrEqual(0);
  await wall.page.getByRole('button', { name: 'Pages' }).tap();
  await wall.page.getByRole('link', { name: 'Wall', exact: true }).tap();
  await expectLive(wall.tile(long), loop.sub);
});
