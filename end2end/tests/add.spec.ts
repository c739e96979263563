import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, Received, test } from './support/test';

// A camera is added by hand.

const password = 'p)#@ss word';

test('a camera with a password is tested, saved and live, and the password never comes back', async ({ wall, startCamera, nightjar }) => {
  const camera = await startCamera('--auth', `admin:${password}`);
  const received = new Received(wall.page);
  const { adding } = wall;
  await wall.open();
  await wall.addFirst.click();
  await adding.fill({ name: 'Gate', main: camera.main, sub: camera.sub, user: 'admin', password });
  await adding.test.click();
  await expect(adding.root.getByText('Main stream: Works')).toBeVisible();
  await expect(adding.root.getByText(/H\.264 1280×720 · AAC/)).toBeVisible();
  await expect(adding.root.getByText('Sub stream: Works')).toBeVisible();
  await expect(adding.root.getByText(/H\.264 640×360 · AAC/)).toBeVisible();
  await expect(adding.root.getByRole('img', { name: 'Picture from the camera' })).toHaveCount(2);
  await adding.save.click();
  await expect(adding.root).toBeHidden();
  await expect(wall.message('Gate has been added.')).toBeVisible();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);

  await test.step('the password is in nothing that the page was sent', async () => {
    await wall.reload();
    await expectLive(tile, loop.sub);
    await tile.choose('Edit');
    await expect(wall.editing('Gate').password).toHaveValue('');
    expect(received.count).toBeGreaterThan(10);
    expect(await received.with('p)#@ss', encodeURIComponent(password), JSON.stringify(password))).toEqual([]);
    expect(nightjar.log).not.toContain('p)#@ss');
  });
  expect((await camera.counters()).logins_failed).toBe(0);
});
