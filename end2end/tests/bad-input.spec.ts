import type { Locator } from '@playwright/test';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { freePort } from './support/nightjar';
import type { CameraDialog } from './support/pages';
import { type Added, expect, test } from './support/test';

// What is wrong is said at its field, in a sentence that helps, and nothing is stored.

test('each kind of bad input gets its sentence at its field and saves nothing', async ({ wall, camera, startCamera, addCamera, nightjar, problems }) => {
  problems.allow(/status of (409|422)/, 'bad input is answered with these');
  const locked = await startCamera('--auth', 'admin:right');
  const web = await startCamera('--script', '{"connect": "http"}');
  const secure = await startCamera('--script', '{"connect": "tls"}');
  const nobody = `rtsp://127.0.0.1:${await freePort()}/main`;
  const good = await addCamera(camera, 'Gate');
  const { adding } = wall;
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  const before = await camera.counters();
  await wall.addCamera.click();

  const fields = { name: 'Yard', main: camera.main, sub: '', user: '', password: '' };
  const table: [what: string, change: Partial<typeof fields>, field: (dialog: CameraDialog) => Locator, sentence: RegExp][] = [
    ['no name', { name: '  ' }, (dialog) => dialog.name, /Give the camera a name\./],
    ['a name of 10 kB', { name: 'n'.repeat(10_000) }, (dialog) => dialog.name, /At most 100 characters\./],
    ['a name that is markup', { name: '<script>alert(1)</script>' }, (dialog) => dialog.name, /Leave out < and >\./],
    ['a name that is taken', { name: 'GATE' }, (dialog) => dialog.name, /Another camera already has this name\./],
    ['no address', { main: '' }, (dialog) => dialog.main, /Enter the address of the main stream\./],
    ['another scheme', { main: 'http://192.168.1.20/main' }, (dialog) => dialog.main, /begins with rtsp:\/\//],
    ['half an address', { main: '192.168.1.20/main' }, (dialog) => dialog.main, /not a complete address/],
    ['a port that is none', { main: 'rtsp://192.168.1.20:99999/main' }, (dialog) => dialog.main, /from 1 to 65535/],
    ['a password in the query', { main: 'rtsp://192.168.1.20/main?user=a&password=b' }, (dialog) => dialog.main, /use the credentials fields/],
    ['a password that cannot be taken apart', { main: 'rtsp://admin:p)#@ss@192.168.1.20/main' }, (dialog) => dialog.main, /use the credentials fields/],
    ['an unknown host', { main: 'rtsp://camera.invalid/main' }, (dialog) => dialog.main, /host name is not known/],
    ['a port where nothing listens', { main: nobody }, (dialog) => dialog.main, /refuses? connections|nothing/i],
    ['a web server', { main: web.main }, (dialog) => dialog.main, /A web server answers on port \d+, not RTSP/],
    ['an encrypted port', { main: secure.main }, (dialog) => dialog.main, /expects an encrypted connection/],
    ['a path that the camera does not have', { main: `${camera.rtsp}/other` }, (dialog) => dialog.main, /path/],
    ['a stream without video', { main: `${camera.rtsp}/fixture/audio_only_aac` }, (dialog) => dialog.main, /no video/],
    ['a wrong sub path', { sub: `${camera.rtsp}/other` }, (dialog) => dialog.sub, /path/],
    ['no password where one is needed', { main: locked.main }, (dialog) => dialog.user, /user name|password/i],
    ['a wrong password', { main: locked.main, user: 'admin', password: 'wrong' }, (dialog) => dialog.user, /password/],
    ['a password without a user', { password: 'x' }, (dialog) => dialog.user, /Enter the user name/],
  ];
  for (const [what, change, at, sentence] of table) {
    await test.step(what, async () => {
      await adding.fill({ ...fields, ...change });
      await adding.save.click();
      const field = at(adding);
      await expect(field).toHaveAccessibleDescription(sentence);
      await expect(field).toHaveAttribute('aria-invalid', 'true');
      await expect(field).toBeFocused();
      await expect(adding.root.getByRole('alert').filter({ hasText: /./ }), 'one complaint').toHaveCount(1);
    });
  }
  await test.step('a test says the same', async () => {
    await adding.fill({ ...fields, main: nobody });
    await adding.test.click();
    await expect(adding.main).toHaveAccessibleDescription(/refuses? connections|nothing/i);
  });
  await test.step('a password inside the address moves to its field', async () => {
    await adding.fill(fields);
    await adding.fill({ main: 'rtsp://admin:p%40ss@192.168.1.20/main' });
    await adding.sub.focus();
    await expect(adding.main).toHaveValue('rtsp://192.168.1.20/main');
    await expect(adding.user).toHaveValue('admin');
    await expect(adding.password).toHaveValue('p@ss');
  });

  const stored = await nightjar.api<Added[]>('GET', '/cameras');
  expect(stored.map(({ id }) => id)).toEqual([good.id]);
  const after = await camera.counters();
  expect(after.mounts['/sub']?.playing, 'the other camera was left alone').toBe(before.mounts['/sub']?.playing);
  expect((await locked.counters()).logins_failed, 'cameras lock accounts').toBeLessThanOrEqual(1);
  await adding.cancel.click();
  await expectLive(tile, loop.sub);
});
