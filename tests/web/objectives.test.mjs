// Objectives and runbooks: what is left, what eats it, what is proposed, confirmed and undone, by
// clicking, against a real server.

import assert from 'node:assert/strict';
import { shoot, webTest } from './browser.mjs';
import { ask, firing, lookAtAll, panel, RULES, sendRefunds } from './firing.mjs';
import { fillHistory } from './sample.mjs';

const SLOS = [
  { name: 'refunds-work', filter: 'tool_name = refund', target: 0.99, window: '1d', owner: 'ada' },
  { name: 'first-token', kind: 'ttft', threshold: '1.5s', target: '95%' },
];

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
  'everybody can use them, at every width and in both themes',
  async ({ pitot, open }) => {
    await sendRefunds(pitot, 'checkout', 5);
    await lookAtAll(open, [
      {
        path: '/alerts/slos?slo=refunds-work',
        name: 'slos',
        ready: async (page) => {
          await panel(page, 'refunds-work').getByText('Spent:').waitFor();
          await panel(page, 'Burn over time').locator('.u-over').waitFor();
          await panel(page, 'What eats the budget')
            .getByRole('link', { name: 'checkout' })
            .waitFor();
        },
      },
      {
        path: '/alerts/runbooks?runbook=errors',
        name: 'runbooks',
        ready: (page) =>
          panel(page, 'Diagnosis').getByText('refund: 100 % of calls fail').first().waitFor(),
      },
    ]);
  },
  { config: { alerts: RULES, slos: SLOS } },
);
