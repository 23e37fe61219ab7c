import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import {
  buildTree,
  findRows,
  hasChildren,
  nextRow,
  parentsFrom,
  positionOf,
  reveal,
  searchOf,
  visibleRows,
} from 'pages/trace/model/tree';

function span(
  id: string,
  parent: string | null,
  offset_ms: number,
  more: Partial<Span> = {},
): Span {
  return {
    span_id: id,
    ...(parent !== null && { parent_span_id: parent }),
    name: `span ${id}`,
    kind: 'span',
    started_at: '2026-11-20T00:00:00Z',
    offset_ms,
    duration_ms: 10,
    status: 'ok',
    cost_usd: null,
    ...more,
  };
}

const outline = (spans: Span[]) => {
  const tree = buildTree(spans);
  return tree.spans.map((row, i) => `${'-'.repeat(tree.depth[i]!)}${row.span_id}`).join(' ');
};

test('parents before children, children by start, whatever the order of arrival', () => {
  const spans = [
    span('root', null, 0, { duration_ms: 100 }),
    span('a', 'root', 10),
    span('a1', 'a', 12),
    span('b', 'root', 20),
    span('b1', 'b', 25),
    span('b2', 'b', 22),
  ];
  const wanted = 'root -a --a1 -b --b2 --b1';
  assert.equal(outline(spans), wanted);
  assert.equal(outline([...spans].reverse()), wanted);
  assert.equal(outline([spans[4]!, spans[0]!, spans[2]!, spans[5]!, spans[1]!, spans[3]!]), wanted);
});

test('subtree ends and parents', () => {
  const tree = buildTree([
    span('root', null, 0),
    span('a', 'root', 1),
    span('a1', 'a', 2),
    span('b', 'root', 3),
    span('other', null, 9),
  ]);
  assert.deepEqual([...tree.end], [4, 3, 3, 4, 5]);
  assert.deepEqual([...tree.parent], [-1, 0, 1, 0, -1]);
  assert.equal(hasChildren(tree, 1), true);
  assert.equal(hasChildren(tree, 2), false);
});

test('a missing parent makes a root, and no circle hides or repeats a span', () => {
  assert.equal(outline([span('x', 'gone', 5), span('r', null, 0)]), 'r x');
  assert.equal(outline([span('self', 'self', 0)]), 'self');
  assert.equal(outline([span('a', 'b', 0), span('b', 'a', 1), span('c', 'b', 2)]), 'a -b --c');
});

test('no spans', () => {
  const tree = buildTree([]);
  assert.equal(tree.spans.length, 0);
  assert.equal(visibleRows(tree, new Set()).length, 0);
  assert.equal(positionOf(tree, new Int32Array(0), -1), -1);
});

test('folding hides descendants only, and revealing opens ancestors only', () => {
  const tree = buildTree([
    span('root', null, 0),
    span('a', 'root', 1),
    span('a1', 'a', 2),
    span('a11', 'a1', 3),
    span('b', 'root', 4),
  ]);
  const collapsed = new Set(['a', 'a1']);
  const rows = visibleRows(tree, collapsed);
  assert.deepEqual([...rows], [0, 1, 4]);
  assert.equal(positionOf(tree, rows, 3), 1, 'the nearest ancestor in view');
  assert.deepEqual(reveal(tree, collapsed, 3), new Set());
  assert.deepEqual(reveal(tree, collapsed, 2), new Set(['a1']));
  assert.equal(reveal(tree, collapsed, 4), collapsed, 'the same set when nothing changes');
  assert.deepEqual(parentsFrom(tree, 1), new Set(['a', 'a1']));
});

test('search needs every word, anywhere in the span', () => {
  const tree = buildTree([
    span('1', null, 0, { name: 'chat', model: 'gpt-5-mini' }),
    span('2', '1', 1, { name: 'execute_tool', tool_name: 'Find_Order', status: 'error' }),
  ]);
  assert.deepEqual([...findRows(tree, 'GPT chat')], [0]);
  assert.deepEqual([...findRows(tree, 'find error')], [1]);
  assert.deepEqual([...findRows(tree, 'gpt order')], []);
  assert.deepEqual([...findRows(tree, '  ')], []);
});

test('next and previous go around', () => {
  const rows = Int32Array.from([2, 5, 9]);
  assert.equal(nextRow(rows, -1, 1), 2);
  assert.equal(nextRow(rows, 5, 1), 9);
  assert.equal(nextRow(rows, 9, 1), 2);
  assert.equal(nextRow(rows, 5, -1), 2);
  assert.equal(nextRow(rows, 2, -1), 9);
  assert.equal(nextRow(new Int32Array(0), 3, 1), -1);
});

test('100,000 spans nested 50,000 deep are laid out at once', () => {
  const spans: Span[] = [];
  for (let i = 0; i < 50_000; ++i) {
    spans.push(span(`d${i}`, i === 0 ? null : `d${i - 1}`, i));
    spans.push(span(`w${i}`, 'd0', i + 0.5));
  }
  const begun = performance.now();
  const tree = buildTree(spans);
  const ms = performance.now() - begun;
  assert.equal(tree.spans.length, 100_000);
  assert.equal(visibleRows(tree, new Set(['d0'])).length, 1);
  assert.ok(ms < 5_000, `it took ${Math.round(ms)} ms`);
});

test('search in one field, or for the whole of it', () => {
  const tree = buildTree([
    span('1', null, 0, { kind: 'agent', agent: 'worker-1', name: 'run' }),
    span('2', '1', 1, { kind: 'tool', agent: 'worker-10', tool_name: 'find', status: 'error' }),
    span('3', '1', 2, { kind: 'tool', tool_status: 'timeout', name: 'error of the tool kind' }),
  ]);
  const found = (text: string) => [...findRows(tree, text)].map((row) => tree.spans[row]!.span_id);
  assert.deepEqual(found('agent:worker-1'), ['1', '2']);
  assert.deepEqual(found('agent:"worker-1"'), ['1']);
  assert.deepEqual(found('kind:tool status:error'), ['2']);
  assert.deepEqual(found('status:timeout'), ['3']);
  assert.deepEqual(found('error'), ['2', '3']);
  assert.deepEqual(found('"of the tool"'), ['3']);
  assert.deepEqual(found('other:x'), [], 'what is no field is a word');
  assert.deepEqual(found('agent:'), [], 'nothing yet');
  assert.deepEqual(found(searchOf('agent', 'worker-1')), ['1']);
});
