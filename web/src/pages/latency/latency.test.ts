import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsFilter, cellsText, parseCells, tracesWindow, type Cells } from './cells';
import { choicesOf, groupTerms, nameOfGroup, SUBJECTS } from './subject';

const CELLS: Cells = {
  fromMs: Date.UTC(2026, 10, 20, 10),
  toMs: Date.UTC(2026, 10, 20, 10, 15),
  low: 1000,
  high: 2371.373706,
};

test('a rectangle of the heat map goes through the address', () => {
  assert.deepEqual(parseCells(cellsText(CELLS)), CELLS);
  assert.deepEqual(parseCells(cellsText({ ...CELLS, high: null })), { ...CELLS, high: null });
  for (const wrong of ['', 'a_b_c_d', '1_2_3', cellsText({ ...CELLS, high: 1 })]) {
    assert.equal(parseCells(wrong), null, wrong);
  }
});

test('and becomes a filter for its traces', () => {
  const times = 'end >= 2026-11-20T10:00:00.000Z AND end < 2026-11-20T10:15:00.000Z';
  assert.equal(
    cellsFilter('', SUBJECTS.model, 'duration', CELLS),
    `kind = llm AND ${times} AND duration >= 1000ms AND duration < 2371.373706ms`,
  );
  assert.equal(
    cellsFilter('a = 1 or b = 2', SUBJECTS.run, 'duration', { ...CELLS, high: null }),
    `(a = 1 or b = 2) AND is_root = true AND ${times} AND duration >= 1000ms`,
  );
  // The lowest and the highest row that there are have no end.
  assert.equal(
    cellsFilter('', SUBJECTS.model, 'ttft', { ...CELLS, low: 0.001, high: 1e8 }),
    `kind = llm AND ${times} AND ttft != null`,
  );
  assert.deepEqual(tracesWindow(CELLS), {
    since: '2026-11-19T10:00:00.000Z',
    until: '2026-11-20T10:15:00.000Z',
  });
});

test('what the address does not say, or says wrongly, has a default', () => {
  const { subject, measure, by, lines } = choicesOf({});
  assert.deepEqual([subject.of, measure, by.value, lines], ['model', 'duration', 'model', 'all']);
  const tools = choicesOf({ of: 'tool', measure: 'ttft', by: 'model', lines: 'p42' });
  assert.deepEqual(
    [tools.subject.of, tools.measure, tools.by.value, tools.lines],
    ['tool', 'duration', 'tool_name', 'all'],
  );
  assert.equal(choicesOf({ of: 'run', lines: 'p95' }).lines, 'p95');
});

test('groups by two fields', () => {
  const by = SUBJECTS.model.by.find(({ label }) => label === 'Prompt version')!;
  const group = { key: { prompt_name: 'planner', prompt_version: '' } } as never;
  assert.equal(nameOfGroup(by, group), 'planner · (none)');
  assert.deepEqual(groupTerms(by, group), { prompt_name: 'planner', prompt_version: '' });
});
