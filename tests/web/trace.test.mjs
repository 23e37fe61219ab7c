// The page of one trace as its readers use it: timeline, agents, cost; a run that grows before their eyes.

import assert from 'node:assert/strict';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { agentsTrace, sendSpans } from './spans.mjs';

const ID = 'a9'.repeat(16);
const THEMES = ['light', 'dark'];

const table = (page) => page.getByRole('treegrid', { name: 'Spans' });
const rowOf = (page, name) => table(page).getByRole('row').filter({ hasText: name });
const details = (page) => page.getByRole('complementary', { name: 'Span' });
const tab = (page, name) => page.getByRole('tab', { name, exact: true });

// A picture and a check of the whole page, in both themes and on a phone.
async function lookAt(open, path, name, ready) {
  for (const colorScheme of THEMES) {
    const page = await open(path, { colorScheme });
    await ready(page);
    await checkAccessible(page);
    await shoot(page, `trace-${name}-${colorScheme}`);
    await page.context().close();
  }
  const phone = await open(path, { width: 390, height: 800 });
  await ready(phone);
  const [inside, outside] = await phone.evaluate(() => [
    document.documentElement.scrollWidth,
    innerWidth,
  ]);
  assert.ok(inside <= outside, `${name}: the page is ${inside} px wide on a phone of ${outside}`);
  await checkAccessible(phone);
  await shoot(phone, `trace-${name}-phone`);
  await phone.context().close();
}

async function sendAgents(pitot, workers = 3) {
  const spans = agentsTrace(ID, workers, Date.now() - 600_000);
  await sendSpans(pitot, spans);
  await pitot.trace(ID, (answer) => answer.spans.length === spans.length);
  return spans;
}

webTest('the timeline: cost of subtrees, search, folding, time, path, copies', async (it) => {
  const { pitot, open } = it;
  await sendAgents(pitot);
  const page = await open(`/traces/${ID}`);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const copied = () => page.evaluate(() => navigator.clipboard.readText());

  // What a subtree costs is what its calls cost together.
  const { spans } = await pitot.trace(ID, () => true);
  const worker = spans.find(({ name }) => name === 'invoke_agent worker-3');
  const inside = new Set([worker.span_id]);
  let sum = 0;
  for (const span of spans) {
    if (!inside.has(span.span_id) && !inside.has(span.parent_span_id)) continue;
    inside.add(span.span_id);
    if (span.counted) sum += span.cost_usd;
  }
  await rowOf(page, 'worker-3')
    .getByText(`$${sum.toFixed(4)}`)
    .waitFor();
  await rowOf(page, 'execute_tool search').getByText('timeout').waitFor();

  // Search by field, to the next and back.
  await table(page).press('/');
  await page.keyboard.type('kind:tool status:timeout');
  await page.keyboard.press('Enter');
  await page.getByText('1 of 1').waitFor();
  assert.match(
    await table(page).locator('.spans-row-active').textContent(),
    /execute_tool search.*timeout/,
  );
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Next match' }).and(page.locator('[disabled]')).waitFor();

  // A subtree folds whole; everything does.
  await rowOf(page, 'invoke_agent planner').click();
  await table(page).press('Shift+ArrowLeft');
  assert.equal(await table(page).getAttribute('aria-rowcount'), '2');
  await rowOf(page, '1 failed').waitFor();
  await page.getByRole('button', { name: 'Unfold all' }).click();
  assert.equal(await table(page).getAttribute('aria-rowcount'), String(spans.length + 1));

  // The time is chosen on the ruler, held by the address, and given back.
  const ruler = await page.getByRole('columnheader', { name: 'Time' }).boundingBox();
  const y = ruler.y + ruler.height / 2;
  await page.mouse.move(ruler.x + ruler.width * 0.25, y);
  await page.mouse.down();
  await page.mouse.move(ruler.x + ruler.width * 0.5, y, { steps: 4 });
  await page.mouse.up();
  await page.waitForURL(/zoom=/);
  await page.reload();
  await page.getByRole('button', { name: 'Whole trace' }).click();
  await page.waitForURL((url) => !url.searchParams.has('zoom'));

  // What the run waited for.
  await table(page).press('p');
  await page.getByText(/\d+% models, \d+% tools/).waitFor();
  await page.waitForURL(/path=yes/);
  await page.getByRole('button', { name: 'Critical path', pressed: true }).click();
  await page.getByText(/\d+% models, \d+% tools/).waitFor({ state: 'detached' });

  // A link to a span opens it, wherever it is; what is copied asks for it.
  await page.getByRole('button', { name: 'Copy the span' }).click();
  await page.getByRole('menuitem', { name: 'Copy as curl' }).click();
  await page.getByText('The command was copied').waitFor();
  const root = spans[0].span_id;
  assert.equal(
    await copied(),
    `curl -H "x-pitot-key: $PITOT_KEY" '${pitot.httpUrl}/api/v1/traces/${ID}/spans/${root}'`,
  );
  await page.getByRole('button', { name: 'Copy the span' }).click();
  await page.getByRole('menuitem', { name: 'Copy span as JSON' }).click();
  await page.getByText('The span was copied as JSON').waitFor();
  assert.equal(JSON.parse(await copied()).name, 'invoke_agent planner');
  await table(page).press('End');
  await table(page).press('y');
  await page.getByText('A link to the span was copied').waitFor();
  const last = await open((await copied()).slice(pitot.httpUrl.length));
  await details(last).getByRole('heading', { name: 'chat claude-sonnet-4-5' }).waitFor();
  await last.locator('.spans-row-active').waitFor();
  assert.deepEqual(await refusals(page), []);

  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Critical path').waitFor();
});

webTest('agents: who asked whom, and back to their spans', async ({ pitot, open }) => {
  const spans = await sendAgents(pitot, 28);
  const page = await open(`/traces/${ID}`);
  await rowOf(page, 'planner').first().waitFor();
  await tab(page, 'Agents').click();
  await page.waitForURL(/view=agents/);
  const graph = page.getByRole('group', { name: 'Agents and tools of the run' });
  const planner = graph.getByRole('button', { name: /^planner/ });
  await planner.waitFor();
  assert.equal(await graph.getByRole('button').count(), 30);

  // With so many agents the tools come when they are asked for.
  await page.getByRole('checkbox', { name: 'Tools' }).check();
  await graph.getByRole('button', { name: /^search ?tool, \d+ calls/ }).waitFor();
  assert.equal(await graph.getByRole('button').count(), 33);

  // By the keyboard too: the first worker was asked twice.
  await graph.getByRole('button', { name: /^worker-1 ?2 times/ }).press('Enter');
  const runs = page.getByRole('region', { name: 'Spans of worker-1' });
  assert.equal(await runs.getByRole('listitem').count(), 2);
  await runs.getByRole('button', { name: 'invoke_agent worker-1' }).last().click();
  await details(page).getByRole('heading', { name: 'invoke_agent worker-1' }).waitFor();
  await page.getByRole('button', { name: 'Close the details' }).click();
  const asked = page
    .getByRole('grid', { name: 'Delegations, hand-offs and tools used' })
    .getByRole('row', { name: /^planner asks worker-1 2/ });
  await asked.waitFor();

  await runs.getByRole('button', { name: 'Find in the timeline' }).click();
  const ofWorker = spans.filter(({ name }) => name === 'invoke_agent worker-1').length * 4;
  await page.getByText(String(ofWorker), { exact: true }).waitFor();
  await page.goBack();
  await planner.waitFor();

  const ready = (seen) => seen.getByRole('button', { name: /^planner ?29 calls/ }).waitFor();
  await lookAt(open, `/traces/${ID}?view=agents`, 'agents', ready);
});

webTest('cost: when the money went, and for which tokens', async ({ pitot, open }) => {
  await sendAgents(pitot);
  const page = await open(`/traces/${ID}?view=cost`);
  const calls = page.getByRole('grid', { name: 'Calls' });
  await calls.waitFor();
  const { spans } = await pitot.trace(ID, () => true);
  const paid = spans.filter(({ counted }) => counted);
  const all = paid.reduce((sum, { cost_usd }) => sum + cost_usd, 0);
  assert.equal(await calls.getByRole('row').count(), paid.length + 1);
  await calls
    .getByRole('row')
    .last()
    .getByText(`$${all.toFixed(4)}`)
    .waitFor();
  await page.getByText(`${paid.length} computed`).waitFor();

  // A click on the line is a click on the call that ended there: the last one, at the right.
  const spend = page.getByRole('img', { name: /^Spend over the run: \$/ });
  const { width } = await spend.boundingBox();
  await spend.click({ position: { x: width - 14, y: 60 } });
  await details(page).getByRole('heading', { name: 'chat claude-sonnet-4-5' }).waitFor();
  await page.waitForURL(/span=/);
  const last = spans.filter(({ kind }) => kind === 'llm').at(-1);
  assert.equal(new URL(page.url()).searchParams.get('span'), last.span_id);
  await page.getByRole('button', { name: 'Close the details' }).click();
  await page.getByRole('img', { name: /^Tokens of each call by kind/ }).waitFor();

  await lookAt(open, `/traces/${ID}?view=cost`, 'cost', (seen) =>
    seen.getByRole('grid', { name: 'Calls' }).waitFor(),
  );
  await lookAt(open, `/traces/${ID}?path=yes`, 'timeline', (seen) =>
    rowOf(seen, 'planner').first().waitFor(),
  );
});

webTest('a trace without calls says what is missing', async ({ pitot, open }) => {
  const span = { trace_id: ID, span_id: '1', name: 'nothing', kind: 'span', duration_ms: 5 };
  await sendSpans(pitot, [{ ...span, start: Date.now() - 5_000 }]);
  await pitot.trace(ID, (answer) => answer.spans.length === 1);
  const page = await open(`/traces/${ID}?view=cost`);
  await page.getByText('No call of this trace has tokens or a cost').waitFor();
  await tab(page, 'Agents').click();
  await page.getByText('No span of this trace names an agent').waitFor();

  const none = await open(`/traces/${'0f'.repeat(16)}`, { expected: [/404 \(Not Found\)/] });
  await none
    .getByRole('alert')
    .getByText(/no trace/)
    .waitFor();
  await none.getByRole('button', { name: 'Try again' }).waitFor();
});

webTest('a run grows while it is looked at, and leaves the reader in peace', async (it) => {
  const { pitot, open } = it;
  const LATE = 60;
  const start = Date.now() - 2_000;
  const span = (n, name, more = {}) => ({
    trace_id: ID,
    span_id: String(n).padStart(16, '0'),
    ...(n > 1 && { parent_id: '1'.padStart(16, '0') }),
    name,
    kind: n > 1 ? 'tool' : 'agent',
    // The late ones began before all others: they come above them.
    start: (start + (n < LATE ? n : 1.5)) / 1000,
    ...more,
  });
  const steps = (from, to) =>
    Array.from({ length: to - from }, (_, i) =>
      span(from + i, `step ${from + i}`, { duration_ms: 1 }),
    );
  const send = async (spans) => {
    await sendSpans(pitot, spans);
    const ids = new Set(spans.map(({ span_id }) => span_id));
    const has = (answer) => answer.spans.filter(({ span_id }) => ids.has(span_id)).length;
    await pitot.trace(ID, (answer) => has(answer) === ids.size);
  };
  await send([span(1, 'run', { status: 'running', duration_ms: 0 }), ...steps(2, LATE)]);

  const page = await open(`/traces/${ID}`);
  const run = rowOf(page, 'run').first();
  const lasts = () => run.locator('.spans-live').textContent();
  await run.locator('.spans-live').waitFor();
  const before = await lasts();
  await page.waitForFunction(
    (text) => document.querySelector('.spans-live').textContent !== text,
    before,
  );

  // The reader looks at a span in the middle; what comes moves neither it nor its details.
  await table(page).press('End');
  await rowOf(page, 'step 40').click();
  await details(page).getByRole('heading', { name: 'step 40' }).waitFor();
  const top = () => rowOf(page, 'step 40').evaluate((row) => row.getBoundingClientRect().top);
  const was = await top();
  await send(steps(LATE, 90));
  await page.locator('[role=treegrid][aria-rowcount="90"]').waitFor();
  assert.equal(await top(), was);
  await details(page).getByRole('heading', { name: 'step 40' }).waitFor();
  assert.match(await page.locator('.spans-row-active').textContent(), /step 40/);

  // What has ended stands still.
  await send([span(1, 'run', { status: 'ok', duration_ms: 5_000 })]);
  await page.locator('.spans-live').waitFor({ state: 'detached' });
  await table(page).press('Home');
  await run.getByText('5.00 s').waitFor();
});
