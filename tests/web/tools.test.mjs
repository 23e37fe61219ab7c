// Which tools failed, and how: found by clicking, from the overview, as somebody new would.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';
import { EVIL, sendSpans } from './spans.mjs';

const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const tools = (page) => page.getByRole('grid', { name: 'Tools', exact: true });
const rowOf = (grid, text) => grid.getByRole('row').filter({ hasText: text });

webTest('which tools failed, and how, from the overview on', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/?since=30h&q=kind+%3D+tool');
  await panel(page, 'Tools').getByRole('link', { name: 'Tools and errors' }).click();
  await page.waitForURL(/\/tools\?.*since=30h.*q=kind/);

  // The one that fails most stands first, with how it fails.
  const first = tools(page).getByRole('row').nth(1);
  await first.getByText(STORY.flakyTool).waitFor();
  await first.getByText('timeout', { exact: true }).waitFor();
  await first.getByRole('img', { name: /^How calls ended: success \d+%, timeout \d+%/ }).waitFor();
  const over = panel(page, 'How calls ended over time');
  assert.equal(await over.getByRole('combobox', { name: 'Tool' }).inputValue(), STORY.flakyTool);
  await over.getByRole('button', { name: 'timeout' }).waitFor();

  // The one whose arguments are refused since the prompt changed, in words.
  const drift = panel(page, 'Invalid arguments by prompt version')
    .getByRole('listitem')
    .filter({ hasText: STORY.driftingTool });
  await drift.getByText(STORY.prompt.name).first().waitFor();
  const version = drift
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: '7' }) });
  await version.getByText(/^\d+ of \d+$/).waitFor();
  await rowOf(tools(page), STORY.driftingTool).getByRole('button').click();
  await page.waitForURL(/tool=search_flights/);
  await over.getByRole('button', { name: 'invalid args' }).waitFor();
  await over.getByRole('button', { name: 'Calls', exact: true }).click();
  await page.waitForURL(/as=calls/);
  assert.deepEqual(await refusals(page), []);

  // From a version to the traces of its refused calls, all of them.
  const refused = Number((await version.getByRole('link').innerText()).split(' ')[0]);
  await version.getByRole('link').click();
  await page.waitForURL(/\/traces\?.*invalid_args/);
  const listed = page.getByRole('grid', { name: 'Traces' }).getByRole('row');
  await listed.nth(1).waitFor();
  const count = (await listed.count()) - 1;
  assert.ok(count >= 1 && count <= refused, `${count} traces of ${refused} calls`);
  await page.goBack();

  // Runs that tried one tool again and again, each a click away.
  const again = panel(page, 'Called again and again').getByRole('grid');
  await again.getByRole('row').nth(1).getByText(STORY.flakyTool).waitFor();
  await again.getByRole('row').nth(1).getByRole('link', { name: /^run / }).click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
});

webTest('a drift is told as one, with the version since which it is', async ({ pitot, open }) => {
  // Enough calls for a verdict.
  await fillHistory(pitot, { runs: 900 });
  const page = await open('/tools');
  const row = rowOf(tools(page), STORY.driftingTool);
  await row.getByText('arguments drifted').waitFor();
  const drifts = panel(page, 'Invalid arguments by prompt version');
  await drifts.getByText('1 tool drifted').waitFor();
  const worst = drifts.getByRole('listitem').first();
  await worst
    .getByText(/invalid_args rose from .* to .* of calls since travel-planner v7 \(first seen/)
    .waitFor();
});

webTest('errors by class, with examples that lead to their spans', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const [trace_id, span_id] = ['e1'.repeat(16), 'e2'.repeat(8)];
  await sendSpans(pitot, [
    {
      trace_id,
      span_id,
      name: 'chat evil',
      kind: 'llm',
      start: Date.now() / 1000 - 2,
      duration_ms: 100,
      status: 'error',
      error: { type: 'RateLimitError', message: EVIL },
      attrs: { 'gen_ai.request.model': 'gpt-5-mini', 'http.response.status_code': 429 },
    },
  ]);
  await pitot.settled();
  const page = await open('/tools');
  await page.getByRole('navigation', { name: 'Tools and errors' }).getByText('Errors').click();
  await page.waitForURL(/\/tools\/errors/);
  const classes = page.getByRole('grid', { name: 'Classes of errors' });
  await rowOf(classes, 'timeout')
    .getByText(/tool \d+ · fetch_page/)
    .waitFor();
  await panel(page, 'Errors over time').getByRole('button', { name: 'rate limit' }).waitFor();
  await panel(page, 'Examples of timeout').getByText('No answer came in time.').waitFor();

  await classes.getByRole('button', { name: 'rate limit' }).click();
  await page.waitForURL(/class=rate_limit/);
  const examples = panel(page, 'Examples of rate limit');
  const evil = examples.getByRole('listitem').filter({ hasText: 'chat evil' });
  // Text and nothing else.
  await evil.getByText('<script>window.__xss').waitFor();
  assert.equal(await page.evaluate(() => window.__xss), undefined);
  assert.deepEqual(await refusals(page), []);
  await evil.getByRole('link', { name: 'chat evil' }).click();
  await page.waitForURL(new RegExp(`/traces/${trace_id}\\?.*span=${span_id}`));
  await page.goBack();

  // What names no class can still be found.
  const unknown = rowOf(classes, 'unknown');
  const count = Number(await unknown.getByRole('gridcell').nth(1).innerText());
  await unknown.getByRole('link', { name: 'Traces with errors of class unknown' }).click();
  await page.waitForURL(/\/traces\?.*error_category/);
  await page.waitForFunction(
    (rows) =>
      document.querySelectorAll('[role=grid][aria-label="Traces"] [role=row]').length === rows,
    count + 1,
  );
});

webTest('nothing there, a wrong filter, and errors in words', async ({ pitot, open }) => {
  for (const path of ['/tools', '/tools/errors']) {
    const empty = await open(path);
    await empty.getByRole('heading', { name: 'No traces yet' }).waitFor();
  }
  await fillHistory(pitot, { runs: 40 });
  const page = await open('/tools?q=tool_name+%3D+nobody', {
    expected: [/400 \(Bad Request\)/, /500 \(Internal/],
  });
  await page.getByText('No tool was called here').waitFor();
  await page.getByText('No run called one tool three times or more').waitFor();
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('tol_name = x');
  await filter.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "tool_name"?' }).waitFor();
  await page.route('**/tools/repeats*', (route) =>
    route.fulfill({ status: 500, body: '{"error":{"code":"x","message":"the store is away"}}' }),
  );
  await filter.fill('');
  await filter.press('Enter');
  const again = panel(page, 'Called again and again');
  await again.getByText('the store is away').waitFor();
  await page.unroute('**/tools/repeats*');
  await again.getByRole('button', { name: 'Try again' }).click();
  await again.getByRole('grid').waitFor();
});

webTest('at every width and in both themes', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 600 });
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1400],
    ['dark', 1280, 1400],
    ['light', 390, 844],
  ]) {
    for (const [path, name] of [
      ['/tools', 'tools'],
      ['/tools/errors', 'errors'],
    ]) {
      const page = await open(path, { colorScheme, width, height });
      await page.locator('.u-over').first().waitFor();
      await page.getByRole('grid').first().getByRole('row').nth(1).waitFor();
      if (name === 'tools') {
        await page.getByRole('grid').nth(1).getByRole('link', { name: /^run / }).first().waitFor();
      }
      await checkAccessible(page);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(sideways <= 0, `${path} at ${width} px: the page itself must not scroll sideways`);
      await shoot(page, `${name}-${colorScheme}-${width}`);
      await page.close();
    }
  }
});
