import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import { buildGraph, NOBODY, withoutTools } from 'pages/trace/agents/graph';
import { layOut, NODE, ranksOf } from 'pages/trace/agents/layout';
import { rollUp } from 'pages/trace/model/rollup';
import { makeSpan } from 'pages/trace/model/spans';
import { buildTree } from 'pages/trace/model/tree';

const agent = (id: string, parent: string | null, at: number, name: string) =>
  makeSpan(id, parent, at, { kind: 'agent', agent: name, name: `invoke ${name}`, duration_ms: 5 });
const call = (id: string, parent: string, at: number, name?: string) =>
  makeSpan(id, parent, at, {
    kind: 'llm',
    ...(name && { agent: name }),
    counted: true,
    input_tokens: 10,
    cost_usd: 1,
  });
const tool = (id: string, parent: string, at: number, name: string, more: Partial<Span> = {}) =>
  makeSpan(id, parent, at, { kind: 'tool', agent: name, tool_name: 'search', ...more });

const graphOf = (spans: Span[]) => {
  const tree = buildTree(spans);
  return buildGraph(tree, rollUp(tree));
};
const edgesOf = (spans: Span[]) =>
  graphOf(spans).edges.map(({ from, to, kind, count }) => `${from} ${kind} ${to} ${count}`);

test('who asks whom, how often, and what it cost', () => {
  const spans = [
    agent('p', null, 0, 'planner'),
    call('p1', 'p', 1, 'planner'),
    agent('w', 'p', 2, 'worker'),
    call('w1', 'w', 3, 'worker'),
    tool('w2', 'w', 4, 'worker', { status: 'error' }),
    agent('v', 'p', 5, 'worker'),
    call('v1', 'v', 6, 'worker'),
  ];
  const { nodes, edges } = graphOf(spans);
  assert.deepEqual(
    nodes.map(({ id, count, calls, toolCalls, cost }) => [id, count, calls, toolCalls, cost]),
    [
      ['agent planner', 1, 1, 0, 1],
      ['agent worker', 2, 2, 1, 2],
      ['tool search', 1, 0, 0, null],
    ],
  );
  const asks = edges.find(({ kind }) => kind === 'asks')!;
  assert.deepEqual(
    [asks.from, asks.to, asks.count, asks.cost, asks.ms],
    ['agent planner', 'agent worker', 2, 2, 10],
  );
  const uses = edges.find(({ kind }) => kind === 'uses')!;
  assert.deepEqual([uses.count, uses.errors], [1, 1]);
  const agents = withoutTools({ nodes, edges });
  assert.deepEqual([agents.nodes.length, agents.edges.length], [2, 1]);
});

test('an agent that comes back is the same node; one that asks itself says how often', () => {
  assert.deepEqual(
    edgesOf([agent('a', null, 0, 'a'), agent('b', 'a', 1, 'b'), agent('c', 'b', 2, 'a')]),
    ['agent a asks agent b 1', 'agent b asks agent a 1'],
  );
  const { nodes, edges } = graphOf([agent('a', null, 0, 'a'), agent('b', 'a', 1, 'a')]);
  assert.deepEqual([nodes[0]!.count, nodes[0]!.again, edges.length], [2, 1, 0]);
  // Two spans of one run.
  const wrapped = graphOf([
    { ...agent('a', null, 0, 'a'), name: 'AgentExecutor' },
    agent('b', 'a', 1, 'a'),
  ]);
  assert.equal(wrapped.nodes[0]!.again, 0);
});

test('agents one after the other below nobody hand over', () => {
  assert.deepEqual(
    edgesOf([
      makeSpan('root', null, 0),
      agent('a', 'root', 1, 'triage'),
      agent('b', 'root', 2, 'refunds'),
      agent('c', 'root', 3, 'triage'),
    ]),
    ['agent triage hands over agent refunds 1', 'agent refunds hands over agent triage 1'],
  );
});

test('calls without an agent are nobody’s', () => {
  const { nodes } = graphOf([makeSpan('root', null, 0), call('c', 'root', 1)]);
  assert.deepEqual(
    nodes.map(({ name, calls }) => [name, calls]),
    [[NOBODY, 1]],
  );
  assert.deepEqual(graphOf([makeSpan('root', null, 0)]).nodes, []);
});

test('ranks: the longest way, whatever goes back', () => {
  const ranks = (count: number, ...links: [number, number][]) => [
    ...ranksOf(
      count,
      links.map(([from, to]) => ({ from, to })),
    ),
  ];
  assert.deepEqual(ranks(4, [0, 1], [1, 2], [0, 2], [2, 3]), [0, 1, 2, 3]);
  assert.deepEqual(ranks(3, [0, 1], [1, 2], [2, 0]), [0, 1, 2]);
  assert.deepEqual(ranks(2, [0, 0]), [0, 0]);
  assert.deepEqual(ranks(3, [1, 0], [0, 2], [2, 0]), [1, 0, 2]);
});

test('no two nodes lie upon each other, with one and with thirty', () => {
  for (const count of [1, 30]) {
    const spans = [agent('p', null, 0, 'p')];
    for (let i = 1; i < count; ++i)
      spans.push(agent(`w${i}`, i % 5 ? 'p' : `w${i - 1}`, i, `w${i}`));
    const graph = graphOf(spans);
    const layout = layOut(graph);
    assert.equal(layout.nodes.size, count);
    const boxes = [...layout.nodes.values()];
    for (const a of boxes) {
      assert.ok(a.x + NODE.width <= layout.width && a.y + NODE.height <= layout.height);
      for (const b of boxes) {
        const apart = Math.abs(a.x - b.x) >= NODE.width || Math.abs(a.y - b.y) >= NODE.height;
        assert.ok(a === b || apart, `${a.id} and ${b.id}`);
      }
    }
    assert.ok(layout.edges.every(({ back }) => !back));
  }
});
