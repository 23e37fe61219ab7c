// A runaway agent, from the first repeated call to the hand that stops it: its calls go through the
// gateway, the runbook names it first and offers to block it, a person confirms, its next call is
// refused, and reverting lets it go on.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { spawnSync } from 'node:child_process';
import Anthropic from '@anthropic-ai/sdk';
import { CLAUDE, message, text, toolUse } from '../gateway/answers.mjs';
import { api, callsOf, eventually, shared, startGateway } from '../gateway/pitot_gateway.mjs';
import { json } from '../gateway/upstream.mjs';
import { clients, through } from '../gateway/ways.mjs';
import { PROGRAM } from '../pitot.mjs';

const scope = shared();
const ROUNDS = 8;
let upstream;
let pitot;
before(async () => {
  ({ upstream, pitot } = await startGateway(
    scope,
    { loops: { mode: 'observe' } },
    { more: { alerts: { interval: '1s', actions: { mode: 'confirm' } } } },
  ));
});

// One more model call of the agent, which asks for the same search each time.
function looper(name) {
  const messages = [{ role: 'user', content: `find the order of ${name}` }];
  const { anthropic } = clients(through(pitot), name, { headers: { 'x-pitot-feature': name } });
  upstream.on(name, (request, n) =>
    json(
      200,
      message([toolUse(`toolu_${name}_${n}`, 'web_search', { query: 'order 17' })], {
        id: `msg_${name}_${n}`,
        stop_reason: 'tool_use',
      }),
    ),
  );
  return async () => {
    const { data, response } = await anthropic.messages
      .create({ model: CLAUDE, max_tokens: 99, messages })
      .withResponse();
    messages.push({ role: 'assistant', content: data.content });
    messages.push({
      role: 'user',
      content: data.content
        .filter(({ type }) => type === 'tool_use')
        .map(({ id }) => ({ type: 'tool_result', tool_use_id: id, content: 'nothing found' })),
    });
    return response.headers.get('x-pitot-trace-id');
  };
}

async function refusalOf(call) {
  try {
    await call();
  } catch (error) {
    if (error instanceof Anthropic.APIError) return error;
    throw error;
  }
  return null;
}

const costReport = async (body) => {
  const { status, value } = await api(pitot, '/runbooks/cost', { method: 'POST', body });
  assert.equal(status, 200, JSON.stringify(value));
  return value;
};

test('the run that loops is named first, blocked by hand, and let go again', async () => {
  const next = looper('looping');
  let traceId;
  for (let n = 0; n < ROUNDS; n++) traceId = await next();
  await callsOf(pitot, traceId, ROUNDS);

  const report = await eventually(
    () => costReport({ q: 'feature = looping' }),
    ({ causes }) => assert.match(causes[0]?.words ?? 'no cause', /web_search/),
  );
  assert.match(report.causes[0].words, new RegExp(traceId.slice(0, 8)));
  const offered = report.steps.flatMap(({ actions }) => actions ?? []);
  const block = offered.find(({ kind }) => kind === 'block_trace');
  assert.ok(block, `no block_trace among ${JSON.stringify(offered, null, 1)}`);
  assert.equal(block.target.trace_id, traceId);
  assert.equal(block.state, 'offered');

  const tried = await api(pitot, `/actions/${block.id}/confirm?dry_run=true`, { method: 'POST' });
  assert.equal(tried.status, 200, JSON.stringify(tried.value));
  traceId = await next(); // A dry run changes nothing.

  const done = await api(pitot, `/actions/${block.id}/confirm`, { method: 'POST' });
  assert.equal(done.status, 200, JSON.stringify(done.value));
  const refusal = await refusalOf(next);
  assert.equal(refusal?.status, 403, String(refusal));
  assert.equal(refusal.headers.get('x-should-retry'), 'false');
  assert.match(refusal.message, /runbook|operator/i);

  // Others go on.
  upstream.on('other', () => json(200, message([text('fine')], { id: 'msg_other' })));
  const { anthropic } = clients(through(pitot), 'other');
  await anthropic.messages.create({
    model: CLAUDE,
    max_tokens: 9,
    messages: [{ role: 'user', content: 'hello' }],
  });

  const reverted = await api(pitot, `/actions/${block.id}/revert`, { method: 'POST' });
  assert.equal(reverted.status, 200, JSON.stringify(reverted.value));
  assert.equal(await refusalOf(next), null);

  const { value } = await api(pitot, '/actions');
  const known = value.actions.find(({ id }) => id === block.id);
  assert.equal(known.state, 'reverted', JSON.stringify(known));
});

test('its alert carries the diagnosis, also where nobody is told', async () => {
  await eventually(
    () => api(pitot, '/alerts'),
    ({ value }) => {
      const alert = value.alerts.find(({ labels }) => labels.alertname === 'RunawayTrace');
      assert.ok(alert, JSON.stringify(value.alerts));
      assert.match(alert.annotations.cause ?? 'no cause yet', /web_search called \d+ times/);
    },
  );
});

test('on the command line a runbook says the cause and exits 1', async () => {
  const run = spawnSync(PROGRAM, ['runbook', 'cost', 'feature = looping', '--url', pitot.httpUrl], {
    encoding: 'utf8',
    env: { ...process.env, COLUMNS: '80' },
  });
  assert.equal(run.status, 1, run.stdout + run.stderr);
  assert.match(run.stdout, /web_search called \d+ times in a row/);
  assert.ok(
    run.stdout.split('\n').every((line) => [...line].length <= 80),
    run.stdout,
  );
});
