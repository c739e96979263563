import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { turn } from './support/tabs';
import { expect, test } from './support/test';

// Nothing runs that nobody sees or hears.

test('tiles out of sight and hidden pages rest, and come back', async ({ wall, addCamera, camera }) => {
  const names = ['Gate', 'Yard', 'Porch', 'Shed'];
  const ids: number[] = [];
  for (const name of names) ids.push((await addCamera(camera, name)).id);
  await wall.open();
  for (const name of names) await expectLive(wall.tile(name), loop.sub);
  const states = async () => {
    const players = await wall.players();
    return ids.map((id) => players.find((player) => player.camera_id === id)?.state);
  };

  await test.step('one below the other, those below the window rest', async () => {
    await wall.page.getByRole('button', { name: 'Layout' }).click();
    await wall.page.getByRole('radio', { name: '1 column' }).click();
    await expect.poll(states).toEqual(['playing', 'playing', 'inactive', 'inactive']);
    await wall.tile('Shed').root.scrollIntoViewIfNeeded();
    await expectLive(wall.tile('Shed'), loop.sub);
    await expect.poll(async () => (await states())[0]).toBe('inactive');
  });

  await test.step('a hidden page rests', async () => {
    await turn(wall.page, 'hidden');
    await expect.poll(states).toEqual(['inactive', 'inactive', 'inactive', 'inactive']);
    await turn(wall.page, 'visible');
    await expectLive(wall.tile('Shed'), loop.sub);
  });
});

test('sound: a button only where there is sound, one camera at a time', async ({ wall, addCamera, camera, startCamera }) => {
  const gate = await addCamera(camera, 'Gate');
  const yard = await addCamera(camera, 'Yard');
  const mute = await startCamera('--mount', '/main=hd', '--mount', '/sub=sub');
  await addCamera(mute, 'Shed');
  await wall.open();
  for (const name of ['Gate', 'Yard', 'Shed']) await expectLive(wall.tile(name), loop.sub);
  const muted = async () => [(await wall.player(gate.id))?.muted, (await wall.player(yard.id))?.muted];
  expect(await muted()).toEqual([true, true]);
  await expect(wall.tile('Shed').button('Listen')).toHaveCount(0);
  await wall.tile('Gate').root.hover();
  await wall.tile('Gate').button('Listen').click();
  await expect(wall.tile('Gate').button('Mute')).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(muted).toEqual([false, true]);
  await wall.tile('Yard').root.hover();
  await wall.tile('Yard').button('Listen').click();
  await expect.poll(muted).toEqual([true, false]);
  await wall.tile('Yard').button('Mute').click();
  await expect.poll(muted).toEqual([true, true]);
  await expectLive(wall.tile('Gate'), loop.sub);
});
