// Alertmanager's own command line against Pitot: what fires is listed, grouped, silenced and told;
// alerts of other programs come in. And the same with `pitot alerts` and `pitot silence`.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPitot } from '../pitot.mjs';

const AMTOOL = process.env.AMTOOL ?? 'amtool';
const DEADLINE_MS = 30_000;
const skip = spawnSync(AMTOOL, ['--version']).error ? 'amtool is not installed' : false;

let pitot;
let webhook; // Bodies that the receiver got.
const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function listenWebhook() {
  const bodies = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      bodies.push(JSON.parse(text));
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { bodies, url: `http://127.0.0.1:${server.address().port}/hook` };
}

const CONFIG = (url) => ({
  alerts: {
    interval: '1s',
    receivers: [
      { name: 'ops', webhook: { url } },
      { name: 'night', webhook: { url } },
    ],
    default_receiver: 'ops',
    routes: [{ match: 'severity = page', receiver: 'night' }],
    custom: [
      {
        id: 'failed-refunds',
        alertname: 'FailedRefunds',
        filter: 'name = refund AND status = error',
        aggregate: 'count',
        by: ['feature'],
        op: '>=',
        threshold: 1,
        window: '10m',
        for: '0s',
        severity: 'page',
      },
    ],
  },
});

async function run(program, ...args) {
  const child = spawn(program, args, {
    env: { ...process.env, HOME: pitot.dataDir, PITOT_URL: pitot.httpUrl, USER: 'alice' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => (output[name] += chunk));
  }
  const [code] = await once(child, 'close');
  return { code, ...output };
}

async function amtool(...args) {
  const { code, stdout, stderr } = await run(
    AMTOOL,
    `--alertmanager.url=${pitot.httpUrl}`,
    ...args,
  );
  assert.equal(code, 0, `amtool ${args.join(' ')}: ${stdout}${stderr}`);
  assert.equal(stderr, '', `amtool ${args.join(' ')}`);
  return stdout;
}
const amtoolJson = async (...args) => JSON.parse(await amtool(...args, '-o', 'json'));

async function eventually(what, satisfied) {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await satisfied();
    if (value) return value;
    if (Date.now() > deadline)
      throw new Error(`not within ${DEADLINE_MS} ms: ${what}\n${pitot.log}`);
    await sleep(100);
  }
}

async function sendRefund(feature, project = 'default') {
  const end = Date.now();
  const span = {
    trace_id: [...Array(32)].map(() => Math.floor(Math.random() * 16).toString(16)).join(''),
    span_id: [...Array(16)].map(() => Math.floor(Math.random() * 16).toString(16)).join(''),
    name: 'refund',
    kind: 'tool',
    start: new Date(end - 40).toISOString(),
    end: new Date(end).toISOString(),
    status: 'error',
    feature,
  };
  const reply = await fetch(`${pitot.httpUrl}/api/v1/spans?project=${project}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: JSON.stringify(span) + '\n',
  });
  assert.equal(reply.status, 200, await reply.text());
}

before(async () => {
  if (skip) return;
  webhook = await listenWebhook();
  pitot = await startPitot({ after: (stop) => stops.push(stop) }, { config: CONFIG(webhook.url) });
  await sendRefund('checkout');
  await eventually('the rule fires', async () =>
    (await amtoolJson('alert', 'query')).some((one) => one.labels.feature === 'checkout'),
  );
});

test('amtool lists what fires, by labels and by receiver', { skip }, async () => {
  const [alert, ...others] = await amtoolJson('alert', 'query', 'FailedRefunds');
  assert.deepEqual(others, []);
  assert.deepEqual(alert.labels, {
    alertname: 'FailedRefunds',
    feature: 'checkout',
    project: 'default',
    severity: 'page',
  });
  assert.deepEqual(alert.receivers, [{ name: 'night' }]);
  assert.deepEqual(alert.status, { inhibitedBy: [], silencedBy: [], state: 'active' });
  assert.match(alert.fingerprint, /^[0-9a-f]{16}$/);
  assert.ok(Date.parse(alert.endsAt) > Date.now(), `it lasts: ${alert.endsAt}`);
  assert.match(await amtool('alert', 'query'), /FailedRefunds .* active/);
  assert.match(await amtool('alert', 'query', '-o', 'extended', 'feature=~check.*'), /checkout/);
  assert.deepEqual(await amtoolJson('alert', 'query', 'feature!=checkout'), []);
  assert.deepEqual(await amtoolJson('alert', 'query', '--receiver=ops'), []);
  assert.equal((await amtoolJson('alert', 'query', '--receiver=nig.*')).length, 1);
  const groups = await (await fetch(`${pitot.httpUrl}/api/v2/alerts/groups`)).json();
  assert.equal(groups.length, 1);
  assert.equal(groups[0].receiver.name, 'night');
  assert.equal(groups[0].alerts[0].fingerprint, alert.fingerprint);
});

test('the receiver is told once', { skip }, async () => {
  const told = await eventually('the webhook is called', () =>
    webhook.bodies.find((body) => body.receiver === 'night'),
  );
  assert.equal(told.alerts[0].labels.alertname, 'FailedRefunds');
  const { notifications } = await (await fetch(`${pitot.httpUrl}/api/v1/notifications`)).json();
  assert.equal(notifications.filter((one) => one.receiver === 'night').length, 1);
  const log = await pitot.command('alerts', 'log');
  assert.match(log.stdout, /night +first/, log.stdout + log.stderr);
});

test('amtool silences, changes, lists and ends a silence', { skip }, async () => {
  const id = (
    await amtool('silence', 'add', 'FailedRefunds', 'feature=~check.*', '-c', 'known', '-a', 'bob')
  ).trim();
  assert.match(id, /^[0-9a-f-]{36}$/);
  assert.deepEqual(await amtoolJson('alert', 'query'), []);
  const [silenced] = await amtoolJson('alert', 'query', '--silenced');
  assert.deepEqual(silenced.status, { inhibitedBy: [], silencedBy: [id], state: 'suppressed' });
  const [silence] = await amtoolJson('silence', 'query', 'FailedRefunds');
  assert.equal(silence.id, id);
  assert.equal(silence.createdBy, 'bob');
  assert.equal(silence.comment, 'known');
  assert.deepEqual(
    silence.matchers.map(({ name, value, isRegex }) => [name, value, isRegex]),
    [
      ['alertname', 'FailedRefunds', false],
      ['feature', 'check.*', true],
    ],
  );
  assert.deepEqual(await amtoolJson('silence', 'query', 'Other'), []);
  await amtool('silence', 'update', id, '-d', '5h', '-c', 'still known');
  const [updated] = await amtoolJson('silence', 'query');
  assert.equal(updated.comment, 'still known');
  assert.ok(Date.parse(updated.endsAt) > Date.now() + 4 * 3600_000, updated.endsAt);
  await amtool('silence', 'expire', updated.id);
  assert.equal((await amtoolJson('alert', 'query')).length, 1);
  const expired = await amtoolJson('silence', 'query', '--expired', '--within=1h');
  assert.ok(expired.some((one) => one.id === updated.id));
  const again = await run(AMTOOL, `--alertmanager.url=${pitot.httpUrl}`, 'silence', 'expire', id);
  assert.notEqual(again.code, 0);
  assert.match(again.stderr, /expire/);
});

test('amtool says why a silence was refused', { skip }, async () => {
  const args = [`--alertmanager.url=${pitot.httpUrl}`, 'silence'];
  const refused = await run(AMTOOL, ...args, 'add', 'a=~.*', '-c', 'x');
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /it would silence everything/);
  const over = await run(AMTOOL, ...args, 'add', 'a=b', '-c', 'x', '--end=2020-01-01T00:00:00Z');
  assert.notEqual(over.code, 0, over.stdout);
  const nobody = await run(AMTOOL, ...args, 'update', '00000000-0000-4000-8000-000000000000');
  assert.notEqual(nobody.code, 0);
  assert.match(nobody.stderr, /404/);
});

test('silences go from one server to another', { skip }, async () => {
  const id = (await amtool('silence', 'add', 'Moved', '-c', 'moving', '-a', 'bob')).trim();
  const file = join(pitot.dataDir, 'silences.json');
  await writeFile(file, await amtool('silence', 'query', 'Moved', '-o', 'json'));
  await amtool('silence', 'expire', id);
  await amtool('silence', 'import', '--force', file);
  const [imported] = await amtoolJson('silence', 'query', 'Moved');
  assert.notEqual(imported.id, id);
  assert.equal(imported.comment, 'moving');
  await amtool('silence', 'expire', imported.id);
});

test('alerts of other programs are listed, told and end', { skip }, async () => {
  await amtool('alert', 'add', 'HostDown', 'instance=db1', '--annotation=summary=no route to db1');
  const [alert] = await amtoolJson('alert', 'query', 'HostDown');
  assert.deepEqual(alert.annotations, { summary: 'no route to db1' });
  assert.deepEqual(alert.receivers, [{ name: 'ops' }]);
  const end = new Date().toISOString();
  const post = (alerts) =>
    fetch(`${pitot.httpUrl}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(alerts),
    });
  const ended = await post([{ labels: alert.labels, endsAt: end }]);
  assert.equal(ended.status, 200, await ended.text());
  await eventually(
    'it is over',
    async () => (await amtoolJson('alert', 'query', 'HostDown')).length === 0,
  );
  // What is not valid is named, what is valid is taken all the same.
  const half = await post([{ labels: { alertname: 'Fine' } }, { labels: { '0bad': 'x' } }]);
  assert.equal(half.status, 400);
  assert.match(await half.json(), /0bad/);
  assert.equal((await amtoolJson('alert', 'query', 'Fine')).length, 1);
});

test('amtool reads the routes', { skip }, async () => {
  assert.match(await amtool('config', 'show'), /receiver: "ops"/);
  assert.match(await amtool('config', 'routes', 'show'), /severity="page".*night/);
  assert.equal((await amtool('config', 'routes', 'test', 'severity=page')).trim(), 'night');
  assert.equal((await amtool('config', 'routes', 'test', 'severity=info')).trim(), 'ops');
  assert.match(await amtool('cluster', 'show'), /disabled/);
});

test('pitot alerts says the same, and 1 while something fires', { skip }, async () => {
  const list = await pitot.command('alerts', 'alertname=FailedRefunds');
  assert.equal(list.code, 1, list.stdout + list.stderr);
  assert.match(list.stdout, /page +FailedRefunds/);
  const { alerts, counts } = JSON.parse((await pitot.command('alerts', '--json')).stdout);
  const alert = alerts.find((one) => one.alertname === 'FailedRefunds');
  assert.ok(counts.firing >= 1);
  const short = alert.fingerprint.slice(0, 8);
  const shown = await pitot.command('alerts', 'show', short);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, new RegExp(alert.fingerprint));
  const acked = await pitot.command('alerts', 'ack', short, '--comment', 'on it', '--by', 'alice');
  assert.equal(acked.code, 0, acked.stderr);
  assert.match(acked.stdout, /acknowledged by alice: on it/);
  assert.equal((await pitot.command('alerts', 'unack', short)).code, 0);
  assert.equal((await pitot.command('alerts', 'show', 'ffffffff')).code, 1);

  const silence = await pitot.command(
    ...['silence', 'add', 'alertname=FailedRefunds', '--comment', 'ours', '--for', '1h', '--json'],
  );
  assert.equal(silence.code, 0, silence.stderr);
  const { id } = JSON.parse(silence.stdout);
  assert.equal((await pitot.command('alerts', 'alertname=FailedRefunds')).code, 0, 'silenced');
  assert.match((await pitot.command('silence', 'list')).stdout, /silences 1 alert/);
  assert.equal((await pitot.command('silence', 'expire', id)).code, 0);
  assert.equal((await pitot.command('alerts', 'alertname=FailedRefunds')).code, 1);
});

test('pitot alerts shows rules, receivers and a test', { skip }, async () => {
  const rules = await pitot.command('alerts', 'rules');
  assert.match(rules.stdout, /failed-refunds/, rules.stdout + rules.stderr);
  assert.match(rules.stdout, /latency_p99/);
  const sent = await pitot.command('alerts', 'test', 'ops');
  assert.equal(sent.code, 0, sent.stdout + sent.stderr);
  assert.match(sent.stdout, /webhook: delivered/);
  assert.match((await pitot.command('alerts', 'receivers')).stdout, /ops +webhook/);
  assert.equal((await pitot.command('alerts', 'test', 'nobody')).code, 1);
});

test('silences and acknowledgements survive a crash', { skip }, async () => {
  const id = (await amtool('silence', 'add', 'Elsewhere', '-c', 'stays', '-a', 'bob')).trim();
  const [alert] = await amtoolJson('alert', 'query', 'FailedRefunds');
  await pitot.command('alerts', 'ack', alert.fingerprint, '--comment', 'stays too');
  await pitot.crash();
  await pitot.start();
  assert.equal((await amtoolJson('silence', 'query', 'Elsewhere'))[0].id, id);
  const { alert: again } = JSON.parse(
    (await pitot.command('alerts', 'show', alert.fingerprint, '--json')).stdout,
  );
  assert.equal(again.ack.comment, 'stays too');
  assert.equal((await amtoolJson('alert', 'query', 'FailedRefunds'))[0].startsAt, alert.startsAt);
});
