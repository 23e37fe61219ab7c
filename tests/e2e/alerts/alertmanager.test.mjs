// A real Alertmanager, twice, behind Pitot: it receives what fires, groups it, silences it and says
// when it is over, as its own command line and its own webhook tell. Beside it what a program of the
// operator's and a signed webhook are told.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPitot } from '../pitot.mjs';

const ALERTMANAGER = process.env.ALERTMANAGER ?? 'prometheus-alertmanager';
const AMTOOL = process.env.AMTOOL ?? 'amtool';
const SECRET = 'a secret of the webhook';
const DEADLINE_MS = 60_000;
const missing = [ALERTMANAGER, AMTOOL].find((name) => spawnSync(name, ['--version']).error);
const skip = missing ? `${missing} is not installed` : false;

let folder;
let pitot;
let managers; // Two Alertmanagers: {url, hook} each.
let hook; // What Pitot's own webhook got.
const stops = [];

before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), 'pitot-alertmanager-'));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  hook = await listen();
  managers = [await startAlertmanager('a'), await startAlertmanager('b')];
  pitot = await startPitot(
    { after: (stop) => stops.push(stop) },
    { config: config(managers), env: { WEBHOOK_SECRET: SECRET } },
  );
});
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

const config = (managers) => ({
  alerts: {
    interval: '1s',
    group_wait: '0s',
    group_interval: '1s',
    external_url: 'https://pitot.example',
    default_receiver: 'ops',
    receivers: [
      {
        name: 'ops',
        alertmanager: { urls: managers.map(({ url }) => url) },
        webhook: { url: hook.url, secret_env: 'WEBHOOK_SECRET' },
        command: { run: ['/bin/sh', '-c', `cat >> ${folder}/told; echo >> ${folder}/told`] },
      },
    ],
    // Share of refunds that fail; both features are in one group.
    custom: [
      {
        id: 'failing-refunds',
        alertname: 'FailingRefunds',
        filter: 'name = refund AND status = error',
        of: 'name = refund',
        aggregate: 'rate',
        by: ['feature'],
        op: '>=',
        threshold: 0.5,
        for: '0s',
        keep_firing: '0s',
        severity: 'warning',
      },
    ],
  },
});

// A server that keeps what is posted to it.
async function listen() {
  const posts = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      posts.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => new Promise((resolve) => server.close(resolve)));
  return { posts, url: `http://127.0.0.1:${server.address().port}/hook` };
}

async function freePort() {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startAlertmanager(name) {
  const told = await listen();
  const file = join(folder, `${name}.yml`);
  const yaml = {
    route: {
      receiver: 'hook',
      group_by: ['alertname'],
      group_wait: '1s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'hook', webhook_configs: [{ url: told.url, send_resolved: true }] }],
  };
  await writeFile(file, JSON.stringify(yaml)); // JSON is YAML.
  const port = await freePort();
  const manager = {
    told: told.posts,
    url: `http://127.0.0.1:${port}`,
    log: '',
    async start() {
      const server = spawn(
        ALERTMANAGER,
        [
          `--config.file=${file}`,
          `--storage.path=${join(folder, name)}`,
          `--web.listen-address=127.0.0.1:${port}`,
          '--cluster.listen-address=',
        ],
        { stdio: ['ignore', 'ignore', 'pipe'] },
      );
      server.stderr.setEncoding('utf8').on('data', (chunk) => (manager.log += chunk));
      manager.stop = async () => {
        if (server.exitCode !== null || server.signalCode !== null) return;
        const closed = once(server, 'close');
        server.kill('SIGTERM');
        await closed;
      };
      await eventually(
        'Alertmanager is ready',
        async () => (await fetch(`${manager.url}/-/ready`).catch(() => undefined))?.ok,
        () => manager.log,
      );
    },
  };
  stops.push(() => manager.stop?.());
  await manager.start();
  return manager;
}

async function eventually(what, satisfied, why = () => pitot?.log ?? '') {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await satisfied();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${DEADLINE_MS} ms: ${what}\n${why()}`);
    await sleep(100);
  }
}

async function amtool(manager, ...args) {
  const child = spawn(AMTOOL, [`--alertmanager.url=${manager.url}`, ...args], {
    env: { ...process.env, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => (output[name] += chunk));
  }
  const [code] = await once(child, 'close');
  assert.equal(code, 0, `amtool ${args.join(' ')}: ${output.stdout}${output.stderr}`);
  return output.stdout;
}

const alertsOf = async (manager, ...args) =>
  JSON.parse(await amtool(manager, 'alert', 'query', ...args, '-o', 'json'));

async function sendRefunds(feature, count, status) {
  const end = Date.now();
  const spans = Array.from({ length: count }, () => ({
    trace_id: randomBytes(16).toString('hex'),
    span_id: randomBytes(8).toString('hex'),
    name: 'refund',
    kind: 'tool',
    start: new Date(end - 40).toISOString(),
    end: new Date(end).toISOString(),
    status,
    feature,
  }));
  const reply = await fetch(`${pitot.httpUrl}/api/v1/spans`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-ndjson' },
    body: spans.map((span) => `${JSON.stringify(span)}\n`).join(''),
  });
  assert.equal(reply.status, 200, await reply.text());
}

const features = (alerts) => alerts.map(({ labels }) => labels.feature).sort();

test('every Alertmanager receives what fires, in one group', { skip }, async () => {
  await sendRefunds('checkout', 3, 'error');
  await sendRefunds('returns', 2, 'error');
  for (const manager of managers) {
    const alerts = await eventually('both are there', async () => {
      const found = await alertsOf(manager, 'FailingRefunds');
      return found.length === 2 && found;
    });
    assert.deepEqual(features(alerts), ['checkout', 'returns']);
    const [alert] = alerts;
    assert.equal(alert.labels.severity, 'warning');
    assert.equal(alert.labels.project, 'default');
    assert.equal(alert.status.state, 'active');
    assert.ok(alert.annotations.summary, JSON.stringify(alert.annotations));
    // As long as Pitot says so every minute, and not much longer.
    const left = Date.parse(alert.endsAt) - Date.now();
    assert.ok(left > 2 * 60_000 && left < 5 * 60_000, `endsAt is ${left} ms ahead`);
    const groups = await (await fetch(`${manager.url}/api/v2/alerts/groups`)).json();
    assert.deepEqual(
      groups.map((group) => [group.labels.alertname, group.alerts.length]),
      [['FailingRefunds', 2]],
    );
    const told = await eventually('its own receiver is told of both', () =>
      manager.told.find(({ body }) => body.alerts.length === 2),
    );
    assert.equal(told.body.status, 'firing');
  }
});

test('a fingerprint is the same here and there', { skip }, async () => {
  const { alerts } = await (await fetch(`${pitot.httpUrl}/api/v1/alerts`)).json();
  const ours = alerts.filter(({ alertname }) => alertname === 'FailingRefunds');
  const theirs = await alertsOf(managers[0], 'FailingRefunds');
  assert.deepEqual(
    ours.map(({ fingerprint }) => fingerprint).sort(),
    theirs.map(({ fingerprint }) => fingerprint).sort(),
  );
});

test('a signed webhook and a program are told as well', { skip }, async () => {
  const { headers, text, body } = await eventually('the webhook is called', () => hook.posts[0]);
  const signature = createHmac('sha256', SECRET)
    .update(`${headers['x-timestamp']}.${text}`)
    .digest('hex');
  assert.equal(headers['x-signature'], `sha256=${signature}`);
  assert.equal(body.version, '4');
  assert.equal(body.receiver, 'ops');
  assert.equal(body.externalURL, 'https://pitot.example');
  const told = await eventually(
    'the program is run',
    async () => existsSync(join(folder, 'told')) && (await readFile(join(folder, 'told'), 'utf8')),
  );
  assert.equal(JSON.parse(told.split('\n')[0]).groupKey, body.groupKey);
});

test('a silence of the Alertmanager holds for what comes from Pitot', { skip }, async () => {
  const [manager] = managers;
  await amtool(manager, 'silence', 'add', 'feature=returns', '-c', 'known', '-a', 'bob');
  await eventually('it is suppressed', async () => {
    const [alert] = await alertsOf(manager, '--silenced', 'feature=returns');
    return alert?.status.state === 'suppressed';
  });
  assert.deepEqual(features(await alertsOf(manager, 'FailingRefunds')), ['checkout']);
});

test('what is over at Pitot is over there, at once', { skip }, async () => {
  await sendRefunds('checkout', 20, 'ok');
  for (const manager of managers) {
    await eventually('it is listed no more', async () => {
      const alerts = await alertsOf(manager, '--silenced', 'FailingRefunds');
      return features(alerts).join() === 'returns' || features(alerts).length === 0;
    });
    const told = await eventually('its own receiver is told', () =>
      manager.told.find(({ body }) => body.alerts.some(({ status }) => status === 'resolved')),
    );
    const [over] = told.body.alerts.filter(({ status }) => status === 'resolved');
    assert.equal(over.labels.feature, 'checkout');
    assert.ok(Date.parse(over.endsAt) <= Date.now());
  }
});

test('an Alertmanager that was away gets what fires when it is back', { skip }, async () => {
  const [, manager] = managers;
  await manager.stop();
  await rm(join(folder, 'b'), { recursive: true, force: true });
  await sendRefunds('wallet', 4, 'error');
  await eventually('Pitot says that it is away', async () => {
    const { receivers } = await (await fetch(`${pitot.httpUrl}/api/v1/receivers`)).json();
    const away = receivers[0].channels.find(({ channel }) => channel === 'alertmanager#2');
    return away.failed > 0 && away.last_error.startsWith(new URL(manager.url).host);
  });
  await eventually('the other one has it', async () =>
    features(await alertsOf(managers[0], 'FailingRefunds')).includes('wallet'),
  );
  await manager.start();
  await eventually('it has what fires', async () =>
    features(await alertsOf(manager, 'FailingRefunds')).includes('wallet'),
  );
});

test('a restart of Pitot changes nothing there', { skip }, async () => {
  const [manager] = managers;
  const [before] = await alertsOf(manager, 'feature=wallet');
  const told = manager.told.length;
  await pitot.crash();
  await pitot.start();
  await eventually('it is sent again', async () => {
    const [alert] = await alertsOf(manager, 'feature=wallet');
    return alert && alert.updatedAt !== before.updatedAt;
  });
  const [again] = await alertsOf(manager, 'feature=wallet');
  assert.equal(again.startsAt, before.startsAt);
  assert.equal(manager.told.length, told, 'nobody is told twice');
});
