import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csvOf, jsonOf, moveBy, nextSort, sortRows, tracksOf, type Column } from './columns';

interface Row {
  name: string;
  cost: number | null;
}
const COLUMNS: readonly Column<Row>[] = [
  { id: 'name', label: 'Name', value: (row) => row.name },
  { id: 'cost', label: 'Cost, USD', number: true, value: (row) => row.cost },
];
const ROWS: readonly Row[] = [
  { name: 'b10', cost: 1 },
  { name: 'b9', cost: null },
  { name: 'a', cost: 3 },
];
const names = (rows: readonly Row[]) => rows.map(({ name }) => name).join(' ');

test('rows are sorted, what is unknown comes last', () => {
  assert.equal(names(sortRows(ROWS, COLUMNS, null)), 'b10 b9 a');
  assert.equal(names(sortRows(ROWS, COLUMNS, { by: 'cost', desc: true })), 'a b10 b9');
  assert.equal(names(sortRows(ROWS, COLUMNS, { by: 'cost', desc: false })), 'b10 a b9');
  assert.equal(names(sortRows(ROWS, COLUMNS, { by: 'name', desc: false })), 'a b9 b10');
  assert.equal(names(sortRows(ROWS, COLUMNS, { by: 'gone', desc: false })), 'b10 b9 a');
});

test('a click sorts by the column, the next turns it round', () => {
  const [name, cost] = COLUMNS;
  assert.deepEqual(nextSort(null, cost!), { by: 'cost', desc: true });
  assert.deepEqual(nextSort({ by: 'cost', desc: true }, cost!), { by: 'cost', desc: false });
  assert.deepEqual(nextSort({ by: 'cost', desc: true }, name!), { by: 'name', desc: false });
});

test('text to copy: quoted where it must be, and never a formula', () => {
  assert.equal(csvOf(COLUMNS, ROWS.slice(0, 2)), 'Name,"Cost, USD"\r\nb10,1\r\nb9,\r\n');
  assert.equal(
    csvOf(COLUMNS, [{ name: '=HYPERLINK("x")', cost: -1 }]),
    'Name,"Cost, USD"\r\n"\'=HYPERLINK(""x"")",-1\r\n',
  );
  assert.equal(
    csvOf(COLUMNS, [{ name: '-9007199254740993', cost: 1 }]).slice(-21),
    '-9007199254740993,1\r\n',
  );
  assert.deepEqual(JSON.parse(jsonOf(COLUMNS, ROWS.slice(1, 2))), [{ name: 'b9', cost: null }]);
});

test('widths', () => {
  assert.deepEqual(tracksOf(COLUMNS), {
    tracks: 'minmax(110px, 1.5fr) minmax(72px, 0.6fr)',
    minPx: 110 + 72 + 4 * 14,
  });
});

test('keys move within the rows', () => {
  const cases: [string, number, number | null][] = [
    ['j', -1, 0],
    ['k', 0, 0],
    ['ArrowDown', 9, 9],
    ['PageDown', 2, 6],
    ['PageUp', 2, 0],
    ['Home', 5, 0],
    ['End', 5, 9],
    ['x', 5, null],
  ];
  for (const [key, at, to] of cases) assert.equal(moveBy(key, at, 10, 4), to, `${key} at ${at}`);
});
