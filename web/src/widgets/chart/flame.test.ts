import assert from 'node:assert/strict';
import { test } from 'node:test';
import { depthOf, flameBoxes, samePath, type FlameNode } from './flame';

const node = (name: string, value: number, ...children: FlameNode[]): FlameNode => ({
  name,
  value,
  children,
});
const TREE = node('', 10, node('a', 6, node('x', 3), node('y', 1)), node('b', 4));
const shown = (focus: FlameNode[]) =>
  flameBoxes(TREE, focus).map(
    ({ node: { name }, depth, left, width }) =>
      `${name} ${depth} ${left.toFixed(2)}+${width.toFixed(2)}`,
  );

test('boxes are as wide as their share, what is left stays empty', () => {
  assert.deepEqual(shown([]), ['a 0 0.00+0.60', 'x 1 0.00+0.30', 'y 1 0.30+0.10', 'b 0 0.60+0.40']);
});

test('the one in focus takes the whole width', () => {
  const [a] = TREE.children;
  assert.deepEqual(shown([a!]), ['a 0 0.00+1.00', 'x 1 0.00+0.50', 'y 1 0.50+0.17']);
});

test('depth, and the same place in another tree', () => {
  assert.equal(depthOf(TREE), 2);
  const [a] = TREE.children;
  const path = [a!, a!.children[0]!];
  const newer = node('', 5, node('a', 5, node('z', 5)));
  assert.deepEqual(
    samePath(newer, path).map(({ name }) => name),
    ['a'],
  );
});
