// Budgets that hold, with real clients and real connections.

import assert from 'node:assert/strict';
import http from 'node:http';
import { before, describe, test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import { APIError as OpenAiError } from 'openai';
import {
  CLAUDE,
  EMBEDDING,
  GEMINI,
  GPT,
  anthropicUsage,
  chat,
  cost,
  embeddings,
  message,
  messageEvents,
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
} from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { HANG, RESET, gate, json, sse, until } from './upstream.mjs';
import { clients, through } from './ways.mjs';

const ASK = { model: CLAUDE, max_tokens: 100, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_CHAT = {
  model: GPT,
  max_completion_tokens: 100,
  messages: [{ role: 'user', content: 'Where?' }],
};
const ANSWER = message([text('It left Hamburg.')]);
// Costs a good part of what is reserved for it.
const DEAR = message([text('x'.repeat(90))], { usage: anthropicUsage({ output_tokens: 95 }) });
const NANO = 1e9;

const hard = (id, limit_usd, more = {}) => ({
  id,
  scope: 'feature',
  match: id,
  window: 'day',
  limit_usd,
  hard: true,
  ...more,
});

// What was set aside may be exact only to the nano-dollar.
const nano = (usd) => Math.round(Number(usd) * NANO);

async function budgetOf(pitot, id) {
  const { status, value } = await api(pitot, `/budgets/${id}`);
  assert.equal(status, 200, JSON.stringify(value));
  return value;
}
const settled = (pitot, id, check = () => {}) =>
  eventually(
    () => budgetOf(pitot, id),
    (budget) => {
      assert.equal(nano(budget.reserved_usd), 0, `reserved: ${JSON.stringify(budget)}`);
      check(budget);
    },
  );

describe('budgets', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let url;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, {
      retries: { attempts: 1 },
      breaker: { enabled: false },
      budgets: [
        hard('empty', 0.000001),
        hard('strict', 1),
        hard('roomy', 1000),
        hard('allows-unknown', 1000, { unknown_price: 'allow', mode: 'expected' }),
        hard('cuts', 1000, { on_exceed: 'cut' }),
        hard('closed', 10),
        hard('cancels', 10),
        hard('fails', 10),
        hard('embeds', 10),
        hard('agents', 25),
        { ...hard('soft', 0.000001), hard: false },
        {
          id: 'per-user',
          scope: 'user',
          match: 'buyer-*',
          window: 'day',
          limit_usd: 0.02,
          hard: true,
        },
        {
          id: 'per-trace',
          scope: 'trace',
          limit_usd: 5,
          hard: true,
          unknown_price: 'allow',
          mode: 'expected',
        },
        hard('learns', 0.05, { mode: 'expected' }),
      ],
    }));
    url = {
      messages: `${pitot.httpUrl}/anthropic/v1/messages`,
      chat: `${pitot.httpUrl}/openai/v1/chat/completions`,
      embeddings: `${pitot.httpUrl}/openai/v1/embeddings`,
      images: `${pitot.httpUrl}/openai/v1/images/generations`,
    };
  });

  // A call under the budget of that name.
  function under(budget, where, body, { name = budget, headers = {}, agent } = {}) {
    return post(where, body, { 'x-case': name, 'x-pitot-feature': budget, ...headers }, agent);
  }
  const refusedWith = (answer, code) => {
    assert.equal(answer.status, 402, answer.text);
    assert.equal(JSON.parse(answer.text).error.pitot.code, code, answer.text);
    assert.equal(answer.headers['x-should-retry'], 'false');
  };

  test('402 in the envelope that each SDK raises, asked once', async () => {
    upstream.on('empty', json(200, ANSWER));
    const made = clients(through(pitot), 'empty', {
      retries: 2,
      headers: { 'x-pitot-feature': 'empty' },
    });
    const fails = async (work) => {
      const before = made.http.length;
      const error = await work().then(
        () => assert.fail('was not refused'),
        (reason) => reason,
      );
      assert.equal(made.http.length - before, 1, 'a refusal that is final is not tried again');
      return error;
    };
    const claude = await fails(() => made.anthropic.messages.create(ASK));
    assert.ok(claude instanceof Anthropic.APIError);
    assert.equal(claude.status, 402);
    assert.equal(claude.error.error.type, 'billing_error');
    const { pitot: details, message: words } = claude.error.error;
    assert.equal(details.budget, 'empty');
    assert.equal(Number(details.limit_usd), 0.000001);
    assert.equal(details.code, 'budget_too_small', 'it alone may cost more than the limit');
    assert.match(words, /empty/);

    const gpt = await fails(() => made.openai.chat.completions.create(ASK_CHAT));
    assert.ok(gpt instanceof OpenAiError);
    assert.equal(gpt.status, 402);
    assert.match(gpt.code, /budget/);

    const gemini = await fails(() =>
      made.gemini.models.generateContent({
        model: GEMINI,
        contents: 'a',
        config: { maxOutputTokens: 99 },
      }),
    );
    assert.equal(gemini.status, 402);
    assert.match(gemini.message, /empty/);
    assert.equal(upstream.requests('empty').length, 0, 'nothing reached the provider');
  });

  test('a refused call is a span that says why', async () => {
    const { traceId, headers } = traceparent();
    await under('empty', url.messages, ASK, { headers }).end;
    const span = await callSpan(pitot, traceId);
    assert.equal(span.status, 'error');
    assert.equal(span.error_category, 'quota');
    assert.match(span.status_message, /empty/);
    assert.equal(nano(span.cost_usd), 0);
    assert.equal(span.attributes['pitot.budget'], 'empty too_large');
  });

  test('a soft budget warns and lets pass', async () => {
    upstream.on('soft', json(200, ANSWER));
    const warnings = [];
    for (let i = 0; i < 3; i++) {
      const answer = await under('soft', url.messages, ASK).end;
      assert.equal(answer.status, 200);
      warnings.push(answer.headers['x-pitot-budget-warning']);
    }
    assert.match(warnings.at(-1) ?? '', /soft/);
  });

  test(
    '64 connections at once never exceed a strict budget, and nothing stays reserved',
    { timeout: 60_000 },
    async () => {
      const random = mulberry(20261120);
      const kinds = [
        'whole',
        'whole',
        'whole',
        'stream',
        'stream',
        'leave',
        'fail',
        'reset',
        'cut',
      ];
      const answerOf = (kind, output) => {
        const usage = anthropicUsage({ input_tokens: 12, output_tokens: output });
        const whole = message([text('x'.repeat(40))], { usage });
        const events = messageEvents(whole);
        switch (kind) {
          case 'whole':
            return json(200, whole);
          case 'stream':
            return sse(events);
          case 'leave':
            return [...sse(events.slice(0, 4)).slice(0, -1), HANG];
          case 'fail':
            return json(500, { type: 'error', error: { type: 'api_error', message: 'x' } });
          case 'reset':
            return [RESET];
          default:
            return [...sse(events.slice(0, 4)).slice(0, -1), RESET];
        }
      };
      upstream.on('strict', (request) =>
        answerOf(request.header('x-kind'), Number(request.header('x-output'))),
      );
      let left = 1200;
      let admitted = 0;
      let refused = 0;
      const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
      const worker = async () => {
        while (left-- > 0) {
          const kind = kinds[Math.floor(random() * kinds.length)];
          const max_tokens = 200 + Math.floor(random() * 800);
          const output = 1 + Math.floor(random() * max_tokens);
          const stream = kind !== 'whole' && kind !== 'fail';
          const call = under(
            'strict',
            url.messages,
            { ...ASK, max_tokens, stream },
            {
              headers: { 'x-kind': kind, 'x-output': String(output) },
              agent,
            },
          );
          if (kind === 'leave') {
            const { statusCode } = await call.head;
            if (statusCode === 200) {
              await call.has('text_delta');
              call.abort();
            }
          }
          const { status } = await call.end;
          if (status === 402) refused++;
          else admitted++;
        }
      };
      await Promise.all(Array.from({ length: 64 }, worker));
      agent.destroy();
      assert.ok(admitted > 50, `${admitted} admitted`);
      assert.ok(refused > 50, `${refused} refused: the budget was never reached`);
      const budget = await settled(pitot, 'strict');
      assert.ok(nano(budget.spent_usd) <= 1 * NANO, `spent ${budget.spent_usd}`);
      assert.ok(nano(budget.spent_usd) > 0.4 * NANO, `spent ${budget.spent_usd} of 1: left unused`);
      // And what was spent is what the spans cost.
      await eventually(
        async () =>
          (await api(pitot, `/cost?by=feature&q=${encodeURIComponent('feature = strict')}`)).value,
        (answer) => {
          const [group] = answer.groups;
          assert.equal(nano(group.cost_usd), nano(budget.spent_usd), JSON.stringify(group));
        },
      );
    },
  );

  test('each user has a budget of its own, and so have those who say no name', async () => {
    upstream.on('user', json(200, DEAR));
    const ask = (user) =>
      post(url.messages, ASK, { 'x-case': 'user', ...(user && { 'x-pitot-user': user }) }).end;
    const until402 = async (user) => {
      for (let n = 0; n < 20; n++) if ((await ask(user)).status === 402) return n;
      return undefined;
    };
    const first = await until402('buyer-1');
    assert.ok(first > 0, `buyer-1 was refused after ${first} calls`);
    assert.equal(await until402('buyer-2'), first, 'the second user has as much');
    const refused = await ask('buyer-1');
    refusedWith(refused, 'budget_exceeded');
    const { resets_at } = JSON.parse(refused.text).error.pitot;
    assert.ok(Date.parse(resets_at) > Date.now(), refused.text);
  });

  test('no path goes around a budget: embeddings count, what cannot be bounded is refused', async () => {
    upstream.on('embeds', json(200, embeddings([[1]])));
    const body = { model: EMBEDDING, input: 'some words' };
    assert.equal((await under('embeds', url.embeddings, body).end).status, 200);
    const spent = cost('openai', EMBEDDING, { input: 8, output: 0 });
    await settled(pitot, 'embeds', (budget) => assert.equal(nano(budget.spent_usd), spent));

    upstream.on('images', json(200, { data: [] }));
    const images = { model: 'gpt-image-1', prompt: 'a bird' };
    const refused = await under('roomy', url.images, images, { name: 'images' }).end;
    refusedWith(refused, 'unknown_price');
    assert.equal(upstream.requests('images').length, 0);
    const allowed = await under('allows-unknown', url.images, images, { name: 'images' }).end;
    assert.equal(allowed.status, 200, allowed.text);
  });

  test('a model without a price is refused under a hard budget, unless that is allowed', async () => {
    upstream.on('unknown', json(200, chat('hi', { model: 'in-house-7' })));
    const body = { ...ASK_CHAT, model: 'in-house-7' };
    refusedWith(await under('roomy', url.chat, body, { name: 'unknown' }).end, 'unknown_price');
    const allowed = await under('allows-unknown', url.chat, body, { name: 'unknown' }).end;
    assert.equal(allowed.status, 200);
  });

  test('input that the body does not bound reserves the context window', async () => {
    const where = `${pitot.httpUrl}/openai/v1/responses`;
    const body = {
      model: GPT,
      input: 'go on',
      previous_response_id: 'resp_1',
      max_output_tokens: 50,
    };
    const gateHeld = gate();
    upstream.on('unbounded', [
      until(gateHeld),
      ...json(200, {
        object: 'response',
        id: 'resp_2',
        status: 'completed',
        output: [],
        model: GPT,
        usage: { input_tokens: 9, output_tokens: 9, total_tokens: 18 },
      }),
    ]);
    const call = under('roomy', where, body, { name: 'unbounded' });
    await upstream.request('unbounded');
    const held = await budgetOf(pitot, 'roomy');
    // gpt-5-mini takes in 400,000 tokens at 0.25 USD a million: dimes, not fractions of a cent.
    assert.ok(Number(held.reserved_usd) > 0.05, JSON.stringify(held));
    gateHeld.open();
    assert.equal((await call.end).status, 200);
    await settled(pitot, 'roomy');
    refusedWith(await under('empty', where, body).end, 'budget_too_small');
  });

  test('agents that ask for much output are not blocked while nothing is spent', async () => {
    upstream.on('agents', json(200, ANSWER));
    const asks = [
      { ...ASK, max_tokens: 64_000 },
      { ...ASK_CHAT, max_completion_tokens: undefined },
    ];
    for (const [i, where] of [url.messages, url.chat].entries()) {
      const calls = Array.from({ length: 4 }, () => under('agents', where, asks[i]).end);
      for (const answer of await Promise.all(calls)) assert.equal(answer.status, 200, answer.text);
    }
  });

  test('expected mode learns what calls cost, and holds within its bound', async () => {
    upstream.on('learns', json(200, ANSWER));
    const body = { ...ASK, max_tokens: 8_000 };
    const ones = [];
    for (let i = 0; i < 60; i++) ones.push((await under('learns', url.messages, body).end).status);
    const budget = await settled(pitot, 'learns');
    const each = cost('anthropic', CLAUDE, { input: 25, output: 15 });
    const passed = ones.filter((status) => status === 200).length;
    assert.equal(nano(budget.spent_usd), passed * each);
    assert.ok(nano(budget.spent_usd) <= 0.05 * NANO + nano(budget.overshoot_usd ?? 0));
  });

  test('who leaves, and what fails, is settled', async () => {
    upstream.on('cancels', [HANG]);
    const call = under('cancels', url.messages, { ...ASK, stream: true });
    await upstream.request('cancels');
    assert.ok(Number((await budgetOf(pitot, 'cancels')).reserved_usd) > 0);
    call.abort();
    await settled(pitot, 'cancels');

    upstream.on(
      'fails',
      json(529, { type: 'error', error: { type: 'overloaded_error', message: 'x' } }),
    );
    assert.equal((await under('fails', url.messages, ASK).end).status, 529);
    await settled(pitot, 'fails', (budget) => assert.equal(nano(budget.spent_usd), 0));
  });

  test('a person disables a budget: calls are refused, streams are cut where it says so', async () => {
    const go = gate();
    const events = messageEvents(ANSWER);
    upstream.on('cuts', sse([...events.slice(0, 4), until(go), ...events.slice(4)]));
    const { traceId, headers } = traceparent();
    const call = under('cuts', url.messages, { ...ASK, stream: true }, { headers });
    await call.has('text_delta');
    const disabled = await pitot.command('budget', 'disable', 'cuts', '--reason', 'runaway');
    assert.equal(disabled.code, 0, disabled.stderr);
    const { text: received, complete } = await call.end;
    assert.ok(!received.includes('message_stop'), 'the stream was cut');
    assert.ok(!complete || received.includes('event: error'));
    await (
      await upstream.request('cuts')
    ).gone;
    const span = await callSpan(pitot, traceId);
    assert.equal(span.status, 'error');
    assert.match(span.status_message, /cuts/);
    assert.equal(span.attributes['pitot.budget'], 'cuts cut');

    const refused = await under('cuts', url.messages, ASK).end;
    refusedWith(refused, 'budget_exceeded');
    assert.match(refused.text, /runaway/);
    const enabled = await pitot.command('budget', 'enable', 'cuts');
    assert.equal(enabled.code, 0, enabled.stderr);
    upstream.on('cuts', json(200, ANSWER));
    assert.equal((await under('cuts', url.messages, ASK).end).status, 200);
  });

  test('budgets are made, shown, raised and removed by API and command line', async () => {
    const spec = {
      id: 'made',
      scope: 'feature',
      match: 'made',
      window: 'day',
      limit_usd: 0.000001,
      hard: true,
    };
    const put = await api(pitot, '/budgets', { method: 'PUT', body: spec });
    assert.equal(put.status, 200, JSON.stringify(put.value));
    upstream.on('made', json(200, ANSWER));
    assert.equal((await under('made', url.messages, ASK).end).status, 402);
    const raised = await api(pitot, '/budgets', {
      method: 'PUT',
      body: { ...spec, limit_usd: 10 },
    });
    assert.equal(raised.status, 200);
    await eventually(
      () => under('made', url.messages, ASK).end,
      (answer) => assert.equal(answer.status, 200, answer.text),
    );
    const list = await pitot.command('budget', 'list');
    assert.equal(list.code, 0, list.stderr);
    assert.match(list.stdout, /made/);
    const show = await pitot.command('budget', 'show', 'made', '--json');
    assert.equal(
      nano(JSON.parse(show.stdout).spent_usd),
      cost('anthropic', CLAUDE, { input: 25, output: 15 }),
    );
    const ofFile = await api(pitot, '/budgets', { method: 'PUT', body: hard('strict', 5) });
    assert.equal(ofFile.status, 409, JSON.stringify(ofFile.value));
    assert.match(JSON.stringify(ofFile.value), /pitot\.yaml/);
    const removed = await api(pitot, '/budgets/made', { method: 'DELETE' });
    assert.ok(removed.status < 300, JSON.stringify(removed.value));
  });
});

test(
  'what was spent outlives a crash, and open calls count their reservation',
  { timeout: 60_000 },
  async (t) => {
    const { upstream, pitot } = await startGateway(
      t,
      { budgets: [hard('crash', 10)] },
      { more: { ingest: { open_timeout: '2s' } } },
    );
    const url = `${pitot.httpUrl}/anthropic/v1/messages`;
    const headers = { 'x-case': 'crash', 'x-pitot-feature': 'crash' };
    upstream.on('crash', (request, n) => (n < 5 ? json(200, ANSWER) : [HANG]));
    for (let i = 0; i < 5; i++) assert.equal((await post(url, ASK, headers).end).status, 200);
    const spent = 5 * cost('anthropic', CLAUDE, { input: 25, output: 15 });
    await settled(pitot, 'crash', (budget) => assert.equal(nano(budget.spent_usd), spent));
    const { traceId, headers: parent } = traceparent();
    const hanging = post(url, ASK, { ...headers, ...parent });
    await upstream.request('crash', 5);
    const { reserved_usd } = await budgetOf(pitot, 'crash');
    assert.ok(nano(reserved_usd) > 0);
    await spansOf(pitot, traceId, ([one]) => assert.match(one?.status ?? '', /running|unfinished/));

    await pitot.crash();
    await hanging.end;
    await pitot.start();

    const after = await budgetOf(pitot, 'crash');
    assert.equal(nano(after.spent_usd) + nano(after.reserved_usd), spent + nano(reserved_usd));
    const [span] = await spansOf(pitot, traceId, ([one]) =>
      assert.equal(one?.status, 'unfinished'),
    );
    assert.equal(nano(span.cost_usd), nano(reserved_usd), 'it may have cost as much');
    assert.ok(span.estimated);
  },
);

// A small generator of random numbers that gives the same ones each time.
function mulberry(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
