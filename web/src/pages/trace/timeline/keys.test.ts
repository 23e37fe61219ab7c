import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import { stepFor } from 'pages/trace/timeline/keys';
import { buildTree, foldBelow, visibleRows } from 'pages/trace/model/tree';

const span = (id: string, parent?: string): Span => ({
  span_id: id,
  ...(parent !== undefined && { parent_span_id: parent }),
  name: id,
  kind: 'span',
  started_at: '',
  offset_ms: Number(id),
  duration_ms: 1,
  status: 'ok',
  cost_usd: null,
});
const tree = buildTree([span('0'), span('1', '0'), span('2', '1'), span('3', '0')]);

function press(key: string, active: number, collapsed: string[] = []) {
  const folded = new Set(collapsed);
  return stepFor(key, {
    tree,
    rows: visibleRows(tree, folded),
    collapsed: folded,
    active,
    page: 2,
    found: Int32Array.from([1, 3]),
    errors: new Int32Array(0),
  });
}

test('moving', () => {
  assert.deepEqual(press('j', 0), { do: 'move', row: 1 });
  assert.deepEqual(press('ArrowDown', 3), { do: 'move', row: 3 });
  assert.deepEqual(press('ArrowDown', 1, ['1']), { do: 'move', row: 3 }, 'over what is folded');
  assert.deepEqual(press('k', 0), { do: 'move', row: 0 });
  assert.deepEqual(press('PageDown', 0), { do: 'move', row: 2 });
  assert.deepEqual(press('End', 0), { do: 'move', row: 3 });
  assert.deepEqual(press('j', -1), { do: 'move', row: 0 }, 'nothing was active');
});

test('folding', () => {
  assert.deepEqual(press('ArrowLeft', 1), { do: 'toggle', row: 1 });
  assert.deepEqual(press('ArrowLeft', 1, ['1']), { do: 'move', row: 0 }, 'folded: to the parent');
  assert.deepEqual(press('ArrowLeft', 2), { do: 'move', row: 1 });
  assert.deepEqual(press('ArrowRight', 1, ['1']), { do: 'toggle', row: 1 });
  assert.deepEqual(press('ArrowRight', 1), { do: 'move', row: 2 });
  assert.equal(press('ArrowRight', 2), null);
  assert.equal(press('ArrowLeft', -1), null);
});

test('searching and the rest', () => {
  assert.deepEqual(press('n', 1), { do: 'move', row: 3 });
  assert.deepEqual(press('N', 1), { do: 'move', row: 3 });
  assert.equal(press('e', 1), null, 'no errors');
  assert.deepEqual(press('/', 1), { do: 'find' });
  assert.equal(press('Enter', -1), null);
  assert.equal(press('x', 1), null);
});

test('with Shift a whole subtree folds; the time moves by keys too', () => {
  const context = {
    tree,
    rows: visibleRows(tree, new Set()),
    collapsed: new Set<string>(),
    active: 0,
    page: 2,
    found: new Int32Array(0),
    errors: new Int32Array(0),
  };
  assert.deepEqual(stepFor('ArrowLeft', context, true), { do: 'fold', row: 0 });
  assert.deepEqual(stepFor('ArrowRight', context, true), { do: 'unfold', row: 0 });
  assert.deepEqual(foldBelow(tree, new Set(), 0, true), new Set(['0', '1']));
  assert.deepEqual(foldBelow(tree, new Set(['0', '1', 'x']), 1, false), new Set(['0', 'x']));
  assert.deepEqual(press('+', 0), { do: 'scale', factor: 0.5 });
  assert.deepEqual(press('.', 0), { do: 'shift', by: 0.25 });
  assert.deepEqual(press('p', 0), { do: 'path' });
});
