// The list of traces: found, watched, searched, kept and taken elsewhere, as somebody new would.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible, longTasks } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';
import { sendSpans } from './spans.mjs';

const grid = (page) => page.getByRole('grid', { name: 'Traces' });
const rowsOf = (page) => grid(page).getByRole('row');
const row = (page, text) => rowsOf(page).filter({ hasText: text });
const headsOf = (page) => grid(page).getByRole('columnheader').allInnerTexts();
const counts = (page) => page.getByRole('region', { name: 'When they started' });

const run = (trace_id, name, more = {}) => ({
  trace_id,
  span_id: '1'.repeat(16),
  name,
  kind: 'agent',
  start: Date.now() - 2_000,
  duration_ms: 900,
  ...more,
});

webTest('runs are found by filter and by dragging over time', async ({ pitot, open }) => {
  const { runs } = await fillHistory(pitot);
  const page = await open('/traces', { expected: [/400 \(Bad Request\)/] });
  await counts(page).getByText(`${runs} traces`).waitFor();
  await counts(page)
    .getByText(/\d+ errors \(\d.*%\)/)
    .waitFor();

  // A value of a row narrows the list; what stands for it is in the filter.
  await grid(page).getByRole('button', { name: STORY.burner }).first().click();
  await page.waitForURL(/q=feature\+%3D\+deep-research/);
  await counts(page).getByText(`${runs} traces`).waitFor({ state: 'detached' });
  await row(page, 'run support-refunds').first().waitFor({ state: 'detached' });
  const filtered = page.url();

  const chart = counts(page).locator('.u-over');
  const { x, y, width, height } = await chart.boundingBox();
  await page.mouse.move(x + width * 0.3, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * 0.5, y + height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/since=.*until=/);
  const { searchParams } = new URL(page.url());
  const [since, until] = ['since', 'until'].map((name) => Date.parse(searchParams.get(name)));
  assert.ok(until - since > 3 * 3_600_000 && until - since < 7 * 3_600_000);
  await page.getByText('no older ones in this window').waitFor();
  for (const time of await grid(page).locator('[role=gridcell] [title$="Z"]').all()) {
    const at = Date.parse(await time.getAttribute('title'));
    assert.ok(at >= since && at < until, 'each row started in the window');
  }
  assert.equal(await page.getByRole('button', { name: /^Live/ }).isDisabled(), true);
  await counts(page).getByRole('button', { name: 'Back to last 24 hours' }).click();
  await page.waitForURL((url) => !url.searchParams.has('until'));
  assert.equal(new URL(page.url()).searchParams.get('q'), new URL(filtered).searchParams.get('q'));

  // Nothing matches, and the way on.
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('feature = none');
  await filter.press('Enter');
  await page.getByText('No traces match').waitFor();
  await page.getByRole('button', { name: 'Remove the filter' }).click();
  await row(page, 'run support-refunds').first().waitFor();
  await filter.fill('featur = x');
  await filter.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'did you mean "feature"?' }).waitFor();
  assert.deepEqual(await refusals(page), []);
});

webTest('the filter bar completes, filters, and says what is wrong', async ({ pitot, open }) => {
  const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
  await sendSpans(pitot, [
    run(first, 'first run', { attrs: { feature: 'checkout' } }),
    run(second, 'second run', { attrs: { feature: 'search' } }),
  ]);
  for (const id of [first, second]) await pitot.trace(id, ({ spans }) => spans.length === 1);
  const page = await open('/traces', { expected: [/400 \(Bad Request\)/] });
  await grid(page).getByRole('link').nth(1).waitFor();

  const bar = page.getByRole('combobox', { name: 'Filter' });
  await bar.fill('featur');
  await page.getByRole('option', { name: /^feature/ }).waitFor();
  await bar.press('Tab');
  await bar.pressSequentially('= ');
  await page.getByRole('option', { name: /checkout/ }).waitFor();
  await bar.pressSequentially('che');
  await page.getByRole('option', { name: /checkout/ }).waitFor();
  await bar.press('Tab');
  assert.equal((await bar.inputValue()).trim(), 'feature = checkout');
  await bar.press('Enter');
  await page.waitForURL(/q=feature/);
  await grid(page).getByRole('link').getByText('second run').waitFor({ state: 'detached' });
  await grid(page).getByRole('link').getByText('first run').waitFor();
  assert.equal(await grid(page).getByRole('link').count(), 1);

  await bar.fill('status = ok AND modell = gpt');
  await bar.press('Enter');
  const alert = page.getByRole('alert');
  await alert
    .getByText(/modell/)
    .first()
    .waitFor();
  assert.equal(await alert.locator('mark').textContent(), 'm', 'the place is marked');
  assert.equal(await bar.getAttribute('aria-invalid'), 'true');
  await shoot(page, 'filter-error');

  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await grid(page).getByRole('link').getByText('second run').waitFor();
  await alert.waitFor({ state: 'detached' });
});

webTest('what happens appears by itself, and moves nothing', async ({ t, pitot, open }) => {
  const page = await open('/traces', { expected: [/Failed to load|ERR_FAILED|503/] });
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await checkAccessible(page);
  const old = Array.from({ length: 130 }, (_, i) =>
    run((i + 1).toString(16).padStart(32, '0'), `old ${i}`, { start: Date.now() - 9e5 + i * 10 }),
  );
  await sendSpans(pitot, old);
  await row(page, 'old 129').waitFor();

  // A part of a run whose root has not come runs; with its root it has ended.
  const [late, next, third] = ['a', 'b', 'c'].map((c) => c.repeat(32));
  const parent_id = '1'.repeat(16);
  const child = { span_id: '2'.repeat(16), parent_id, kind: 'tool', start: Date.now() - 1_500 };
  await sendSpans(pitot, [run(late, 'execute_tool search', child)]);
  await row(page, 'search').getByText('running').waitFor();
  await sendSpans(pitot, [run(late, 'late run')]);
  await row(page, 'late run').getByText('ok').waitFor();

  // Further down, nothing moves while new ones come in above.
  await grid(page).evaluate((element) => element.scrollTo({ top: 28 * 40 }));
  const read = row(page, 'old 80');
  await read.waitFor();
  const { y } = await read.boundingBox();
  await sendSpans(pitot, [run(next, 'next run')]);
  await page.getByRole('button', { name: '1 new' }).waitFor();
  assert.ok(Math.abs((await read.boundingBox()).y - y) < 1, 'what is read stays in place');
  await page.getByRole('button', { name: '1 new' }).click();
  await row(page, 'next run').waitFor();
  await page.getByRole('button', { name: '1 new' }).waitFor({ state: 'detached' });

  // Paused, nothing is shown; then what came meanwhile is.
  await page.getByRole('button', { name: /^Live/ }).click();
  await page.waitForURL(/live=0/);
  await sendSpans(pitot, [run(third, 'third run')]);
  await pitot.trace(third, (answer) => answer.spans.length === 1);
  assert.equal(await row(page, 'third run').count(), 0);
  await page.getByRole('button', { name: /^Live/ }).click();
  await row(page, 'third run').waitFor();

  // To the end of the list, smoothly.
  const tasks = await longTasks(page, async () => {
    await grid(page).hover();
    for (let i = 0; i < 10; ++i) await page.mouse.wheel(0, 600);
  });
  t.diagnostic(`tasks over 50 ms while scrolling: ${tasks}`);
  await page.getByText('133 traces, no older ones in this window').waitFor();

  // What the stream lost is said, and that it is away.
  const gap = (lost) =>
    `event: gap\nid: 1\ndata: {"lost":${lost},"reason":"the reader was slow"}\n\n`;
  await page.route(/\/api\/v1\/live/, (route) =>
    route.fulfill({ contentType: 'text/event-stream', body: gap(5) + gap(7) }),
  );
  await page.reload();
  await page.getByText('missed 12 events (the reader was slow)').waitFor();
  await page.getByText('Until then the list is read every few seconds').waitFor();
  await row(page, 'third run').waitFor();
});

webTest('columns and views are kept, by name and by link', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 60 });
  const page = await open('/traces');
  await rowsOf(page).nth(1).waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  const dialog = page.getByRole('dialog', { name: 'Columns' });
  await checkAccessible(page);
  await dialog.getByRole('checkbox', { name: 'Session' }).check();
  await dialog.getByRole('checkbox', { name: 'Models' }).uncheck();
  await dialog.getByRole('checkbox', { name: 'Started' }).uncheck();
  await dialog.getByRole('button', { name: 'Cost: further to the left' }).click();
  await dialog.getByRole('button', { name: 'Show these' }).click();
  const chosen = await headsOf(page);
  assert.ok(chosen.includes('Session') && !chosen.includes('Models'), chosen.join());
  assert.ok(chosen.indexOf('Cost') < chosen.indexOf('Duration'), chosen.join());
  await page.goto('/traces');
  await rowsOf(page).nth(1).waitFor();
  assert.deepEqual(await headsOf(page), chosen, 'kept in this browser');

  // Under a name, for everybody.
  assert.equal(new URL(page.url()).searchParams.get('cols'), null);
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('status = error');
  await filter.press('Enter');
  const views = page.getByRole('button', { name: /^Saved views/ });
  const save = async () => {
    await views.click();
    await page.getByRole('menuitem', { name: 'Save this view …' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Failures');
  };
  await save();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('The view "Failures" is saved').waitFor();
  await page.getByRole('button', { name: 'Saved views: Failures' }).waitFor();
  await filter.fill('trace.errors > 0');
  await filter.press('Enter');
  await page.getByRole('button', { name: 'Saved views: 1 view' }).waitFor();
  await save();
  await page.getByText('There is a view of this name').waitFor();
  await page.getByRole('button', { name: 'Replace it' }).click();
  await page.getByRole('button', { name: 'Saved views: Failures' }).waitFor();

  // Somebody else opens it, in a browser that knows nothing.
  const other = await open('/traces');
  await rowsOf(other).nth(1).waitFor();
  assert.notDeepEqual(await headsOf(other), chosen);
  await other.getByRole('button', { name: /^Saved views/ }).click();
  await other.getByRole('menuitem', { name: 'Failures' }).click();
  await other.waitForURL(/q=trace\.errors/);
  await rowsOf(other).nth(1).waitFor();
  assert.deepEqual(await headsOf(other), chosen);

  await other.getByRole('button', { name: /^Saved views/ }).click();
  await other.getByRole('menuitem', { name: 'Manage views …' }).click();
  await other.getByRole('button', { name: 'Copy link' }).waitFor();
  await checkAccessible(other);
  await shoot(other, 'traces-views');
  await other.getByRole('button', { name: 'Delete Failures' }).click();
  await other.getByRole('button', { name: 'Delete for everybody' }).click();
  await other.getByText('The view "Failures" is deleted').waitFor();
  await other.getByText('None is left.').waitFor();
});

webTest('words are found where they were said', async ({ pitot, open }) => {
  const { runs } = await fillHistory(pitot, { runs: 60 });
  const page = await open('/traces', { expected: [/400 \(Bad Request\)/] });
  await rowsOf(page).nth(1).waitFor();
  await page.keyboard.press('f');
  await page.getByText('Which words?').waitFor();
  const field = page.getByRole('textbox', { name: 'Search text' });
  await field.fill('question 1');
  await field.press('Enter');
  await page.waitForURL(/mode=text.*text=question\+1/);
  const found = page.getByRole('list', { name: 'Found' }).getByRole('listitem');
  await found.first().getByText('user · input').waitFor();
  assert.equal(await found.first().locator('mark').textContent(), 'Question 1');
  assert.equal(await found.first().locator('.hit-text').textContent(), 'Question 1 of this run');

  // How far it looked, and further.
  await page.getByText(/50 hits so far, searched back to/).waitFor();
  await page.getByRole('button', { name: 'Search further back' }).click();
  await page.getByText(/hits; the whole window was searched/).waitFor();
  assert.ok((await found.count()) > 50 && (await found.count()) <= runs);

  // Words that are too many are no fault of the filter.
  await field.fill('word '.repeat(400));
  await field.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'query has' }).waitFor();

  // Within the filter, and to the span.
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.fill('kind = tool');
  await filter.press('Enter');
  await field.fill('question 1');
  await field.press('Enter');
  await page.getByText(/^0 hits; the whole window/).waitFor();
  await field.fill('timeout');
  await field.press('Enter');
  await found.first().getByText('failure').waitFor();
  await shoot(page, 'traces-search');
  await checkAccessible(page);
  // The same traces as a list, and back.
  await page.getByRole('button', { name: 'As a list of traces' }).click();
  await page.waitForURL((url) => url.searchParams.get('q') === 'kind = tool AND "timeout"');
  await rowsOf(page).nth(1).waitFor();
  await page.goBack();
  await found.first().getByRole('link').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/traces\/[0-9a-f]{32}\?.*span=[0-9a-f]{16}/);
  await page.getByRole('complementary', { name: 'Span' }).waitFor();
});

webTest('the list is walked, chosen from and taken elsewhere', async ({ pitot, open }) => {
  await fillHistory(pitot);
  const page = await open('/traces', { expected: [/503/] });
  await rowsOf(page).nth(1).waitFor();
  for (const key of ['j', 'j', 'k', 'x', 'j', 'x']) await page.keyboard.press(key);
  const chosen = page.getByRole('region', { name: 'Selection' });
  await chosen.getByText('2 traces selected').waitFor();
  assert.equal(await grid(page).getByRole('row', { selected: true }).count(), 2);

  await chosen.getByRole('button', { name: 'Export' }).click();
  const dialog = page.getByRole('dialog', { name: 'Export' });
  await dialog
    .getByText(/trace_id in \(/)
    .first()
    .waitFor();
  const href = await dialog.getByRole('link', { name: 'Download' }).getAttribute('href');
  const lines = (await (await fetch(pitot.httpUrl + href)).text()).trim().split('\n');
  assert.equal(new Set(lines.map((line) => JSON.parse(line).trace_id)).size, 2);
  await dialog.getByRole('radio', { name: /Parquet/ }).check();
  assert.match(
    await dialog.getByRole('link', { name: 'Download' }).getAttribute('href'),
    /format=parquet/,
  );
  // The command says in a terminal what the page shows.
  const command = await dialog.locator('pre').filter({ hasText: 'pitot traces' }).textContent();
  const program = process.env.PITOT_PROGRAM ?? 'build/pitot';
  const told = execFileSync('sh', ['-c', command.replace(/^pitot/, `'${program}'`)], {
    encoding: 'utf8',
  });
  assert.equal(told.match(/\brun [a-z]/g).length, 2, told);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('main').press('Escape');
  await chosen.waitFor({ state: 'detached' });

  // Two of them side by side.
  for (const key of ['x', 'k', 'x', 'c']) await page.keyboard.press(key);
  await page.waitForURL(/\/traces\/[0-9a-f]{32}\/compare\/[0-9a-f]{32}/);
  await page.goBack();
  await rowsOf(page).nth(1).waitFor();
  for (const key of ['j', 'j']) await page.keyboard.press(key);
  const activeId = await grid(page).getAttribute('aria-activedescendant');
  await grid(page).press('Enter');
  await page.waitForURL(`**/traces/${activeId.replace('trace-', '')}`);
  await page.goBack();

  // Runs by session and by user, and from there to their traces.
  await page.getByRole('link', { name: 'Sessions and users' }).click();
  const sessions = page.getByRole('grid', { name: 'Sessions' });
  await page.getByText('40 sessions').waitFor();
  await page.getByRole('combobox', { name: 'Order' }).selectOption('Most expensive first');
  await page.waitForURL(/order=cost/);
  await sessions.getByRole('link', { name: 'session-7', exact: true }).waitFor();
  await page.getByRole('group', { name: 'Group by' }).getByRole('button', { name: 'User' }).click();
  await page.getByText('6 users').waitFor();
  await page.getByRole('grid', { name: 'Users' }).getByRole('link', { name: 'ada' }).click();
  await page.waitForURL(/\/traces\?.*q=user_id\+%3D\+ada/);
  await rowsOf(page).nth(1).waitFor();

  // The server's own words when it does not answer, and a way on.
  await page.route(/\/api\/v1\/traces\?/, (route) =>
    route.fulfill({
      status: 503,
      contentType: 'application/json',
      body: '{"error":{"code":"unavailable","message":"the store is away"}}',
    }),
  );
  await page.goto('/traces?since=6h');
  await page.getByRole('alert').filter({ hasText: 'the store is away' }).waitFor();
  await page.unroute(/\/api\/v1\/traces\?/);
  await page.getByRole('button', { name: 'Try again' }).click();
  await rowsOf(page).nth(1).waitFor();
});

webTest('everybody can use the list', async ({ pitot, open }) => {
  await fillHistory(pitot);
  for (const [colorScheme, width, height] of [
    ['light', 1280, 800],
    ['dark', 1280, 800],
    ['light', 390, 844],
  ]) {
    for (const [path, name] of [
      ['/traces', 'traces'],
      ['/traces/sessions', 'sessions'],
    ]) {
      const page = await open(path, { colorScheme, width, height });
      await page.getByRole('row').nth(3).waitFor();
      if (name === 'traces') await counts(page).locator('.u-over').waitFor();
      await checkAccessible(page);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
      await shoot(page, `${name}-${colorScheme}-${width}`);
    }
  }
});
