// The overview: five questions answered at a glance, and a click from there, as somebody new would.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible, longTasks, timeToUse } from './measure.mjs';
import { fillHistory, runAgents, STORY } from './sample.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const CONFIG = {
  gateway: {
    budgets: [{ id: 'daily', scope: 'global', window: 'day', limit_usd: 50 }],
  },
  slos: [
    {
      name: 'runs-succeed',
      filter: 'kind = agent',
      good: 'status != error',
      target: 0.99,
      window: '30d',
    },
  ],
};

webTest(
  'the five questions are answered, each a click away from more',
  async ({ pitot, open }) => {
    const { runs } = await fillHistory(pitot);
    const page = await open('/');

    // What did the agents do?
    const done = panel(page, 'What agents did');
    await done.getByRole('row').nth(1).waitFor();
    await panel(page, 'Traffic and errors').getByText(`${runs} traces`).waitFor();

    // Which tools failed, and how?
    const tools = panel(page, 'Tools').getByRole('grid');
    const flaky = tools.getByRole('row').filter({ hasText: STORY.flakyTool });
    await flaky.getByText('timeout').waitFor();
    await panel(page, 'Tools')
      .getByText(/\d+% of calls failed/)
      .waitFor();

    // What does it cost?
    const spend = panel(page, 'Spend today');
    await spend.getByText('so far').waitFor();
    await spend.getByText('by the end of the day').waitFor();
    await spend.getByText(/Budget daily: \d+(\.\d+)?% of \$50\.00 a day/).waitFor();

    // What got worse with the last change of a prompt?
    const quality = panel(page, 'Quality since the last prompt change');
    const change = quality.getByRole('listitem').filter({ hasText: STORY.prompt.name });
    await change.getByText(`${STORY.prompt.before} → ${STORY.prompt.after}`).waitFor();
    await change.getByText(/invalid arguments .* → /).waitFor();

    // Who burns the budget?
    const burners = panel(page, 'Top burners');
    await burners.getByRole('row').nth(1).getByText(STORY.burner).waitFor();
    await burners.getByRole('button', { name: 'User' }).click();
    await burners.getByRole('link', { name: 'ada' }).waitFor();
    assert.match(page.url(), /burners=user_id/);

    // What has no price is said, not hidden.
    await panel(page, 'Receipts').getByText('unpriced call').waitFor();
    await panel(page, 'Objectives').getByText('runs-succeed').waitFor();
    await panel(page, 'Latency of model calls').getByText('p99', { exact: true }).first().waitFor();
    assert.deepEqual(await refusals(page), []);

    // On to the traces of one of them, the window kept.
    await burners.getByRole('link', { name: 'ada' }).click();
    await page.waitForURL(/\/traces\?.*user_id/);
    const rows = page.getByRole('grid', { name: 'Traces' }).getByRole('row');
    await rows.nth(1).waitFor();
    await page.goBack();
    await done.getByRole('link').filter({ hasText: 'run ' }).first().click();
    await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
  },
  { config: CONFIG },
);

webTest('a window is chosen by dragging over a chart', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/');
  const chart = panel(page, 'Traffic and errors').locator('.u-over');
  await chart.waitFor();
  const { x, y, width, height } = await chart.boundingBox();
  await page.mouse.move(x + width * 0.4, y + height / 2);
  await panel(page, 'Traffic and errors').getByText('in total').waitFor();
  await page.mouse.down();
  await page.mouse.move(x + width * 0.6, y + height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/since=.*until=/);
  const { searchParams } = new URL(page.url());
  const hours =
    (Date.parse(searchParams.get('until')) - Date.parse(searchParams.get('since'))) / 3_600_000;
  assert.ok(hours > 3 && hours < 7, `${hours} hours`);
  // The same as figures, for those who do not see the chart.
  await panel(page, 'Traffic and errors')
    .getByRole('button', { name: 'Traces by how they ended: as a table' })
    .click();
  await page.getByRole('columnheader', { name: 'error' }).waitFor();
});

webTest('a filter holds for all panels, and a wrong one is told', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 100 });
  const page = await open('/', { expected: [/400 \(Bad Request\)/] });
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill(`feature = ${STORY.burner}`);
  await filter.press('Enter');
  const burners = panel(page, 'Top burners').getByRole('grid').getByRole('row');
  await page.waitForFunction(
    () => document.querySelectorAll('[aria-label="Top burners"] [role=row]').length === 2,
  );
  await burners.nth(1).getByText(STORY.burner).waitFor();
  await filter.fill('featur = x');
  await filter.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "feature"?' }).waitFor();
  await panel(page, 'Top burners').getByText('while the filter is wrong').waitFor();
});

webTest('it is live: what agents do appears by itself', async ({ t, pitot, open }) => {
  const page = await open('/');
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await checkAccessible(page);
  await shoot(page, 'overview-empty');
  await runAgents(t, pitot, { turns: 3 });
  const traffic = panel(page, 'Traffic and errors');
  await traffic.getByText('3 traces').waitFor();
  await runAgents(t, pitot, { turns: 2, seed: 2 });
  await traffic.getByText('5 traces').waitFor();
});

webTest(
  'everybody can use it, at every width and in both themes',
  async ({ pitot, open }) => {
    await fillHistory(pitot);
    for (const [colorScheme, width, height] of [
      ['light', 1280, 1500],
      ['dark', 1280, 1500],
      ['light', 390, 844],
    ]) {
      const page = await open('/', { colorScheme, width, height });
      await panel(page, 'Top burners').getByRole('row').nth(1).waitFor();
      await panel(page, 'Quality since the last prompt change')
        .getByRole('listitem')
        .first()
        .waitFor();
      await page.locator('.u-over').nth(2).waitFor();
      await checkAccessible(page);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
      await shoot(page, `overview-${colorScheme}-${width}`);
    }
  },
  { config: CONFIG },
);

webTest('it is there quickly and keeps up', async ({ t, pitot, open }) => {
  await fillHistory(pitot, { runs: 1000 });
  const { page, ms } = await timeToUse(open, '/', async (opened) => {
    await panel(opened, 'Traffic and errors').locator('.u-over').waitFor();
    await panel(opened, 'Top burners').getByRole('row').nth(1).waitFor();
  });
  const tasks = await longTasks(page, () => page.mouse.wheel(0, 2000));
  t.diagnostic(`overview usable after ${ms} ms; tasks over 50 ms while scrolling: ${tasks}`);
});
