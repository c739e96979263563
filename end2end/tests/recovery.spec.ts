import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { freePort } from './support/nightjar';
import { SettingsPage } from './support/settings-pages';
import { expect, test } from './support/test';

// What is done for cameras that stay dark: set on the settings page, told in the history, and in the end people are asked to look.

test('a camera that stays dark goes up the ladder: people are asked to look, on every page, until it is back', async ({ wall, nightjar, startCamera }) => {
  const settings = new SettingsPage(wall.page, nightjar.url);
  await settings.open();
  await expect(settings.step('Restart the camera'), 'what can’t be done says why').toContainText('No ONVIF address is known');
  await expect(settings.step('Webhook')).toContainText('No webhook is set.');
  await settings.setStep('Ask again', 0, 1);
  await settings.setStep('Other transport', undefined, 0);
  await expect(settings.step('Other transport')).toContainText('Off');
  await settings.setStep('Alert', 0, 5);
  await settings.save.click();
  await expect(settings.saved).toBeVisible();
  await expect(settings.save).toBeDisabled();

  const address = `127.0.0.1:${await freePort()}`;
  const sources = { main: { url: `rtsp://${address}/main`, transport: 'tcp' }, sub: { url: `rtsp://${address}/sub`, transport: 'tcp' } };
  await nightjar.api('POST', '/cameras?force=true', { name: 'Gate', profile: 'generic_rtsp', enabled: true, always_on: true, sources });
  await expect(settings.needsLook).toHaveText(/^Gate needs a look: no picture since \d\d:\d\d\. 127\.0\.0\.1 is there, but nothing listens on port \d+\./);

  await wall.page.getByRole('link', { name: 'Wall', exact: true }).click();
  await expect(settings.needsLook, 'on the wall as well').toBeVisible();
  const tile = wall.tile('Gate');
  await expect(tile.root.getByText('Needs a look', { exact: true })).toBeAttached();
  await tile.button('What happened?').click();
  const history = wall.history('Gate');
  await expect(history.entries).toContainText('nothing listens on port');
  await expect(history.entries).toContainText('; people are asked to look; not back yet.');
  await history.entries.getByText('people are asked to look').first().click();
  await expect(history.steps).toContainText('Asked for the streams again.');
  await wall.page.keyboard.press('Escape');

  await startCamera('--listen', address);
  await expectLive(tile, loop.sub);
  await expect(settings.needsLook).toHaveCount(0);
  await expect(tile.root.getByText('Needs a look', { exact: true })).toHaveCount(0);
});

test('a webhook to this machine and a threshold outside its range are refused beside their field, with the reason @phone', async ({ wall, nightjar, problems }) => {
  problems.allow(/status of 422/, 'what is not allowed is tried on purpose');
  const settings = new SettingsPage(wall.page, nightjar.url);
  await settings.open();
  for (const [address, reason] of [
    ['http://127.0.0.1:9/relay', 'This address belongs to the server itself.'],
    ['http://[::ffff:127.0.0.1]:9/relay', 'This address belongs to the server itself.'],
    ['http://169.254.169.254/latest', 'This is not the address of a single device'],
    [`${nightjar.url}/api/v1/cameras`, 'This is Nightjar\'s own address.'],
    ['ftp://192.168.1.5/', 'The address begins with http:// or https://.'],
  ] as const) {
    await settings.address.fill(address);
    await settings.saveWebhook.click();
    await expect(settings.address, address).toHaveAccessibleDescription(new RegExp(reason.replace(/[.[\]()/]/g, '\\$&')));
  }
  await settings.sendTest.click();
  await expect(settings.address).toHaveAccessibleDescription(/begins with http/);
  expect((await nightjar.api<{ webhook: unknown }>('GET', '/settings')).webhook, 'nothing was stored').toBeNull();

  const stale = settings.field('Standstill after (s)');
  await stale.fill('1');
  await settings.save.click();
  await expect(stale).toHaveAccessibleDescription(/This must be a whole number from 2 to 120 \(seconds\)\./);
  await stale.fill('9');
  await settings.save.click();
  await expect(settings.saved).toBeVisible();
  await expect(stale).toHaveAccessibleDescription(/Default:\s6\./);
});
