import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { Nightjar, admin } from './support/nightjar';
import { Entry } from './support/pages';
import { expect, test } from './support/test';
import { awkward, overflow } from './support/touch';

// Cameras are found on the network.

const password = 'p)#@ss word';
const reolink = { name: 'Front door', manufacturer: 'Reolink', model: 'RLC-810A', location: 'Porch', xaddrs: 'http://10.99.99.99/onvif/device_service' };
const recorder = { name: '<b>Old‮ recorder</b>', manner: 'only_to_anything' };

/** Devices of the camera's process. */
const announcing = (...devices: object[]) => ['--discovery', '127.0.0.1:0', ...devices.flatMap((device) => ['--announce', JSON.stringify(device)])];

test('the first run finds a camera on the network, adds it and ends on its live picture', { tag: ['@ipad', '@phone'] }, async ({ page, context, wall, startCamera }, info) => {
  const camera = await startCamera('--auth', `admin:${password}`, ...announcing(reolink, recorder));
  const { finding, adding } = wall;
  await context.clearCookies();
  const fresh = await Nightjar.startBare('127.0.0.1', { NIGHTJAR_DISCOVERY_HOSTS: camera.discovery });
  try {
    await test.step('set up', async () => {
      const entry = new Entry(page, fresh.url);
      await entry.open('/setup');
      await entry.token.fill(fresh.log.match(/set-up token: (\S+)/)?.[1] ?? '');
      await entry.user.fill('Ann');
      await entry.password.fill(admin.password);
      await entry.again.fill(admin.password);
      await entry.makeAccount.click();
      await expect(page).toHaveURL(/\/welcome$/);
      await expect(page.getByText(/ free of /)).toBeVisible();
      await entry.next.click();
    });

    await test.step('who answers is listed, by what they say of themselves', async () => {
      await wall.find.click();
      await expect(finding.root.getByText('Asking the network')).toBeVisible();
      await expect(finding.rows).toHaveCount(2);
      await expect(finding.row('Front door')).toHaveText(/127\.0\.0\.1 · Reolink · RLC-810A · Porch/);
      await expect(finding.row('bOld recorder/b'), 'markup and directions are gone').toBeVisible();
      expect(await overflow(page)).toEqual([]);
      if (info.project.name !== 'desktop') expect(await awkward(page)).toEqual([]);
    });

    await test.step('the chosen one brings its name and the addresses of its maker', async () => {
      await finding.row('Front door').click();
      await expect(adding.name).toHaveValue('Front door');
      await expect(adding.main).toHaveValue('rtsp://127.0.0.1:554/h264Preview_01_main');
      await expect(adding.sub).toHaveValue('rtsp://127.0.0.1:554/h264Preview_01_sub');
      await expect(adding.root.getByText('usual addresses of Reolink cameras')).toBeVisible();
      // This one has its pictures elsewhere.
      await adding.fill({ main: camera.main, sub: camera.sub, user: 'admin', password });
      await adding.test.click();
      await expect(adding.root.getByText('Main stream: Works')).toBeVisible();
      if (info.project.name !== 'desktop') expect(await awkward(page)).toEqual([]);
      await adding.save.click();
    });

    await test.step('the list is there again for the next one', async () => {
      await expect(finding.root.getByRole('status')).toHaveText('Front door has been added.');
      await expect(finding.row('Front door')).toContainText('Added as Front door');
      await finding.done.click();
      await expect(finding.root).toHaveCount(0);
      await expect(page.getByText('1 camera added.')).toBeVisible();
    });

    await page.getByRole('button', { name: 'To the live wall' }).click();
    await expectLive(wall.tile('Front door'), loop.sub);
  } finally {
    await page.goto('about:blank');
    await fresh.end();
  }
});

test('where nobody answers it says what to look at, and a camera can be added by its address', async ({ page, wall, camera, problems }) => {
  problems.allow(/503/, 'the server has no network for a moment, on purpose');
  const { finding, adding } = wall;
  await wall.open();
  await wall.addFirst.click();
  await adding.root.getByRole('button', { name: 'Find cameras on this network' }).click();
  await expect(finding.root.getByText('No camera answered')).toBeVisible();
  await expect(finding.root.getByText('Is ONVIF switched on')).toBeVisible();
  await expect(finding.root.getByText('Searched from 127.0.0.1.')).toBeVisible();

  const sentence = 'There is no network that the server could search.';
  await page.route('**/api/v1/discovery', (route) =>
    route.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ type: 'about:blank', title: '', status: 503, code: 'no_network', detail: sentence }) }),
  );
  await finding.again.click();
  await expect(finding.root.getByText(sentence)).toBeVisible();
  await page.unroute('**/api/v1/discovery');
  await finding.again.click();
  await expect(finding.root.getByText('No camera answered')).toBeVisible();

  await finding.byAddress.click();
  await expect(adding.name).toBeFocused();
  await adding.fill({ name: 'Gate', main: camera.main, sub: camera.sub });
  await adding.save.click();
  await expect(adding.root).toHaveCount(0);
  await expectLive(wall.tile('Gate'), loop.sub);
});

test('what was typed stays while one looks at the list, and a chosen camera can be left again', async ({ wall, startCamera, context, page }) => {
  const camera = await startCamera(...announcing({ name: 'Yard' }));
  await context.clearCookies();
  const searching = await Nightjar.start({ NIGHTJAR_DISCOVERY_HOSTS: camera.discovery });
  try {
    const signedIn = await context.request.post(`${searching.url}/api/v1/session`, { data: admin });
    expect(signedIn.ok()).toBe(true);
    const { finding, adding } = wall;
    const entry = new Entry(page, searching.url);
    await entry.open('/');
    await wall.addFirst.click();
    await adding.name.fill('Gate');
    await adding.root.getByRole('button', { name: 'Find cameras on this network' }).click();
    await expect(finding.rows).toHaveCount(1);
    await finding.byAddress.click();
    await expect(adding.name).toHaveValue('Gate');
    await adding.root.getByRole('button', { name: 'Find cameras on this network' }).click();
    await finding.row('Yard').click();
    await expect(adding.name).toHaveValue('Yard');
    await expect(adding.main).toHaveValue('rtsp://127.0.0.1:554/');
    await adding.root.getByRole('button', { name: 'Back to the list' }).click();
    await expect(finding.row('Yard')).not.toContainText('Added');
    await finding.byAddress.click();
    await expect(adding.name, 'as it was typed').toHaveValue('Gate');
    await adding.cancel.click();
    await expect(adding.root).toHaveCount(0);
  } finally {
    await page.goto('about:blank');
    await searching.end();
  }
});
