// Alerts, objectives, silences and runbooks: what fires is acknowledged, silenced and explained by
// clicking, against a real server whose rules fire on what it is sent.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
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
  'everybody can use them, at every width and in both themes',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    await eventually('it fires', async () => (await ask(pitot, '/alerts')).counts.firing > 0);
    for (const [colorScheme, width, height] of [
      ['light', 1280, 1500],
      ['dark', 1280, 1500],
      ['light', 390, 844],
    ]) {
      for (const [path, name, ready] of PAGES) {
        const page = await open(path, { colorScheme, width, height });
        await ready(page);
        await checkAccessible(page);
        const sideways = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.ok(sideways <= 0, `${path}, ${width} px: the page must not scroll sideways`);
        await shoot(page, `${name}-${colorScheme}-${width}`);
        await page.context().close();
      }
    }
  },
  { config: { alerts: RULES } },
);
