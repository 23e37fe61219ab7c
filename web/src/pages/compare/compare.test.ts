import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoryStep } from 'api/story';
import type { Span, Trace } from 'api/types';
import { figuresOf, type Run } from './figures';
import { alignSteps, differs } from './steps';

const step = (
  n: number,
  tool: string,
  args: object = {},
  more: Partial<StoryStep> = {},
): StoryStep => ({
  n,
  span_id: `s${n}`,
  agent: 'lead',
  outcome: 'tool_use',
  new: [],
  reasoning: [],
  said: null,
  chose: tool
    ? [
        {
          tool,
          arguments: args as never,
          outcome: { span_id: 't', tool_status: 'success' },
          delegated_to: null,
        },
      ]
    : [],
  ...more,
});

test('steps are aligned by agent, tool and arguments, then without the arguments', () => {
  const a = [
    step(1, 'search', { q: 1 }),
    step(2, 'fetch', { u: 1 }),
    step(3, '', {}, { said: 'A' }),
  ];
  const b = [
    step(1, 'plan'),
    step(2, 'search', { q: 1 }),
    step(3, 'fetch', { u: 2 }),
    step(4, '', {}, { said: 'B' }),
  ];
  const pairs = alignSteps(a, b);
  assert.deepEqual(
    pairs.map((pair) => [pair.a?.n ?? null, pair.b?.n ?? null, pair.changes]),
    [
      [null, 1, []],
      [1, 2, []],
      [2, 3, ['other arguments']],
      [3, 4, ['another answer']],
    ],
  );
  assert.deepEqual(pairs.map(differs), [true, false, true, true]);
});

test('runs of nothing and of other agents have no step in common', () => {
  assert.deepEqual(alignSteps([], []), []);
  const pairs = alignSteps([step(1, 'x')], [step(1, 'x', {}, { agent: 'other' })]);
  assert.deepEqual(
    pairs.map(({ a, b }) => [a !== null, b !== null]),
    [
      [true, false],
      [false, true],
    ],
  );
});

test('figures say how they changed, and whether that is for the worse', () => {
  const run = (cost: number | null, more: Partial<Trace>, spans: Partial<Span>[]): Run => ({
    trace: {
      cost_usd: cost,
      duration_ms: 1000,
      input_tokens: 100,
      models: ['m'],
      ...more,
    } as Trace,
    spans: spans as Span[],
    steps: [],
  });
  const prompt = (prompt_version: string) => ({ prompt_name: 'p', prompt_version });
  const figures = figuresOf(
    run(0.01, {}, [{ ...prompt('6'), counted: true, cache_read_tokens: 50 }]),
    run(0.02, { duration_ms: 900, errors: 1 }, [{ ...prompt('7') }]),
  );
  const of = (name: string) => figures.find((figure) => figure.name === name)!;
  assert.deepEqual(of('Cost'), {
    name: 'Cost',
    a: '$0.0100',
    b: '$0.0200',
    change: '+$0.0100 (+100%)',
    tone: 'bad',
  });
  assert.equal(of('Duration').tone, 'good');
  assert.deepEqual(
    [of('Input read from cache').a, of('Input read from cache').tone],
    ['50%', 'bad'],
  );
  assert.equal(of('Prompts').change, 'with p version 7, without p version 6');
  assert.equal(of('Models').change, '');
  // Unknown is no zero.
  assert.equal(figuresOf(run(null, {}, []), run(1, {}, []))[0]!.change, '');
});
