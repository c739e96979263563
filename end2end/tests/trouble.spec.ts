import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';

// Cameras and the server fail; the page says so and is back by itself, without a reload.

test('a camera that was off says why, does not look live, and comes back by itself', async ({ wall, addCamera, camera, startCamera }) => {
  await addCamera(camera, 'Gate');
  await wall.open();
  const tile = wall.tile('Gate');
  await wall.mark();
  await expectLive(tile, loop.sub);
  await camera.stop();
  await expect(tile.reason).toContainText(/camera/i);
  await expect(tile.reason).toContainText(/Trying again/);
  await expect(tile.state('Live')).toBeHidden();
  await expect(tile.root).toHaveAttribute('data-tone', 'bad');
  expect((await tile.strip())?.loopId, 'the last picture stays').toBe(loop.sub);
  await expect.poll(() => tile.brightness(), 'dimmed').toBeLessThan(0.5);
  await expect(wall.page.getByText('0 of 1 online')).toBeVisible();
  await startCamera('--listen', camera.address);
  await expectLive(tile, loop.sub);
  await expect(tile.reason).toBeHidden();
  await expect.poll(() => tile.brightness()).toBe(1);
  await expect(wall.page.getByText('1 of 1 online')).toBeVisible();
  expect(await wall.isMarked()).toBe(true);
});

test('pictures go on after a cut, a jump in time, a change of the picture size and a pause', async ({ wall, addCamera, camera }) => {
  const { id } = await addCamera(camera, 'Gate');
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);

  await test.step('cut connections', async () => {
    const { sessions_total: before } = (await camera.counters()).mounts['/sub'] ?? { sessions_total: 0 };
    await camera.act({ action: 'drop_connections', reset: true });
    await expect.poll(async () => (await camera.counters()).mounts['/sub']?.sessions_total).toBeGreaterThan(before);
    await expectLive(tile, loop.sub);
  });
  await test.step('timestamps jump forward and back', async () => {
    await camera.act({ action: 'jump_timestamps', seconds: 40 });
    await expectLive(tile, loop.sub);
    await camera.act({ action: 'jump_timestamps', seconds: -100 });
    await expectLive(tile, loop.sub);
  });
  await test.step('other parameter sets, without sound, and back', async () => {
    await camera.act({ action: 'switch', fixture: 'other_sps' });
    await expectLive(tile, loop.otherSps);
    await camera.act({ action: 'switch', fixture: 'sub_aac' });
    await expectLive(tile, loop.sub);
  });
  await test.step('no media for a while', async () => {
    await camera.script({ stall: true });
    await expect(tile.state('Live')).toBeHidden();
    await expect(tile.reason).toBeVisible();
    await camera.resume();
    await expectLive(tile, loop.sub);
  });
  expect((await wall.player(id))?.transport, 'never stepped down').toBe('mse');
});

test('the server restarts: the page says so, and every tile is live again without a reload', async ({ wall, addCamera, camera, nightjar, problems }) => {
  problems.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/, 'the server is gone on purpose');
  for (const name of ['Gate', 'Yard', 'Porch']) await addCamera(camera, name);
  await wall.open();
  await wall.mark();
  for (const name of ['Gate', 'Yard', 'Porch']) await expectLive(wall.tile(name), loop.sub);
  await nightjar.down();
  await expect(wall.overlay).toBeVisible();
  await expect(wall.overlay.getByText(/Trying/)).toBeVisible();
  await expect(wall.tiles, 'the list stays').toHaveCount(3);
  await nightjar.up();
  await expect(wall.overlay).toBeHidden();
  for (const name of ['Gate', 'Yard', 'Porch']) await expectLive(wall.tile(name), loop.sub);
  expect(await wall.isMarked()).toBe(true);
});

test('a wrong password found later stops the attempts and asks for the right one', async ({ wall, addCamera, startCamera }) => {
  const locked = await startCamera('--auth', 'admin:right');
  await addCamera(locked, 'Gate', { credentials: { username: 'admin', password: 'wrong' } });
  await wall.open();
  const tile = wall.tile('Gate');
  await expect(tile.state('Sign-in refused')).toBeVisible();
  await expect(tile.reason, 'an hour is no countdown of seconds').toContainText(/Trying again in (\d+ min|1 h)\./);
  await tile.button('Change sign-in').click();
  const editing = wall.editing('Gate');
  await editing.password.fill('right');
  await editing.save.click();
  await expectLive(tile, loop.sub);
  expect((await locked.counters()).logins_failed, 'cameras lock accounts: both streams together log in twice').toBe(2);
});
