import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { HealthPage } from './support/health-pages';
import { expect, test } from './support/test';

// The health page, and the ways between the pages.

test('from the wall to the health page and back, without loading the page anew', async ({ wall, nightjar, addCamera, camera }) => {
  await addCamera(camera, 'Gate');
  const health = new HealthPage(wall.page, nightjar.url);
  await wall.open();
  await wall.mark();
  await expectLive(wall.tile('Gate'), loop.sub);
  await wall.page.getByRole('button', { name: 'Pages' }).click();
  await wall.page.getByRole('link', { name: 'Health' }).click();
  await expect(health.heading).toBeVisible();
  await expect(health.row('Gate', 'main').text('Live')).toBeVisible();
  await expect(wall.page).toHaveTitle('Health – Nightjar');
  await expect(wall.page.getByRole('link', { name: 'Health' })).toHaveAttribute('aria-current', 'page');
  expect(await wall.players(), 'nothing plays behind the page').toEqual([]);
  await wall.page.getByRole('link', { name: 'Wall', exact: true }).click();
  await expectLive(wall.tile('Gate'), loop.sub);
  expect(await wall.isMarked()).toBe(true);
  await wall.page.goBack();
  await expect(health.heading).toBeVisible();
});
