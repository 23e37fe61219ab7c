import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoryStep } from 'api/story';
import type { Json, Span } from 'api/types';
import { contextCalls } from './cache';
import { composition, diffContext } from './messages';

const say = (role: string, content: string): Json => ({ role, parts: [{ type: 'text', content }] });

test('messages added, removed, changed and kept', () => {
  const before = [say('user', 'a'), say('assistant', 'b'), say('user', 'c')];
  const grown = diffContext(before, [...before, say('assistant', 'd')]);
  assert.deepEqual(
    [grown.kept, grown.added, grown.removed, grown.changed, grown.brokenAt],
    [3, 1, 0, 0, null],
  );
  const changed = diffContext(before, [say('user', 'a'), say('assistant', 'B'), say('user', 'c')]);
  assert.deepEqual([changed.kept, changed.changed, changed.brokenAt], [2, 1, 1]);
  const shorter = diffContext(before, [say('user', 'summary'), say('user', 'c')]);
  assert.deepEqual(
    [shorter.kept, shorter.changed, shorter.removed, shorter.brokenAt],
    [1, 1, 1, 0],
  );
  const inFront = diffContext(before, [say('system', 's'), ...before]);
  assert.deepEqual([inFront.kept, inFront.added, inFront.brokenAt], [3, 1, 0]);
  // The order of members is nobody's choice.
  const other = { parts: [{ content: 'a', type: 'text' }], role: 'user' };
  assert.equal(diffContext([say('user', 'a')], [other]).kept, 1);
});

test('what a context is made of', () => {
  const parts = composition(
    {
      system: ['12345'],
      tool_definitions: [],
      input: ['abc', { role: 'tool' }, 'new one'],
    },
    2,
  );
  assert.deepEqual(parts, {
    'System prompt': 5,
    'Tool definitions': 0,
    History: 3,
    'Tool results': 15,
    New: 7,
  });
});

test('a broken cache is told, with what is known of why', () => {
  const call = (span_id: string, offset_ms: number, more: Partial<Span>): Span =>
    ({
      span_id,
      kind: 'llm',
      offset_ms,
      duration_ms: 100,
      agent: 'a',
      model: 'm',
      ...more,
    }) as Span;
  const calls = contextCalls(
    [
      call('1', 0, { input_tokens: 100, cache_write_5m_tokens: 5000 }),
      call('2', 1_000, { input_tokens: 200, cache_read_tokens: 5000 }),
      call('x', 1_500, { agent: 'other', input_tokens: 9000 }),
      call('3', 2_000, { input_tokens: 5300, cache_read_tokens: 0, cache_write_5m_tokens: 2000 }),
      call('4', 900_000, { input_tokens: 5400, cache_write_5m_tokens: 3000 }),
      call('5', 901_000, { input_tokens: 500, model: 'n' }),
      call('6', 902_000, { input_tokens: 500, model: 'n' }),
    ],
    new Map([['2', { span_id: '2' } as StoryStep]]),
  );
  assert.deepEqual(
    calls.map(({ n, context, grown }) => [n, context, grown]),
    [
      [1, 5100, null],
      [2, 5200, 100],
      [3, 9000, null],
      [4, 7300, 2100],
      [5, 8400, 1100],
      [6, 500, -7900],
      [7, 500, 0],
    ],
  );
  const why = calls.map(({ broke }) => broke);
  assert.deepEqual([why[0], why[1], why[2], why[6]], [null, null, null, null]);
  assert.match(why[3]!, /^read 0 of the 5,000 tokens that call 2 had .* may have changed/);
  assert.match(why[4]!, /14 m 58 s passed, so it may have expired/);
  assert.match(why[5]!, /another model has another cache/);
});
