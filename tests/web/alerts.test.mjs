// Alerts and silences: what fires is acknowledged, silenced and explained by clicking, against a real
// server whose rules fire on what it is sent.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import {
  alertOf,
  ask,
  firing,
  lookAtAll,
  panel,
  RECEIVERS,
  RULES,
  sendRefunds,
} from './firing.mjs';
import { checkAccessible } from './measure.mjs';

webTest(
  'what fires is acknowledged, silenced, and told again',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    await sendRefunds(pitot, 'returns', 4);
    const page = await open('/', { expected: [/400 \(Bad Request\)/] });

    // From the overview to the alert.
    const told = panel(page, 'Firing alerts');
    await told.getByRole('link', { name: 'RefundsFail' }).first().waitFor();
    await told.getByRole('link', { name: 'Alerts' }).click();
    await page.waitForURL(/\/alerts/);
    const checkout = alertOf(page, 'checkout');
    await checkout.getByText('5 against 3').waitFor();
    await alertOf(page, 'returns').waitFor();

    // Narrowed by labels; a mistake is told in the server's words.
    const matchers = page.getByRole('textbox', { name: 'Matchers' });
    await page.keyboard.press('/');
    await page.keyboard.type('feature=checkout');
    await page.keyboard.press('Enter');
    await page.waitForURL(/match=feature/);
    await alertOf(page, 'returns').waitFor({ state: 'detached' });
    await matchers.fill('');
    await alertOf(page, 'returns').waitFor();

    // Somebody is at it, and is not any more.
    await checkout.getByRole('button', { name: /^Acknowledge/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('What is done about it').fill('rolling back');
    await dialog.getByLabel('By').fill('ada');
    await page.keyboard.press('Enter');
    await checkout.getByText('acknowledged by ada: rolling back').waitFor();
    await checkout.getByRole('button', { name: /^Unacknowledge/ }).click();
    await checkout.getByRole('button', { name: /^Acknowledge/ }).waitFor();

    // Silenced by its own labels, made wider; what they match is seen before.
    await checkout.getByRole('button', { name: /^Silence/ }).click();
    await dialog.getByText('Matches 1 alert now').waitFor();
    await dialog.getByRole('button', { name: 'Take matcher 2 away' }).click();
    await dialog.getByText('Matches 2 alerts now').waitFor();
    await dialog.getByLabel('Why').fill('rollback under way');
    await shoot(page, 'alerts-silence');
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    await page.getByText('Silenced: 2 alerts now').waitFor();
    await alertOf(page, 'returns').getByRole('link', { name: 'silenced' }).click();

    // The silence: changed, expired.
    await page.waitForURL(/\/alerts\/silences\?.*silence=/);
    const silences = page.getByRole('list', { name: 'Silences' });
    await silences.getByText('rollback under way').waitFor();
    await silences.getByRole('link', { name: 'silences 2 now' }).waitFor();
    await silences.getByRole('button', { name: /^Change/ }).click();
    await dialog.getByLabel('Why').fill('rolled back');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await silences.getByText('rolled back').waitFor();
    await silences.getByRole('button', { name: /^Expire/ }).click();
    await dialog.getByText('The 2 that it silences now').waitFor();
    await dialog.getByRole('button', { name: 'Expire now' }).click();
    await page.getByText('The silence is over').waitFor();
    const { silences: list } = await ask(pitot, '/silences?state=active,pending');
    assert.deepEqual(list, []);

    // One that waits for what may come, refused while it would silence everything.
    await page.getByRole('button', { name: 'New silence' }).click();
    await dialog.getByLabel('Label 1', { exact: true }).fill('feature');
    await dialog.getByLabel('How label 1 is compared').selectOption('=~');
    await dialog.getByLabel('Value 1').fill('.*');
    await dialog.getByLabel('Why').fill('too much');
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    await dialog.getByRole('alert').filter({ hasText: 'it would silence everything' }).waitFor();
    await dialog.getByLabel('Value 1').fill('later.*');
    await dialog.getByText('No alert matches now').waitFor();
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    await silences.getByText('matches nothing now').waitFor();
    assert.deepEqual(await refusals(page), []);
  },
  { config: { alerts: RULES } },
);

webTest(
  'an alert in full, its history, the rules, and who was told',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    const page = await open('/alerts');
    await alertOf(page, 'checkout').waitFor();

    // The alert, from the list by keys.
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForURL(/alert=[0-9a-f]{16}/);
    const dialog = page.getByRole('dialog');
    const labels = dialog.getByRole('region', { name: 'Labels' });
    await labels.getByText('checkout').waitFor();
    await dialog.getByRole('region', { name: 'Annotations' }).getByText('payments').waitFor();
    await dialog.getByRole('region', { name: 'Told' }).getByText('delivered').waitFor();
    await dialog.getByRole('region', { name: 'Fired in the last 30 days' }).waitFor();
    await checkAccessible(page);
    await shoot(page, 'alert-dialog');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });

    // Its history: a bar, and a row.
    const history = panel(page, 'History');
    await history.getByRole('link', { name: /RefundsFail feature=checkout, page/ }).waitFor();
    await history.getByRole('button', { name: 'Table' }).click();
    await history.getByRole('grid').getByText('fires').waitFor();

    // What a rule does, and what it does not judge.
    await page
      .getByRole('grid', { name: 'Rules' })
      .getByRole('button', { name: 'ErrorRateHigh' })
      .click();
    await dialog.getByText('2 min over its threshold').waitFor();
    await dialog.getByText('error_rate: {threshold: 0.05, severity: warning}').waitFor();
    await page.keyboard.press('Escape');

    // Who was told, and whether a receiver works.
    await page
      .getByRole('grid', { name: 'Notifications' })
      .getByRole('row')
      .filter({ hasText: 'RefundsFail' })
      .getByText('delivered')
      .first()
      .waitFor();
    const receivers = panel(page, 'Receivers');
    await receivers.getByRole('button', { name: 'Send a test to ops' }).click();
    await receivers.getByText('webhook: it took the test').waitFor();
    await receivers.getByRole('button', { name: 'Send a test to night' }).click();
    await receivers.getByText(/webhook: .*refused/).waitFor();

    // The traces behind it: the failed calls of that feature, around that time.
    await alertOf(page, 'checkout')
      .getByRole('link', { name: /^Traces/ })
      .click();
    await page.waitForURL(/\/traces\?.*q=feature\+%3D\+checkout/);
    await page
      .getByRole('grid', { name: 'Traces' })
      .getByRole('link', { name: 'execute_tool refund' })
      .first()
      .waitFor();
  },
  { config: { alerts: { ...RULES, ...RECEIVERS } } },
);

webTest(
  'a key that may only read is refused in words',
  async ({ pitot, open }) => {
    const [admin] = pitot.log.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const made = await pitot.command('key', 'create', 'reader', '--scopes', 'read', '--key', admin);
    assert.equal(made.code, 0, made.stderr);
    const [reader] = made.stdout.match(/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/);
    const page = await open('/alerts/silences', { expected: [/status of 40[13]/] });
    await page.getByLabel('API key').fill(reader);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('button', { name: 'New silence' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label 1', { exact: true }).fill('feature');
    await dialog.getByLabel('Value 1').fill('checkout');
    await dialog.getByLabel('Why').fill('not mine to say');
    await dialog.getByRole('button', { name: 'Silence', exact: true }).click();
    await dialog.getByRole('alert').filter({ hasText: 'admin' }).waitFor();
  },
  { config: { alerts: RULES }, env: { PITOT_AUTH_MODE: 'keys' } },
);

webTest('on an empty server every part says what to do', async ({ open }) => {
  const page = await open('/alerts');
  await panel(page, 'Now').getByText('Nothing fires').waitFor();
  await panel(page, 'History').getByText('Nothing fired in this window').waitFor();
  await panel(page, 'Receivers').getByText('slack: {url_env: SLACK_URL}').waitFor();
  const tabs = page.getByRole('navigation', { name: 'Alerts and objectives' });
  await tabs.getByRole('link', { name: 'Objectives' }).click();
  await panel(page, 'Objectives').getByText('{name: runs-succeed').waitFor();
  await shoot(page, 'slos-empty');
  await tabs.getByRole('link', { name: 'Runbooks' }).click();
  await page.getByRole('button', { name: 'Errors' }).click();
  await panel(page, 'Diagnosis').getByText('No model or tool call ended').first().waitFor();
  await panel(page, 'Actions').getByText('Nothing is proposed').waitFor();
  await panel(page, 'Status pages of providers').getByText('openai: {}').waitFor();
});

webTest(
  'everybody can use them, at every width and in both themes',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    await lookAtAll(open, [
      {
        path: '/alerts',
        name: 'alerts',
        ready: async (page) => {
          await alertOf(page, 'checkout').waitFor();
          await panel(page, 'Rules').getByRole('row').nth(5).waitFor();
          await panel(page, 'History').getByRole('list', { name: 'RefundsFail fired' }).waitFor();
        },
      },
      {
        path: '/alerts/silences',
        name: 'silences',
        ready: (page) => page.getByText('Nothing is silenced').waitFor(),
      },
    ]);
  },
  { config: { alerts: RULES } },
);
