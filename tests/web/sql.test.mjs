// The SQL page: somebody writes a query, runs it, reads the result, is told what is wrong with it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { refusals, shoot, webTest } from './browser.mjs';
import { checkAccessible, scrollThrough } from './measure.mjs';
import { fillHistory, STORY } from './sample.mjs';
import { sendSpans } from './spans.mjs';

const field = (page) => page.getByRole('textbox', { name: 'Query', exact: true });
const result = (page) => page.getByRole('grid', { name: 'Result' });
const run = (page) => page.getByRole('button', { name: 'Run', exact: true });
const HOSTILE = '<img src=x onerror="window.__owned=1"><script>window.__owned=1</script>';
const HOSTILE_SPAN = {
  trace_id: 'f'.repeat(32),
  span_id: 'a'.repeat(16),
  name: HOSTILE,
  kind: 'agent',
  start: Date.now() / 1000 - 60,
  duration_ms: 5,
};

webTest('a question is asked by a click and by hand', async ({ pitot, open }) => {
  await fillHistory(pitot, { runs: 120 });
  const page = await open('/sql');

  // The five questions stand there as SQL.
  await page.getByRole('button', { name: 'Who burns the budget?' }).click();
  await result(page).getByRole('row').nth(1).getByText(STORY.burner).waitFor();
  assert.match(new URL(page.url()).searchParams.get('sql'), /FROM calls/);
  await page.getByText(/\d+ rows in /).waitFor();

  // By hand, with completion: a view after FROM, its columns elsewhere, Tab takes.
  await field(page).fill('');
  await field(page).pressSequentially('SELECT * FROM too');
  const offered = page.getByRole('listbox', { name: 'Completions' });
  await offered.getByRole('option', { name: /^tools/ }).waitFor();
  await page.keyboard.press('Tab');
  await field(page).pressSequentially(' WHERE tool_st');
  await offered.getByRole('option', { name: /^tool_status/ }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await field(page).pressSequentially(" = 'timeout' LIMIT 7");
  assert.equal(
    await field(page).inputValue(),
    "SELECT * FROM tools WHERE tool_status = 'timeout' LIMIT 7",
  );
  await page.keyboard.press('Control+Enter');
  await page.getByText('7 rows in ').waitFor();
  assert.equal(await result(page).getByRole('row').count(), 8);

  // Back shows the query before, and does not run it.
  await page.goBack();
  await page.waitForFunction(() =>
    document.querySelector('textarea').value.includes('Spending by user'),
  );

  // A link shows the query and waits; run, it goes on to the traces.
  const sql = 'SELECT trace_id, root_name FROM traces ORDER BY started_at DESC LIMIT 3';
  await page.goto(`/sql?sql=${encodeURIComponent(sql)}`);
  await page.getByText('Run the query to see its result').waitFor();
  assert.equal(await result(page).count(), 0);
  await run(page).click();
  await result(page).getByRole('link').first().click();
  await page.waitForURL(/\/traces\/[0-9a-f]{32}/);
  // What was asked is still answered when one comes back.
  await page.goBack();
  await result(page).getByRole('row').nth(3).waitFor();
  await checkAccessible(page);
  assert.deepEqual(await refusals(page), []);
});

webTest('what is wrong is shown where it is; results are exact', async ({ pitot, open }) => {
  const page = await open('/sql', { expected: [/400 \(Bad Request\)/] });
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  await sendSpans(pitot, [HOSTILE_SPAN]);
  await page.getByRole('heading', { name: 'SQL' }).waitFor();
  for (const [sql, words, line, place] of [
    ['SELECT model,\n  sum(cost_usd)\nFRM calls', /Syntax error/, 3, 'calls'],
    [
      'SELECT model,\n  cost_us\nFROM calls',
      /Unknown expression identifier `cost_us`/,
      2,
      'cost_us',
    ],
    ['SELECT 1\nFROM spns', /table spns does not exist here.*did you mean "spans"/, 2, 'spns'],
    ["SELECT 'é',\n file('x')", /function file is not allowed/, 2, 'file'],
    ['DROP TABLE spans', /only one SELECT is allowed/, 1, 'DROP'],
  ]) {
    await field(page).fill(sql);
    await page.keyboard.press('Control+Enter');
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: words }).waitFor();
    await alert.getByText(`Line ${line}:`).waitFor();
    await alert.getByRole('button', { name: 'Go there' }).click();
    const selected = await field(page).evaluate((it) =>
      it.value.slice(it.selectionStart, it.selectionEnd),
    );
    assert.equal(selected, place);
  }
  await shoot(page, 'sql-error');
  // Another text is not what was said to be wrong.
  await field(page).fill('SELECT 1 AS one');
  await page.waitForFunction(() => !document.querySelector('[role=alert]'));
  await page.keyboard.press('Control+Enter');
  await page.getByText('1 row in ').waitFor();

  // Every digit, NULL apart from an empty text, and markup as the text it is.
  await field(page).fill(
    `SELECT root_name, 9007199254740993 AS big, NULL AS nothing, '' AS empty, [1, 2] AS list,
       toDecimal128('123456789012345678.25', 2) AS amount, '=1+1' AS formula
     FROM traces`,
  );
  await run(page).click();
  const row = result(page).getByRole('row').nth(1);
  await row.getByText(HOSTILE).waitFor();
  for (const text of ['9007199254740993', 'NULL', '[1, 2]', '123456789012345678.25']) {
    await row.getByText(text, { exact: true }).waitFor();
  }
  const [save] = await Promise.all([
    page.waitForEvent('download'),
    (async () => {
      await page.getByRole('button', { name: 'Download' }).click();
      await page.getByRole('menuitem', { name: 'Download as CSV' }).click();
    })(),
  ]);
  const csv = readFileSync(await save.path(), 'utf8').split('\r\n');
  assert.equal(csv[0], 'root_name,big,nothing,empty,list,amount,formula');
  assert.match(csv[1], /,9007199254740993,,,"\[1, 2\]",123456789012345678.25,'=1\+1$/);
  await row.getByRole('button').first().click();
  const whole = page.getByRole('dialog', { name: 'Row 1' });
  await whole.getByText(HOSTILE).waitFor();
  await page.keyboard.press('Escape');
  await whole.waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => window.__owned), undefined);
  assert.deepEqual(await refusals(page), []);
});

webTest(
  'columns are as the server has them; queries are saved, and stopped',
  async ({ t, pitot, open }) => {
    await fillHistory(pitot, { runs: 60 });
    const page = await open('/sql');
    const side = page.getByRole('complementary', { name: 'Tables and queries' });
    for (const view of ['calls', 'tools', 'traces', 'spans', 'scores']) {
      const table = side.getByRole('region', { name: view, exact: true });
      if (view !== 'calls') await table.getByRole('button', { name: `Columns of ${view}` }).click();
      await table.getByRole('listitem').first().waitFor();
      const shown = await table
        .getByRole('listitem')
        .evaluateAll((rows) =>
          rows.map((item) => [item.children[0].textContent, item.children[1].textContent]),
        );
      const answer = await fetch(`${pitot.httpUrl}/api/v1/sql`, {
        method: 'POST',
        body: `SELECT * FROM ${view} LIMIT 0`,
      });
      const { columns } = await answer.json();
      assert.deepEqual(
        shown,
        columns.map(({ name, type }) => [name, typeWord(type)]),
        view,
      );
    }
    await side.getByRole('searchbox', { name: 'Find a column' }).fill('prompt_version');
    await field(page).fill('SELECT  FROM calls');
    await field(page).evaluate((it) => it.setSelectionRange(7, 7));
    await side
      .getByRole('region', { name: 'calls' })
      .getByRole('button', { name: 'prompt_version', exact: true })
      .click();
    assert.equal(await field(page).inputValue(), 'SELECT prompt_version FROM calls');

    await side.getByRole('tab', { name: 'Saved' }).click();
    await side.getByLabel('Save the query as').fill('Versions in use');
    await side.getByRole('button', { name: 'Save', exact: true }).click();
    await side.getByRole('button', { name: 'Versions in use', exact: true }).waitFor();
    await field(page).fill('');
    await side.getByRole('button', { name: 'Versions in use', exact: true }).click();
    assert.equal(await field(page).inputValue(), 'SELECT prompt_version FROM calls');
    await run(page).click();
    await result(page).getByRole('row').nth(1).waitFor();
    await side.getByRole('button', { name: 'Remove Versions in use' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await side.getByText('Nothing is saved').waitFor();
    await side.getByRole('tab', { name: 'History' }).click();
    await side.getByRole('button', { name: 'SELECT prompt_version FROM calls' }).waitFor();

    // A running query is stopped; a large result scrolls.
    await field(page).fill(
      `SELECT count() FROM spans a, spans b, spans c, spans d, spans e
     WHERE cityHash64(a.span_id, b.span_id, c.span_id, d.span_id, e.span_id) = 1`,
    );
    await run(page).click();
    await page.getByText(/^For \d+ s$/).waitFor();
    await page.getByRole('button', { name: 'Stop' }).first().click();
    await page.getByText('Stopped', { exact: true }).waitFor();
    await field(page).fill('SELECT s.name, t.kind, s.started_at FROM spans s, spans t LIMIT 9000');
    await run(page).click();
    await page.getByText(/9,000 rows in/).waitFor();
    assert.ok((await result(page).getByRole('row').count()) < 200, 'only rows in view are there');
    const { longTasksMs } = await scrollThrough(page, '.sql-result .table');
    t.diagnostic(`tasks over 50 ms while scrolling 9,000 rows: ${longTasksMs}`);
  },
  { config: { limits: { sql_seconds: 5 } } },
);

webTest('everybody can use it, at every width and in both themes', async ({ pitot, open }) => {
  await fillHistory(pitot);
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1000],
    ['dark', 1280, 1000],
    ['light', 390, 844],
  ]) {
    const page = await open('/sql', { colorScheme, width, height });
    await page.getByRole('button', { name: 'Which tools failed, and how?' }).click();
    await result(page).getByRole('row').nth(1).waitFor();
    await checkAccessible(page);
    await shoot(page, `sql-${colorScheme}-${width}`);
    await page.getByRole('button', { name: 'Examples' }).click();
    await page.getByRole('menuitem', { name: 'What does it cost?' }).click();
    await page.locator('.u-over').waitFor();
    await page.getByRole('group', { name: 'Show the result as' }).waitFor();
    assert.match(page.url(), /show=chart/);
    await checkAccessible(page);
    await shoot(page, `sql-chart-${colorScheme}-${width}`);
    await page.getByRole('combobox', { name: 'Along' }).selectOption('model');
    await page.getByRole('list', { name: 'usd' }).getByRole('listitem').first().waitFor();
    await checkAccessible(page);
    await shoot(page, `sql-bars-${colorScheme}-${width}`);
    const sideways = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(sideways <= 0, `${width} px: the page itself must not scroll sideways`);
  }
});

function typeWord(type) {
  const inner = type.replace(/^(LowCardinality|Nullable)\(/, '');
  if (/^Array/.test(inner)) return 'list';
  if (/^U?Int/.test(inner)) return 'integer';
  if (/^Float/.test(inner)) return 'number';
  if (/^Bool/.test(inner)) return 'boolean';
  return /^DateTime/.test(inner) ? 'time' : 'text';
}
