import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError, apiUrl, createApi, errorMessage } from 'api/client';
import { readProgress } from 'api/progress';
import { readSpan } from 'api/span';

function fakeFetch(status: number, body: string) {
  const asked: string[] = [];
  const fetcher = (async (input: string) => {
    asked.push(input);
    return new Response(body, { status });
  }) as unknown as typeof fetch;
  return { asked, api: createApi(fetcher) };
}

test('addresses: arguments and parameters are escaped, empty ones left out', () => {
  assert.equal(
    apiUrl('/api/v1/traces', { since: '24h', q: 'a = "b&c"', limit: 10, cursor: undefined }),
    '/api/v1/traces?since=24h&q=a+%3D+%22b%26c%22&limit=10',
  );
  assert.equal(
    apiUrl('/api/v1/fields/{name}/values', { name: 'attr.a/b' }),
    '/api/v1/fields/attr.a%2Fb/values',
  );
});

test('the server says what is wrong, or its status does', async () => {
  assert.equal(errorMessage(400, '{"error":{"code":"bad_request","message":"no"}}'), 'no');
  assert.equal(errorMessage(502, '<html>'), 'the server answered 502');
  assert.equal(errorMessage(500, 'null'), 'the server answered 500');
  const { api } = fakeFetch(400, '{"error":{"code":"bad_request","message":"q, position 1: no"}}');
  await assert.rejects(api.get('/api/v1/traces', { q: 'x' }), (error: unknown) => {
    assert.ok(error instanceof ApiError);
    assert.equal(error.status, 400);
    assert.equal(error.message, 'q, position 1: no');
    return true;
  });
});

test('a span without contents has empty ones', async () => {
  const { api, asked } = fakeFetch(200, '{"span_id":"1","cost_usd":null}');
  const span = await readSpan(api, 't', 's');
  assert.deepEqual(asked, ['/api/v1/traces/t/spans/s']);
  assert.deepEqual(span.input, []);
  assert.deepEqual(span.attributes, {});
});

test('a change carries the token of the session, and only then', async () => {
  for (const [token, headers] of [
    ['"abc"', { 'x-pitot-csrf': 'abc' }],
    ['null', {}],
  ] as const) {
    const asked: [string, RequestInit | undefined][] = [];
    const api = createApi((async (input: string, init?: RequestInit) => {
      asked.push([input, init]);
      return new Response(`{"keys_required":true,"key":null,"csrf_token":${token}}`);
    }) as unknown as typeof fetch);
    await api.post('/api/v1/logout', {});
    await api.put('/api/v1/budgets/{budget_id}', { budget_id: 'a/b' }, { limit_usd: 5 } as never);
    assert.deepEqual(asked, [
      ['/api/v1/session', {}],
      ['/api/v1/logout', { method: 'POST', headers }],
      ['/api/v1/session', {}],
      [
        '/api/v1/budgets/a%2Fb',
        {
          method: 'PUT',
          headers: { ...headers, 'content-type': 'application/json' },
          body: '{"limit_usd":5}',
        },
      ],
    ]);
  }
});

test('a session that ended leads to the login', async () => {
  let asked = 0;
  const api = createApi(
    (async () => new Response('{"error":{"message":"log in"}}', { status: 401 })) as typeof fetch,
    () => asked++,
  );
  await assert.rejects(api.get('/api/v1/fields', {}), ApiError);
  assert.equal(asked, 1);
});

test('an answer without a body is one', async () => {
  const { api } = fakeFetch(200, '');
  assert.equal(await api.get('/api/v1/fields', {}), undefined);
});

test('who makes the first key is logged in with it before anything asks for a login', async () => {
  let logins = 0;
  const asked: string[] = [];
  const api = createApi(
    (async (input: string, init?: RequestInit) => {
      asked.push(`${init?.method ?? 'GET'} ${input} ${init?.body ?? ''}`);
      const status = input.endsWith('/traces') ? 401 : 200;
      return new Response('{"secret":"pk"}', { status });
    }) as unknown as typeof fetch,
    () => ++logins,
  );
  const made = await api.firstKey(async () => {
    await assert.rejects(api.get('/api/v1/traces', {}));
    return { secret: 'pk' };
  });
  assert.deepEqual(made, { secret: 'pk' });
  assert.deepEqual(asked.slice(1), ['POST /api/v1/login {"key":"pk"}']);
  assert.equal(logins, 0);
  await assert.rejects(api.get('/api/v1/traces', {}));
  assert.equal(logins, 1);
});

test('lines of progress, cut anywhere, end with a result or an error', async () => {
  async function* pieces(...texts: string[]) {
    yield* texts;
  }
  const seen: unknown[] = [];
  const result = await readProgress(
    pieces(
      '{"progress":{"done":0,"to',
      'tal":3}}\n{"progress":{"done":3,"total":3}}\n{"resu',
      'lt":1}',
    ),
    (progress) => seen.push(progress.done),
  );
  assert.deepEqual([result, seen], [1, [0, 3]]);
  await assert.rejects(
    readProgress(pieces('{"error":{"code":"x","message":"no"}}\n'), () => {}),
    /^ApiError: no$/,
  );
  await assert.rejects(readProgress(pieces('{"progress":{"done":0,"total":0}}\n'), () => {}));
});
