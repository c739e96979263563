import { loop } from './support/camera';
import { expectLive } from './support/expectations';
import { expect, test } from './support/test';

// Settings that one camera needs otherwise than the rest.

test('a setting is changed, refused beside its field, and goes back to what is inherited', async ({ wall, addCamera, camera, nightjar, problems }) => {
  problems.allow(/status of 422/, 'a value that is not allowed is tried on purpose');
  const { id } = await addCamera(camera, 'Gate');
  await wall.open();
  const gate = wall.tile('Gate');
  await expectLive(gate, loop.sub);
  const stored = async () => (await nightjar.api<{ overrides: object }>('GET', `/cameras/${id}`)).overrides;

  await gate.choose('Edit');
  const editing = wall.editing('Gate');
  await editing.root.getByText(/^Advanced/).click();
  const stall = editing.root.getByRole('textbox', { name: 'Reconnect after silence (s)' });
  const teardown = editing.root.getByRole('combobox', { name: 'Ending a session' });
  await expect(stall).toHaveAttribute('placeholder', '5');
  await expect(stall).toHaveAccessibleDescription(/Inherited: 5 \(built in\)/);

  await stall.fill('3');
  await editing.save.click();
  await expect(stall).toHaveAccessibleDescription(/whole number from 5 to 120/);
  expect(await stored()).toEqual({});

  await stall.fill('20');
  await teardown.selectOption('always');
  await editing.save.click();
  await expect(wall.message('Gate has been saved.')).toBeVisible();
  expect(await stored()).toEqual({ 'rtsp.teardown': 'always', 'stream.stall_timeout_s': 20 });

  await gate.choose('Edit');
  await editing.root.getByText(/^Advanced/).click();
  await expect(editing.root.getByText('2 changed')).toBeVisible();
  await expect(stall).toHaveValue('20');
  await expect(teardown).toHaveValue('always');
  await editing.root.getByRole('button', { name: 'Back to inherited' }).first().click();
  await teardown.selectOption('Inherited');
  await stall.fill('');
  await editing.save.click();
  await expect(wall.message('Gate has been saved.').first()).toBeVisible();
  await expect.poll(stored).toEqual({});
});
