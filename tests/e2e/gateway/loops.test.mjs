// An agent that runs in circles is warned and then stopped; agents that work are left alone. The agents
// are real client programs that do what their scripted model tells them.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { CLAUDE, GPT, chat, chatTools, message, text, toolUse } from './answers.mjs';
import { callsOf, shared, spansOf, startGateway, wholeSpan } from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { json } from './upstream.mjs';
import { clients, through } from './ways.mjs';

describe('runaway agents', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let observed;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, { loops: { mode: 'enforce' } }));
    observed = await startGateway(scope, { loops: { mode: 'observe' } });
  });

  // A program with one tool, driven by `calls`: what the model asks for at step n ([name, input], a
  // list of those, or words to end with); `run` is the tool. Gives back what each step got.
  async function agent(
    name,
    calls,
    run,
    { gateway = pitot, provider = upstream, steps = 40, task = name } = {},
  ) {
    provider.on(name, (request, n) => {
      const asked = calls(n);
      if (typeof asked === 'string')
        return json(200, message([text(asked)], { id: `msg_${name}_${n}` }));
      const list = Array.isArray(asked[0]) ? asked : [asked];
      const blocks = list.map(([tool, input], i) =>
        toolUse(`toolu_${name}_${n}_${i}`, tool, input),
      );
      return json(200, message(blocks, { id: `msg_${name}_${n}`, stop_reason: 'tool_use' }));
    });
    const { anthropic } = clients(through(gateway), name, { retries: 2 });
    const messages = [{ role: 'user', content: task }];
    const seen = [];
    for (let n = 0; n < steps; n++) {
      let answer;
      try {
        const { data, response } = await anthropic.messages
          .create({ model: CLAUDE, max_tokens: 99, messages })
          .withResponse();
        answer = data;
        seen.push({
          status: 200,
          warning: response.headers.get('x-pitot-loop-warning') ?? undefined,
          traceId: response.headers.get('x-pitot-trace-id'),
        });
      } catch (error) {
        if (!(error instanceof Anthropic.APIError)) throw error;
        seen.push({ status: error.status, error, headers: error.headers });
        return seen;
      }
      if (answer.stop_reason !== 'tool_use') return seen;
      const results = answer.content.map((block, i) => {
        const result = run(block.input, n, i, block.name);
        return { type: 'tool_result', tool_use_id: block.id, ...result };
      });
      messages.push({ role: 'assistant', content: answer.content });
      messages.push({ role: 'user', content: results });
    }
    return seen;
  }

  const firstWarning = (seen) => seen.findIndex(({ warning }) => warning) + 1;
  const blockedAt = (seen) => seen.findIndex(({ status }) => status !== 200) + 1;
  const allDone = (seen, count) => {
    assert.equal(seen.length, count, JSON.stringify(seen.at(-1)));
    for (const [i, { status, warning, error }] of seen.entries()) {
      assert.equal(status, 200, `step ${i + 1}: ${error}`);
      assert.equal(warning, undefined, `step ${i + 1}`);
    }
  };

  test('the same call with the same result: warned after 3, stopped after 5', async () => {
    const seen = await agent(
      'same',
      () => ['search', { q: 'bird', limit: 5 }],
      () => ({ content: 'nothing found' }),
    );
    // The result of step n comes with step n + 1.
    assert.equal(firstWarning(seen), 4);
    assert.match(seen[3].warning, /L1/);
    assert.equal(blockedAt(seen), 6);
    const { status, error, headers } = seen.at(-1);
    assert.equal(status, 403);
    assert.equal(headers.get('x-should-retry'), 'false');
    const body = error.error.error;
    assert.equal(body.pitot.code, 'loop_detected');
    assert.equal(body.pitot.detector, 'L1');
    assert.equal(Number(body.pitot.step), 6);
    assert.match(body.message, /search/, 'the reason, so that the agent can finish');
    assert.equal(upstream.requests('same').length, 5, 'the sixth call cost nothing');

    const { traceId } = seen[0];
    const calls = await callsOf(pitot, traceId, 6);
    const last = await wholeSpan(pitot, traceId, calls.at(-1).span_id);
    assert.equal(last.status, 'error');
    assert.match(JSON.stringify(last.attributes), /L1/, 'the trace says why');
    assert.match(last.status_message, /search/);
  });

  test('the same failing call: stopped after 5, whatever the error says', async () => {
    const run = (input, n) => ({ content: `error ${n}: no such table`, is_error: true });
    const seen = await agent('failing', () => ['query', { sql: 'SELECT 1' }], run);
    assert.equal(blockedAt(seen), 6);
    assert.equal(seen.at(-1).error.error.error.pitot.detector, 'L2');
  });

  test('a cycle of two calls: stopped after five rounds', async () => {
    const calls = (n) => (n % 2 ? ['read', { path: 'a' }] : ['list', { path: '/' }]);
    const seen = await agent('cycle', calls, (input) => ({ content: `of ${input.path}` }));
    assert.equal(firstWarning(seen), 7);
    assert.equal(blockedAt(seen), 11);
    assert.equal(seen.at(-1).error.error.error.pitot.detector, 'L3');
  });

  test('arguments in another order and ids that change are the same call', async () => {
    const calls = (n) => [
      'search',
      n % 2 ? { q: 'a', k: 1, request_id: `r${n}` } : { request_id: `r${n}`, k: 1, q: 'a' },
    ];
    const seen = await agent('reordered', calls, () => ({ content: 'nothing' }));
    assert.equal(blockedAt(seen), 6);
  });

  test('observe mode warns and never stops', async () => {
    const seen = await agent(
      'observed',
      (n) => (n < 9 ? ['search', { q: 'bird' }] : 'I give up.'),
      () => ({ content: 'nothing found' }),
      { gateway: observed.pitot, provider: observed.upstream },
    );
    assert.equal(seen.length, 10);
    assert.equal(firstWarning(seen), 4);
    assert.equal(blockedAt(seen), 0);
  });

  test('a stopped agent goes on when a person speaks', async () => {
    const seen = await agent(
      'person',
      () => ['search', { q: 'x' }],
      () => ({ content: 'nothing' }),
    );
    assert.equal(blockedAt(seen), 6);
    // History as the program has it, and a person's word a while later.
    const { body } = upstream.requests('person').at(-1);
    const { messages } = JSON.parse(body.toString());
    upstream.on('person', json(200, message([text('I will try something else.')])));
    const word = { role: 'user', content: 'Try another word, please.' };
    await new Promise((resolve) => setTimeout(resolve, 1100)); // A person takes a second at least.
    const answer = await post(
      `${pitot.httpUrl}/anthropic/v1/messages`,
      {
        model: CLAUDE,
        max_tokens: 99,
        messages: [...messages, { role: 'assistant', content: 'Stuck.' }, word],
      },
      { 'x-case': 'person' },
    ).end;
    assert.equal(answer.status, 200, answer.text);
  });

  test('an OpenAI agent is stopped, too', async () => {
    upstream.on('gpt', (request, n) =>
      json(200, { ...chatTools([`call_${n}`, 'search', { q: 'x' }]), id: `chatcmpl-l${n}` }),
    );
    const { openai } = clients(through(pitot), 'gpt', { retries: 2 });
    const messages = [{ role: 'user', content: 'find x' }];
    let failed;
    let steps = 0;
    for (; steps < 10 && !failed; steps++) {
      const answer = await openai.chat.completions
        .create({ model: GPT, messages })
        .catch((error) => {
          failed = error;
        });
      if (!answer) break;
      const [{ message: said }] = answer.choices;
      messages.push(said);
      messages.push({ role: 'tool', tool_call_id: said.tool_calls[0].id, content: 'nothing' });
    }
    assert.equal(steps, 5);
    assert.equal(failed.status, 403);
    assert.equal(failed.code, 'loop_detected');
  });

  // Ordinary agents.

  test('polling a job until it is done', async () => {
    const seen = await agent(
      'polling',
      (n) => (n < 12 ? ['get_job_status', { id: 'j1' }] : 'It is done.'),
      (input, n) => ({ content: n < 11 ? 'running' : 'done' }),
    );
    allDone(seen, 13);
  });

  test('build, edit, build again', async () => {
    const seen = await agent(
      'build',
      (n) =>
        n === 16
          ? 'It builds.'
          : n % 2
            ? ['edit', { file: 'a.c', line: n }]
            : ['bash', { command: 'make' }],
      (input, n) =>
        input.command
          ? { content: `${16 - n} errors left`, is_error: true }
          : { content: 'edited' },
    );
    allDone(seen, 17);
  });

  test('one tool over many files', async () => {
    const seen = await agent(
      'batch',
      (n) => (n < 25 ? ['read', { path: `src/file_${n}.c` }] : 'Read them all.'),
      () => ({ content: 'int x;' }),
    );
    allDone(seen, 26);
  });

  test('several tools at once, also alike', async () => {
    const seen = await agent(
      'parallel',
      (n) =>
        n < 6
          ? Array.from({ length: 4 }, (_, i) => ['fetch', { url: `/page/${n}/${i}` }])
          : 'Done.',
      (input) => ({ content: `page ${input.url}` }),
    );
    allDone(seen, 7);
  });

  test('a long chat in which a person asks the same again', async () => {
    upstream.on('chat', (request, n) => json(200, chat('Yes, it is.', { id: `chatcmpl-c${n}` })));
    const { openai } = clients(through(pitot), 'chat');
    const messages = [];
    for (let n = 0; n < 25; n++) {
      messages.push({ role: 'user', content: n % 3 ? `Question ${n}` : 'And now?' });
      const answer = await openai.chat.completions.create({ model: GPT, messages });
      messages.push(answer.choices[0].message);
    }
  });

  test(
    'an agent of 29 steps is not yet a long one; a history of 200 turns counts each tool once',
    { timeout: 60_000 },
    async () => {
      const seen = await agent(
        'long',
        (n) => (n < 28 ? ['step', { n }] : 'Done.'),
        (input) => ({ content: `result ${input.n}` }),
      );
      allDone(seen, 29);
      const spans = await spansOf(pitot, seen[0].traceId, (all) =>
        assert.equal(all.filter(({ kind }) => kind === 'tool').length, 28),
      );
      assert.equal(spans.filter(({ kind }) => kind === 'llm').length, 29);
    },
  );
});
