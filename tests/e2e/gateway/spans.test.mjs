// What a call becomes: its span with figures, money and messages.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  CLAUDE,
  EMBEDDING,
  GEMINI,
  GPT,
  anthropicUsage,
  chat,
  cost,
  embeddings,
  generated,
  message,
  outputText,
  response,
  text,
} from './answers.mjs';
import {
  api,
  callSpan,
  eventually,
  shared,
  spansOf,
  startGateway,
  traceparent,
  wholeSpan,
} from './pitot_gateway.mjs';
import { get, post } from './raw.mjs';
import { json } from './upstream.mjs';
import { PROVIDER_KEY } from './ways.mjs';

const user = (content) => ({ role: 'user', content });
const nano = (usd) => Math.round(usd * 1e9);

describe('spans of calls', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, (one) => ({
      upstreams: { router: { url: one.url, dialect: 'openai', provider: 'openrouter' } },
    })));
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

  test('figures, money and messages of one call', async () => {
    const usage = anthropicUsage({
      input_tokens: 400,
      cache_read_input_tokens: 3000,
      cache_creation_input_tokens: 1000,
      cache_creation: { ephemeral_5m_input_tokens: 600, ephemeral_1h_input_tokens: 400 },
      output_tokens: 120,
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 0 },
    });
    upstream.on('whole', json(200, message([text('It left Hamburg.')], { usage })));
    const tools = [{ name: 'find_order', description: 'Finds', input_schema: { type: 'object' } }];
    const { traceId, spanId } = await anthropic(
      {
        model: CLAUDE,
        max_tokens: 512,
        temperature: 0.25,
        system: 'Be terse.',
        tools,
        metadata: { user_id: 'user-77' },
        messages: [user('Where is order 48213?')],
      },
      { 'x-pitot-feature': 'checkout', 'x-pitot-workflow': 'refund', 'x-pitot-session': 'sess-1' },
      'whole',
    );
    const span = await callSpan(pitot, traceId);
    assert.equal(span.span_id, spanId);
    const expected = {
      kind: 'llm',
      provider: 'anthropic',
      model: CLAUDE,
      model_requested: CLAUDE,
      response_id: 'msg_01XFDUDYJgAACzvnptvVoYEL',
      finish_reason: 'stop',
      finish_raw: 'end_turn',
      temperature: 0.25,
      max_tokens: 512,
      input_tokens: 400,
      cache_read_tokens: 3000,
      cache_write_5m_tokens: 600,
      cache_write_1h_tokens: 400,
      output_tokens: 120,
      web_searches: 2,
      feature: 'checkout',
      workflow: 'refund',
      session_id: 'sess-1',
      user_id: 'user-77',
      source: 'gateway',
      price_source: 'catalogue',
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(span[name], value, name);
    assert.ok(!span.estimated);
    assert.match(JSON.stringify(span.input), /Where is order 48213/);
    assert.match(JSON.stringify(span.output), /It left Hamburg/);
    assert.match(JSON.stringify(span.system), /Be terse/);
    assert.match(JSON.stringify(span.tool_definitions), /find_order/);
    const [request] = upstream.requests('whole');
    assert.ok(!request.headers.some(([name]) => /pitot/i.test(name)), 'our headers stay here');
  });

  test('cost is the price package\u2019s own, by API', async () => {
    const usage = anthropicUsage({ cache_read_input_tokens: 1000, output_tokens: 50 });
    const cases = {
      '/anthropic/v1/messages': [
        { model: CLAUDE, max_tokens: 9, messages: [user('a')] },
        message([text('b')], { usage }),
        cost('anthropic', CLAUDE, { input: 1025, cacheRead: 1000, output: 50 }),
      ],
      '/openai/v1/chat/completions': [
        { model: GPT, messages: [user('a')] },
        chat('b'),
        cost('openai', GPT, { input: 1200, cacheRead: 1024, output: 90 }),
      ],
      '/openai/v1/responses': [
        { model: GPT, input: 'a' },
        response([outputText('b')]),
        cost('openai', GPT, { input: 328, cacheRead: 128, output: 52 }),
      ],
      '/openai/v1/embeddings': [
        { model: EMBEDDING, input: 'a' },
        embeddings([[1, 2]]),
        cost('openai', EMBEDDING, { input: 8, output: 0 }),
      ],
      [`/gemini/v1beta/models/${GEMINI}:generateContent`]: [
        { contents: [{ parts: [{ text: 'a' }] }] },
        generated([{ text: 'b' }]),
        cost('google', GEMINI, { input: 40, cacheRead: 16, output: 20 }),
      ],
    };
    for (const [path, [body, answer, expected]] of Object.entries(cases)) {
      const name = `cost ${path}`;
      upstream.on(name, json(200, answer));
      const { traceId, spanId } = await call(path, body, { 'x-case': name });
      await spansOf(pitot, traceId);
      const span = await wholeSpan(pitot, traceId, spanId);
      assert.equal(nano(span.cost_usd), expected, path);
      assert.equal(span.kind, path.endsWith('embeddings') ? 'embedding' : 'llm', path);
    }
  });

  test('what the provider says it charged wins over any table', async () => {
    const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost: 0.00123 };
    upstream.on('router', json(200, chat('hi', { model: 'some/model', usage })));
    const body = { model: 'some/model', messages: [user('a')] };
    const { traceId } = await call('/up/router/v1/chat/completions', body, { 'x-case': 'router' });
    const span = await callSpan(pitot, traceId);
    assert.equal(nano(span.cost_usd), 1_230_000);
    assert.equal(span.price_source, 'provider');
    assert.equal(span.provider, 'openrouter');
  });

  test('a model without a price costs an unknown amount, not nothing', async () => {
    upstream.on('unpriced', json(200, chat('hi', { model: 'in-house-7' })));
    const body = { model: 'in-house-7', messages: [user('a')] };
    const { traceId } = await call('/up/router/v1/chat/completions', body, {
      'x-case': 'unpriced',
    });
    const span = await callSpan(pitot, traceId);
    assert.equal(span.cost_usd, null);
    assert.equal(span.output_tokens, 90 - 64);
  });

  test('the tier that was served is the one that is paid', async () => {
    const served = (tier) => chat('hi', { service_tier: tier, model: 'gpt-5-mini' });
    const costs = {};
    for (const tier of ['default', 'flex']) {
      upstream.on(`tier ${tier}`, json(200, served(tier)));
      const body = { model: GPT, messages: [user('a')], service_tier: 'flex' };
      const { traceId } = await call('/openai/v1/chat/completions', body, {
        'x-case': `tier ${tier}`,
      });
      const span = await callSpan(pitot, traceId);
      assert.equal(span.service_tier, tier);
      costs[tier] = nano(span.cost_usd);
    }
    assert.ok(costs.flex < costs.default, JSON.stringify(costs));
  });

  test('iterations are priced each by its own model, instead of the top level', async () => {
    const usage = anthropicUsage({
      input_tokens: 100,
      output_tokens: 10,
      iterations: [
        { type: 'compaction', input_tokens: 50_000, output_tokens: 800 },
        { type: 'message', model: CLAUDE, input_tokens: 100, output_tokens: 10 },
        {
          type: 'advisor_message',
          model: 'claude-haiku-4-5',
          input_tokens: 1000,
          output_tokens: 100,
        },
      ],
    });
    upstream.on('iterations', json(200, message([text('b')], { usage })));
    const { traceId } = await anthropic(
      { model: CLAUDE, max_tokens: 9, messages: [user('a')] },
      {},
      'iterations',
    );
    await spansOf(pitot, traceId);
    const spans = await spansOf(pitot, traceId, (all) =>
      assert.ok(all.some(({ kind }) => kind === 'llm')),
    );
    const total = spans.reduce(
      (sum, span) => sum + (span.counted === false ? 0 : nano(span.cost_usd ?? 0)),
      0,
    );
    const expected =
      cost('anthropic', CLAUDE, { input: 50_000, output: 800 }) +
      cost('anthropic', CLAUDE, { input: 100, output: 10 }) +
      cost('anthropic', 'claude-haiku-4-5', { input: 1000, output: 100 });
    assert.equal(total, expected);
  });

  test('a background response is metered once, when it is fetched', async () => {
    const queued = response([], {
      id: 'resp_bg1',
      status: 'queued',
      usage: null,
      background: true,
    });
    const done = response([outputText('b')], { id: 'resp_bg1', background: true });
    upstream.on('background', (request) => json(200, request.method === 'POST' ? queued : done));
    const { headers } = traceparent();
    const all = { 'x-case': 'background', 'x-pitot-session': 'background-1', ...headers };
    await call('/openai/v1/responses', { model: GPT, input: 'a', background: true }, all);
    for (let i = 0; i < 3; i++) {
      const url = `${pitot.httpUrl}/openai/v1/responses/resp_bg1`;
      assert.equal((await get(url, { 'x-case': 'background' }).end).status, 200);
    }
    const expected = cost('openai', GPT, { input: 328, cacheRead: 128, output: 52 });
    const counted = async () => {
      const { value } = await api(
        pitot,
        `/export?q=${encodeURIComponent('response_id = "resp_bg1"')}`,
      );
      const lines = typeof value === 'string' ? value.trim().split('\n').filter(Boolean) : [value];
      return lines.map((line) => (typeof line === 'string' ? JSON.parse(line) : line));
    };
    await eventually(counted, (spans) => {
      const paid = spans.filter(({ cost: money }) => money?.nano_usd > 0);
      assert.equal(paid.length, 1, JSON.stringify(spans));
      assert.equal(paid[0].cost.nano_usd, expected);
    });
  });

  test('keys of providers stand in no span, log or answer', async () => {
    upstream.on(
      'secret',
      json(401, {
        type: 'error',
        error: { type: 'authentication_error', message: 'invalid x-api-key' },
      }),
    );
    const { traceId, headers } = traceparent();
    await post(
      `${pitot.httpUrl}/anthropic/v1/messages?key=${PROVIDER_KEY}-query`,
      { model: CLAUDE, messages: [user('a')] },
      {
        'x-case': 'secret',
        'x-api-key': PROVIDER_KEY,
        authorization: `Bearer ${PROVIDER_KEY}-bearer`,
        ...headers,
      },
    ).end;
    await callSpan(pitot, traceId);
    const { value } = await api(pitot, '/export');
    const all = typeof value === 'string' ? value : JSON.stringify(value);
    assert.ok(all.includes(traceId), 'the export has this call');
    assert.ok(!all.includes(PROVIDER_KEY), 'no span has the key');
    assert.ok(!pitot.log.includes(PROVIDER_KEY), 'no line of the log has it');
  });
});
