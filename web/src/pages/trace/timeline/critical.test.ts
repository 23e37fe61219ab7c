import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import { makeSpan } from 'pages/trace/model/spans';
import { buildTree } from 'pages/trace/model/tree';
import { criticalPath } from 'pages/trace/timeline/critical';

const at = (
  id: string,
  parent: string | null,
  from: number,
  to: number,
  more: Partial<Span> = {},
) => makeSpan(id, parent, from, { duration_ms: to - from, ...more });

function pathOf(spans: Span[], now = 0) {
  const tree = buildTree(spans);
  const { rows } = criticalPath(tree, now);
  return [...rows]
    .flatMap(([row, list]) =>
      list.map(({ from, to }) => ({ id: tree.spans[row]!.span_id, from, to })),
    )
    .sort((a, b) => a.from - b.from)
    .map(({ id, from, to }) => `${id} ${from}-${to}`)
    .join(', ');
}

test('one after the other: each, and the parent between them', () => {
  assert.equal(
    pathOf([at('root', null, 0, 100), at('a', 'root', 10, 40), at('b', 'root', 50, 90)]),
    'root 0-10, a 10-40, root 40-50, b 50-90, root 90-100',
  );
});

test('side by side: only the one that was waited for', () => {
  assert.equal(
    pathOf([
      at('root', null, 0, 100),
      at('short', 'root', 10, 50),
      at('long', 'root', 10, 90),
      at('inner', 'long', 20, 80),
    ]),
    'root 0-10, long 10-20, inner 20-80, long 80-90, root 90-100',
  );
});

test('a child that goes on after its parent was not waited for', () => {
  assert.equal(
    pathOf([at('root', null, 0, 100), at('a', 'root', 10, 40), at('late', 'root', 20, 300)]),
    'root 0-10, a 10-40, root 40-100',
  );
  // But clocks are coarse.
  assert.equal(
    pathOf([at('root', null, 0, 100), at('a', 'root', 10, 100.5)]),
    'root 0-10, a 10-100',
  );
});

test('what runs is waited for until now', () => {
  assert.equal(
    pathOf(
      [
        at('root', null, 0, 0, { status: 'running' }),
        at('a', 'root', 10, 40),
        at('b', 'root', 50, 50, { status: 'running' }),
      ],
      200,
    ),
    'root 0-10, a 10-40, root 40-50, b 50-200',
  );
});

test('the path is as long as the run, whatever the spans', () => {
  let seed = 7;
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let run = 0; run < 50; ++run) {
    const spans = [at('s0', null, 0, 1000)];
    for (let i = 1; i < 60; ++i) {
      const from = random() * 900;
      spans.push(at(`s${i}`, `s${Math.floor(random() * i)}`, from, from + random() * 300));
    }
    const tree = buildTree(spans);
    const { rows, kinds } = criticalPath(tree, 0);
    const all = [...rows.values()].flat().sort((a, b) => a.from - b.from);
    let last = 0;
    for (const { from, to } of all) {
      assert.ok(Math.abs(from - last) < 1e-6, `${from} follows ${last}`);
      last = to;
    }
    assert.ok(Math.abs(last - 1000) < 1e-6);
    assert.ok(Math.abs(kinds.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
  }
  assert.equal(pathOf([]), '');
});
