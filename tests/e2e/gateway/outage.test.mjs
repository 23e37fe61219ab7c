// What holds when a provider does not: tries that never multiply, fallbacks, breakers, answers from
// the cache, an answer of last resort; and that all of it is to be seen.

import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import {
  CLAUDE,
  GEMINI,
  GPT,
  anthropicError,
  anthropicErrorEvent,
  anthropicUsage,
  chat,
  cost,
  message,
  messageEvents,
  openAiError,
  text,
} from './answers.mjs';
import { api, callSpan, eventually, shared, startGateway, traceparent } from './pitot_gateway.mjs';
import { get, post } from './raw.mjs';
import { HANG, RESET, Upstream, gate, json, pause, sse, until } from './upstream.mjs';
import { clients, collect, through } from './ways.mjs';

const BACKUP = 'claude-haiku-4-5';
const LAST_RESORT = 'The assistant is briefly unavailable.';
const ask = (model = CLAUDE, more = {}) => ({
  model,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Where?' }],
  ...more,
});
const ANSWER = message([text('It left Hamburg.')]);
const EVENTS = messageEvents(ANSWER);
const FROM_BACKUP = message([text('Backup says: Hamburg.')], {
  model: BACKUP,
  id: 'msg_backup',
  usage: anthropicUsage({ input_tokens: 30, output_tokens: 8 }),
});
const BUSY = json(529, anthropicError('overloaded_error', 'Overloaded'));

describe('outages', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let messages;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, (one) => {
      const claude = { url: one.url, dialect: 'anthropic', provider: 'anthropic' };
      return {
        upstreams: { backup: claude, left: claude, right: claude, third: claude },
        retries: { attempts: 3, backoff: '5ms', backoff_max: '20ms', retry_after_max: '1s' },
        breaker: { enabled: false },
        routes: [
          {
            match: { upstream: 'anthropic', feature: 'falls-back' },
            fallback: [{ upstream: 'backup', model: BACKUP }],
          },
          {
            match: { upstream: 'anthropic', feature: 'chain' },
            fallback: [{ upstream: 'backup', model: BACKUP }, { upstream: 'third' }],
          },
          { match: { feature: 'cached' }, cache: { ttl: '1h' } },
          { match: { feature: 'stale' }, cache: { ttl: '1s', stale: '1h' } },
          { match: { feature: 'last-resort' }, degraded: LAST_RESORT },
          {
            match: { upstream: 'anthropic', feature: 'balanced' },
            equal: [{ upstream: 'left' }, { upstream: 'right' }],
          },
          { match: { feature: 'hurried' }, deadlines: { total: '300ms' } },
        ],
      };
    }));
    messages = `${pitot.httpUrl}/anthropic/v1/messages`;
  });

  // A call of its own case, feature and trace.
  async function call(name, feature, body = ask(), { where = messages, headers = {} } = {}) {
    const trace = traceparent();
    const end = await post(where, body, {
      'x-case': name,
      'x-pitot-feature': feature,
      ...trace.headers,
      ...headers,
    }).end;
    return { ...end, span: () => callSpan(pitot, trace.traceId) };
  }
  const modelsAsked = (name) => upstream.requests(name).map((request) => request.json().model);

  test('busy, busy, answer: the client sees the answer only', async () => {
    upstream.on('retried', (request, n) => (n < 2 ? BUSY : json(200, ANSWER)));
    const answer = await call('retried', 'plain');
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), ANSWER);
    assert.equal(upstream.requests('retried').length, 3);
    const span = await answer.span();
    assert.equal(String(span.attributes['pitot.attempts']), '3');
    assert.notEqual(span.status, 'error');
  });

  test('what must not be tried again is not', async () => {
    const cases = {
      'a request that is wrong': json(400, anthropicError('invalid_request_error', 'No.')),
      'x-should-retry: false': json(529, anthropicError('overloaded_error', 'x'), {
        'x-should-retry': 'false',
      }),
      'money used up': json(
        429,
        anthropicError('rate_limit_error', 'x', {
          details: { error_code: 'enforced_spend_limit_reached' },
        }),
      ),
      'a wait that is too long': json(429, anthropicError('rate_limit_error', 'x'), {
        'retry-after': '30',
      }),
      'a reset after the request was sent': [RESET],
    };
    for (const [name, answer] of Object.entries(cases)) {
      upstream.on(name, answer);
      assert.ok((await call(name, 'plain')).status >= 400, name);
      assert.equal(upstream.requests(name).length, 1, name);
    }
    const quota = json(
      429,
      openAiError('insufficient_quota', 'insufficient_quota', 'Out of money.'),
    );
    upstream.on('quota', quota);
    const where = `${pitot.httpUrl}/openai/v1/chat/completions`;
    const body = { model: GPT, messages: ask().messages };
    assert.equal((await call('quota', 'plain', body, { where })).status, 429);
    assert.equal(upstream.requests('quota').length, 1);
  });

  test('the tries of the client and ours do not multiply', { timeout: 30_000 }, async () => {
    upstream.on('multiplied', BUSY);
    const { anthropic, http } = clients(through(pitot), 'multiplied', { retries: 2 });
    const error = await anthropic.messages.create(ask()).catch((reason) => reason);
    assert.equal(error.status, 529);
    assert.equal(http.length, 3, 'the client tried three times');
    const tries = upstream.requests('multiplied').length;
    assert.ok(tries <= 5, `${tries} tries at a provider that is down`);
  });

  test('a busy provider: the next target answers, marked', async () => {
    upstream.on('fallback', (request) =>
      request.json().model === BACKUP ? json(200, FROM_BACKUP) : BUSY,
    );
    const answer = await call('fallback', 'falls-back');
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), FROM_BACKUP);
    assert.match(answer.headers['x-pitot-fallback'], /backup/);
    const span = await answer.span();
    assert.equal(span.model, BACKUP);
    assert.equal(span.model_requested, CLAUDE);
    assert.equal(
      Math.round(span.cost_usd * 1e9),
      cost('anthropic', BACKUP, { input: 30, output: 8 }),
    );
    assert.match(JSON.stringify(span.attributes), /529/, 'why the first did not answer');
  });

  test('an error inside a 200 stream, before anything was said, falls back unseen', async () => {
    const backup = messageEvents(FROM_BACKUP);
    upstream.on('inside', (request) =>
      request.json().model === BACKUP
        ? sse(backup)
        : sse([...EVENTS.slice(0, 2), anthropicErrorEvent('overloaded_error', 'Overloaded')]),
    );
    const answer = await call('inside', 'falls-back', ask(CLAUDE, { stream: true }));
    assert.equal(answer.status, 200);
    assert.equal(answer.text, backup.join(''));
    assert.ok(answer.complete);
  });

  test('once something was said there is no way back', async () => {
    const events = [...EVENTS.slice(0, 5), anthropicErrorEvent('overloaded_error', 'Overloaded')];
    upstream.on('said', sse(events));
    const answer = await call('said', 'falls-back', ask(CLAUDE, { stream: true }));
    assert.equal(answer.text, events.join(''));
    assert.ok(modelsAsked('said').every((model) => model === CLAUDE));
    assert.equal((await answer.span()).error_category, 'overloaded');
  });

  test('a request that is wrong does not wander along the chain', async () => {
    upstream.on('wrong', json(400, anthropicError('invalid_request_error', 'No.')));
    assert.equal((await call('wrong', 'chain')).status, 400);
    assert.equal(upstream.requests('wrong').length, 1);
  });

  test('a chain that is used up: the last answer of a provider, and what was tried', async () => {
    upstream.on('used up', BUSY);
    const answer = await call('used up', 'chain');
    assert.ok(answer.status === 529 || answer.status === 503, answer.text);
    assert.ok(new Set(modelsAsked('used up')).has(BACKUP));
    const span = await answer.span();
    assert.equal(span.status, 'error');
    assert.equal(span.error_category, 'overloaded');
  });

  test('equal questions are answered from the cache where a route says so', async () => {
    upstream.on('cache', (request) => (request.json().stream ? sse(EVENTS) : json(200, ANSWER)));
    for (const stream of [false, true]) {
      const body = ask(CLAUDE, { stream });
      const first = await call('cache', 'cached', body);
      assert.equal(first.headers['x-pitot-cache'], undefined);
      const again = await call('cache', 'cached', body);
      assert.equal(again.headers['x-pitot-cache'], 'hit');
      assert.equal(again.text, first.text);
      assert.equal(again.headers['content-type'], first.headers['content-type']);
      const span = await again.span();
      assert.equal(span.cost_usd, 0, 'it cost nothing');
      assert.match(JSON.stringify(span.attributes), /cache/);
    }
    assert.equal(upstream.requests('cache').length, 2);
    await call('cache', 'cached', ask(CLAUDE, { temperature: 0.5 }));
    await call('cache', 'plain');
    assert.equal(
      upstream.requests('cache').length,
      4,
      'another question, and a route without cache',
    );
  });

  test('a stale answer stands in for a provider that is down, marked', async () => {
    let down = false;
    upstream.on('stale', () => (down ? BUSY : json(200, ANSWER)));
    assert.equal((await call('stale', 'stale')).status, 200);
    down = true;
    const answer = await eventually(
      () => call('stale', 'stale'),
      (one) => assert.equal(one.headers['x-pitot-cache'], 'stale', 'after its second'),
    );
    assert.equal(answer.status, 200);
    assert.deepEqual(JSON.parse(answer.text), ANSWER);
    assert.ok(answer.headers['x-pitot-degraded']);
  });

  test('the answer of last resort is one that each SDK understands', async () => {
    upstream.on('resort', [HANG]);
    upstream.on(
      'resort',
      json(503, { error: { message: 'down', type: 'x', code: 503, status: 'UNAVAILABLE' } }),
    );
    const made = clients(through(pitot), 'resort', {
      headers: { 'x-pitot-feature': 'last-resort' },
    });
    const { anthropic, openai, gemini } = made;
    const said = [];
    const whole = await anthropic.messages.create(ask());
    said.push(whole.content[0].text);
    said.push((await anthropic.messages.stream(ask()).finalMessage()).content[0].text);
    const chatAsk = { model: GPT, messages: ask().messages };
    said.push((await openai.chat.completions.create(chatAsk)).choices[0].message.content);
    said.push(await openai.chat.completions.stream(chatAsk).finalContent());
    said.push((await openai.responses.create({ model: GPT, input: 'Where?' })).output_text);
    said.push(
      (await openai.responses.stream({ model: GPT, input: 'Where?' }).finalResponse()).output_text,
    );
    said.push((await gemini.models.generateContent({ model: GEMINI, contents: 'Where?' })).text);
    const chunks = await collect(
      await gemini.models.generateContentStream({ model: GEMINI, contents: 'Where?' }),
    );
    said.push(chunks.map((chunk) => chunk.text ?? '').join(''));
    assert.deepEqual(said, Array(8).fill(LAST_RESORT));
    for (const { headers } of made.http) {
      assert.ok(headers.some(([name]) => name === 'x-pitot-degraded'));
    }
  });

  test('a feature may be in a hurry', async () => {
    upstream.on('hurried', [HANG]);
    const started = performance.now();
    const answer = await call('hurried', 'hurried');
    assert.equal(answer.status, 504, answer.text);
    const took = performance.now() - started;
    assert.ok(took >= 295 && took < 2_000, `${took} ms`);
  });

  test('among equals the faster one is taken', { timeout: 30_000 }, async () => {
    // The two differ in nothing but their name, which the provider does not see: the answers tell.
    let slowIs;
    upstream.on('balanced', () => json(200, ANSWER));
    const slow = await new Upstream().listen();
    const fast = await new Upstream().listen();
    scope.after(() => Promise.all([slow.stop(), fast.stop()]));
    slowIs = 0;
    let fastIs = 0;
    slow.on('balanced', () => ((slowIs += 1), [pause(60), ...json(200, ANSWER)]));
    fast.on('balanced', () => ((fastIs += 1), json(200, ANSWER)));
    const claude = (url) => ({ url, dialect: 'anthropic', provider: 'anthropic' });
    const own = await startGateway(scope, {
      upstreams: { slow: claude(slow.url), fast: claude(fast.url) },
      routes: [
        { match: { upstream: 'anthropic' }, equal: [{ upstream: 'slow' }, { upstream: 'fast' }] },
      ],
    });
    for (let i = 0; i < 60; i++) {
      const answer = await post(`${own.pitot.httpUrl}/anthropic/v1/messages`, ask(), {
        'x-case': 'balanced',
      }).end;
      assert.equal(answer.status, 200, answer.text);
    }
    assert.ok(fastIs > 40, `fast: ${fastIs}, slow: ${slowIs}`);
  });

  test('a page of another site may not call the gateway; programs may', async () => {
    upstream.on('page', json(200, ANSWER));
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await call('page', 'plain', ask(), { headers });
      assert.equal(answer.status, 403, answer.text);
      assert.equal(JSON.parse(answer.text).type, 'error', 'in the envelope of the dialect');
    }
    assert.equal(upstream.requests('page').length, 0);
    assert.equal((await call('page', 'plain')).status, 200);
  });
});

test(
  'a breaker opens, is to be seen, and closes when the provider is back',
  { timeout: 60_000 },
  async (t) => {
    const provider = await new Upstream().listen();
    provider.on('breaker', json(200, ANSWER));
    const { port, url } = provider;
    const { pitot } = await startGateway(t, {
      upstreams: { shaky: { url, dialect: 'anthropic' } },
      retries: { attempts: 1 },
      breaker: { connect_errors: 3, open_for: '400ms', open_for_max: '400ms' },
    });
    const call = () =>
      post(`${pitot.httpUrl}/up/shaky/v1/messages`, ask(), { 'x-case': 'breaker' }).end;
    const breaker = async () => {
      const { value } = await api(pitot, '/providers');
      return JSON.stringify(value).match(/"breaker":"(\w+)"/)?.[1];
    };
    assert.equal((await call()).status, 200);
    assert.equal(await breaker(), 'closed');

    await provider.stop();
    const codes = [];
    for (let i = 0; i < 6; i++) {
      const answer = await call();
      codes.push(JSON.parse(answer.text).error.pitot.code);
      if (codes.at(-1) === 'breaker_open') {
        assert.equal(answer.status, 503);
        break;
      }
    }
    assert.deepEqual(codes, [...Array(3).fill('upstream_connect'), 'breaker_open']);
    assert.equal(await breaker(), 'open');
    const shown = await pitot.command('providers');
    assert.match(shown.stdout, /open/, shown.stderr);

    const back = await new Upstream().listen(port);
    t.after(() => back.stop());
    back.on('breaker', json(200, ANSWER));
    await eventually(call, ({ status }) => assert.equal(status, 200));
    assert.equal(await breaker(), 'closed');
  },
);

test(
  'health of providers: errors by class and latency of the last minutes',
  { timeout: 60_000 },
  async (t) => {
    const { upstream, pitot } = await startGateway(t, { retries: { attempts: 1 } });
    const url = `${pitot.httpUrl}/anthropic/v1/messages`;
    upstream.on('health', (request, n) => (n % 4 === 3 ? BUSY : json(200, ANSWER)));
    for (let i = 0; i < 8; i++) await post(url, ask(), { 'x-case': 'health' }).end;
    const go = gate();
    upstream.on('waits', [until(go), ...json(200, ANSWER)]);
    const waiting = post(url, ask(), { 'x-case': 'waits' });
    await upstream.request('waits');
    const { value } = await api(pitot, '/providers');
    const words = JSON.stringify(value);
    assert.match(words, /"in_flight":1/);
    assert.match(words, /"overloaded":2/);
    go.open();
    await waiting.end;
    const metrics = await get(`${pitot.httpUrl}/metrics`).end;
    assert.match(metrics.text, /gateway/, 'the gateway is among the metrics');
  },
);
