// Did the last change of a prompt make it worse? Asked as somebody new would.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';
import { sendSpans } from './spans.mjs';

const { name, before, after } = STORY.prompt;
const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
const compared = (page) => panel(page, `Did ${name} get worse?`);
const measure = (page, text) =>
  compared(page)
    .getByRole('row')
    .filter({ has: page.getByRole('rowheader', { name: text, exact: true }) });

webTest('what the last prompt change made worse', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 600 });
  const page = await open('/');
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Quality' })
    .click();

  // The prompt that got worse stands first, and its comparison is open.
  const first = panel(page, 'Prompts').getByRole('row').nth(1);
  await first.getByText(`${before} → ${after}`).waitFor();
  await first.getByText(/^worse/).waitFor();
  await compared(page)
    .getByRole('status')
    .getByText(new RegExp(`^Version ${after} is worse than ${before}: invalid arguments .* → `))
    .waitFor();
  const invalid = measure(page, 'Invalid tool arguments');
  await invalid.getByText('worse', { exact: true }).waitFor();
  await invalid.getByText(/^\+[\d.]+ points \([\d.]+ to [\d.]+\)$/).waitFor();
  await measure(page, 'Cut off by length').getByText('no difference').waitFor();
  await measure(page, 'Refused or filtered').getByText('no difference').waitFor();
  await panel(page, 'Traffic by version').locator('.u-over').waitFor();

  // Each figure leads to its traces.
  const share = panel(page, `Versions of ${name}`).getByRole('row').nth(1);
  await share.getByText(after, { exact: true }).waitFor();
  await invalid.getByRole('link').nth(1).click();
  await page.waitForURL(/\/traces\?/);
  assert.equal(
    new URL(page.url()).searchParams.get('q'),
    `prompt_name = ${name} AND prompt_version = ${after} AND tool_status = invalid_args`,
  );
  await page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1).waitFor();
  await page.goBack();

  // The other way round it got better, and the address says so.
  await compared(page).getByRole('combobox', { name: 'Version before' }).selectOption(after);
  await compared(page).getByRole('combobox', { name: 'Version after' }).selectOption(before);
  await page.waitForURL(new RegExp(`a=${after}.*b=${before}`));
  await invalid.getByText('better', { exact: true }).waitFor();
  await page.reload();
  await invalid.getByText('better', { exact: true }).waitFor();

  // A prompt with one version has nothing to compare.
  await panel(page, 'Prompts').getByRole('link', { name: 'support' }).click();
  await page.waitForURL(/prompt=support/);
  await panel(page, 'Did support get worse?').getByText('One version only').waitFor();
  assert.deepEqual(await refusals(page), []);
});

webTest('few calls tell nothing; no prompt tells how to send one', async ({ pitot, open }) => {
  const span = (n, attrs) => ({
    trace_id: n.toString(16).padStart(32, '0'),
    span_id: '1'.repeat(16),
    name: 'chat',
    kind: 'llm',
    start: Date.now() - 60_000 + n,
    duration_ms: 5,
    attrs: { 'gen_ai.request.model': 'gpt-5-mini', ...attrs },
  });
  const page = await open('/quality', { expected: [/400 \(Bad Request\)|503/] });
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await sendSpans(pitot, [span(1, {})]);
  await pitot.settled();
  await page.reload();
  await page.getByRole('heading', { name: 'No prompt has a name in this window' }).waitFor();
  await page.getByText("setAttribute('gen_ai.prompt.name', 'support')").waitFor();
  await page.getByText('x-pitot-prompt-version: 7').waitFor();
  await checkAccessible(page);
  await shoot(page, 'quality-empty');

  const prompt = (version) => ({
    'gen_ai.prompt.name': 'helper',
    'gen_ai.prompt.version': version,
  });
  await sendSpans(pitot, [span(2, prompt('1')), span(3, prompt('2'))]);
  await pitot.settled();
  await page.reload();
  await panel(page, 'Prompts').getByText('cannot tell yet').waitFor();
  const few = panel(page, 'Did helper get worse?');
  await few.getByText('Version 1 has 1 model call here, 2 1: too few to tell.').waitFor();
  assert.equal(await few.getByText('worse', { exact: true }).count(), 0);

  // What is wrong with a filter, and what the server says when it cannot answer.
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('modell = x');
  await filter.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "model"?' }).waitFor();
  await page.route(/\/api\/v1\/prompts/, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/json',
      body: '{"error":{"code":"unavailable","message":"the store is away"}}',
    }),
  );
  await page.goto('/quality');
  await page.getByRole('alert').filter({ hasText: 'the store is away' }).first().waitFor();
  await page.unroute(/\/api\/v1\/prompts/);
  await page.getByRole('button', { name: 'Try again' }).first().click();
  await panel(page, 'Prompts').getByText('helper').waitFor();
});

webTest('everybody can use it', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 600 });
  for (const [colorScheme, width, height] of [
    ['light', 1280, 980],
    ['dark', 1280, 980],
    ['light', 390, 844],
  ]) {
    const page = await open('/quality', { colorScheme, width, height });
    await measure(page, 'Invalid tool arguments').getByText('worse').waitFor();
    await panel(page, 'Traffic by version').locator('.u-over').waitFor();
    await panel(page, `Versions of ${name}`).getByRole('row').nth(1).waitFor();
    await checkAccessible(page);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
    await shoot(page, `quality-${colorScheme}-${width}`);
  }
});
