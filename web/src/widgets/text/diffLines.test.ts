import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diffLines, diffWords } from './diffLines';

test('lines that stay, and the words that changed in those that do not', () => {
  const { lines, removed, added, kept } = diffLines(
    'one\nUse the tools.\nend',
    'one\nUse no tools.\nend\nmore',
  );
  assert.deepEqual({ removed, added, kept }, { removed: 1, added: 2, kept: 2 });
  assert.deepEqual(lines, [
    { kind: 'same', text: 'one' },
    {
      kind: 'removed',
      words: [
        { text: 'Use ', changed: false },
        { text: 'the', changed: true },
        { text: ' tools.', changed: false },
      ],
    },
    {
      kind: 'added',
      words: [
        { text: 'Use ', changed: false },
        { text: 'no', changed: true },
        { text: ' tools.', changed: false },
      ],
    },
    { kind: 'same', text: 'end' },
    { kind: 'added', words: [{ text: 'more', changed: false }] },
  ]);
  assert.deepEqual(diffLines('', ''), { lines: [], removed: 0, added: 0, kept: 0 });
});

test('lines with little in common are not compared by words, nor very long ones', () => {
  assert.equal(diffWords('entirely different words', 'nothing of the kind here'), null);
  assert.equal(diffWords('a '.repeat(5_000), 'b '.repeat(5_000)), null);
  const huge = diffLines('x'.repeat(1_000_000), 'y'.repeat(1_000_000));
  assert.equal(huge.removed, 1);
});
