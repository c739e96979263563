import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import type { Wall } from './support/pages';
import { turn } from './support/tabs';
import { expect, test } from './support/test';
import { Traffic, breakable, freezeAll } from './support/wedge';

// The browser's own watch over the pictures: it acts on what is seen, and only as much as is needed.

/** Thresholds that let a test see several steps. */
const quick = {
  'health.warm_up_s': 1,
  'health.sample_interval_ms': 500,
  'health.stale_after_s': 2,
  'health.first_wait_s': 1,
  'health.longest_wait_s': 5,
};

/** The wall when its camera is live, with the watch of its tile open. */
async function watched(wall: Wall, path?: string) {
  await wall.open(path);
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await tile.choose('Picture watch');
  return tile;
}

const acted = /Refreshing the player|Starting over|to recover/;

test('a player that hangs while the stream is healthy is refreshed, and nothing else is', async ({ wall, addCamera, camera }) => {
  await breakable(wall.page);
  await addCamera(camera, 'Gate');
  const tile = await watched(wall);
  await wall.mark();
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  const before = (await camera.counters()).mounts['/sub']?.sessions_total;
  const traffic = new Traffic(wall.page);

  await freezeAll(wall.page);
  await expect(tile.watch.getByText(/No new picture for .*Refreshing the player \(failure 1\)/)).toBeVisible();
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText('The picture moves again.')).toBeVisible();
  expect(traffic, 'one new player; the page, its line and the camera are left alone').toMatchObject({ media: 1, lines: 0, recovers: 0 });
  expect((await camera.counters()).mounts['/sub']?.sessions_total).toBe(before);
  expect(await wall.isMarked()).toBe(true);
});

test('an hls.js player that is stuck is refreshed as well', async ({ wall, addCamera, camera }) => {
  await breakable(wall.page);
  const { id } = await addCamera(camera, 'Gate', { overrides: quick });
  const tile = await watched(wall, '/?transport=hls');
  await wall.mark();
  await expect.poll(async () => (await wall.player(id))?.transport).toBe('hls');
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  const before = (await camera.counters()).mounts['/sub']?.sessions_total;
  const traffic = new Traffic(wall.page);
  // hls.js goes on loading and believes that all of it is buffered.
  expect(await freezeAll(wall.page)).toBeGreaterThan(0);
  await expect(tile.watch.getByText(/No new picture for .*Refreshing the player \(failure 1\)/)).toBeVisible();
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText('The picture moves again.').first()).toBeVisible();
  expect((await wall.player(id))?.transport, 'never stepped down').toBe('hls');
  expect(traffic, 'the page, its line and the camera are left alone').toMatchObject({ media: 0, lines: 0, recovers: 0 });
  expect((await camera.counters()).mounts['/sub']?.sessions_total).toBe(before);
  expect(await wall.isMarked(), 'the page was not loaded anew').toBe(true);
});

test('a player that hangs for good is torn down and the server is asked, until it works', async ({ wall, addCamera, camera }) => {
  await breakable(wall.page);
  await addCamera(camera, 'Gate', { overrides: { ...quick, 'health.refreshes': 1 } });
  const tile = await watched(wall);
  const before = (await camera.counters()).mounts['/sub']?.sessions_total;
  await wall.page.evaluate(() => {
    window.rememberedVideo = document.querySelector('video.is-shown');
    window.swallowMedia = true;
  });
  await expect(tile.watch.getByText(/Refreshing the player \(failure 1\)/)).toBeVisible();
  await expect(tile.watch.getByText(/Starting over and asking the server to recover \(failure 2\)/)).toBeVisible();
  await expect(tile.watch.getByText(/The server leaves the stream as it is/).first(), 'its own evidence is good').toBeVisible();
  expect(await wall.page.evaluate(() => window.rememberedVideo?.isConnected), 'the element is a new one').toBe(false);
  await wall.page.evaluate(() => {
    window.swallowMedia = false;
  });
  await expectLive(tile, loop.sub);
  expect((await camera.counters()).mounts['/sub']?.sessions_total, 'the camera never noticed').toBe(before);
});

test('attempts that are used up are told on the tile, and a person begins another series', async ({ wall, addCamera, camera }) => {
  await breakable(wall.page);
  await addCamera(camera, 'Gate', { overrides: { ...quick, 'health.max_attempts': 1 } });
  const tile = await watched(wall, '/?transport=mse');
  await wall.page.evaluate(() => {
    window.swallowMedia = true;
  });
  await expect(tile.watch.getByText('Given up after one attempt.')).toBeVisible();
  await expect(tile.reason).toContainText('as many attempts as are set have been made');
  await expect(tile.state('No picture')).toBeVisible();
  await wall.page.evaluate(() => {
    window.swallowMedia = false;
  });
  await tile.button('Try now').click();
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText(/started afresh, and not by this watch/)).toBeVisible();
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
});

test('a camera that is away: only the server is asked, ever more rarely, and the last picture stays', async ({ wall, addCamera, camera, startCamera }) => {
  await addCamera(camera, 'Gate', { overrides: quick });
  const tile = await watched(wall);
  const traffic = new Traffic(wall.page);
  await camera.stop();
  await expect(tile.watch.getByText(/the server says that the camera is away. Asking it to recover/).first()).toBeVisible();
  await expect.poll(() => traffic.recovers).toBeGreaterThan(1);
  await expect(tile.watch.getByText(/The server (reconnects|leaves the stream)/).first()).toBeVisible();
  expect((await tile.strip())?.loopId).toBe(loop.sub);
  expect((await tile.decisions()).filter((line) => /Refreshing|Starting over/.test(line))).toEqual([]);
  await startCamera('--listen', camera.address);
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText('The server gets pictures again.')).toBeVisible();
  expect(traffic.media, 'the player kept its connection').toBe(0);
});

test('a page in the background for two minutes is not restarted', async ({ wall, addCamera, camera }) => {
  await wall.page.clock.install();
  await addCamera(camera, 'Gate');
  const tile = await watched(wall);
  const traffic = new Traffic(wall.page);
  await turn(wall.page, 'hidden');
  await expect(tile.watch.getByText('Rests: the page is in the background', { exact: true })).toBeVisible();
  await wall.page.clock.fastForward('02:00');
  await turn(wall.page, 'visible');
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText(/Warming up|Watching/).first()).toBeVisible();
  expect((await tile.decisions()).filter((line) => acted.test(line))).toEqual([]);
  expect(traffic, 'the player came back by itself').toMatchObject({ media: 1, recovers: 0 });
});

test('a page that is left and kept for “back” rests, and is live again when it is back', async ({ wall, addCamera, camera }) => {
  await addCamera(camera, 'Gate', { overrides: quick });
  const tile = await watched(wall);
  const traffic = new Traffic(wall.page);
  // Test browsers keep no page: what they do with one is told by hand.
  const turnPage = (type: 'pagehide' | 'pageshow') => wall.page.evaluate((type) => window.dispatchEvent(new PageTransitionEvent(type, { persisted: true })), type);
  await turnPage('pagehide');
  await expect(tile.watch.getByText('Rests: the page is in the background', { exact: true })).toBeVisible();
  await expect.poll(async () => (await wall.players()).map((player) => player.state), 'no connection is held').toEqual(['inactive']);
  await turnPage('pageshow');
  await expectLive(tile, loop.sub);
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  expect((await tile.decisions()).filter((line) => acted.test(line))).toEqual([]);
  expect(traffic, 'the player came back by itself').toMatchObject({ media: 1, recovers: 0 });
});

test('timers that the browser holds back are no standstill', async ({ wall, addCamera, camera }) => {
  await breakable(wall.page);
  await addCamera(camera, 'Gate', { overrides: quick });
  const tile = await watched(wall);
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  const traffic = new Traffic(wall.page);
  const since = await wall.page.evaluate(() => {
    window.holdTimers = true;
    return performance.now();
  });
  await wall.page.waitForFunction((since) => performance.now() > since + 6_000, since);
  await wall.page.evaluate(() => {
    window.holdTimers = false;
  });
  await expect(tile.watch.getByText(/The browser held timers back for .*: nothing is concluded/)).toBeVisible();
  await expectLive(tile, loop.sub);
  expect((await tile.decisions()).filter((line) => acted.test(line))).toEqual([]);
  expect(traffic).toMatchObject({ media: 0, lines: 0, recovers: 0 });
});

test.describe('a full wall', () => {
  test.describe.configure({ timeout: 150_000 });

  test('twelve pictures that stop at once are the page’s fault: one reconnect, no storm', async ({ wall, addCamera, camera }) => {
    await breakable(wall.page);
    const names = Array.from({ length: 12 }, (_, place) => `Camera ${place + 1}`);
    for (const name of names) await addCamera(camera, name, { sources: { main: { url: camera.sub, transport: 'tcp' } }, always_on: false });
    await wall.open();
    await wall.mark();
    for (const name of names) await expectLive(wall.tile(name), loop.sub);
    const first = wall.tile('Camera 1');
    const last = wall.tile('Camera 12');
    for (const tile of [first, last]) {
      await tile.choose('Picture watch');
      await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
    }
    const before = (await camera.counters()).mounts['/sub']?.sessions_total;
    const traffic = new Traffic(wall.page);
    expect(await freezeAll(wall.page)).toBe(12);
    for (const tile of [first, last]) await expect(tile.watch.getByText('Most pictures stopped at once: the page reconnects.')).toBeVisible();
    for (const name of names) await expectLive(wall.tile(name), loop.sub);
    await expect(first.watch.getByText('Watching', { exact: true }), 'after the warm-up').toBeVisible();
    expect(traffic, 'one new line, one new player each').toMatchObject({ media: 12, lines: 1, recovers: 0 });
    for (const tile of [first, last]) expect((await tile.decisions()).filter((line) => acted.test(line))).toEqual([]);
    expect((await camera.counters()).mounts['/sub']?.sessions_total).toBe(before);
    expect(await wall.isMarked()).toBe(true);
  });
});

test('stills that stop coming are asked for anew', async ({ wall, addCamera, camera }) => {
  await addCamera(camera, 'Gate', { overrides: quick });
  await wall.open('/?transport=stills');
  const tile = wall.tile('Gate');
  await expect(tile.state('Live')).toBeVisible();
  await tile.choose('Picture watch');
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  await expect(tile.watch.getByText('fine', { exact: true }), 'stills are sampled').toBeVisible();
  // An answer that never comes: nobody is told anything.
  await wall.page.route('**/snapshot.jpg*', () => undefined);
  await expect(tile.watch.getByText(/No new picture for .*Refreshing/).first()).toBeVisible();
  await wall.page.unroute('**/snapshot.jpg*');
  await expect(tile.watch.getByText('The picture moves again.').first()).toBeVisible();
  const seen = (await tile.strip())?.frame;
  await expect.poll(async () => (await tile.strip())?.frame).not.toBe(seen);
});

test('nothing is watched behind an enlarged camera, out of sight or switched off, and it is watched again afterwards', async ({ wall, addCamera, camera, nightjar, problems }) => {
  problems.allow(/WebSocket is closed before the connection is established/, 'a tile may be left while it still connects');
  await breakable(wall.page);
  await addCamera(camera, 'Gate');
  const yard = await addCamera(camera, 'Yard', { overrides: quick });
  await wall.open();
  const tile = wall.tile('Yard');
  for (const name of ['Gate', 'Yard']) await expectLive(wall.tile(name), loop.sub);
  await tile.choose('Picture watch');
  await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();

  await test.step('behind an enlarged camera, which is what fills the page', async () => {
    await wall.tile('Gate').enlarge();
    await expect(tile.watch.getByText('Rests: out of sight', { exact: true })).toBeAttached();
    await wall.page.keyboard.press('Escape');
    await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  });
  await test.step('paused', async () => {
    await tile.picture.evaluate((video: HTMLVideoElement) => video.pause());
    await expect(tile.watch.getByText('Rests: waits for a tap', { exact: true })).toBeVisible();
    // Nobody taps: it goes on by itself after a while, and is watched again.
    await expectLive(tile, loop.sub);
    await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
  });
  await test.step('scrolled away', async () => {
    const size = wall.page.viewportSize() ?? { width: 1440, height: 900 };
    await wall.page.setViewportSize({ width: size.width, height: 420 });
    await wall.page.getByRole('button', { name: 'Layout' }).click();
    await wall.page.getByRole('radio', { name: '1 column' }).click();
    await wall.page.keyboard.press('Escape');
    await wall.tile('Gate').root.scrollIntoViewIfNeeded();
    await expect(tile.watch.getByText('Rests: out of sight', { exact: true })).toBeAttached();
    await tile.root.scrollIntoViewIfNeeded();
    await expect(tile.watch.getByText('Watching', { exact: true })).toBeVisible();
    await wall.page.setViewportSize(size);
  });
  await test.step('switched off for this camera, without a reload', async () => {
    const set = (overrides: object) => nightjar.api('PATCH', `/cameras/${yard.id}?force=true`, { overrides });
    await set({ ...quick, 'health.enabled': false });
    await expect(tile.watch.getByText('Rests: switched off', { exact: true })).toBeVisible();
    await freezeAll(wall.page);
    await set(quick);
    await expect(tile.watch.getByText(/Refreshing the player \(failure 1\)/)).toBeVisible();
    await expectLive(tile, loop.sub);
  });
});
