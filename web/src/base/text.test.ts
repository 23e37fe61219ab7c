import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldText, utf8Bytes, visibleText } from 'base/text';

test('what deceives an eye becomes visible, everything else stays', () => {
  assert.equal(visibleText('\x1b[31mred\x1b[0m'), '^[[31mred^[[0m');
  assert.equal(visibleText('a\u0000b\u007f'), 'a^@b^?');
  assert.equal(visibleText('if (\u202e true'), 'if ([U+202E] true');
  assert.equal(visibleText('line\r\nline\tend'), 'line\nline\tend');
  assert.equal(
    visibleText('<img src=x onerror=alert(1)> ✓ 漢字 👩‍👩‍👧'),
    '<img src=x onerror=alert(1)> ✓ 漢字 👩‍👩‍👧',
  );
});

test('bytes are those of UTF-8', () => {
  for (const text of ['', 'abc', 'äöü', '漢字', '👩‍👩‍👧', 'mixed ä 漢 👍']) {
    assert.equal(utf8Bytes(text), Buffer.byteLength(text), text);
  }
});

test('short texts are not folded', () => {
  for (const text of ['', 'one line', 'two\nlines\n', 'x'.repeat(100)]) {
    assert.deepEqual(foldText(text, 100, 5), { head: text, folded: false, bytes: text.length });
  }
});

test('long texts are folded and say how long they are', () => {
  const lines = 'line\n'.repeat(20);
  const byLines = foldText(lines, 1000, 5);
  assert.equal(byLines.folded, true);
  assert.equal(byLines.bytes, 100);
  assert.equal(byLines.head, 'line\nline\nline\nline\nline');
  const byChars = foldText('x'.repeat(500), 100, 5);
  assert.equal(byChars.head.length, 100);
  assert.equal(byChars.bytes, 500);
});

test('to fold away a few words helps nobody', () => {
  const text = `${'x'.repeat(100)} end`;
  assert.equal(foldText(text, 100, 5).folded, false);
});

test('a fold never cuts a character in two', () => {
  const fold = foldText('👍'.repeat(100), 51, 5);
  assert.equal(fold.head, '👍'.repeat(25));
});
