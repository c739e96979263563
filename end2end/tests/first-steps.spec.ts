import { samples } from './support/picture';
import { expect, test } from './support/test';

// The first minutes of a new installation.

test('an empty wall offers a demo camera, and it moves', async ({ wall }) => {
  await wall.open();
  await expect(wall.page.getByRole('heading', { name: 'No cameras yet' })).toBeVisible();
  await wall.addDemo.click();
  const tile = wall.tile('Demo camera');
  await expect(tile.state('Live')).toBeVisible();
  const seen = await samples(tile.picture, 10);
  expect(new Set(seen.map((sample) => sample.hash)).size, 'different pictures among ten frames').toBeGreaterThan(3);
  expect(Math.min(...seen.map((sample) => sample.contrast)), 'no blank picture').toBeGreaterThan(30);
  await expect(wall.page.getByText('1 of 1 online')).toBeVisible();
});
