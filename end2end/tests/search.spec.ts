import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';
import { awkward, overflow } from './support/touch';

// Looking for one camera among many.

const demo = { profile: 'test_pattern', sources: {}, enabled: true, always_on: false };

test('a camera is found by its name, group or tag and opened', { tag: ['@ipad', '@phone'] }, async ({ wall, addCamera, camera, nightjar }, info) => {
  const { page, searching } = wall;
  const yard = await addCamera(camera, 'Back yard', { group: 'Outside', tags: ['east'] });
  for (const name of ['Cellar', 'Yard gate', 'Graveyard shift']) {
    await nightjar.api('POST', '/cameras', { ...demo, name, enabled: false });
  }
  await wall.open();
  await expectLive(wall.tile('Back yard'), loop.sub);

  await test.step('the field takes what is typed at once', async () => {
    await wall.search.click();
    await expect(searching.field).toBeFocused();
    await expect(searching.rows).toHaveCount(4);
    await expect(searching.row('Back yard')).toHaveText(/Outside · east/);
    await expect(searching.row('Back yard')).toHaveText(/Online$/);
    await expect(searching.row('Cellar')).toHaveText(/Off$/);
    expect(await overflow(page)).toEqual([]);
    if (info.project.name !== 'desktop') expect(await awkward(page)).toEqual([]);
  });

  await test.step('the likeliest comes first', async () => {
    await searching.field.fill('YARD');
    await expect(searching.names).toHaveText(['Yard gate', 'Back yard', 'Graveyard shift']);
    await searching.field.fill('outside east');
    await expect(searching.names).toHaveText(['Back yard']);
    await searching.field.fill('attic');
    await expect(searching.rows).toHaveCount(0);
    await expect(searching.root.getByText('No camera has “attic” in its name, group or tags.')).toBeVisible();
  });

  await test.step('what is chosen opens large', async () => {
    await searching.field.fill('yard');
    await searching.row('Back yard').click();
    await expect(searching.root).toHaveCount(0);
    await expect(page).toHaveURL(new RegExp(`/camera/${yard.id}$`));
    await expectLive(wall.tile('Back yard'), loop.hd);
  });
});

test('the search by keyboard alone, from an enlarged camera too, finds hidden cameras', async ({ wall, addCamera, camera, nightjar }) => {
  const { page, searching } = wall;
  const gate = await addCamera(camera, 'Gate');
  const spare = await nightjar.api<{ id: number }>('POST', '/cameras', { ...demo, name: 'Spare', hidden: true, enabled: false });
  for (let number = 1; number <= 12; number++) await nightjar.api('POST', '/cameras', { ...demo, name: `Hall ${number}`, enabled: false });
  await wall.open();
  await expectLive(wall.tile('Gate'), loop.sub);

  await page.keyboard.press('/');
  await expect(searching.field).toBeFocused();
  await expect(searching.field, 'the key itself is not typed').toHaveValue('');
  await expect(searching.row('Gate')).toHaveAttribute('aria-selected', 'true');
  for (let press = 0; press < 20; press++) await page.keyboard.press('ArrowDown');
  await expect(searching.row('Hall 12'), 'no further than the last').toHaveAttribute('aria-selected', 'true');
  await expect(searching.row('Hall 12')).toBeInViewport({ ratio: 1 });
  await page.keyboard.press('ArrowUp');
  await expect(searching.row('Hall 11')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.type('gate');
  await expect(searching.row('Gate')).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/camera/${gate.id}$`));
  await expectLive(wall.tile('Gate'), loop.hd);

  await page.keyboard.press('/');
  await expect(searching.field).toBeFocused();
  await page.keyboard.type('spa');
  await expect(searching.row('Spare')).toHaveText(/Not on the wall/);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/camera/${spare.id}$`));
  await expect(wall.tile('Spare').reason).toContainText('turned off');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/$/);
  await expect(wall.tile('Spare').root, 'hidden again').toHaveCount(0);
  await expect(wall.tile('Gate').root).toBeVisible();

  await page.keyboard.press('/');
  await expect(searching.field).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(searching.root).toHaveCount(0);
});

test('the key opens the search as the button does where every camera is hidden, and keys of an input method stay its own', async ({ wall, nightjar }) => {
  const { page, searching } = wall;
  for (const name of ['Cellar', 'Attic']) await nightjar.api('POST', '/cameras', { ...demo, name, hidden: true, enabled: false });
  await wall.open();
  await expect(wall.search).toBeVisible();
  await page.keyboard.press('/');
  await expect(searching.field).toBeFocused();
  await expect(searching.row('Cellar')).toHaveAttribute('aria-selected', 'true');

  // Written in syllables that are composed: the arrows choose among the input method's own proposals.
  const arrow = (isComposing: boolean) =>
    searching.field.evaluate(
      (field, isComposing) => field.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowDown', isComposing, bubbles: true, cancelable: true })),
      isComposing,
    );
  expect(await arrow(true), 'left to the input method').toBe(true);
  await expect(searching.row('Cellar')).toHaveAttribute('aria-selected', 'true');
  expect(await arrow(false), 'taken').toBe(false);
  await expect(searching.row('Attic')).toHaveAttribute('aria-selected', 'true');
});
