import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';

// The same camera over each transport that this browser has, forced by the address.

interface Stream {
  quality: string;
  state: string;
}

test('low-latency HLS by hls.js: parts, a few seconds at most, and on through cuts, jumps and new parameter sets', async ({ wall, addCamera, camera, nightjar, problems }) => {
  problems.allow(/\b503\b.*\/live\/\d+\/sub\//, 'while the camera is away there is no segment yet');
  const { id } = await addCamera(camera, 'Gate');
  await expect.poll(async () => (await nightjar.api<Stream[]>('GET', `/cameras/${id}/streams`)).map(({ state }) => state)).toEqual(['live', 'live']);
  const asked: string[] = [];
  wall.page.on('request', (request) => asked.push(request.url()));
  await wall.open('/?transport=hls');
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await expect.poll(async () => (await wall.player(id))?.transport).toBe('hls');
  await expect.poll(async () => (await wall.player(id))?.stats?.latency_ms ?? Infinity).toBeLessThan(3_000);
  expect(asked.filter((url) => url.includes('_HLS_part=')).length, 'blocking reloads').toBeGreaterThan(3);
  expect(asked.filter((url) => url.includes('/live/') && url.includes('/part-')).length, 'parts').toBeGreaterThan(3);

  await test.step('cut connections', async () => {
    await camera.act({ action: 'drop_connections' });
    await expectLive(tile, loop.sub);
  });
  await test.step('a jump in time', async () => {
    await camera.act({ action: 'jump_timestamps', seconds: 40 });
    await expectLive(tile, loop.sub);
  });
  await test.step('other parameter sets', async () => {
    await camera.act({ action: 'switch', fixture: 'other_sps' });
    await expectLive(tile, loop.otherSps);
  });
  await expect.poll(async () => (await wall.player(id))?.stats?.latency_ms ?? Infinity).toBeLessThan(3_000);
});

test('stills, one a second', async ({ wall, addCamera, camera, problems }) => {
  problems.allow(/\b503\b.*snapshot\.jpg/, 'asked for before the first key frame');
  const { id } = await addCamera(camera, 'Gate');
  await wall.open('/?transport=stills');
  const tile = wall.tile('Gate');
  await expect(tile.state('Live')).toBeVisible();
  await expect.poll(async () => (await tile.strip())?.loopId, 'of the main stream').toBe(loop.hd);
  const first = (await tile.strip())?.frame;
  await expect.poll(async () => (await tile.strip())?.frame).not.toBe(first);
  expect((await wall.player(id))?.transport).toBe('stills');
});
