// Virtual keys: one key of ours stands for a provider's key, a project, attribution and limits.

import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { CLAUDE, GEMINI, GPT, chat, cost, generated, message, text } from './answers.mjs';
import { api, eventually, shared, startGateway } from './pitot_gateway.mjs';
import { post } from './raw.mjs';
import { json } from './upstream.mjs';
import { clients, through } from './ways.mjs';

const SECRETS = {
  TEST_ANTHROPIC_KEY: 'sk-ant-real-1111',
  TEST_OPENAI_KEY: 'sk-openai-real-2222',
  TEST_GEMINI_KEY: 'AIza-real-3333',
  TEST_OTHER_KEY: 'sk-openai-team-4444',
};
const ASK = { model: CLAUDE, max_tokens: 100, messages: [{ role: 'user', content: 'Where?' }] };
const ASK_CHAT = { model: GPT, messages: [{ role: 'user', content: 'Where?' }] };
const ANSWER = message([text('There.')]);

describe('virtual keys', { concurrency: 1 }, () => {
  const scope = shared();
  let upstream;
  let pitot;
  let admin;
  let url;
  before(async () => {
    ({ upstream, pitot } = await startGateway(
      scope,
      (one) => ({
        upstreams: {
          anthropic: { url: one.url, key_env: 'TEST_ANTHROPIC_KEY' },
          openai: { url: one.url, key_env: 'TEST_OPENAI_KEY' },
          gemini: { url: one.url, key_env: 'TEST_GEMINI_KEY' },
        },
      }),
      { env: SECRETS },
    ));
    url = {
      messages: `${pitot.httpUrl}/anthropic/v1/messages`,
      chat: `${pitot.httpUrl}/openai/v1/chat/completions`,
    };
    admin = (await create({ name: 'admin', scopes: ['admin', 'read'] })).secret;
  });

  const asAdmin = () => (admin ? { authorization: `Bearer ${admin}` } : {});

  async function create(spec) {
    const { status, value } = await api(pitot, '/keys', {
      method: 'POST',
      body: spec,
      headers: asAdmin(),
    });
    assert.ok(status === 200 || status === 201, JSON.stringify(value));
    return value;
  }
  const refusedWith = (answer, status, code) => {
    assert.equal(answer.status, status, answer.text);
    assert.equal(JSON.parse(answer.text).error.pitot?.code, code, answer.text);
  };
  const ask = (secret, { where = url.messages, body = ASK, name = 'keys', headers = {} } = {}) =>
    post(where, body, { 'x-case': name, ...(secret && { 'x-api-key': secret }), ...headers }).end;

  test('each SDK sends our key in its own header, the provider gets its own key', async () => {
    const { secret } = await create({ name: 'sdk', scopes: ['gateway'] });
    assert.match(secret, /^pk-pitot-/);
    upstream.on('sdk', (request) =>
      request.target.includes('messages')
        ? json(200, ANSWER)
        : request.target.includes('chat')
          ? json(200, chat('There.'))
          : json(200, generated([{ text: 'There.' }])),
    );
    const made = clients(through(pitot), 'sdk', { key: secret });
    await made.anthropic.messages.create(ASK);
    await made.openai.chat.completions.create(ASK_CHAT);
    await made.gemini.models.generateContent({ model: GEMINI, contents: 'Where?' });
    const [claude, gpt, gemini] = upstream.requests('sdk');
    assert.equal(claude.header('x-api-key'), SECRETS.TEST_ANTHROPIC_KEY);
    assert.equal(gpt.header('authorization'), `Bearer ${SECRETS.TEST_OPENAI_KEY}`);
    assert.equal(gemini.header('x-goog-api-key'), SECRETS.TEST_GEMINI_KEY);
    for (const request of [claude, gpt, gemini]) {
      const all = JSON.stringify([request.target, request.headers]);
      assert.ok(!all.includes(secret), 'our key stays here');
    }
  });

  test('?key= and x-pitot-key beside a subscription of the caller', async () => {
    const { secret } = await create({ name: 'other places', scopes: ['gateway'] });
    upstream.on('query', json(200, generated([{ text: 'There.' }])));
    const where = `${pitot.httpUrl}/gemini/v1beta/models/${GEMINI}:generateContent?key=${secret}&alt=json`;
    const body = { contents: [{ parts: [{ text: 'a' }] }] };
    assert.equal((await ask(undefined, { where, body, name: 'query' })).status, 200);
    const [request] = upstream.requests('query');
    assert.ok(!request.target.includes(secret));
    assert.match(request.target, /alt=json/);
    assert.equal(request.header('x-goog-api-key'), SECRETS.TEST_GEMINI_KEY);

    upstream.on('beside', json(200, ANSWER));
    const headers = { 'x-pitot-key': secret, authorization: 'Bearer sk-ant-oat-mine' };
    assert.equal((await ask(undefined, { name: 'beside', headers })).status, 200);
    const [passed] = upstream.requests('beside');
    assert.equal(passed.header('x-pitot-key'), undefined);
  });

  test('without a key, with a wrong one, a revoked one, one without the scope: refused in the envelope', async () => {
    refusedWith(await ask(undefined), 401, 'missing_api_key');
    refusedWith(await ask(`pk-pitot-abcdefgh-${'x'.repeat(43)}`), 401, 'invalid_api_key');
    const ingest = await create({ name: 'ingest only', scopes: ['ingest'] });
    refusedWith(await ask(ingest.secret), 403, 'scope_denied');
    const gone = await create({ name: 'gone', scopes: ['gateway'] });
    upstream.on('keys', json(200, ANSWER));
    assert.equal((await ask(gone.secret)).status, 200);
    const revoked = await pitot.command('key', 'revoke', gone.id ?? gone.key.id, '--key', admin);
    assert.equal(revoked.code, 0, revoked.stderr);
    refusedWith(await ask(gone.secret), 401, 'invalid_api_key');
  });

  test('a rotated key: both are valid for the grace time, only the new one without', async () => {
    const made = await create({ name: 'rotates', scopes: ['gateway'] });
    const id = made.id ?? made.key.id;
    const first = await pitot.command('key', 'rotate', id, '--json', '--key', admin);
    assert.equal(first.code, 0, first.stderr);
    const second = JSON.parse(first.stdout).secret;
    assert.notEqual(second, made.secret);
    for (const secret of [made.secret, second]) assert.equal((await ask(secret)).status, 200);
    const now = await pitot.command('key', 'rotate', id, '--grace', '0s', '--json', '--key', admin);
    assert.equal(now.code, 0, now.stderr);
    const third = JSON.parse(now.stdout).secret;
    assert.equal((await ask(third)).status, 200);
    refusedWith(await ask(second), 401, 'invalid_api_key');
  });

  test('allowed models', async () => {
    const { secret } = await create({
      name: 'models',
      scopes: ['gateway'],
      models: ['claude-haiku-*'],
    });
    upstream.on('keys', json(200, ANSWER));
    refusedWith(await ask(secret), 403, 'model_not_allowed');
    assert.equal((await ask(secret, { body: { ...ASK, model: 'claude-haiku-4-5' } })).status, 200);
    const gemini = `${pitot.httpUrl}/gemini/v1beta/models/${GEMINI}:generateContent`;
    const answer = await ask(secret, { where: gemini, body: { contents: [] } });
    assert.equal(answer.status, 403, 'the model in a path counts, too');
  });

  test('pinned and default attribution, project; what the caller says otherwise does not hold', async () => {
    const { secret } = await create({
      name: 'pinned',
      scopes: ['gateway'],
      project: 'shop',
      pins: { feature: 'checkout' },
      defaults: { user: 'nobody', workflow: 'w' },
    });
    upstream.on('keys', json(200, ANSWER));
    const headers = { 'x-pitot-feature': 'evasion', 'x-pitot-user': 'u-1' };
    const answer = await ask(secret, { headers });
    const traceId = answer.headers['x-pitot-trace-id'];
    const trace = await eventually(
      () => api(pitot, `/traces/${traceId}?project=shop`, { headers: asAdmin() }),
      ({ status, value }) => {
        assert.equal(status, 200, JSON.stringify(value));
        return value.trace;
      },
    );
    assert.equal(trace.feature, 'checkout');
    assert.equal(trace.user_id, 'u-1');
    assert.equal(trace.workflow, 'w');
    const elsewhere = await api(pitot, `/traces/${traceId}`, { headers: asAdmin() });
    assert.equal(elsewhere.status, 404, 'not in another project');
  });

  test('required attribution', async () => {
    const { secret } = await create({
      name: 'strict',
      scopes: ['gateway'],
      require: ['session', 'traceparent'],
    });
    upstream.on('keys', json(200, ANSWER));
    const refused = await ask(secret);
    refusedWith(refused, 400, 'missing_attribution');
    assert.match(refused.text, /x-pitot-session/);
    const headers = {
      'x-pitot-session': 's',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    assert.equal((await ask(secret, { headers })).status, 200);
  });

  test('a key of its own at the provider, from a file that changes', async () => {
    const file = join(pitot.dataDir, 'team-key');
    await writeFile(file, 'sk-team-1\n');
    const { secret } = await create({
      name: 'team',
      scopes: ['gateway'],
      provider_keys: { openai: `file:${file}`, anthropic: 'env:TEST_OTHER_KEY' },
    });
    upstream.on('team', (request) =>
      json(200, request.target.includes('chat') ? chat('x') : ANSWER),
    );
    const sent = async (where, body) => {
      const answer = await ask(secret, { where, body, name: 'team' });
      assert.equal(answer.status, 200, answer.text);
      return upstream.requests('team').at(-1);
    };
    assert.equal((await sent(url.chat, ASK_CHAT)).header('authorization'), 'Bearer sk-team-1');
    assert.equal((await sent(url.messages, ASK)).header('x-api-key'), SECRETS.TEST_OTHER_KEY);
    await writeFile(file, 'sk-team-2-longer\n');
    await eventually(
      () => sent(url.chat, ASK_CHAT),
      (request) => assert.equal(request.header('authorization'), 'Bearer sk-team-2-longer'),
    );
  });

  test('a budget of its own', async () => {
    const each = cost('anthropic', CLAUDE, { input: 25, output: 15 });
    const { secret } = await create({
      name: 'poor',
      scopes: ['gateway'],
      budget: { limit_usd: 0.02, window: 'day', hard: true },
    });
    upstream.on('keys', json(200, ANSWER));
    let passed = 0;
    let last;
    while (passed < 100 && (last = await ask(secret)).status === 200) passed++;
    assert.equal(last.status, 402, last.text);
    assert.ok(passed > 0 && passed * each <= 20_000_000, `${passed} calls of ${each} nano-USD`);
  });

  test('keys are listed without their secrets; those of providers are nowhere', async () => {
    const listed = await pitot.command('key', 'list', '--json', '--key', admin);
    assert.equal(listed.code, 0, listed.stderr);
    assert.match(listed.stdout, /poor/);
    assert.ok(!/pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/.test(listed.stdout));
    const exported = await api(pitot, '/export', { headers: asAdmin() });
    const everything = listed.stdout + JSON.stringify(exported.value) + pitot.log;
    for (const secret of [...Object.values(SECRETS), 'sk-team-1']) {
      assert.ok(!everything.includes(secret), secret);
    }
  });

  test('keys outlive a restart', async () => {
    const { secret } = await create({ name: 'stays', scopes: ['gateway'] });
    await pitot.stop();
    await pitot.start();
    upstream.on('keys', json(200, ANSWER));
    assert.equal((await ask(secret)).status, 200);
    refusedWith(await ask(undefined), 401, 'missing_api_key');
  });
});
