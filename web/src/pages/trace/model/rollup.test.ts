import assert from 'node:assert/strict';
import { test } from 'node:test';
import { provenanceOf } from 'pages/trace/model/provenance';
import { hasMark, rollUp } from 'pages/trace/model/rollup';
import { makeSpan } from 'pages/trace/model/spans';
import { buildTree } from 'pages/trace/model/tree';

const call = (id: string, parent: string, at: number, cost_usd: number | null, more = {}) =>
  makeSpan(id, parent, at, { kind: 'llm', counted: true, input_tokens: 10, cost_usd, ...more });

test('a subtree costs what is counted in it, each once', () => {
  const tree = buildTree([
    // Says what its calls cost together: not counted again.
    makeSpan('root', null, 0, { kind: 'agent', cost_usd: 0.6, counted: false, input_tokens: 20 }),
    call('a', 'root', 1, 0.25, { price_source: 'catalogue' }),
    makeSpan('b', 'root', 2, { kind: 'chain' }),
    call('b1', 'b', 3, 0.25, { price_source: 'provider' }),
    call('b2', 'b', 4, null),
    makeSpan('c', 'root', 5, { kind: 'tool', status: 'error' }),
  ]);
  const rollup = rollUp(tree);
  const at = (id: string) => tree.index.get(id)!;
  assert.equal(rollup.all, 0.5);
  assert.ok(Number.isNaN(rollup.own[at('root')]!));
  assert.equal(rollup.total[at('root')], 0.5);
  assert.equal(rollup.total[at('b')], 0.25);
  assert.equal(rollup.unpriced[at('b')], 1);
  assert.equal(rollup.unpriced[at('a')], 0);
  assert.equal(rollup.errors[at('root')], 1);
  assert.ok(Number.isNaN(rollup.total[at('c')]!), 'unknown is not zero');
  assert.ok(hasMark(rollup, at('b'), 'reported'));
  assert.ok(!hasMark(rollup, at('b'), 'computed'));
  assert.ok(hasMark(rollup, at('root'), 'computed'));
});

test('where a cost comes from', () => {
  const of = (more: object) => provenanceOf(call('x', 'y', 0, 0.1, more));
  assert.equal(of({ price_source: 'provider' }), 'reported');
  assert.equal(of({ price_source: 'catalogue' }), 'computed');
  assert.equal(of({ price_source: 'override' }), 'computed');
  assert.equal(of({ price_source: 'catalogue', estimated: true }), 'estimated');
  assert.equal(of({ cost_usd: null }), 'unpriced');
  assert.equal(of({ cost_usd: null, input_tokens: 0 }), null);
  assert.equal(of({ counted: false }), null);
});

test('a trace without costs has none', () => {
  assert.ok(Number.isNaN(rollUp(buildTree([makeSpan('a', null, 0)])).all));
});
