import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { type Added, expect, test } from './support/test';

// Cameras are changed, turned off and deleted.

test('a camera is renamed, pointed elsewhere, turned off and on, and deleted', async ({ wall, addCamera, startCamera, nightjar, problems }) => {
  problems.allow(/status of 422/, 'a wrong path is tried on purpose');
  const camera = await startCamera('--auth', 'admin:secret word');
  const { id } = await addCamera(camera, 'Gate', { credentials: { username: 'admin', password: 'secret word' } });
  await wall.open();
  const gate = wall.tile('Gate');
  const yard = wall.tile('Yard');
  await expectLive(gate, loop.sub);

  await test.step('a new name keeps the password and the sessions', async () => {
    const before = (await camera.counters()).connections_total;
    await gate.choose('Edit');
    const editing = wall.editing('Gate');
    await expect(editing.password).toHaveAttribute('placeholder', 'unchanged');
    await expect(editing.user).toHaveValue('admin');
    await editing.name.fill('Yard');
    await editing.save.click();
    await expect(wall.message('Yard has been saved.')).toBeVisible();
    await expectLive(yard, loop.sub);
    await expect(gate.root).toBeHidden();
    expect((await camera.counters()).connections_total).toBe(before);
  });

  await test.step('a test with the stored password works', async () => {
    await yard.choose('Edit');
    const editing = wall.editing('Yard');
    await editing.test.click();
    await expect(editing.root.getByText('Sub stream: Works')).toBeVisible();
    await wall.page.keyboard.press('Escape');
    await expect(editing.root).toBeHidden();
  });

  await test.step('an address that does not work can be saved all the same, and repaired', async () => {
    await yard.choose('Edit');
    const editing = wall.editing('Yard');
    await editing.sub.fill(`${camera.rtsp}/later`);
    await editing.save.click();
    await expect(editing.sub).toHaveAccessibleDescription(/no such path/);
    await editing.saveAnyway.click();
    await expect(yard.reason).toContainText('no such path');
    await yard.choose('Edit');
    await editing.sub.fill(camera.sub);
    await editing.save.click();
    await expectLive(yard, loop.sub);
  });

  await test.step('off: nothing connects, and it says so; on: live again', async () => {
    await yard.choose('Turn off');
    await expect(yard.reason).toContainText('This camera is turned off.');
    await expect(yard.state('Off')).toBeVisible();
    await expect.poll(async () => (await camera.counters()).mounts['/sub']?.sessions_open).toBe(0);
    await expect.poll(async () => (await camera.counters()).mounts['/main']?.sessions_open).toBe(0);
    await yard.button('Turn on').click();
    await expectLive(yard, loop.sub);
  });

  await test.step('deleting asks first', async () => {
    const dialog = wall.deleting('Yard');
    await yard.choose('Delete');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await expect(dialog).toBeHidden();
    await expect(yard.root).toBeVisible();
    await yard.choose('Delete');
    await dialog.getByRole('button', { name: 'Delete camera' }).click();
    await expect(wall.message('Yard has been deleted.')).toBeVisible();
    await expect(wall.page.getByRole('heading', { name: 'No cameras yet' })).toBeVisible();
    expect(await nightjar.api<Added[]>('GET', '/cameras')).toEqual([]);
    await expect.poll(async () => (await camera.counters()).mounts['/sub']?.sessions_open).toBe(0);
  });
  expect((await camera.counters()).logins_failed, `camera ${id} was always asked with its password`).toBe(0);
});

test('the list and the pictures stay when the line to the server breaks', async ({ wall, addCamera, camera, problems }) => {
  problems.allow(/WebSocket connection to/, 'the line is cut on purpose');
  let [cut, lines] = [false, 0];
  const closers: (() => Promise<void>)[] = [];
  await wall.page.routeWebSocket(/\/api\/v1\/ws$/, async (socket) => {
    lines += 1;
    if (cut) return socket.close();
    socket.connectToServer();
    closers.push(() => socket.close());
  });
  await addCamera(camera, 'Gate');
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  cut = true;
  await Promise.all(closers.map((close) => close()));
  const banner = wall.page.getByRole('status').getByText('Connection interrupted.');
  await expect(banner).toBeVisible();
  await expect.poll(() => lines, 'it tries again').toBeGreaterThan(2);
  await expect(wall.overlay, 'the server itself answers').toBeHidden();
  await expectLive(tile, loop.sub);
  cut = false;
  await addCamera(camera, 'Yard');
  await expect(banner).toBeHidden();
  await expectLive(wall.tile('Yard'), loop.sub);
});
