import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Json } from 'api/types';
import { asJson, readPart, readPiece, readTools, toolName } from './content';

test('pieces: messages, erased ones, anything else', () => {
  assert.deepEqual(readPiece({ role: 'user', parts: [{ type: 'text', content: 'hi' }] }), {
    type: 'message',
    role: 'user',
    parts: [{ type: 'text', text: 'hi' }],
    rest: null,
  });
  assert.deepEqual(readPiece({ missing_payload: 'ab' }), { type: 'missing', hash: 'ab' });
  for (const other of [
    'text',
    5,
    null,
    [1],
    { role: 'user' },
    { parts: [] },
    { role: 1, parts: [] },
  ]) {
    assert.deepEqual(readPiece(other as Json), { type: 'value', value: other });
  }
  const extra = readPiece({ role: 'user', parts: [], name: 'x' });
  assert.deepEqual(extra.type === 'message' && extra.rest, { name: 'x' });
});

test('parts: nothing a sender writes is taken for granted, and nothing is lost', () => {
  assert.deepEqual(readPart({ type: 'tool_call', id: 'c', name: 'f', arguments: { a: 1 } }), {
    type: 'tool_call',
    id: 'c',
    name: 'f',
    value: { a: 1 },
  });
  assert.deepEqual(readPart({ type: 'tool_result', result: 'x', id: 3 }), {
    type: 'tool_result',
    id: '',
    name: '',
    value: 'x',
  });
  assert.deepEqual(
    readPart({ type: 'media', modality: 'image', mime: 'image/png', data: 'A'.repeat(8) }),
    {
      type: 'media',
      modality: 'image',
      mime: 'image/png',
      bytes: 6,
      data: 'AAAAAAAA',
      where: '',
    },
  );
  const cut = { cut: true, bytes: 900, text: 'the beginning' };
  assert.deepEqual(readPart({ type: 'text', content: cut }), {
    type: 'text',
    text: 'the beginning',
    bytes: 900,
  });
  assert.deepEqual(readPart({ type: 'text', content: { a: 1 } }), {
    type: 'other',
    name: 'text',
    value: { type: 'text', content: { a: 1 } },
  });
  assert.deepEqual(readPart({ type: 'compaction', x: 1 }), {
    type: 'other',
    name: 'compaction',
    value: { type: 'compaction', x: 1 },
  });
  assert.deepEqual(readPart(null), { type: 'other', name: '', value: null });
  assert.deepEqual(readPart('plain'), { type: 'text', text: 'plain' });
});

test('text that is JSON is shown as such', () => {
  assert.deepEqual(asJson('{"a":1}'), { a: 1 });
  assert.deepEqual(asJson(' [1]'), [1]);
  assert.equal(asJson('{broken'), '{broken');
  assert.equal(asJson('5'), '5');
});

test('names of tools in the dialects of providers', () => {
  const tools = readTools([
    [{ name: 'a' }, { type: 'function', function: { name: 'b' } }],
    { type: 'web_search' },
    'x',
  ]);
  assert.deepEqual(tools.map(toolName), ['a', 'b', 'web_search', 'tool']);
});
