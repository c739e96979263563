import { loop } from './support/camera';
import { expectLive, expectMoving } from './support/expectations';
import { Screencast } from './support/screencast';
import { expect, test } from './support/test';

// One camera enlarged over the wall.

test('main takes the place of sub without a blank picture, survives a reload, and Esc leads back', async ({ wall, addCamera, camera, startCamera }) => {
  const other = await startCamera();
  const gate = await addCamera(camera, 'Gate');
  const yard = await addCamera(other, 'Yard');
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await expectLive(wall.tile('Yard'), loop.sub);

  const cast = await Screencast.start(wall.page, tile.root);
  await tile.enlarge();
  await expectMoving(tile, loop.hd);
  const frames = await cast.stop();
  expect(frames.length, 'screen pictures during the swap').toBeGreaterThan(5);
  expect(Math.min(...frames.map((frame) => frame.contrast)), 'never blank').toBeGreaterThan(60);
  await expect(wall.page).toHaveURL(new RegExp(`/camera/${gate.id}$`));
  await expect(wall.page).toHaveTitle(/^Gate/);
  await expect.poll(() => camera.playing('/main')).toBe(1);
  await expect.poll(() => camera.playing('/sub')).toBe(1);
  await expect.poll(async () => (await wall.player(yard.id))?.state, 'covered tiles rest').toBe('inactive');

  await wall.reload();
  await expectMoving(tile, loop.hd);
  await wall.page.keyboard.press('Escape');
  await expect(wall.page).toHaveURL(/\/$/);
  await expectLive(tile, loop.sub);
  await expectLive(wall.tile('Yard'), loop.sub);

  await test.step('back closes it, arrows lead to the neighbour', async () => {
    await tile.enlarge();
    await expect(tile.button('Back to the wall')).toBeVisible();
    await wall.page.keyboard.press('ArrowRight');
    await expect(wall.page).toHaveURL(new RegExp(`/camera/${yard.id}$`));
    await wall.page.goBack();
    await expect(wall.page).toHaveURL(/\/$/);
    await expectLive(wall.tile('Yard'), loop.sub);
  });
});
