import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { admin } from './support/nightjar';
import { Entry } from './support/pages';
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

test('an operator changes the camera that they may change, and hears what they may hear', async ({ page, context, wall, addCamera, startCamera, nightjar, problems }) => {
  problems.allow(/status of 422/, 'an address elsewhere is tried on purpose');
  const own = await startCamera('--auth', 'admin:secret word');
  const { id } = await addCamera(own, 'Gate', { credentials: { username: 'admin', password: 'secret word' } });
  const other = await startCamera();
  const vault = await addCamera(other, 'Vault');
  const grants = [`camera:${id}=live,audio,configure`, `camera:${vault.id}=live`].flatMap((grant) => ['--grant', grant]);
  nightjar.command(['user', 'add', 'Otto', '--role', 'operator', ...grants, '--password-stdin'], admin.password);
  await context.clearCookies();
  const entry = new Entry(page, nightjar.url);
  await entry.open('/');
  await entry.user.fill('Otto');
  await entry.password.fill(admin.password);
  await entry.signIn.click();
  for (const name of ['Gate', 'Vault']) await expectLive(wall.tile(name), loop.sub);
  await expect(wall.addCamera).toHaveCount(0);

  await test.step('sound is offered where it may be heard', async () => {
    await expect(wall.tile('Gate').button('Listen')).toHaveCount(1);
    await expect(wall.tile('Vault').button('Listen')).toHaveCount(0);
  });

  await test.step('the menus offer what is theirs', async () => {
    const offered = async (name: string) => {
      await wall.tile(name).root.click({ button: 'right', position: { x: 20, y: 40 } });
      await expect(page.getByRole('menuitem', { name: 'History' })).toBeVisible();
      const entries = await page.getByRole('menuitem').allInnerTexts();
      await page.keyboard.press('Escape');
      return entries.map((text) => text.trim());
    };
    const everybodys = ['Stream details', 'History', 'Picture watch', 'Restart the streams'];
    expect((await offered('Vault')).sort()).toEqual([...everybodys].sort());
    expect((await offered('Gate')).sort()).toEqual([...everybodys, 'Edit', 'Turn off', 'Hide from the wall'].sort());
  });

  await test.step('tested, renamed, and not pointed elsewhere without its password', async () => {
    await wall.tile('Gate').choose('Edit');
    const editing = wall.editing('Gate');
    await editing.test.click();
    await expect(editing.root.getByText('Main stream: Works')).toBeVisible();
    await editing.main.fill(other.main);
    await editing.save.click();
    await expect(editing.password).toHaveAccessibleDescription(/Type the camera's password again/);
    await expect(editing.saveAnyway).toHaveCount(0);
    await editing.main.fill(own.main);
    await editing.name.fill('Entrance');
    await editing.save.click();
    await expect(wall.message('Entrance has been saved.')).toBeVisible();
    expect((await other.counters()).logins_failed + (await other.counters()).logins_ok, 'the password went nowhere').toBe(0);
  });

  await test.step('off and on', async () => {
    await wall.tile('Entrance').choose('Turn off');
    await expect(wall.tile('Entrance').reason).toContainText('This camera is turned off.');
    await wall.tile('Entrance').button('Turn on').click();
    await expectLive(wall.tile('Entrance'), loop.sub);
    await nightjar.api('PATCH', `/cameras/${vault.id}`, { enabled: false });
    await expect(wall.tile('Vault').reason).toContainText('This camera is turned off.');
    await expect(wall.tile('Vault').button('Turn on')).toHaveCount(0);
  });
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
