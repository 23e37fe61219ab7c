// Which trace a call belongs to: without any header by the conversation, with headers as they say; and
// the tools its agent ran, each once although history is sent again and again.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  CLAUDE,
  GEMINI,
  GPT,
  chat,
  chatTools,
  functionCall,
  generated,
  message,
  messageEvents,
  outputText,
  response,
  text,
  toolUse,
} from './answers.mjs';
import {
  api,
  callSpan,
  callsOf,
  shared,
  spansOf,
  startGateway,
  traceparent,
  wholeSpan,
} from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { json, sse } from './upstream.mjs';

const user = (content) => ({ role: 'user', content });

describe('runs of agents', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope));
  });

  const anthropic = (body, headers, name) => call('/anthropic/v1/messages', body, headers, name);

  // The answer to one call; its trace as the gateway tells it.
  async function call(path, body, headers = {}, name = headers['x-case']) {
    const answer = await post(`${pitot.httpUrl}${path}`, body, { 'x-case': name, ...headers }).end;
    assert.equal(answer.status, 200, answer.text);
    const traceId = answer.headers['x-pitot-trace-id'];
    assert.match(traceId, /^[0-9a-f]{32}$/);
    const value = answer.text.startsWith('{') ? JSON.parse(answer.text) : answer.text;
    return { value, traceId, spanId: answer.headers['x-pitot-span-id'], headers: answer.headers };
  }

  // An agent that asks, runs the tools it is told to, and asks again with the whole history. The
  // answers are `steps`: lists of calls [id, name, arguments], the last one words.
  async function runAgent({ name, path, body, first, steps, answerOf, take, headers = {} }) {
    upstream.on(name, (request, n) => json(200, answerOf(steps[Math.min(n, steps.length - 1)], n)));
    let history = first;
    const traces = [];
    for (let n = 0; n < steps.length; n++) {
      const { value, traceId } = await call(path, body(history), { 'x-case': name, ...headers });
      traces.push(traceId);
      if (n + 1 < steps.length) history = take(history, value, steps[n]);
    }
    return traces;
  }
  const STEPS = [
    [['t1', 'search', { q: 'a' }]],
    [
      ['t2', 'read', { path: 'x' }],
      ['t3', 'read', { path: 'y' }],
    ],
    [['t4', 'write', { path: 'x', to: 1 }]],
    'done',
  ];
  const resultOf = (id) => (id === 't3' ? 'no such file' : `result of ${id}`);
  const AGENTS = {
    'Anthropic messages': {
      path: '/anthropic/v1/messages',
      body: (messages) => ({ model: CLAUDE, max_tokens: 99, messages }),
      first: [user('Do it, Anthropic.')],
      answerOf: (step, n) =>
        typeof step === 'string'
          ? message([text(step)], { id: `msg_${n}` })
          : message([text('ok'), ...step.map(([id, name, input]) => toolUse(id, name, input))], {
              id: `msg_${n}`,
              stop_reason: 'tool_use',
            }),
      take: (history, answer, step) => [
        ...history,
        { role: 'assistant', content: answer.content },
        {
          role: 'user',
          content: step.map(([tool_use_id]) => ({
            type: 'tool_result',
            tool_use_id,
            content: resultOf(tool_use_id),
            ...(tool_use_id === 't3' && { is_error: true }),
          })),
        },
      ],
    },
    'OpenAI chat': {
      path: '/openai/v1/chat/completions',
      body: (messages) => ({ model: GPT, messages }),
      first: [user('Do it, OpenAI.')],
      answerOf: (step, n) =>
        typeof step === 'string'
          ? chat(step, { id: `chatcmpl-${n}` })
          : { ...chatTools(...step), id: `chatcmpl-${n}` },
      take: (history, answer, step) => [
        ...history,
        answer.choices[0].message,
        ...step.map(([tool_call_id]) => ({
          role: 'tool',
          tool_call_id,
          content: resultOf(tool_call_id),
        })),
      ],
    },
    'OpenAI responses with history': {
      path: '/openai/v1/responses',
      body: (input) => ({ model: GPT, input, store: false }),
      first: [user('Do it, Responses.')],
      answerOf: (step, n) =>
        response(
          typeof step === 'string' ? [outputText(step)] : step.map((one) => functionCall(...one)),
          { id: `resp_h${n}` },
        ),
      take: (history, answer, step) => [
        ...history,
        ...answer.output,
        ...step.map(([call_id]) => ({
          type: 'function_call_output',
          call_id,
          output: resultOf(call_id),
        })),
      ],
    },
    'OpenAI responses by previous_response_id': {
      path: '/openai/v1/responses',
      body: (history) => ({ model: GPT, ...history }),
      first: { input: [user('Do it, by id.')] },
      answerOf: (step, n) =>
        response(
          typeof step === 'string' ? [outputText(step)] : step.map((one) => functionCall(...one)),
          { id: `resp_p${n}` },
        ),
      take: (history, answer, step) => ({
        previous_response_id: answer.id,
        input: step.map(([call_id]) => ({
          type: 'function_call_output',
          call_id,
          output: resultOf(call_id),
        })),
      }),
    },
    Gemini: {
      path: `/gemini/v1beta/models/${GEMINI}:generateContent`,
      body: (contents) => ({ contents }),
      first: [{ role: 'user', parts: [{ text: 'Do it, Gemini.' }] }],
      answerOf: (step, n) =>
        generated(
          typeof step === 'string'
            ? [{ text: step }]
            : step.map(([, name, args]) => ({ functionCall: { name, args } })),
          { responseId: `gem_${n}` },
        ),
      take: (history, answer, step) => [
        ...history,
        answer.candidates[0].content,
        {
          role: 'user',
          parts: step.map(([id, name]) => ({
            functionResponse: { name, response: { result: resultOf(id) } },
          })),
        },
      ],
    },
  };

  for (const [api_, agent] of Object.entries(AGENTS)) {
    test(`an agent without any header, ${api_}: one trace, each tool once`, async () => {
      const traces = await runAgent({ name: `agent ${api_}`, steps: STEPS, ...agent });
      assert.equal(new Set(traces).size, 1, 'one trace for the conversation');
      const [traceId] = traces;
      await callsOf(pitot, traceId, STEPS.length);
      const spans = await spansOf(pitot, traceId, (all) =>
        assert.equal(all.filter(({ kind }) => kind === 'tool').length, 4, JSON.stringify(all)),
      );
      const tools = spans.filter(({ kind }) => kind === 'tool');
      assert.deepEqual(tools.map(({ tool_name }) => tool_name).sort(), [
        'read',
        'read',
        'search',
        'write',
      ]);
      const whole = await Promise.all(
        tools.map(({ span_id }) => wholeSpan(pitot, traceId, span_id)),
      );
      for (const [id, , args] of STEPS.slice(0, 3).flat()) {
        const tool = whole.find(({ output }) =>
          JSON.stringify(output ?? '').includes(resultOf(id)),
        );
        assert.ok(tool, `the result of ${id}`);
        const [value] = Object.values(args);
        assert.ok(JSON.stringify(tool.input).includes(String(value)), `the arguments of ${id}`);
      }
      if (api_ === 'Anthropic messages') {
        assert.equal(whole.find(({ tool_call_id }) => tool_call_id === 't3').tool_status, 'error');
        assert.equal(
          whole.find(({ tool_call_id }) => tool_call_id === 't1').tool_status,
          'success',
        );
      }
    });
  }

  test('two conversations that begin alike are two traces', async () => {
    const agent = AGENTS['Anthropic messages'];
    const words = (n) => ['hello', `answer ${n}`];
    const traces = [];
    for (const n of [1, 2]) {
      const steps = words(n);
      const first = [user('Hello there')];
      const take = (history, answer) => [
        ...history,
        { role: 'assistant', content: answer.content },
        user(`I am person ${n}`),
      ];
      traces.push(await runAgent({ ...agent, name: `alike ${n}`, steps, first, take }));
    }
    assert.equal(new Set(traces[0]).size, 1);
    assert.equal(new Set(traces[1]).size, 1);
    assert.notEqual(traces[0][0], traces[1][0]);
  });

  test('traceparent and baggage put the call where the caller says', async () => {
    upstream.on('parent', json(200, message([text('b')])));
    const { traceId, spanId, headers } = traceparent();
    await anthropic(
      { model: CLAUDE, max_tokens: 9, messages: [user('a')] },
      { ...headers, baggage: 'feature=search%20page,user.id=u-9,session.id=s-9,other=1' },
      'parent',
    );
    const span = await callSpan(pitot, traceId);
    assert.equal(span.parent_span_id, spanId);
    assert.equal(span.feature, 'search page');
    assert.equal(span.user_id, 'u-9');
    assert.equal(span.session_id, 's-9');
    const [request] = upstream.requests('parent');
    assert.equal(request.header('traceparent')?.slice(3, 35), traceId, 'the trace goes on');
  });

  test('Claude Code: a session is a trace, its agents are a tree', async () => {
    upstream.on('claude code', (request, n) =>
      sse(messageEvents(message([text(`b${n}`)], { id: `msg_cc${n}` }))),
    );
    const ask = (agent, parent, words) =>
      anthropic(
        { model: CLAUDE, max_tokens: 9, stream: true, messages: [user(words)] },
        {
          'user-agent': 'claude-cli/2.0.1 (external, cli)',
          'x-claude-code-session-id': '7d1fa9c8-1f5d-4f0e-9d2c-1b9f6a3f0c11',
          ...(agent && { 'x-claude-code-agent-id': agent }),
          ...(parent && { 'x-claude-code-parent-agent-id': parent }),
        },
        'claude code',
      );
    const { traceId } = await ask(undefined, undefined, 'main work');
    assert.equal((await ask('agent-a', undefined, 'explore')).traceId, traceId);
    assert.equal((await ask('agent-b', 'agent-a', 'explore deeper')).traceId, traceId);
    assert.equal((await ask('agent-a', undefined, 'explore more')).traceId, traceId);
    await callsOf(pitot, traceId, 4);
    const spans = await spansOf(pitot, traceId, (all) =>
      assert.ok(all.filter(({ kind }) => kind === 'agent').length >= 3, JSON.stringify(all)),
    );
    const byId = new Map(spans.map((span) => [span.span_id, span]));
    const depth = (span) => (span?.parent_span_id ? 1 + depth(byId.get(span.parent_span_id)) : 0);
    const calls = spans
      .filter(({ kind }) => kind === 'llm')
      .sort((a, b) => a.offset_ms - b.offset_ms);
    assert.deepEqual(calls.map(depth), [1, 2, 3, 2]);
    const [request] = upstream.requests('claude code');
    assert.ok(request.header('x-claude-code-session-id'), 'a header of theirs goes on');
    assert.equal(request.header('user-agent'), 'claude-cli/2.0.1 (external, cli)');
    const { value } = await api(pitot, `/traces/${traceId}`);
    assert.equal(value.trace.session_id, '7d1fa9c8-1f5d-4f0e-9d2c-1b9f6a3f0c11');
  });

  test('a retry of the SDK is the same step of the same trace', async () => {
    const busy = json(
      529,
      { type: 'error', error: { type: 'overloaded_error', message: 'x' } },
      { 'x-should-retry': 'true' },
    );
    upstream.on('again', (request, n) => (n === 0 ? busy : json(200, message([text('b')]))));
    const body = { model: CLAUDE, max_tokens: 9, messages: [user('try until it works')] };
    const url = `${pitot.httpUrl}/anthropic/v1/messages`;
    const ask = (count) =>
      post(url, body, { 'x-case': 'again', 'x-stainless-retry-count': count }).end;
    const first = await ask('0');
    const second = await ask('1');
    assert.equal(second.status, 200);
    assert.equal(first.headers['x-pitot-trace-id'], second.headers['x-pitot-trace-id']);
  });
});
