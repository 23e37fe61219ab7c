// A server that asks for keys, and what is in front of it: OpenTelemetry's exporters with nothing but
// their environment, the command line, and a restart.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { startPitot } from './pitot.mjs';

const SECRET = /pk-pitot-[a-z0-9]{8}-[A-Za-z0-9]{43}/g;
const DEADLINE_MS = 20_000;

const EXPORTERS = {
  gRPC: (pitot) => new GrpcExporter({ url: pitot.grpcUrl }),
  'HTTP with JSON': (pitot) => new JsonExporter({ url: `${pitot.httpUrl}/v1/traces` }),
  'HTTP with protobuf': (pitot) => new ProtobufExporter({ url: `${pitot.httpUrl}/v1/traces` }),
};

const HEADERS = {
  'x-pitot-key': (key) => `x-pitot-key=${key}`,
  Authorization: (key) => `Authorization=Bearer%20${key}`,
};

// One span, as a program records it.
function oneSpan(name) {
  const memory = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
  provider.getTracer('e2e').startSpan(name).end();
  const [span] = memory.getFinishedSpans();
  return span;
}

// What the exporter made with that environment says after sending `span`: 0 is done.
async function send(pitot, makeExporter, headers, span) {
  process.env.OTEL_EXPORTER_OTLP_HEADERS = headers;
  const exporter = makeExporter(pitot);
  delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
  const result = await new Promise((resolve) => exporter.export([span], resolve));
  await exporter.shutdown();
  return result;
}

async function command(pitot, key, ...args) {
  const { code, stdout, stderr } = await pitot.command(...args, '--json', '--key', key);
  assert.equal(code, 0, `pitot ${args.join(' ')}: ${stdout}${stderr}`);
  return JSON.parse(stdout);
}

async function eventually(what, satisfied) {
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await satisfied())) {
    if (Date.now() > deadline) throw new Error(`after ${DEADLINE_MS} ms: not yet ${what}`);
    await sleep(50);
  }
}

async function sees(pitot, key, span, ...args) {
  const { traceId } = span.spanContext();
  const { code } = await pitot.command('trace', traceId, '--json', '--key', key, ...args);
  return code === 0;
}

// Every byte that the server has put on the disk.
async function disk(folder) {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile());
  const contents = await Promise.all(
    files.map((entry) => readFile(join(entry.path, entry.name), 'latin1').catch(() => '')),
  );
  return contents.join('\n');
}

test(
  'with keys, a program sends with its own and nobody without',
  { timeout: 180_000 },
  async (t) => {
    const pitot = await startPitot(t, { env: { PITOT_AUTH_MODE: 'keys' } });
    const shown = pitot.log.match(SECRET);
    assert.ok(shown, `the first start shows an admin key:\n${pitot.log}`);
    const admin = shown[0];

    const agent = await command(
      ...[pitot, admin, 'key', 'create', 'agent'],
      ...['--scopes', 'ingest', '--project', 'shop'],
    );
    const reader = await command(
      ...[pitot, admin, 'key', 'create', 'dashboard'],
      ...['--scopes', 'read', '--project', 'shop'],
    );

    for (const [way, makeExporter] of Object.entries(EXPORTERS)) {
      for (const [header, text] of Object.entries(HEADERS)) {
        const span = oneSpan(`${way} ${header}`);
        const result = await send(pitot, makeExporter, text(agent.secret), span);
        assert.equal(result.code, 0, `${way}, key in ${header}: ${result.error}`);
        await eventually(`in project shop: ${span.name}`, () => sees(pitot, reader.secret, span));
        assert.equal(await sees(pitot, admin, span), false, 'not in project default');
        assert.ok(await sees(pitot, admin, span, '--project', 'shop'));
      }
      for (const [why, key, words] of [
        ['no key', '', /key is needed/],
        [
          'an unknown key',
          'pk-pitot-aaaaaaaa-0123456789012345678901234567890123456789012',
          /not valid/,
        ],
        ['a key that may only read', reader.secret, /scope ingest/],
      ]) {
        const refused = await send(pitot, makeExporter, key && `x-pitot-key=${key}`, oneSpan(why));
        assert.notEqual(refused.code, 0, `${way} with ${why}`);
        const said = `${refused.error?.message} ${refused.error?.details} ${refused.error?.data}`;
        assert.match(said, words, `${way} with ${why}`);
      }
    }
    const agentsView = await pitot.command('traces', '--key', agent.secret);
    assert.equal(agentsView.code, 1);
    assert.match(agentsView.stderr, /has not the scope read/);
    assert.match((await pitot.command('traces')).stderr, /key is needed/);
  },
);

test('keys survive kill -9; none is on the disk or in the log', { timeout: 180_000 }, async (t) => {
  const pitot = await startPitot(t, { env: { PITOT_AUTH_MODE: 'keys' } });
  const [admin] = pitot.log.match(SECRET);
  const made = await command(pitot, admin, 'key', 'create', 'agent', '--scopes', 'ingest');
  await pitot.crash();
  await pitot.start();
  assert.deepEqual(pitot.log.match(SECRET), [admin, admin], 'shown at the first start only');

  const exporter = EXPORTERS['HTTP with JSON'];
  const headers = (secret) => `x-pitot-key=${secret}`;
  assert.equal((await send(pitot, exporter, headers(made.secret), oneSpan('one'))).code, 0);

  const rotated = await command(pitot, admin, 'key', 'rotate', made.key.id, '--grace', '0s');
  assert.notEqual((await send(pitot, exporter, headers(made.secret), oneSpan('two'))).code, 0);
  assert.equal((await send(pitot, exporter, headers(rotated.secret), oneSpan('three'))).code, 0);
  assert.equal((await pitot.command('key', 'revoke', made.key.id, '--key', admin)).code, 0);
  assert.notEqual((await send(pitot, exporter, headers(rotated.secret), oneSpan('four'))).code, 0);

  const { keys } = await command(pitot, admin, 'key', 'list');
  assert.deepEqual(
    keys.map(({ name }) => name),
    ['first admin key'],
  );
  await pitot.stop();
  const bytes = await disk(pitot.dataDir);
  assert.ok(bytes.includes(createHash('sha256').update(admin).digest('hex')));
  for (const secret of [admin, made.secret, rotated.secret]) {
    assert.ok(!bytes.includes(secret.slice(-43)), `${secret.slice(0, 17)}... is on the disk`);
  }
  assert.ok(!pitot.log.includes(made.secret.slice(-43)));
});

test('on loopback the first key closes the door', { timeout: 120_000 }, async (t) => {
  const pitot = await startPitot(t);
  assert.equal((await pitot.command('traces')).code, 0);
  const early = await pitot.command('key', 'create', 'agent', '--scopes', 'ingest');
  assert.equal(early.code, 1);
  assert.match(early.stderr, /first key must have the scope admin/);
  const made = await pitot.command('key', 'create', 'ops', '--scopes', 'admin');
  assert.equal(made.code, 0, made.stderr);
  assert.match(made.stdout, /From now on calls to this server need a key/);
  const [admin] = made.stdout.match(SECRET);
  assert.match((await pitot.command('traces')).stderr, /key is needed/);
  assert.equal((await pitot.command('traces', '--key', admin)).code, 0);

  // A page of another site may not ask, and one without a session gets the form.
  const foreign = await fetch(`${pitot.httpUrl}/api/v1/traces`, {
    headers: { origin: 'http://evil.example' },
  });
  assert.equal(foreign.status, 401);
  const page = await fetch(pitot.httpUrl);
  assert.equal(page.status, 401);
  assert.match(await page.text(), /<form method="post" action="\/api\/v1\/login">/);

  const { keys } = await command(pitot, admin, 'key', 'list');
  const revoked = await pitot.command('key', 'revoke', keys[0].id, '--key', admin);
  assert.equal(revoked.code, 0, revoked.stderr);
  assert.equal((await pitot.command('traces')).code, 0, 'without any key it is open again');
});

test('keys of the configuration file are read-only', { timeout: 120_000 }, async (t) => {
  const secret = (name) => `pk-pitot-${name}-${'A1b2C3d4E5'.repeat(5).slice(0, 43)}`;
  const pitot = await startPitot(t, {
    config: {
      auth: {
        keys: [
          { name: 'ops', env: 'TEST_ADMIN_KEY', scopes: ['admin'] },
          {
            name: 'agent',
            hash: createHash('sha256').update(secret('agent000')).digest('hex'),
            scopes: ['ingest'],
            project: 'shop',
          },
        ],
      },
    },
    env: { TEST_ADMIN_KEY: secret('admin000') },
  });
  assert.equal(pitot.log.match(SECRET), null, 'no key was made');
  const { keys } = await command(pitot, secret('admin000'), 'key', 'list');
  assert.deepEqual(
    keys.map(({ id, from_config: fixed }) => [id, fixed]),
    [
      ['agent', true],
      ['ops', true],
    ],
  );
  const span = oneSpan('from the file');
  const exporter = EXPORTERS['HTTP with protobuf'];
  const sent = await send(pitot, exporter, `x-pitot-key=${secret('agent000')}`, span);
  assert.equal(sent.code, 0, `${sent.error}`);
  const refused = await pitot.command('key', 'revoke', 'agent', '--key', secret('admin000'));
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /pitot\.yaml/);
});
