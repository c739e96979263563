import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';

// What happened to a camera can be read in plain words, while it happens and afterwards.

test('a camera goes away and comes back: its history tells one story, without a reload @phone', async ({ wall, addCamera, camera, startCamera }) => {
  await addCamera(camera, 'Gate');
  await wall.open();
  await wall.mark();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);
  const history = wall.history('Gate');

  await test.step('nothing has happened yet', async () => {
    await tile.choose('History');
    await expect(history.root.getByText('No trouble recorded.')).toBeVisible();
    await expect(history.stretch(/^Live, /).first()).toBeVisible();
    await wall.page.keyboard.press('Escape');
    await expect(history.root).toBeHidden();
  });

  await camera.stop();
  await expect(tile.reason).toBeVisible();
  await tile.button('What happened?').click();

  await test.step('while it is away the story goes on', async () => {
    await expect(history.entries).toHaveCount(1);
    await expect(history.entries).toContainText('The camera closed the connection');
    await expect(history.entries).toContainText('not back yet');
    await expect(history.entries).toContainText('Main and sub');
  });

  await startCamera('--listen', camera.address);

  await test.step('it ends when the camera is back', async () => {
    await expect(history.entries).toContainText(/reconnected at the \d+(st|nd|rd|th) try; dark for /);
    await expect(history.entries).toHaveCount(1);
    await expect(history.stretch(/^Dark for /).first()).toBeVisible();
    await history.entries.getByText('reconnected').click();
    await expect(history.steps).toContainText('Live again');
    await expect(history.root.getByText(/^\d+(\.\d+)? %$/).first()).toBeVisible();
  });

  await wall.page.keyboard.press('Escape');
  await expectLive(tile, loop.sub);
  expect(await wall.isMarked()).toBe(true);
});

test('attempts that are answered alike again and again are one line of the story @phone', async ({ wall, addCamera, camera, nightjar }) => {
  await addCamera(camera, 'Gate', { sources: { main: { url: 'rtsp://127.0.0.1:9/main' } } });
  await wall.open();
  await expect(wall.tile('Gate').reason).toBeVisible();
  interface Step {
    state: string;
  }
  const failures = async () => {
    const [incident] = await nightjar.api<{ steps: Step[] }[]>('GET', '/incidents');
    return incident?.steps.filter(({ state }) => state === 'backoff').length ?? 0;
  };
  await expect.poll(failures, { timeout: 60_000 }).toBeGreaterThan(2);
  await wall.tile('Gate').button('What happened?').click();
  const history = wall.history('Gate');
  await history.entries.getByText('not back yet').click();
  await expect(history.steps).toContainText(/… \d+ more attempts, the last with the same answer/);
  await expect(history.steps.getByText(/nothing listens on port 9/), 'told once').toHaveCount(1);
  await expect(history.steps).not.toContainText('in 0.0 s');
});
