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
    await expect(page.getByRole('heading', { name: 'No cameras yet' })).toBeVisible();
    await entry.ready();
    await wall.addDemo.click();
    await expect(wall.tile('Demo camera').state('Live')).toBeVisible();
  } finally {
    await page.goto('about:blank');
    await fresh.end();
  }
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
