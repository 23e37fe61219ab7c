import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoryChoice, StoryStep } from 'api/story';
import { tellStory } from './decisions';

const step = (n: number, more: Partial<StoryStep> = {}): StoryStep => ({
  n,
  span_id: `s${n}`,
  agent: 'lead',
  depth: 0,
  outcome: 'tool_use',
  new: [],
  reasoning: [],
  said: null,
  chose: [],
  ...more,
});
const chose = (tool: string, args: object, more: Partial<StoryChoice> = {}): StoryChoice => ({
  tool,
  arguments: args as never,
  outcome: { span_id: `${tool} span`, tool_status: 'success' },
  delegated_to: null,
  ...more,
});
const result = (id: string) => ({ role: 'tool', parts: [{ type: 'tool_result', id, result: 1 }] });

test('results are joined to the calls that asked for them, the own answer is left out', () => {
  const { decisions } = tellStory([
    step(1, { chose: [chose('search', {}, { tool_call_id: 'c1' })] }),
    step(2, {
      context_messages: 5,
      new_messages: 4,
      echoed_messages: 1,
      new: [{ role: 'assistant', parts: [] }, result('c1'), result('unknown'), 'a text'],
    }),
  ]);
  assert.deepEqual(
    decisions[1]!.fresh.map(({ index, answers }) => [index, answers]),
    [
      [2, [{ n: 1, tool: 'search' }]],
      [3, []],
      [4, []],
    ],
  );
});

test('equal calls of one agent are told, whatever the order of their arguments', () => {
  const { decisions, loops } = tellStory([
    step(1, { chose: [chose('search', { a: 1, b: { x: 1, y: 2 } })] }),
    step(2, { chose: [chose('search', { b: { y: 2, x: 1 }, a: 1 })] }),
    step(3, { chose: [chose('search', { a: 2 })] }),
    step(4, { agent: 'other', chose: [chose('search', { a: 1, b: { x: 1, y: 2 } })] }),
    step(5, { chose: [chose('search', { a: 1, b: { x: 1, y: 2 } })] }),
  ]);
  assert.deepEqual(
    decisions.map(({ chose: [first] }) => first!.before),
    [[], [1], [], [], [1, 2]],
  );
  assert.deepEqual(loops, [{ agent: 'lead', tool: 'search', steps: [1, 2, 5] }]);
});

test('an agent that another one asked names the call that asked it', () => {
  const { decisions } = tellStory([
    step(1, { chose: [chose('ask', { q: 1 }, { delegated_to: 'helper' })] }),
    step(2, { agent: 'helper', depth: 1 }),
    step(3, { agent: 'helper', depth: 1 }),
    step(4),
    step(5, { agent: 'stranger', depth: 1 }),
  ]);
  assert.deepEqual(
    decisions.map(({ enters }) => enters),
    [null, { by: { n: 1, tool: 'ask' } }, null, null, { by: null }],
  );
});

test('failures in words, tools by their number of calls, the last word', () => {
  const failed = {
    span_id: 't',
    status: 'error' as const,
    tool_status: 'timeout',
    error: 'no answer',
  };
  const told = tellStory([
    step(1, { chose: [chose('fetch', { a: 1 }, { outcome: failed }), chose('fetch', { a: 2 })] }),
    step(2, { outcome: 'error', status_message: 'overloaded' }),
    step(3, { outcome: 'answer', said: 'Done.' }),
    step(4, { outcome: 'answer', said: 'of a helper', depth: 1 }),
  ]);
  assert.deepEqual(told.failures, [
    { n: 1, span_id: 't', what: 'fetch', why: 'timeout: no answer' },
    { n: 2, span_id: 's2', what: 'the model call', why: 'overloaded' },
  ]);
  assert.deepEqual(told.tools, [{ tool: 'fetch', calls: 2, failed: 1 }]);
  assert.deepEqual(told.answer, { n: 3, said: 'Done.', span_id: 's3' });
  assert.deepEqual(
    told.decisions.map((decision) => decision.failed),
    [true, true, false, false],
  );
  assert.equal(told.bySpan.get('t'), 0);
});
