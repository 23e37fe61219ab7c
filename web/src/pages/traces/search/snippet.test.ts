import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf, readSnippet } from './snippet';

function mark(snippet: string, word: string): number[][] {
  const at = [...snippet].join('').indexOf(word);
  const from = [...snippet.slice(0, at)].length;
  return [[from, from + [...word].length]];
}
const read = (snippet: string, word: string) => {
  const { role, pieces } = readSnippet(snippet, mark(snippet, word));
  const text = pieces.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text)).join('');
  return { role, text };
};

test('a message is told without its JSON, its role beside it', () => {
  const snippet = '{"role":"user","parts":[{"type":"text","content":"Where is my refund?"}]}';
  assert.deepEqual(read(snippet, 'refund'), { role: 'user', text: 'Where is my [refund]?' });
});

test('escapes are undone, marks stay where they were', () => {
  const snippet =
    '{"role":"assistant","parts":[{"type":"text","content":"a\\n\\"b\\" \\u00e9 refund"}]}';
  assert.deepEqual(read(snippet, 'refund'), { role: 'assistant', text: 'a\n"b" é [refund]' });
});

test('characters beyond the basic plane count once', () => {
  assert.equal(read('😀😀 refund 😀', 'refund').text, '😀😀 [refund] 😀');
});

test('other texts stay as they are', () => {
  assert.deepEqual(read('fetch_page: timeout \\n', 'timeout'), {
    role: null,
    text: 'fetch_page: [timeout] \\n',
  });
  assert.equal(
    read('{"order":"A-1","note":"refund"}', 'refund').text,
    '{"order":"A-1","note":"[refund]"}',
  );
  // Cut in the middle of a message.
  assert.equal(read('of this refund"}]}', 'refund').text, 'of this [refund]"}]}');
});

test('what was found is shown, even in the wrapping', () => {
  const snippet = '{"role":"user","parts":[{"type":"text","content":"hello"}]}';
  assert.match(read(snippet, 'user').text, /\[user\]/);
});

test('places have words of their kind of span', () => {
  assert.equal(placeOf('input', 'tool'), 'arguments');
  assert.equal(placeOf('input', 'llm'), 'input');
  assert.equal(placeOf('status_message', 'tool'), 'failure');
});
