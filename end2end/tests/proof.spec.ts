import { loop } from './support/camera';
import { expectLive, expectMoving } from './support/expectations';
import { turn } from './support/tabs';
import { expect, test } from './support/test';

// A tile says live only while pictures prove it; what is old says how old it is, and why.

test('a camera that stops sending: no longer live within seconds, dimmed, its age ticking, and live again without a reload', async ({ wall, addCamera, camera }) => {
  await addCamera(camera, 'Gate');
  await wall.open();
  await wall.mark();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await expect(tile.age).toBeHidden();
  await camera.script({ stall: true });
  await expect(tile.state('Live')).toBeHidden();
  await expect(tile.reason).toBeVisible();
  await expect.poll(() => tile.brightness(), 'dimmed').toBeLessThan(0.5);
  await expect(tile.age).toHaveText(/Picture from\s+\d+ s ago/);
  const seconds = async () => Number(/(\d+) s ago/.exec(await tile.age.innerText())?.[1]);
  const before = await seconds();
  await expect.poll(seconds, 'it ticks').toBeGreaterThan(before + 1);
  await camera.resume();
  await expectLive(tile, loop.sub);
  await expect(tile.age).toBeHidden();
  await expect.poll(() => tile.brightness()).toBe(1);
  expect(await wall.isMarked()).toBe(true);
});

test('the browser’s own pause, a page that comes back, and a server that is gone: never live without pictures', async ({ wall, addCamera, camera, nightjar, problems }) => {
  problems.allow(/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|WebSocket connection to/, 'the server is gone on purpose');
  await addCamera(camera, 'Gate');
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);

  await test.step('paused by a media key', async () => {
    await tile.picture.evaluate((video: HTMLVideoElement) => video.pause());
    await expect(tile.state('Paused')).toBeVisible();
    await expect.poll(() => tile.brightness(), 'dimmed').toBeLessThan(0.5);
    await expect(tile.age).toHaveText(/ago/);
    await tile.button('Tap to start the picture').click();
    await expectLive(tile, loop.sub);
  });

  await test.step('paused where nobody taps: no slideshow that is called live, and back by itself', async () => {
    await tile.picture.evaluate((video: HTMLVideoElement) => video.pause());
    await expect(tile.state('Paused')).toBeVisible();
    // Data goes on coming and the playhead follows it: the word stays until pictures move.
    const words = await tile.root.evaluate(async (root) => {
      const seen = new Set<string>();
      const video = root.querySelector<HTMLVideoElement>('video.is-shown');
      for (const end = performance.now() + 8_000; video?.paused && performance.now() < end; ) {
        seen.add(root.querySelector('.tile__state')?.textContent?.trim() ?? '');
        await new Promise((done) => requestAnimationFrame(done));
      }
      return [...seen];
    });
    expect(words).toEqual(['Paused']);
    await expectLive(tile, loop.sub);
  });

  await test.step('a browser that refuses to play: the same, and a tap helps', async () => {
    await tile.picture.evaluate((video: HTMLVideoElement) => {
      video.play = () => Promise.reject(new DOMException('saves power', 'NotAllowedError'));
      video.pause();
    });
    await expect(tile.state('Paused')).toBeVisible();
    const shown = await tile.picture.evaluate(async (video: HTMLVideoElement) => {
      const root = video.closest('article');
      const seen = new Set<string>();
      const begin = video.currentTime;
      for (const end = performance.now() + 20_000; video.currentTime < begin + 6 && performance.now() < end; ) {
        seen.add(root?.querySelector('.tile__state')?.textContent?.trim() ?? '');
        await new Promise((done) => requestAnimationFrame(done));
      }
      return { seen: [...seen], stepped: video.currentTime > begin };
    });
    expect(shown).toEqual({ seen: ['Paused'], stepped: true });
    await tile.picture.evaluate((video: HTMLVideoElement) => {
      Reflect.deleteProperty(video, 'play');
    });
    await tile.button('Tap to start the picture').click();
    await expectLive(tile, loop.sub);
  });

  await test.step('hidden and back', async () => {
    await turn(wall.page, 'hidden');
    await expect(tile.state('Live')).toBeHidden();
    await turn(wall.page, 'visible');
    await expectLive(tile, loop.sub);
  });

  await test.step('the server stops', async () => {
    await nightjar.down();
    await expect(tile.state('Live')).toBeHidden();
    await expect.poll(() => tile.brightness(), 'dimmed').toBeLessThan(0.5);
    await expect(tile.age).toHaveText(/ago/);
    await nightjar.up();
    await expectLive(tile, loop.sub);
  });
});

test('a picture that stands still or is dark is remarked on calmly and stays live', async ({ wall, addCamera, startCamera }) => {
  const camera = await startCamera('--mount', '/main=sub', '--mount', '/sub=sub');
  await addCamera(camera, 'Gate');
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  await expect(tile.flag).toHaveCount(0);
  await camera.script({ frozen: true });
  await expect(tile.flag).toHaveText(/Picture has not changed for \d+ s/);
  await expect(tile.state('Live')).toBeVisible();
  await expect(tile.root).toHaveAttribute('data-tone', 'good');
  await camera.resume();
  await expect(tile.flag).toHaveCount(0);
  await camera.act({ action: 'switch', fixture: 'black' });
  await expect(tile.flag).toHaveText('Picture is dark');
  await expect(tile.root).toHaveAttribute('data-tone', 'good');
  await camera.act({ action: 'switch', fixture: 'sub' });
  await expect(tile.flag).toHaveCount(0);
  await expectMoving(tile, loop.sub);
});

test('stream details for one camera and for all, by key and menu, remembered', async ({ wall, addCamera, camera }) => {
  for (const name of ['Gate', 'Yard']) await addCamera(camera, name);
  await wall.open();
  const [gate, yard] = [wall.tile('Gate'), wall.tile('Yard')];
  await expectLive(gate, loop.sub);
  await gate.choose('Stream details');
  await expect(gate.details).toContainText(/Latency\s*[\d.]+ m?s/);
  await expect(gate.details).toContainText(/[\d.]+ of [\d.]+ fps/);
  await expect(gate.details).toContainText(/H\.264 640×360/);
  await expect(gate.details).toContainText('MSE');
  // What the fixture sends is some hundred kbit/s; a dash would say that nothing is known.
  await expect(gate.detail('Rate')).toHaveText(/^([1-9]\d* kbit\/s|[1-9]\d*\.\d Mbit\/s)$/);
  await expect(gate.detail('Dropped')).toHaveText(/^\d+$/);
  await expect(gate.details).toContainText(/median [\d.]+ m?s/);
  await expect(yard.details).toHaveCount(0);
  await wall.page.keyboard.press('i');
  await expect(yard.details).toContainText(/[\d.]+ of [\d.]+ fps/);
  await wall.reload();
  await expect(gate.details).toBeVisible();
  await expect(yard.details).toBeVisible();
  await wall.page.getByRole('button', { name: 'Layout' }).click();
  await wall.page.getByRole('switch', { name: /Stream details/ }).click();
  await expect(gate.details).toHaveCount(0);
  await expect(yard.details).toHaveCount(0);
});
