import assert from 'node:assert/strict';
import { test } from 'node:test';
import { align } from './align';

const told = (a: string, b: string) =>
  align([...a], [...b])
    .map((one) =>
      one.kind === 'same' ? a[one.a] : one.kind === 'removed' ? `-${a[one.a]}` : `+${b[one.b]}`,
    )
    .join('');

test('what two lists have in common stays in order', () => {
  assert.equal(told('abcd', 'abcd'), 'abcd');
  assert.equal(told('abcd', 'acde'), 'a-bcd+e');
  assert.equal(told('', 'ab'), '+a+b');
  assert.equal(told('ab', ''), '-a-b');
  assert.equal(told('xay', 'zaw'), '-x+za-y+w');
});

test('both lists can be told from it, and lists too long still are', () => {
  let state = 3;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  for (const size of [5, 40, 5_000]) {
    const a = Array.from({ length: size }, () => String(random(4)));
    const b = Array.from({ length: size }, () => String(random(4)));
    const list = align(a, b);
    assert.deepEqual(
      list.flatMap((one) => (one.kind === 'added' ? [] : [a[one.a]])),
      a,
    );
    assert.deepEqual(
      list.flatMap((one) => (one.kind === 'removed' ? [] : [b[one.b]])),
      b,
    );
    for (const one of list) if (one.kind === 'same') assert.equal(a[one.a], b[one.b]);
  }
});
