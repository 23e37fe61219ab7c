// Alerts, objectives, silences and runbooks: what fires is acknowledged, silenced and explained by
// clicking, against a real server whose rules fire on what it is sent.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory } from './sample.mjs';
import { sendSpans } from './spans.mjs';

const DEADLINE_MS = 30_000;
const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const firing = (page) => page.getByRole('list', { name: 'Firing alerts' });
const alertOf = (page, feature) =>
  firing(page)
    .getByRole('listitem')
    .filter({ hasText: 'RefundsFail' })
    .filter({ hasText: feature });

// Fires at the next evaluation, a second later.
const RULES = {
  interval: '1s',
  group_wait: '0s',
  group_interval: '1s',
  custom: [
    {
      id: 'failing-refunds',
      alertname: 'RefundsFail',
      filter: 'tool_name = refund AND status = error',
      aggregate: 'count',
      by: ['feature'],
      op: '>=',
      threshold: 3,
      window: '10m',
      for: '0s',
      severity: 'page',
      annotations: { team: 'payments' },
    },
  ],
};

async function sendRefunds(pitot, feature, count, status = 'error') {
  const end = Date.now();
  await sendSpans(
    pitot,
    Array.from({ length: count }, () => ({
      trace_id: randomBytes(16).toString('hex'),
      span_id: randomBytes(8).toString('hex'),
      name: 'execute_tool refund',
      kind: 'tool',
      start: new Date(end - 40).toISOString(),
      end: new Date(end).toISOString(),
      status,
      ...(status === 'error' && { error: 'no such order' }),
      attrs: { 'gen_ai.tool.name': 'refund', feature },
    })),
  );
}

// A receiver that takes what it is told, as long as the tests run.
const receiver = createServer((request, response) => {
  request.resume().on('end', () => response.end());
})
  .listen(0, '127.0.0.1')
  .unref();
await once(receiver, 'listening');
const RECEIVERS = {
  receivers: [
    { name: 'ops', webhook: { url: `http://127.0.0.1:${receiver.address().port}/hook` } },
    { name: 'night', webhook: { url: 'http://127.0.0.1:9/nobody' } },
  ],
  default_receiver: 'ops',
};

const SLOS = [
  { name: 'refunds-work', filter: 'tool_name = refund', target: 0.99, window: '1d', owner: 'ada' },
  { name: 'first-token', kind: 'ttft', threshold: '1.5s', target: '95%' },
];

async function eventually(what, satisfied) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await satisfied();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const ask = async (pitot, path, headers = {}) =>
  (await fetch(`${pitot.httpUrl}/api/v1${path}`, { headers })).json();

// What is looked at in every theme, and what must be there before.
const PAGES = [
  [
    '/alerts',
    'alerts',
    async (page) => {
      await alertOf(page, 'checkout').waitFor();
      await panel(page, 'Rules').getByRole('row').nth(5).waitFor();
      await panel(page, 'History').getByRole('list', { name: 'RefundsFail fired' }).waitFor();
    },
  ],
  ['/alerts/silences', 'silences', (page) => page.getByText('Nothing is silenced').waitFor()],
  [
    '/alerts/slos?slo=refunds-work',
    'slos',
    async (page) => {
      await panel(page, 'refunds-work').getByText('Spent:').waitFor();
      await panel(page, 'Burn over time').locator('.u-over').waitFor();
      await panel(page, 'What eats the budget').getByRole('link', { name: 'checkout' }).waitFor();
    },
  ],
  [
    '/alerts/runbooks?runbook=errors',
    'runbooks',
    (page) => panel(page, 'Diagnosis').getByText('refund: 100 % of calls fail').first().waitFor(),
  ],
];

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
  'an objective: what is left, how fast it burns, and what burns it',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 6);
    await sendRefunds(pitot, 'returns', 3);
    await sendRefunds(pitot, 'returns', 91, 'ok');
    const page = await open('/');
    await panel(page, 'Objectives').getByRole('link', { name: 'refunds-work' }).click();
    await page.waitForURL(/\/alerts\/slos\?.*slo=refunds-work/);

    const budget = panel(page, 'refunds-work');
    await budget.getByText('99% of spans with tool_name = refund do not fail, over 1 d').waitFor();
    await budget.getByText('91 of 100 events').waitFor();
    await budget.getByText('Spent: 8 events more were bad than the target allows.').waitFor();
    const rules = page.getByRole('grid', { name: 'Burn rates' });
    await rules.getByRole('row').filter({ hasText: 'fast page' }).getByText('10×').waitFor();
    await rules.getByRole('row').filter({ hasText: 'fast warning' }).getByText('burns').waitFor();

    // Who eats it, and on to those traces.
    const eaters = page.getByRole('grid', { name: 'What eats the budget' });
    const first = eaters.getByRole('row').nth(1);
    await first.getByText('checkout').waitFor();
    await first.getByText('67%').waitFor();
    await page.getByRole('combobox', { name: 'Bad events by' }).selectOption('tool_name');
    await eaters.getByRole('link', { name: 'refund' }).waitFor();
    assert.match(page.url(), /by=tool_name/);
    await page.goBack();
    await eaters.getByRole('link', { name: 'checkout' }).click();
    await page.waitForURL(/\/traces\?/);
    await page
      .getByRole('grid', { name: 'Traces' })
      .getByRole('link', { name: 'execute_tool refund' })
      .first()
      .waitFor();

    // The objective that nothing was counted for says so.
    await page.goto('/alerts/slos');
    await page.getByRole('button', { name: 'first-token' }).click();
    await panel(page, 'first-token').getByText('Nothing was counted in its window yet').waitFor();
    await panel(page, 'Burn over time').getByText('Nothing was counted yet').waitFor();

    // Burning is an alert, which leads here.
    await page.goto('/alerts?match=alertname%3DSLOBurnRate');
    const burning = firing(page).getByRole('listitem').filter({ hasText: 'refunds-work' }).first();
    await burning.getByRole('link', { name: 'Objective' }).click();
    await budget.waitFor();
  },
  { config: { alerts: RULES, slos: SLOS } },
);

webTest(
  'everybody can use them, at every width and in both themes',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    await eventually('it fires', async () => (await ask(pitot, '/alerts')).counts.firing > 0);
    for (const [colorScheme, width, height] of [
      ['light', 1280, 1500],
      ['dark', 1280, 1500],
      ['light', 390, 844],
    ]) {
      const page = await open('/alerts', { colorScheme, width, height });
      for (const [path, name, ready] of PAGES) {
        await page.goto(path);
        await ready(page);
        await checkAccessible(page);
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(sideways <= 0, `${path}, ${width} px: the page must not scroll sideways`);
        await shoot(page, `${name}-${colorScheme}-${width}`);
      }
      await page.context().close();
    }
  },
  { config: { alerts: RULES, slos: SLOS } },
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
  'what a runbook proposes is confirmed and undone by clicking',
  async ({ pitot, open }) => {
    await fillHistory(pitot, { runs: 120 });
    const page = await open('/alerts/runbooks');
    await page.getByRole('button', { name: 'Cost' }).click();
    const diagnosis = panel(page, 'Diagnosis');
    await diagnosis
      .getByText(/Feature deep-research costs/)
      .first()
      .waitFor();
    await diagnosis.getByRole('button', { name: /^Confirm: Refuse all model calls/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Refuse all model calls of feature deep-research').waitFor();
    await dialog.getByText('30 min, then it ends by itself').waitFor();
    await dialog.getByText('its calls go through again').waitFor();
    await shoot(page, 'runbook-confirm');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await page.getByText('It is done', { exact: true }).waitFor();
    const done = page.getByRole('grid', { name: 'Who did what' }).getByRole('row').nth(1);
    await done.getByText('applied').waitFor();
    const { actions } = await ask(pitot, '/actions?state=active');
    assert.deepEqual(
      actions.map(({ kind, target }) => [kind, target.feature]),
      [['disable_scope', 'deep-research']],
    );
    const list = page.getByRole('list', { name: 'Actions' });
    await list.getByRole('button', { name: /^Revert: Refuse all model calls/ }).click();
    await dialog.getByText('Afterwards: its calls go through again').waitFor();
    await dialog.getByRole('button', { name: 'Revert' }).click();
    await done.getByText('reverted').waitFor();
  },
  {
    config: {
      alerts: { actions: { mode: 'confirm' } },
      gateway: { loops: { mode: 'observe' }, upstreams: { openai: { url: 'http://127.0.0.1:9' } } },
    },
  },
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
