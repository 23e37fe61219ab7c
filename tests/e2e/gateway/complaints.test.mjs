// What users of other gateways complained of, family by family, as far as the other files here do not
// show it: budgets (budgets.test.mjs), disconnects and buffering (streaming.test.mjs), compression
// (failures.test.mjs), retries (outage.test.mjs).

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, describe, test } from 'node:test';
import {
  CLAUDE,
  DONE,
  GPT,
  anthropicUsage,
  chat,
  chatEvents,
  cost,
  message,
  messageEvents,
  outputText,
  response,
  responseEvents,
  text,
  toolUse,
} from './answers.mjs';
import { api, callSpan, eventually, shared, startGateway, traceparent } from './pitot_gateway.mjs';
import { get, post } from './raw.mjs';
import { HANG, gate, head, json, sse, until, whole } from './upstream.mjs';

const ASK = { model: CLAUDE, max_tokens: 100, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_CHAT = { model: GPT, messages: [{ role: 'user', content: 'Where?' }] };
const ANSWER = message([text('It left Hamburg.')]);
const nano = (usd) => Math.round(usd * 1e9);
const event = (data) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;

async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+) kB/)[1]) * 1024;
}

describe('complaints', { concurrency: 4 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let url;
  before(async () => {
    ({ upstream, pitot } = await startGateway(scope, (one) => ({
      upstreams: {
        ruled: {
          url: one.url,
          dialect: 'anthropic',
          headers: { drop: ['anthropic-*', 'x-app'], set: { 'x-team': 'blue' } },
        },
        azure: { url: `${one.url}/openai/deployments/gpt-5-mini`, dialect: 'openai' },
        no_usage: { url: one.url, dialect: 'openai', include_usage: false },
      },
      budgets: [
        { id: 'race', scope: 'session', match: 'race-*', limit_usd: 0.05, hard: true },
        {
          id: 'freed',
          scope: 'feature',
          match: 'freed',
          window: 'day',
          limit_usd: 0.015,
          hard: true,
        },
      ],
    })));
    url = {
      messages: `${pitot.httpUrl}/anthropic/v1/messages`,
      chat: `${pitot.httpUrl}/openai/v1/chat/completions`,
      responses: `${pitot.httpUrl}/openai/v1/responses`,
    };
  });

  async function call(name, answer, where, body, headers = {}) {
    upstream.on(name, answer);
    const trace = traceparent();
    const end = await post(where, body, { 'x-case': name, ...trace.headers, ...headers }).end;
    return {
      ...end,
      request: upstream.requests(name).at(-1),
      span: () => callSpan(pitot, trace.traceId),
    };
  }

  // Budgets

  test('budgets: calls of one session at once do not pass its limit', async () => {
    upstream.on('race', json(200, ANSWER));
    const headers = { 'x-case': 'race', 'x-pitot-session': 'race-1' };
    const calls = Array.from(
      { length: 64 },
      () => post(url.messages, { ...ASK, max_tokens: 500 }, headers).end,
    );
    const statuses = (await Promise.all(calls)).map(({ status }) => status);
    assert.ok(
      statuses.includes(200) && statuses.every((status) => status === 200 || status === 402),
    );
    await eventually(
      async () => (await api(pitot, '/budgets/race')).value,
      (budget) => assert.ok(nano(budget.spent_usd) <= 0.05e9, JSON.stringify(budget)),
    );
  });

  test('budgets: what a call did not use is free for the next at once', async () => {
    // Each reserves more than half of the limit and uses a tenth of it.
    for (let i = 0; i < 6; i++) {
      const answer = await call('freed', json(200, ANSWER), url.messages, ASK, {
        'x-pitot-feature': 'freed',
      });
      assert.equal(answer.status, 200, `call ${i}: ${answer.text}`);
    }
  });

  // Cost and usage of streams

  test('cost: cached tokens of a stream are not counted twice', async () => {
    const usage = anthropicUsage({
      input_tokens: 10,
      cache_read_input_tokens: 90_000,
      cache_creation_input_tokens: 500,
      cache_creation: { ephemeral_5m_input_tokens: 500, ephemeral_1h_input_tokens: 0 },
      output_tokens: 40,
    });
    const whole = message([text('Yes.')], { usage });
    const answer = await call('cached', sse(messageEvents(whole)), url.messages, {
      ...ASK,
      stream: true,
    });
    const span = await answer.span();
    assert.equal(span.input_tokens, 10);
    assert.equal(span.cache_read_tokens, 90_000);
    assert.equal(span.cache_write_5m_tokens, 500);
    assert.equal(
      nano(span.cost_usd),
      cost('anthropic', CLAUDE, { input: 90_510, cacheRead: 90_000, cacheWrite: 500, output: 40 }),
    );
  });

  test('usage: message_delta corrects every field, it does not add to them', async () => {
    const [opening, ...rest] = messageEvents(ANSWER);
    const delta = event({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: {
        input_tokens: 700,
        cache_creation_input_tokens: 2000,
        cache_read_input_tokens: 300,
        output_tokens: 55,
        server_tool_use: { web_search_requests: 3 },
      },
    });
    const events = [opening, ...rest.slice(0, -2), delta, rest.at(-1)];
    const body = {
      ...ASK,
      stream: true,
      system: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral', ttl: '1h' } }],
    };
    const span = await (await call('delta', sse(events), url.messages, body)).span();
    assert.equal(span.input_tokens, 700);
    assert.equal(span.cache_read_tokens, 300);
    assert.equal((span.cache_write_5m_tokens ?? 0) + (span.cache_write_1h_tokens ?? 0), 2000);
    assert.equal(span.cache_write_1h_tokens, 2000, 'written for as long as the request asked');
    assert.equal(span.output_tokens, 55);
    assert.equal(span.web_searches, 3);
  });

  test('usage: failed and incomplete responses have some, too', async () => {
    for (const [status, more] of Object.entries({
      incomplete: { incomplete_details: { reason: 'max_output_tokens' } },
      failed: { error: { code: 'server_error', message: 'It broke.' } },
    })) {
      const ended = response([outputText('Half of')], { status, ...more });
      const steps = sse(responseEvents(ended, `response.${status}`));
      const answer = await call(`responses ${status}`, steps, url.responses, {
        model: GPT,
        input: 'a',
        stream: true,
      });
      const span = await answer.span();
      assert.equal(span.input_tokens, 200, status);
      assert.equal(span.cache_read_tokens, 128, status);
      assert.equal(span.reasoning_tokens, 20, status);
      assert.equal(span.output_tokens, 32, status);
      assert.equal(span.status === 'error', status === 'failed', status);
      if (status === 'incomplete') assert.equal(span.finish_reason, 'length');
    }
  });

  test('usage: a caller that refuses usage is metered all the same', async () => {
    const answer = await call(
      'refuses',
      (request) => {
        assert.equal(request.json().stream_options.include_usage, true);
        return sse(chatEvents(chat('Yes.')));
      },
      url.chat,
      { ...ASK_CHAT, stream: true, stream_options: { include_usage: false } },
    );
    assert.ok(!answer.text.includes('"choices":[]'));
    assert.ok(answer.text.endsWith(DONE));
    assert.equal((await answer.span()).output_tokens, 26);
  });

  test('usage: a server that refuses the option is not asked, and is estimated', async () => {
    const events = chatEvents(chat('It left Hamburg on Monday.'), false);
    const where = `${pitot.httpUrl}/up/no_usage/v1/chat/completions`;
    const body = { ...ASK_CHAT, stream: true };
    const answer = await call('no usage', sse(events), where, body);
    assert.equal(answer.request.body.toString(), JSON.stringify(body));
    assert.equal(answer.text, events.join(''));
    const span = await answer.span();
    assert.ok(span.estimated);
    assert.ok(span.output_tokens > 0);
  });

  // Buffering

  test('buffering: each piece of a tool\u2019s arguments arrives when it is sent', async () => {
    const events = messageEvents(
      message([toolUse('toolu_1', 'write', { path: 'a.txt', content: 'words '.repeat(20) })], {
        stop_reason: 'tool_use',
      }),
    );
    const gates = events.map(() => gate());
    upstream.on('deltas', sse(events.flatMap((one, i) => [until(gates[i]), one])));
    const stream = post(url.messages, { ...ASK, stream: true }, { 'x-case': 'deltas' });
    for (const [i, one] of events.entries()) {
      gates[i].open();
      await stream.has(one); // Before the next gate opens.
    }
    assert.ok((await stream.end).complete);
  });

  // Memory

  test(
    'memory: streams that are left, and large bodies, leave nothing behind',
    { timeout: 60_000 },
    async () => {
      const events = messageEvents(message([text('word '.repeat(400))]));
      upstream.on('left', [...sse(events.slice(0, 30)).slice(0, -1), HANG]);
      const round = async (count) => {
        const calls = Array.from({ length: count }, () =>
          post(url.messages, { ...ASK, stream: true }, { 'x-case': 'left' }),
        );
        await Promise.all(calls.map((one) => one.has('text_delta')));
        for (const one of calls) one.abort();
        await Promise.all(upstream.requests('left').map((request) => request.gone));
      };
      upstream.on('big', json(200, ANSWER));
      const big = { ...ASK, messages: [{ role: 'user', content: 'y'.repeat(8 << 20) }] };
      const bodies = async (count) => {
        for (let i = 0; i < count; i++) {
          assert.equal(
            (await post(url.messages, { ...big, seed: i }, { 'x-case': 'big' }).end).status,
            200,
          );
        }
      };
      await round(100);
      await bodies(4);
      await pitot.settled();
      const before = await residentBytes(pitot.pid);
      for (let i = 0; i < 5; i++) await round(100);
      await bodies(12);
      await pitot.settled();
      const grown = (await residentBytes(pitot.pid)) - before;
      assert.ok(
        grown < 150 << 20,
        `${(grown / 1048576).toFixed(0)} MiB more after 500 streams and 96 MiB of bodies`,
      );
    },
  );

  // Headers and bodies

  test('headers: whatever a provider or a client sends goes on, also what nobody knows yet', async () => {
    const odd = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`X-New-Thing-${i}`, `v ${i};"q", \u00fc`]),
    );
    const back = [
      ['Content-Type', 'application/json'],
      ['anthropic-ratelimit-unified-7d_oi-status', 'allowed'],
      ['Set-Cookie', 'a=1; Path=/'],
      ['Set-Cookie', 'b=2; Path=/'],
      ['Retry-After', '0'],
      ['X-Should-Retry', 'false'],
      ...Object.entries(odd),
    ];
    const body = Buffer.from(JSON.stringify(ANSWER));
    const answerHead = head(200, [...back, ['Content-Length', body.length]]);
    const sent = {
      'user-agent': 'claude-cli/2.0.1 (external, cli)',
      'x-app': 'cli',
      'anthropic-beta': 'from-the-future-2027-01-01,context-1m-2025-08-07',
      'anthropic-version': '2023-06-01',
      'anthropic-dangerous-direct-browser-access': 'true',
      'x-stainless-lang': 'js',
      'x-stainless-helper-method': 'stream',
      cookie: 'theirs=1',
    };
    const answer = await call(
      'headers',
      [Buffer.from(answerHead, 'latin1'), body],
      url.messages,
      ASK,
      sent,
    );
    for (const [name, value] of Object.entries(sent))
      assert.equal(answer.request.header(name), value, name);
    assert.deepEqual(answer.headers['set-cookie'], ['a=1; Path=/', 'b=2; Path=/']);
    for (const [name, value] of back.filter(([key]) => !/cookie/i.test(key))) {
      assert.equal(answer.headers[name.toLowerCase()], value, name);
    }
    assert.equal(answer.headers['content-length'], String(body.length), 'its framing stays');
  });

  test('headers: of one connection, and those for us, do not go on', async () => {
    const answer = await call(
      'hop by hop',
      whole(200, '{}', {
        Connection: 'X-Hop',
        'X-Hop': '1',
        'Keep-Alive': 'timeout=5',
        'Proxy-Authenticate': 'x',
      }),
      url.messages,
      ASK,
      {
        te: 'trailers',
        'proxy-authorization': 'secret',
        'x-pitot-feature': 'f',
        connection: 'x-mine',
        'x-mine': '1',
      },
    );
    const names = answer.request.headers.map(([name]) => name.toLowerCase());
    for (const name of ['te', 'proxy-authorization', 'x-pitot-feature', 'x-mine']) {
      assert.ok(!names.includes(name), name);
    }
    assert.equal(answer.headers['x-hop'], undefined);
    assert.equal(answer.headers['proxy-authenticate'], undefined);
  });

  test('headers: an upstream may have some dropped and set', async () => {
    const answer = await call(
      'ruled',
      json(200, ANSWER),
      `${pitot.httpUrl}/up/ruled/v1/messages`,
      ASK,
      {
        'anthropic-beta': 'x',
        'anthropic-version': '2023-06-01',
        'x-app': 'cli',
        'x-other': 'stays',
      },
    );
    const { request } = answer;
    assert.equal(request.header('anthropic-beta'), undefined);
    assert.equal(request.header('x-app'), undefined);
    assert.equal(request.header('x-team'), 'blue');
    assert.equal(request.header('x-other'), 'stays');
  });

  test('bodies: forwarded as they are, however odd their JSON', async () => {
    const odd =
      '{ "model" : "claude-sonnet-5",\r\n\t"max_tokens":1e2, "x_new": {"a":1.0, "a":[ ]},' +
      '"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.0"},{"type":"text","text":"\\u00e4\\ud83d\\ude9a"}],' +
      '"messages":[{"role":"user","content":"a\\/b"}], "temperature" : 0.70 }  \n';
    const answer = await call('odd body', json(200, ANSWER), url.messages, odd);
    assert.equal(answer.request.body.toString(), odd);
    assert.equal((await answer.span()).max_tokens, 100);
  });

  test('bodies: with usage asked for, all other bytes stay', async () => {
    const odd =
      '{ "model" : "gpt-5-mini",\n  "stream" : true , "x_new": {"a":1.0},\t"messages":[{"role":"user","content":"\\u00e4"}] }';
    const answer = await call('odd chat', sse(chatEvents(chat('Yes.'))), url.chat, odd);
    const sent = answer.request.body.toString();
    assert.equal(JSON.parse(sent).stream_options.include_usage, true);
    const added = sent.length - odd.length;
    let same = 0;
    while (same < odd.length && sent[same] === odd[same]) same++;
    assert.equal(sent.slice(0, same) + sent.slice(same + added), odd, 'one insertion');
  });

  test('bodies that are not JSON, empty bodies, GET with a query: passed', async () => {
    const broken = await call(
      'broken',
      json(400, { error: { message: 'x' } }),
      url.messages,
      '{"model": ',
    );
    assert.equal(broken.request.body.toString(), '{"model": ');
    assert.equal(broken.status, 400);
    upstream.on('query', json(200, { data: [] }));
    const listed = await get(`${pitot.httpUrl}/openai/v1/models?limit=1000&after=a%2Fb+c`, {
      'x-case': 'query',
    }).end;
    assert.equal(listed.status, 200);
    assert.equal(upstream.requests('query')[0].target, '/v1/models?limit=1000&after=a%2Fb+c');
  });

  test('an upstream whose URL has a path', async () => {
    const where = `${pitot.httpUrl}/up/azure/chat/completions?api-version=2025-04-01-preview`;
    const answer = await call('azure', json(200, chat('Yes.')), where, ASK_CHAT, {
      'api-key': 'k',
    });
    assert.equal(
      answer.request.target,
      '/openai/deployments/gpt-5-mini/chat/completions?api-version=2025-04-01-preview',
    );
    assert.equal(answer.request.header('api-key'), 'k');
    assert.equal((await answer.span()).output_tokens, 26);
  });

  test('a client that sends its body in chunks', async () => {
    upstream.on('chunked', json(200, ANSWER));
    const answer = await fetch(url.messages, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-case': 'chunked' },
      body: new ReadableStream({
        start(controller) {
          for (const piece of JSON.stringify(ASK).match(/.{1,7}/gsu))
            controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      }),
      duplex: 'half',
    });
    assert.equal(answer.status, 200);
    const [request] = upstream.requests('chunked');
    assert.equal(request.body.toString(), JSON.stringify(ASK));
    assert.equal(request.header('content-length'), String(JSON.stringify(ASK).length));
    assert.equal(request.header('transfer-encoding'), undefined);
  });
});

test('without budgets nothing is ever refused for money', async (t) => {
  const { upstream, pitot } = await startGateway(t);
  upstream.on('free', json(200, chat('Yes.', { model: 'in-house-7' })));
  const headers = { 'x-case': 'free' };
  const url = `${pitot.httpUrl}/openai/v1`;
  const bodies = {
    'chat/completions': { ...ASK_CHAT, model: 'in-house-7' },
    'images/generations': { prompt: 'x' },
  };
  for (const [path, body] of Object.entries(bodies)) {
    assert.equal((await post(`${url}/${path}`, body, headers).end).status, 200, path);
  }
});
