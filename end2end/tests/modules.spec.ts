import { People } from './support/admin-pages';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { Modules } from './support/modules';
import { expect, test } from './support/test';

// The program in modules: the wall's, and those of the pages and dialogs beside it.

test('the wall comes alone; a page brings its module once', async ({ page, wall, nightjar, addCamera, camera }) => {
  const modules = new Modules(page);
  await addCamera(camera, 'Gate');
  await wall.open();
  await wall.mark();
  await expectLive(wall.tile('Gate'), loop.sub);
  expect(modules.beside, 'beside the wall').toEqual([]);

  await page.getByRole('button', { name: 'Pages' }).click();
  const links = page.getByRole('navigation', { name: 'Pages' });
  await links.getByRole('link', { name: 'People' }).click();
  const people = new People(page, nightjar.url);
  await people.add.click();
  await expect(people.adding).toBeVisible();
  await page.keyboard.press('Escape');
  expect(modules.beside.filter((name) => name === 'split_people')).toHaveLength(1);
  expect(new Set(modules.beside).size, 'nothing twice').toBe(modules.beside.length);

  // Its neighbours are in the same module.
  const before = modules.beside.length;
  await page.getByRole('link', { name: 'Tokens and links' }).click();
  await expect(page.getByRole('button', { name: 'Make a token' })).toBeVisible();
  await page.goBack();
  await expect(people.add).toBeVisible();
  expect(modules.beside).toHaveLength(before);
  expect(await wall.isMarked(), 'the document is the same').toBe(true);
});

test('a page opened by its address is whole without a script and runs with one', async ({ page, browser, context, nightjar, wall }) => {
  const pages = [
    { path: '/recordings', module: 'recordings', heading: 'Recordings' },
    { path: '/health', module: 'health', heading: 'Health' },
    { path: '/settings', module: 'settings', heading: 'Settings' },
    { path: '/https', module: 'settings', heading: /secure/i },
    { path: '/people', module: 'people', heading: 'People' },
    { path: '/tokens', module: 'people', heading: /tokens/i },
    { path: '/audit', module: 'people', heading: /log/i },
    { path: '/account', module: 'entry', heading: /account/i },
  ];
  const modules = new Modules(page);
  const still = await browser.newContext({ javaScriptEnabled: false, storageState: await context.storageState() });
  try {
    const paper = await still.newPage();
    for (const { path, module, heading } of pages) {
      await test.step(path, async () => {
        await paper.goto(nightjar.url + path);
        await expect(paper.getByRole('heading', { level: 1, name: heading })).toBeVisible();
        await expect(new Modules(paper).named(`split_${module}`), 'fetched beside the program').toHaveCount(1);

        modules.asked.length = 0;
        await new People(page, nightjar.url).open(path);
        await expect(page.getByRole('heading', { level: 1, name: heading })).toBeVisible();
        expect(modules.beside).toContain(`split_${module}`);
        expect(modules.beside.filter((name) => name.startsWith('split_') && name !== `split_${module}`)).toEqual([]);
        // What runs goes to another page without a new document.
        await wall.mark();
        await page.getByRole('link', { name: 'Wall', exact: true }).click();
        await expect(wall.root).toBeVisible();
        expect(await wall.isMarked(), 'the document is the same').toBe(true);
      });
    }
    const people = new People(page, nightjar.url);
    await people.open();
    await people.add.click();
    await expect(people.adding).toBeVisible();
  } finally {
    await still.close();
  }
});

test('a page whose module does not come says so, and comes when asked again', async ({ page, wall, nightjar, problems }) => {
  problems.allow(/ERR_FAILED|Failed to fetch/, 'the module is kept back on purpose');
  const modules = new Modules(page);
  await wall.open();
  await wall.mark();
  const allow = await modules.deny('abort');
  await page.getByRole('button', { name: 'Pages' }).click();
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'People' }).click();
  const again = page.getByRole('alert').getByRole('button', { name: 'Try again' });
  await expect(page.getByRole('alert')).toContainText('This page could not be loaded');
  await again.click();
  await expect(again).toBeVisible();
  // The way back is open.
  await page.getByRole('link', { name: 'Wall', exact: true }).click();
  await expect(wall.root).toBeVisible();
  await page.goBack();
  await expect(again).toBeVisible();
  await allow();
  await again.click();
  const people = new People(page, nightjar.url);
  await people.add.click();
  await expect(people.adding).toBeVisible();
  expect(await wall.isMarked(), 'the document is the same').toBe(true);
});

test('a dialog whose module does not come says so, and comes when asked again', async ({ page, wall, problems }) => {
  problems.allow(/ERR_FAILED|Failed to fetch/, 'the module is kept back on purpose');
  const modules = new Modules(page);
  await wall.open();
  const allow = await modules.deny('abort');
  await wall.addCamera.click();
  await expect(page.getByText('That could not be loaded')).toBeVisible();
  await allow();
  await wall.addCamera.click();
  await wall.adding.name.fill('Gate');
  await wall.adding.cancel.click();
  await expect(wall.adding.root).toHaveCount(0);
  await expect(wall.addCamera, 'the focus is back').toBeFocused();
});

test('a page of an older version is loaded anew by what it no longer finds', async ({ page, wall, nightjar, problems }) => {
  problems.allow(/404|Failed to execute 'compile'|TypeError/, 'the old modules are gone on purpose');
  const modules = new Modules(page);
  await wall.open();
  await wall.mark();
  const allow = await modules.deny(404);
  await page.route('**/parts.js', async (route) => {
    await route.fulfill({ status: 404 });
    // What the new document asks for is there again.
    await page.unroute('**/parts.js');
    await allow();
  });
  await page.getByRole('button', { name: 'Pages' }).click();
  const anew = page.waitForEvent('load');
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'People' }).click();
  await anew;
  const people = new People(page, nightjar.url);
  await page.waitForFunction(() => '__nightjar' in window);
  expect(await wall.isMarked(), 'the document is another').toBe(false);
  await people.add.click();
  await expect(people.adding).toBeVisible();
  await expect(page).toHaveURL(/\/people$/);
});

test('a first page whose module does not come says so, and comes when loaded again', async ({ page, nightjar, problems }) => {
  problems.allow(/ERR_FAILED|Failed to fetch|could not be fetched|preload/, 'the module is kept back on purpose');
  const modules = new Modules(page);
  const allow = await modules.deny('abort');
  await page.goto(`${nightjar.url}/people`);
  await expect(page.getByRole('heading', { level: 1, name: 'People' }), 'what the server rendered stays').toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Part of this page could not be loaded');
  await allow();
  await page.getByRole('alert').getByRole('link', { name: 'Try again' }).click();
  const people = new People(page, nightjar.url);
  await page.waitForFunction(() => '__nightjar' in window);
  await expect(page.getByRole('alert')).toHaveCount(0);
  await people.add.click();
  await expect(people.adding).toBeVisible();
});
