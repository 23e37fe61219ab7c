// Cost: what does it cost, and who is burning the budget, answered by clicking.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';
import { sendSpans } from './spans.mjs';

const HOUR_MS = 3_600_000;
const DAYS = 30;

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const filter = (page) => page.getByRole('combobox', { name: 'Filter' });
const rowOf = (page, table, text) =>
  page.getByRole('grid', { name: table }).getByRole('row').filter({ hasText: text });

// A month in which every hour costs about the same, but the last whole one.
async function fillMonth(pitot) {
  const now = Date.now();
  const thisHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const spans = [];
  const call = (id, endMs, feature, outputTokens) =>
    spans.push({
      trace_id: `5c${id.toString(16).padStart(30, '0')}`,
      span_id: '1'.padStart(16, '0'),
      name: 'chat claude-sonnet-4-5',
      kind: 'llm',
      start: (endMs - 900) / 1000,
      duration_ms: 900,
      attrs: {
        feature,
        'gen_ai.provider.name': 'anthropic',
        'gen_ai.request.model': 'claude-sonnet-4-5',
        'gen_ai.usage.input_tokens': 1_000,
        'gen_ai.usage.output_tokens': outputTokens,
      },
    });
  for (let hour = DAYS * 24; hour > 0; --hour) {
    call(hour, thisHour - hour * HOUR_MS + 600_000, 'steady', 20_000 + (hour % 5) * 500);
  }
  call(0xfff0, thisHour - 1_200_000, 'runaway', 2_000_000);
  await sendSpans(pitot, spans);
  await pitot.settled();
}

webTest('what does it cost, and who spends it?', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/');
  await page.getByRole('region', { name: 'Spend today' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('c');
  await page.waitForURL(/\/cost/);

  // What does it cost? The sum, what it leaves out, and the way on.
  const spending = panel(page, 'Spending over time, by feature');
  await spending.getByText('in this window').waitFor();
  await spending.getByText(/^\$\d+\.\d\d\+$/).waitFor();
  await spending.getByText(/of calls, not in the sum/).waitFor();
  await spending.locator('.u-over').waitFor();
  const sources = panel(page, 'Where the figures come from');
  await sources.getByRole('link', { name: 'Computed by list prices' }).waitFor();
  await sources.getByRole('link', { name: /\d+ calls without a known price/ }).waitFor();
  await sources.getByText(`model: "${STORY.unpricedModel}"`).waitFor();
  await sources.getByRole('link', { name: 'Prices in the settings' }).waitFor();
  await panel(page, 'Today and this month').getByText('today so far').waitFor();

  // Who spends it? The largest stands first; what has no price is not shown as free.
  const table = page.getByRole('grid', { name: 'Cost by feature' });
  await table.getByRole('row').nth(1).getByText(STORY.burner).waitFor();
  const unpriced = rowOf(page, 'Cost by feature', 'nightly-report');
  assert.match(await unpriced.innerText(), /–/);
  assert.doesNotMatch(await unpriced.innerText(), /\$/);

  // By another dimension, at a click, and then by two.
  const usual = page.getByRole('group', { name: 'Usual groups' });
  await usual.getByRole('button', { name: 'User' }).click();
  await page.waitForURL(/by=user_id/);
  await rowOf(page, 'Cost by user', 'ada').getByText('$').first().waitFor();
  await page.getByLabel('Group 2').selectOption({ label: 'model' });
  await page.waitForURL(/by=user_id%2Cmodel/);
  const both = rowOf(page, 'Cost by user, model', 'ada').filter({ hasText: 'claude-sonnet-4-5' });
  await both.waitFor();

  // A row is made the filter of the page, and leads to its traces.
  await both.getByRole('button', { name: 'Only ada, claude-sonnet-4-5' }).click();
  await page.waitForFunction(
    () => document.querySelectorAll('[aria-label="Cost by user, model"] [role=row]').length === 2,
  );
  assert.match(await filter(page).inputValue(), /user_id = ada AND model = claude-sonnet-4-5/);
  await page.goBack();
  await both.getByRole('link', { name: 'ada' }).click();
  await page.waitForURL(/\/traces\?.*user_id.*model/);
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await page.goBack();

  // Who else: users and sessions, with their course.
  const spenders = panel(page, 'Top spenders');
  await spenders.getByRole('img', { name: 'Its cost over the window' }).first().waitFor();
  await page.getByRole('group', { name: 'Spenders' }).getByText('Sessions').click();
  await page.waitForURL(/who=sessions/);
  await page
    .getByRole('grid', { name: 'Top sessions' })
    .getByText(/^session-\d+$/)
    .first()
    .waitFor();
  assert.deepEqual(await refusals(page), []);
});

webTest('a path is followed through the flame graph', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 100 });
  const page = await open('/cost');
  const flame = page.getByRole('group', { name: 'Cost by path' });
  const chosen = page.getByRole('group', { name: 'Chosen frame' });
  const box = flame.getByRole('button', { name: new RegExp(`^feature ${STORY.burner}:`) });
  await box.waitFor();
  // Agents have no name here: a level of nothing is left out.
  assert.equal(await flame.getByRole('button', { name: /^agent / }).count(), 0);
  await box.click();
  await page.waitForURL(/frame=/);
  await chosen.getByText(STORY.burner).waitFor();
  await chosen.getByText(/% of all/).waitFor();
  // A link shows the same; Esc goes back.
  await page.reload();
  await chosen.getByText(STORY.burner).waitFor();
  await box.press('Escape');
  await chosen.getByText('everything').waitFor();
  await flame.getByRole('button', { name: /^model claude-sonnet-4-5:/ }).click();
  await chosen.getByRole('link', { name: 'Its traces' }).click();
  await page.waitForURL(/\/traces\?.*feature.*model/);
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await page.goBack();
  await page.getByLabel('Levels of the path').selectOption('user_id,session_id,feature,model');
  await flame.getByRole('button', { name: /^user_id ada:/ }).waitFor();
});

// A time zone in which it is about noon, so that today has a past whenever the test runs.
function noonZone() {
  const ahead = 12 - new Date().getUTCHours();
  return `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}

webTest('past days tell what is to come, and what was not usual', async ({ pitot, open }) => {
  await fillMonth(pitot);
  const page = await open('/cost?since=7d', { timezoneId: noonZone() });
  const coming = panel(page, 'Today and this month');
  await coming.getByText('by midnight, as such days went').waitFor();
  await coming.getByText(/\$[\d.]+ to \$[\d.]+, by \d+ past days/).waitFor();
  await coming.getByRole('img', { name: /spent; the day will end from/ }).waitFor();
  const unusual = panel(page, 'Unusual hours').getByRole('listitem');
  await unusual.getByText('is usual; worst').waitFor();
  await unusual.getByRole('link', { name: /runaway/ }).waitFor();
  // Against the week before, and by local days.
  await page.getByText('against the window before').waitFor();
  await page.getByRole('button', { name: 'Days', exact: true }).click();
  await page.waitForURL(/steps=day/);
  const chart = page.getByRole('figure', { name: 'Cost over time' });
  await chart.getByRole('button', { name: 'Cost over time: as a table' }).click();
  await chart.getByRole('columnheader', { name: 'runaway' }).waitFor();
  const days = await chart.getByRole('row').count();
  assert.equal(days - 1, 8, 'local days in seven times 24 hours, from noon to noon');
  // One day is a row, which leads to its traces.
  await page.getByRole('button', { name: 'Day', exact: true }).click();
  await page.getByRole('grid', { name: 'Cost by day' }).getByRole('link').nth(2).click();
  await page.waitForURL(/\/traces\?since=.*until=/);
  await shoot(page, 'cost-day');
});

webTest('what goes wrong is told, with a way on', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 30 });
  const page = await open('/cost', { expected: [/400 \(Bad Request\)/, /503 \(Service/] });
  await filter(page).fill('featur = x');
  await filter(page).press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "feature"?' }).waitFor();
  await filter(page).fill('feature = nobody');
  await filter(page).press('Enter');
  await page.getByText('No model was called here').waitFor();

  await page.route('**/api/v1/cost/tree*', (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: 'unavailable', message: 'the store is busy' } },
    }),
  );
  await page.goto('/cost');
  const path = panel(page, 'Cost by path');
  await path.getByRole('alert').filter({ hasText: 'the store is busy' }).waitFor();
  await page.unroute('**/api/v1/cost/tree*');
  await path.getByRole('button', { name: 'Try again' }).click();
  await path.getByRole('group', { name: 'Chosen frame' }).waitFor();
});

webTest('everybody can read it, at every width and in both themes', async ({ pitot, open }) => {
  const empty = await open('/cost');
  await empty.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await fillHistory(pitot);
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1700],
    ['dark', 1280, 1700],
    ['light', 390, 844],
  ]) {
    const page = await open('/cost', { colorScheme, width, height });
    await rowOf(page, 'Cost by feature', STORY.burner).waitFor();
    await rowOf(page, 'Top users', 'ada').waitFor();
    await panel(page, 'Where the figures come from').getByText('list prices').waitFor();
    await page.getByRole('group', { name: 'Chosen frame' }).waitFor();
    await page.locator('.u-over').waitFor();
    await checkAccessible(page);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    await shoot(page, `cost-${colorScheme}-${width}`);
  }
});
