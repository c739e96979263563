import { existsSync } from 'node:fs';
import path from 'node:path';
import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { Nightjar, admin } from './support/nightjar';
import { Entry } from './support/pages';
import { expect, test } from './support/test';

// Who may come in: the first run, signing in and out, the own account.

test('the first run asks for the token of the console, makes an admin and ends on a live wall', { tag: ['@phone'] }, async ({ page, context, wall, problems }) => {
  problems.allow(/status of 403/, 'a wrong token is typed on purpose');
  problems.allow(/status of 422/, 'a weak password is typed on purpose');
  await context.clearCookies();
  const fresh = await Nightjar.startBare();
  try {
    const entry = new Entry(page, fresh.url);
    await entry.open('/camera/1');
    await expect(page).toHaveURL(/\/setup$/);
    await entry.token.fill('not the token');
    await entry.user.fill('Ann');
    await entry.password.fill('password1234');
    await entry.again.fill('something else');
    await entry.makeAccount.click();
    await expect(page.getByText('The two passwords are not the same.')).toBeVisible();
    await entry.again.fill('password1234');
    await entry.makeAccount.click();
    await expect(page.getByText('This is not the set-up token')).toBeVisible();
    const token = fresh.log.match(/set-up token: (\S+)/)?.[1] ?? '';
    await entry.token.fill(token.toUpperCase());
    await entry.makeAccount.click();
    await expect(page.getByText('It is one of the passwords that are tried first')).toBeVisible();
    await entry.password.fill(admin.password);
    await entry.again.fill(admin.password);
    // The keyboard does it too.
    await entry.again.press('Enter');
    await expect(page).toHaveURL(/\/welcome$/);
    await expect(page.getByText(/ free of /)).toBeVisible();
    await expect(entry.folder).toHaveValue(/\/recordings$/);
    await entry.folder.fill('recordings');
    await entry.next.click();
    await expect(page.getByText('Write the whole path')).toBeVisible();
    const folder = path.join(fresh.data, 'films');
    await entry.folder.fill(folder);
    await entry.next.click();
    await expect(page.getByText('No camera yet.')).toBeVisible();
    expect(existsSync(folder), 'the folder is made').toBe(true);
    await wall.addDemo.click();
    await expect(page.getByText('1 camera added.')).toBeVisible();
    await page.getByRole('button', { name: 'To the live wall' }).click();
    await expect(page).toHaveURL(`${fresh.url}/`);
    await expect(wall.tile('Demo camera').state('Live')).toBeVisible();
  } finally {
    await page.goto('about:blank');
    await fresh.end();
  }
});

test('whoever comes without encryption is told so before they type a password', async ({ page, nightjar, context }) => {
  const note = page.getByRole('note').getByText('This connection is not encrypted');
  const elsewhere = await Nightjar.startBare('127.0.0.2');
  try {
    await new Entry(page, elsewhere.url).open('/');
    await expect(page).toHaveURL(/\/setup$/);
    await expect(note).toBeVisible();
  } finally {
    await page.goto('about:blank');
    await elsewhere.end();
  }
  await context.clearCookies();
  await new Entry(page, nightjar.url).open('/sign-in');
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(note, 'on this very machine nobody listens').toHaveCount(0);
});

test('signing in leads back to where one was, and signing out ends it', { tag: ['@phone'] }, async ({ page, context, nightjar, problems }) => {
  problems.allow(/status of 401/, 'a wrong password is typed on purpose');
  await context.clearCookies();
  const entry = new Entry(page, nightjar.url);
  await entry.open('/health?x=1');
  await expect(page).toHaveURL(/\/sign-in\?next=/);
  await entry.user.fill(admin.username);
  await entry.password.fill('wrong');
  await entry.signIn.click();
  await expect(page.getByText('User name or password is wrong.')).toBeVisible();
  await expect(entry.password).toHaveValue('');
  await entry.password.fill(admin.password);
  await entry.password.press('Enter');
  await expect(page).toHaveURL(`${nightjar.url}/health?x=1`);
  await entry.open('/account');
  await expect(page.getByText('You are signed in as Admin (admin).')).toBeVisible();
  await expect(page.getByText('this browser')).toBeVisible();
  await entry.signOut.click();
  await expect(page).toHaveURL(/\/sign-in$/);
  await page.goto(nightjar.url);
  await expect(page).toHaveURL(/\/sign-in$/);
});

test('a session that ends while the wall is open leads to the sign-in page, and back', async ({ page, wall, nightjar, problems }) => {
  problems.allow(/WebSocket|status of 401/, 'the session is ended on purpose');
  await wall.open();
  await expect(page.getByRole('heading', { name: 'No cameras yet' })).toBeVisible();
  nightjar.command(['user', 'passwd', admin.username, '--password-stdin'], 'grandmother sold her boat');
  await expect(page).toHaveURL(/\/sign-in/);
  const entry = new Entry(page, nightjar.url);
  await entry.ready();
  await entry.user.fill(admin.username);
  await entry.password.fill('grandmother sold her boat');
  await entry.signIn.click();
  await expect(page.getByRole('heading', { name: 'No cameras yet' })).toBeVisible();
});

test('a viewer sees what was granted and nothing else, and no longer than it is granted', { tag: ['@phone'] }, async ({ page, context, wall, nightjar, addCamera, camera, startCamera, problems }) => {
  problems.allow(/status of 404/, 'addresses of what is not theirs are typed on purpose');
  problems.allow(/status of 403/, 'a page for others is typed on purpose');
  const gate = await addCamera(camera, 'Gate');
  const vault = await addCamera(await startCamera(), 'Vault');
  nightjar.command(['user', 'add', 'Eve', '--role', 'viewer', '--grant', `camera:${gate.id}=live,audio`, '--password-stdin'], admin.password);
  await context.clearCookies();
  const entry = new Entry(page, nightjar.url);
  await entry.open(`/camera/${gate.id}`);
  await entry.user.fill('Eve');
  await entry.password.fill(admin.password);
  await entry.signIn.click();
  await expect(page).toHaveURL(`${nightjar.url}/camera/${gate.id}`);
  await entry.ready();
  await expectLive(wall.tile('Gate'), loop.hd);
  await page.keyboard.press('Escape');
  await expectLive(wall.tile('Gate'), loop.sub);
  await expect(page.getByText('1 of 1 online')).toBeVisible();
  await expect(wall.tile('Vault').root).toHaveCount(0);
  await expect(wall.addCamera).toHaveCount(0);
  await wall.tile('Gate').root.click({ button: 'right', position: { x: 20, y: 40 } });
  await expect(page.getByRole('menuitem', { name: 'History' })).toBeVisible();
  for (const name of ['Edit', 'Delete', 'Restart']) await expect(page.getByRole('menuitem', { name })).toHaveCount(0);
  await page.keyboard.press('Escape');

  await test.step('a search', async () => {
    const { search, searching } = wall;
    await search.click();
    await expect(searching.names).toHaveText(['Gate']);
    await searching.field.fill('vault');
    await expect(searching.root.getByText('No camera has “vault” in its name, group or tags.')).toBeVisible();
    await expect(searching.rows).toHaveCount(0);
    await nightjar.api('PATCH', `/cameras/${vault.id}`, { tags: ['gate'] });
    await nightjar.api('PATCH', `/cameras/${gate.id}`, { tags: ['west'] });
    await searching.field.fill('west');
    await expect(searching.names, 'the later change has come').toHaveText(['Gate']);
    await searching.field.fill('gate');
    await expect(searching.names).toHaveText(['Gate']);
    await page.keyboard.press('Escape');
    await expect(searching.root).toHaveCount(0);
  });

  await test.step('addresses of what is not theirs', async () => {
    for (const address of [`/camera/${vault.id}`, '/camera/4711', '/camera/gate']) {
      const answer = await page.goto(nightjar.url + address);
      expect(answer?.status(), address).toBe(404);
      await entry.ready();
      await expect(page.getByRole('heading', { name: 'There is nothing here' })).toBeVisible();
      expect(await page.content()).not.toContain('Vault');
    }
    const settings = await page.goto(`${nightjar.url}/settings`);
    expect(settings?.status()).toBe(403);
    await expect(page.getByRole('heading', { name: 'Not for your account' })).toBeVisible();
    await page.goto(nightjar.url);
    await expectLive(wall.tile('Gate'), loop.sub);
  });

  await test.step('a withdrawn grant ends the picture', async () => {
    const eve = (await nightjar.api<{ id: number; username: string }[]>('GET', '/users')).find((user) => user.username === 'Eve');
    await nightjar.api('PATCH', `/users/${eve?.id}`, { grants: [] });
    // The promise is 5 s.
    await expect(wall.tile('Gate').root).toHaveCount(0, { timeout: 5_000 });
    await expect(page.getByText('There is none that you may watch.')).toBeVisible();
    for (const name of [/^Add/, /^Find/]) await expect(page.getByRole('button', { name }), 'not theirs to add').toHaveCount(0);
    await expect(wall.search, 'nothing to look for').toHaveCount(0);
    const watching = async () => {
      const streams = await nightjar.api<{ viewers: { mse: number } }[]>('GET', `/cameras/${gate.id}/streams`);
      return streams.reduce((sum, stream) => sum + stream.viewers.mse, 0);
    };
    await expect.poll(watching, 'nobody watches any more').toBe(0);
    await nightjar.api('PATCH', `/users/${eve?.id}`, { grants: [{ target: { camera: gate.id }, actions: ['live'] }] });
    await expectLive(wall.tile('Gate'), loop.sub);
  });
});
