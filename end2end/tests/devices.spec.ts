import type { Locator } from '@playwright/test';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';
import { awkward, overflow } from './support/touch';

// Tablets and phones: fingers instead of a mouse.

test('the wall by touch', { tag: ['@ipad', '@phone', '@touch'] }, async ({ wall, addCamera, camera, page }, info) => {
  const names = ['Gate', 'Yard', 'Porch', 'Shed'];
  // The last one is off: its tile offers to turn it on.
  for (const name of names) await addCamera(camera, name, { enabled: name !== 'Shed' });
  await wall.open();
  const tile = wall.tile('Gate');
  await expectLive(tile, loop.sub);

  await test.step('the layout fits', async () => {
    await expect(wall.tile('Shed').button('Turn on')).toBeVisible();
    const boxes = await Promise.all(names.map((name) => wall.tile(name).root.boundingBox()));
    const columns = new Set(boxes.map((box) => Math.round(box?.x ?? 0))).size;
    expect(columns).toBe(info.project.name === 'phone' ? 1 : 2);
    expect(await overflow(page)).toEqual([]);
    expect(await awkward(page)).toEqual([]);
  });

  await test.step('a tap shows the controls, the next enlarges', async () => {
    const controls = tile.root.getByRole('toolbar');
    await expect(controls).toHaveCSS('opacity', '0');
    await tile.link.tap();
    await expect(controls).toHaveCSS('opacity', '1');
    expect(await awkward(page)).toEqual([]);
    await tile.button('Enlarge').tap();
    await expectLive(tile, loop.hd);
    expect(await awkward(page)).toEqual([]);
    await tile.button('Back to the wall').tap();
    await expectLive(tile, loop.sub);
  });

  await test.step('the menu', async () => {
    await expect(tile.button('More')).toBeVisible();
    await tile.link.tap();
    await tile.button('More').tap();
    const menu = page.getByRole('menu');
    const box = await menu.boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= (page.viewportSize()?.width ?? 0)).toBe(true);
    expect(await awkward(page)).toEqual([]);
    await menu.getByRole('menuitem', { name: 'Edit' }).tap();
    await expect(wall.editing('Gate').name).toHaveValue('Gate');
    await wall.editing('Gate').cancel.tap();
  });

  await test.step('the dialog fits, with Save in reach, and its letters do not make Safari zoom', async () => {
    const { adding } = wall;
    await wall.addCamera.tap();
    await adding.name.fill('Attic');
    await adding.main.fill(camera.main);
    await adding.sub.fill(camera.sub);
    expect(await overflow(page)).toEqual([]);
    await expect(adding.save).toBeInViewport({ ratio: 1 });
    for (const field of [adding.name, adding.main, adding.password]) {
      expect(await field.evaluate((element) => parseFloat(getComputedStyle(element).fontSize))).toBeGreaterThanOrEqual(16);
    }
    expect(await awkward(page)).toEqual([]);
    await adding.save.tap();
    await wall.tile('Attic').root.scrollIntoViewIfNeeded();
    await expectLive(wall.tile('Attic'), loop.sub);
  });
});

test('every page by touch', { tag: ['@ipad', '@phone', '@touch'] }, async ({ wall, addCamera, camera, page }) => {
  await addCamera(camera, 'Gate, behind the old barn, the second pole on the left');
  const pages = { health: 'Health', settings: 'Settings', https: 'Secure connection', people: 'People', tokens: 'Tokens and links', audit: 'Log', account: 'Account' };
  for (const [path, heading] of Object.entries(pages)) {
    await test.step(heading, async () => {
      await wall.open(`/${path}`);
      await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
      await expect(page).toHaveTitle(`${heading} – Nightjar`);
      await expect(page.getByText(/^Loading/)).toHaveCount(0);
      expect(await overflow(page)).toEqual([]);
      expect(await awkward(page)).toEqual([]);
    });
  }
});

test('enlarged by touch: what lies over the picture leaves the buttons and the name free', { tag: ['@phone', '@touch'] }, async ({ wall, addCamera, camera, page }) => {
  for (const name of ['Gate', 'Yard']) await addCamera(camera, name);
  const tile = wall.tile('Gate');
  await wall.open();
  await tile.link.tap();
  await tile.button('Enlarge').tap();
  await expectLive(tile, loop.hd);
  const apart = async (one: Locator, other: Locator) => {
    const [a, b] = [await one.boundingBox(), await other.boundingBox()];
    if (!a || !b) return false;
    return a.x >= b.x + b.width || b.x >= a.x + a.width || a.y >= b.y + b.height || b.y >= a.y + a.height;
  };
  const name = tile.root.getByText('Gate', { exact: true });
  expect(await apart(page.getByRole('button', { name: 'Previous camera' }), name)).toBe(true);
  await tile.button('Stream details').tap();
  await expect(tile.details).toBeVisible();
  expect(await apart(tile.details, tile.button('Listen'))).toBe(true);
  await tile.button('More').tap();
  await page.getByRole('menuitem', { name: 'Picture watch' }).tap();
  await expect(tile.watch).toBeVisible();
  expect(await apart(tile.watch, tile.button('More'))).toBe(true);
  expect(await awkward(page)).toEqual([]);
  await tile.watch.getByRole('button', { name: 'Close' }).tap();
  await expect(tile.watch).toHaveCount(0);
});
