import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerJson, cellText, Exact, jsonText, kindOf, parseExact, readAnswer } from './answer';
import { barFigures, chooseColumns, timeFigures } from './chart';
import { applyCompletion, completeSql } from './complete';
import { EXAMPLES } from './examples';
import { readHistory, titleOf, withQuery } from './history';
import { placeOfError } from './place';
import { viewOf } from './schema';
import { tokenize } from './tokens';

test('tokens: their texts together are the statement', () => {
  const hard = `SELECT 'it''s \\' -- no', "a ""b", \`c\`, 1.5e-3, 0xFF -- end\n/* open 'é𝒳`;
  for (const sql of ['', ' ', "'", '"', hard, ...EXAMPLES.map((example) => example.sql)]) {
    assert.equal(
      tokenize(sql)
        .map(({ text }) => text)
        .join(''),
      sql,
    );
  }
  const kinds = (sql: string) =>
    tokenize(sql)
      .filter(({ kind }) => kind !== 'space')
      .map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(kinds('SELECT left(name, 2) FROM tools AS hour -- x'), [
    'keyword SELECT',
    'function left',
    'mark (',
    'name name',
    'mark ,',
    'number 2',
    'mark )',
    'keyword FROM',
    'name tools',
    'keyword AS',
    'name hour',
    'comment -- x',
  ]);
  assert.deepEqual(kinds('now() - INTERVAL 1 HOUR').slice(-1), ['keyword HOUR']);
});

test('an error is placed by bytes, by names, or not at all', () => {
  const at = (sql: string, message: string) => {
    const place = placeOfError(sql, message);
    return place && [place.line, sql.slice(place.from, place.to)];
  };
  assert.deepEqual(
    at("SELECT 'é', x FRM calls", 'Syntax error: failed at position 20 (calls): calls'),
    [1, 'calls'],
  );
  assert.deepEqual(at('SELECT 1\nFROM', 'Syntax error: failed at position 14 (end of query):'), [
    2,
    'FROM',
  ]);
  assert.deepEqual(at('SELECT a,\n c.foo\nFROM calls c', "Identifier 'c.foo' cannot be resolved"), [
    2,
    'foo',
  ]);
  assert.deepEqual(at("SELECT 'summ', summ(1)", 'function summ is not allowed'), [1, 'summ']);
  assert.deepEqual(
    at(
      'SELECT\nsum(model) FROM calls',
      'Illegal type String of argument for aggregate function sum',
    ),
    [2, 'sum'],
  );
  assert.equal(at('SELECT 1', 'the query did not end within limits.sql_seconds (30 s)'), null);
  assert.deepEqual(at('', 'Empty query: failed at position 1'), [1, '']);
});

test('completion: views after FROM, columns of what is named, nothing in texts', () => {
  const labels = (sql: string, asked = false) => {
    const caret = sql.indexOf('|');
    const text = sql.replace('|', '');
    return completeSql(text, caret, asked).options.map(({ label }) => label);
  };
  assert.deepEqual(labels('SELECT 1 FROM |'), ['calls', 'tools', 'traces', 'spans', 'scores']);
  assert.deepEqual(labels('SELECT 1 FROM calls c, to|'), ['tools']);
  assert.deepEqual(labels('WITH busy AS (SELECT 1) SELECT * FROM bu|'), ['busy']);
  assert.deepEqual(labels('SELECT c.tool_st| FROM calls c'), []);
  assert.deepEqual(labels('SELECT t.tool_st| FROM tools AS t'), ['tool_status']);
  assert.ok(!labels('SELECT tool_| FROM calls').includes('tool_name'));
  assert.ok(labels('SELECT quant| FROM calls').includes('quantileExact'));
  assert.ok(labels('SELECT sum(cost_usd) AS usd FROM calls ORDER BY us|').includes('usd'));
  assert.deepEqual(labels("SELECT 'mod|' FROM calls"), []);
  assert.deepEqual(labels('SELECT 1 -- mod|'), []);
  assert.deepEqual(labels('SELECT | FROM calls'), []);
  assert.equal(labels('SELECT | FROM tools', true)[0], viewOf('tools')!.columns[0]!.name);
  const sql = 'SELECT coun(model) FROM calls';
  const { from, options } = completeSql(sql, 11, false);
  const count = options.find(({ label }) => label === 'count')!;
  assert.deepEqual(applyCompletion(sql, 11, from, count), {
    text: 'SELECT count(model) FROM calls',
    caret: 12,
  });
});

test('every digit of an answer stays', () => {
  const json = `{"columns":[{"name":"a","type":"UInt64"}],"rows":[
[9007199254740993, "9007199254740993 \\" 12345678901234567890", 0.1, -18446744073709551615],
[{"k":12345678901234.567890123}, [1,2], null, 1e300]],"rows_read":2,"truncated":false,"elapsed_ms":1.5}`;
  const { rows } = readAnswer(json);
  assert.deepEqual(rows[0], [
    new Exact('9007199254740993'),
    '9007199254740993 " 12345678901234567890',
    0.1,
    new Exact('-18446744073709551615'),
  ]);
  assert.equal(jsonText(rows[1]![0]!), '{"k": 12345678901234.567890123}');
  assert.deepEqual(parseExact('[0.017870199999999996]'), [0.017870199999999996]);
  const answer = { ...readAnswer(json), rows: [[new Exact('9007199254740993')]] };
  assert.equal(answerJson(answer), '[\n  {"a": 9007199254740993}\n]\n');
});

test('kinds of columns, and how their values are written', () => {
  assert.deepEqual(
    ['Nullable(Float64)', "DateTime64(9, 'UTC')", 'LowCardinality(String)', 'Array(UInt8)'].map(
      kindOf,
    ),
    ['number', 'time', 'text', 'other'],
  );
  assert.equal(kindOf('LowCardinality(Nullable(String))'), 'text');
  assert.equal(cellText('2026-11-20T23:18:55.150000000Z', 'time'), '2026-11-20 23:18:55.15');
  assert.equal(cellText('2026-11-20T23:00:00Z', 'time'), '2026-11-20 23:00:00');
  assert.equal(cellText('2026-11-20', 'time'), '2026-11-20');
  assert.equal(cellText(null, 'number'), 'NULL');
});

const ANSWER = readAnswer(
  JSON.stringify({
    columns: [
      { name: 'hour', type: 'DateTime' },
      { name: 'model', type: 'String' },
      { name: 'usd', type: 'Float64' },
    ],
    rows: [
      ['2026-11-20T10:00:00Z', 'a', 1],
      ['2026-11-20T10:00:00Z', 'b', 2],
      ['2026-11-20T13:00:00Z', 'a', 4],
      ['2026-11-20T12:00:00Z', 'a', null],
    ],
    rows_read: 4,
    truncated: false,
    elapsed_ms: 1,
  }),
);

test('a chart chooses its columns, and fills in times the result lacks', () => {
  const choice = chooseColumns(ANSWER.columns, {})!;
  assert.deepEqual(choice, { x: 0, y: 2, by: 1 });
  assert.deepEqual(chooseColumns(ANSWER.columns, { x: 'model', by: '-' }), {
    x: 1,
    y: 2,
    by: null,
  });
  assert.equal(chooseColumns(ANSWER.columns.slice(0, 2), {}), null);
  const { times, stepMs, series } = timeFigures(ANSWER, choice)!;
  assert.deepEqual([times.length, stepMs], [4, 3_600_000]);
  assert.deepEqual(
    series.map(({ name, values }) => [name, values]),
    [
      ['a', [1, null, null, 4]],
      ['b', [2, null, null, null]],
    ],
  );
  const bars = barFigures(ANSWER, { x: 1, y: 2, by: null });
  assert.deepEqual([bars.names, bars.series[0]!.values, bars.left], [['a', 'b'], [5, 2], 0]);
});

test('the history keeps the latest, each once, and takes nothing broken', () => {
  assert.deepEqual(readHistory('{'), []);
  assert.deepEqual(readHistory('[1, {"sql": 2}]'), []);
  let history = withQuery([], 'SELECT 1', 't1');
  history = withQuery(history, 'SELECT 2', 't2');
  history = withQuery(history, 'SELECT 1', 't3');
  assert.deepEqual(
    history.map(({ sql, at }) => [sql, at]),
    [
      ['SELECT 1', 't3'],
      ['SELECT 2', 't2'],
    ],
  );
  assert.equal(withQuery(history, '  ', 't4'), history);
  assert.equal(titleOf('-- Spend\nSELECT 1'), 'Spend');
  assert.equal(titleOf('SELECT  1\n FROM x'), 'SELECT 1 FROM x');
});
