// Every answer is what the OpenAPI document says it is: the sample agent's data, all endpoints that
// read, each answer checked against its schema, without room for members that are not documented.

import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startPitot } from './pitot.mjs';

const AGENT = fileURLToPath(new URL('../../tools/sample_agent/main.mjs', import.meta.url));
const TURNS = 12;
const TOLD_DEADLINE_MS = 30_000;

const MEASURES = [
  'traces,spans,calls,errors,cost_usd,unpriced_calls,input_tokens,output_tokens,cache_read_tokens',
  'length,retries,p50_ms,p90_ms,p95_ms,p99_ms,ttft_p50_ms,ttft_p99_ms,tokens_per_second',
].join();

// Questions to each path; {trace}, {span} and {cursor} are filled in.
const QUESTIONS = {
  '/healthz': [''],
  '/readyz': [''],
  '/api/v1/openapi.json': [''],
  '/api/v1/traces': [
    '',
    '?limit=2',
    '?limit=2&cursor={cursor}',
    '?q=kind%20%3D%20llm',
    '?q=status=running',
  ],
  '/api/v1/traces/histogram': [
    '',
    '?q=kind%20%3D%20llm&points=10&since=15m',
    '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/traces/{trace_id}': [''],
  '/api/v1/traces/{trace_id}/story': ['', '?text_bytes=20'],
  '/api/v1/traces/{trace_id}/spans/{span_id}': [''],
  '/api/v1/search': ['?query=clause', '?query=nothing-has-this', '?query=the&limit=1'],
  '/api/v1/series': [
    '',
    `?kind=any&by=feature,model&groups=2&points=20&since=1h&measures=${MEASURES}`,
    `?kind=llm&measures=${MEASURES}&since=15m`,
    '?kind=tool&by=tool_status&measures=calls',
    '?by=model&measures=cost_usd&since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/cost': [
    '',
    '?by=feature,user_id',
    '?by=day&timezone=Europe/Berlin',
    '?by=',
    '?projection=true',
    '?by=session_id&limit=1',
    '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/cost/tree': [
    '',
    '?by=feature,model&limit=2',
    '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/cost/forecast': [
    '',
    '?budget_usd=5&month_budget_usd=100',
    '?timezone=Europe/Berlin&q=feature=nothing',
  ],
  '/api/v1/cost/anomalies': [
    '',
    '?by=user_id&limit=1&since=24h',
    '?by=&since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/latency': [
    '',
    '?by=feature,hour&kind=agent',
    '?kind=any&by=',
    '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z',
  ],
  '/api/v1/latency/heatmap': ['', '?measure=ttft&columns=7', '?kind=tool'],
  '/api/v1/tools': ['', '?versions=5', '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z'],
  '/api/v1/tools/repeats': ['', '?least=2&limit=1', '?q=tool_name=nothing'],
  '/api/v1/errors': ['', '?examples=0', '?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z'],
  '/api/v1/sessions': ['', '?order=cost&limit=1'],
  '/api/v1/users': ['', '?order=name'],
  '/api/v1/prompts': [''],
  '/api/v1/models': ['', '?order=errors'],
  '/api/v1/providers': [''],
  '/api/v1/fields': [''],
  '/api/v1/fields/{name}/values': ['', '?prefix=c&limit=1'],
  '/api/v1/prices': ['', '?model=claude-sonnet-5', '?limit=2'],
  '/api/v1/receipts': [''],
  '/api/v1/settings': [''],
  '/api/v1/views': [''],
  '/api/v1/session': [''],
  '/api/v1/keys': [''],
  '/api/v1/keys/{key_id}': [''],
  '/api/v1/budgets': [''],
  '/api/v1/budgets/{budget_id}': ['', '?limit=1', '?counter='],
  '/api/v1/alerts': ['', '?state=active&groups=true', '?match=alertname=Asked&receiver=ops'],
  '/api/v1/alerts/history': ['', '?since=1h&match=alertname=Asked&limit=1'],
  '/api/v1/alerts/{fingerprint}': [''],
  '/api/v1/slos': [''],
  '/api/v1/slos/{slo}': ['', '?points=3'],
  '/api/v1/actions': ['', '?state=offered&limit=1'],
  '/api/v1/status-pages': [''],
  '/api/v1/preflight': ['?probes=false'],
  '/api/v1/rules': [''],
  '/api/v1/notifications': ['', '?receiver=ops&limit=1'],
  '/api/v1/receivers': [''],
  '/api/v1/silences': ['', '?state=active,pending'],
  '/api/v2/alerts': ['', '?filter=alertname%3D%22Asked%22&silenced=false&receiver=ops'],
  '/api/v2/alerts/groups': [''],
  '/api/v2/silences': ['', '?filter=alertname%3D%22Quiet%22'],
  '/api/v2/silence/{silence_id}': [''],
  '/api/v2/status': [''],
  '/api/v2/receivers': [''],
};
// What is no JSON, or changes something: tested elsewhere.
const NOT_ASKED = ['/metrics', '/api/v1/live', '/api/v1/export'];

// Everybody may ask, and there is something of everything to show.
const CONFIG = {
  alerts: {
    interval: '1s',
    group_wait: '0s',
    receivers: [{ name: 'ops', command: { run: ['/bin/cat'] } }],
  },
  slos: [
    { name: 'calls', target: 0.99 },
    { name: 'first-token', kind: 'ttft', threshold: '2s', target: '95%', owner: 'ada' },
  ],
  gateway: {
    budgets: [{ id: 'daily', scope: 'global', window: 'day', limit_usd: 50, hard: true }],
  },
  auth: {
    mode: 'none',
    keys: [
      {
        name: 'ops',
        hash: 'a'.repeat(64),
        scopes: ['admin', 'gateway'],
        pin: { feature: 'checkout' },
        defaults: { user: 'batch' },
        require: ['session'],
        provider_keys: { openai: 'env:OPENAI_KEY_OPS' },
        models: ['gpt-5*'],
        budget: { limit_usd: 5 },
        cache: false,
      },
    ],
  },
};

let pitot;
let document;
let ajv;
let facts;

async function get(path) {
  const response = await fetch(pitot.httpUrl + path);
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

const stops = [];
after(async () => {
  for (const stop of stops) await stop();
});

before(async () => {
  pitot = await startPitot({ after: (stop) => stops.push(stop) }, { config: CONFIG });
  const agent = spawn(
    process.execPath,
    [AGENT, '--turns', String(TURNS), '--interval-ms', '0', '--pace', '0'],
    { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: pitot.httpUrl }, stdio: 'ignore' },
  );
  const [code] = await once(agent, 'close');
  assert.equal(code, 0, 'the sample agent');
  await pitot.settled();
  const { traces } = (await get('/api/v1/traces?limit=100')).json();
  const page = (await get('/api/v1/traces?limit=2')).json();
  const trace = (await get(`/api/v1/traces/${traces[0].trace_id}`)).json();
  const call = trace.spans.find((span) => span.kind === 'llm');
  facts = { trace: traces[0].trace_id, span: call.span_id, cursor: page.next };
  Object.assign(facts, await makeAlerts());
  await post('/api/v1/views', { name: 'Failed', page: '/traces', search: { q: 'status = error' } });
  document = (await get('/api/v1/openapi.json')).json();
  ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(document, 'pitot');
});

function filled(path) {
  return path
    .replace('{trace_id}', facts.trace)
    .replace('{span_id}', facts.span)
    .replace('{name}', 'feature')
    .replace('{slo}', 'calls')
    .replace('{key_id}', 'ops')
    .replace('{budget_id}', 'daily')
    .replace('{fingerprint}', facts.fingerprint)
    .replace('{silence_id}', facts.silence)
    .replace('{cursor}', encodeURIComponent(facts.cursor));
}

async function post(path, body) {
  const response = await fetch(pitot.httpUrl + path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  return text;
}

// One that fires, one that is silenced; somebody was told of the first.
async function makeAlerts() {
  const alert = (alertname) => ({ labels: { alertname }, annotations: { summary: 'as told' } });
  await post('/api/v2/alerts', [alert('Asked'), alert('Quiet')]);
  const silence = { matchers: 'alertname=Quiet', for: '1h', comment: 'known' };
  const { id } = JSON.parse(await post('/api/v1/silences', silence));
  const { alerts } = (await get('/api/v1/alerts?match=alertname=Asked')).json();
  const deadline = Date.now() + TOLD_DEADLINE_MS;
  while ((await get('/api/v1/notifications')).json().notifications.length === 0) {
    assert.ok(Date.now() < deadline, `nobody was told:\n${pitot.log}`);
    await sleep(100);
  }
  return { fingerprint: alerts[0].fingerprint, silence: id };
}

function validator(path, status) {
  const responses = document.paths[path].get.responses;
  const at =
    status === 200
      ? ['paths', path, 'get', 'responses', '200', 'content', 'application/json', 'schema']
      : ['components', 'schemas', 'Error'];
  assert.ok(responses[status] ?? responses.default, `${path} documents no ${status}`);
  const pointer = at.map((part) =>
    encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')),
  );
  return ajv.compile({ $ref: `pitot#/${pointer.join('/')}` });
}

function check(path, url, answer, status) {
  assert.equal(answer.status, status, `${url}: ${answer.text.slice(0, 500)}`);
  const validate = validator(path, status);
  const ok = validate(answer.json());
  const errors = (validate.errors ?? [])
    .slice(0, 5)
    .map((one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`);
  assert.ok(
    ok,
    `${url} is not what src/api/openapi/ says:\n  ${errors.join('\n  ')}\n${answer.text.slice(0, 1500)}`,
  );
}

test('each documented path that reads has questions here', () => {
  const reads = Object.entries(document.paths)
    .filter(([, operations]) => operations.get)
    .map(([path]) => path);
  assert.deepEqual(
    reads.filter((path) => !QUESTIONS[path] && !NOT_ASKED.includes(path)),
    [],
  );
});

for (const [path, questions] of Object.entries(QUESTIONS)) {
  test(`${path} answers as documented`, async () => {
    for (const question of questions) {
      const url = filled(path + question);
      check(path, url, await get(url), 200);
    }
  });
}

test('a wrong question is refused in words, everywhere', async () => {
  for (const path of Object.keys(QUESTIONS)) {
    // An Alertmanager lets its clients ask what they like.
    if (!path.startsWith('/api/v1/')) continue;
    const url = filled(path);
    const unknown = await get(`${url}?sinse=1h`);
    check(path, `${url}?sinse=1h`, unknown, 400);
    assert.match(unknown.json().error.message, /sinse/);
    const known = document.paths[path].get.parameters ?? [];
    const names = known.map(
      (one) => one.name ?? document.components.parameters[one.$ref.split('/').at(-1)].name,
    );
    const wrong = {
      since: 'yesterday',
      q: 'modell = x',
      limit: '0',
      by: 'colour',
      timezone: 'Europe/Berlino',
      order: 'size',
      kind: 'wheel',
      points: 'many',
      groups: '51',
      measures: 'p98_ms',
      versions: '51',
      columns: '501',
    };
    for (const [name, value] of Object.entries(wrong)) {
      // A point of preflight that is none is not found: 404.
      if (!names.includes(name) || (name === 'points' && path.endsWith('preflight'))) continue;
      const required = path === '/api/v1/search' ? 'query=x&' : '';
      const asked = `${url}?${required}${name}=${encodeURIComponent(value)}`;
      const answer = await get(asked);
      check(path, asked, answer, 400);
      assert.ok(
        answer.json().error.message.includes(name === 'q' ? 'modell' : value),
        `${asked} names the value: ${answer.text}`,
      );
    }
  }
});

test('absurd questions get a clear answer in bounded time', async () => {
  const long = (piece, bytes) => piece.repeat(Math.ceil(bytes / piece.length));
  const questions = {
    'a pattern of 100 KB': ['/traces', { q: `name ~ "${long('(a|b)*', 100_000)}"` }],
    'a pattern of 2 KB': ['/cost', { q: `name ~ "${long('(a|b)*', 2_000)}"` }],
    'a pattern that explodes': ['/tools', { q: 'name ~ "(((a{100}){100}){100})"' }],
    '1,000 parentheses': ['/latency', { q: `${long('(', 1_000)}a = 1${long(')', 1_000)}` }],
    '30,000 parentheses': ['/latency', { q: long('(', 30_000) }],
    '10,000 terms': ['/errors', { q: long('a=1 ', 40_000) }],
    'a number without end': ['/traces', { q: `duration > ${long('9', 400)}` }],
    'a quote without end': ['/traces', { q: 'name = "open' }],
    'an unknown field': ['/sessions', { q: 'colour = red' }],
    'a limit of 10^18': ['/traces', { limit: '1000000000000000000' }],
    'a negative limit': ['/users', { limit: '-1' }],
    'a time of 10^30 days': ['/cost', { since: '1000000000000000000000000000000d' }],
    'the year 9999': ['/cost', { until: '9999-01-01T00:00:00Z' }],
    'until before since': ['/cost', { since: '1h', until: '2h' }],
    'ten groups': ['/cost', { by: 'feature,user_id,model,agent,workflow,kind,name' }],
    'one group twice': ['/cost', { by: 'feature,feature' }],
    'a million columns': ['/latency/heatmap', { columns: '1000000' }],
    'a million points': ['/series', { points: '1000000' }],
    'a million points of traces': ['/traces/histogram', { points: '1000000' }],
    'a thousand series': ['/series', { by: 'user_id', groups: '1000' }],
    'series by hour': ['/series', { by: 'hour' }],
    'series by three fields': ['/series', { by: 'model,feature,agent' }],
    'series of nothing': ['/series', { measures: ',' }],
    'one measure twice': ['/series', { measures: 'calls,calls' }],
    'a strange cursor': ['/traces', { cursor: '1.2.3.x' }],
    "another list's cursor": ['/sessions', { cursor: facts.cursor }],
    'a project that is none': ['/traces', { project: '../../etc' }],
    'a parameter twice': [
      '/traces',
      [
        ['limit', '1'],
        ['limit', '2'],
      ],
    ],
    'nothing to search for': ['/search', { query: '   ' }],
    '20 KB to search for': ['/search', { query: long('word ', 20_000) }],
  };
  for (const [what, [path, params]] of Object.entries(questions)) {
    const started = performance.now();
    const answer = await get(`/api/v1${path}?${new URLSearchParams(params)}`);
    const took = performance.now() - started;
    assert.ok([400, 431].includes(answer.status), `${what}: ${answer.status} ${answer.text}`);
    const { message } = answer.json().error;
    assert.ok(message.length > 10 && message.length < 1000, `${what}: ${message}`);
    assert.ok(took < 5_000, `${what} took ${took} ms`);
  }
});
