// The sample agent against a server that only listens: what it prints, that its spans arrive, that
// the sub-agent's process is part of the same trace, and that it survives without a server.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('main.mjs', import.meta.url));

// A server that keeps every body sent to it.
async function listen(t) {
  const bodies = [];
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    bodies.push({ path: request.url, bytes: Buffer.concat(chunks) });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${server.address().port}`, bodies };
}

async function run(endpoint, ...args) {
  // The timeout bounds the exporter's retries where nobody listens.
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
  };
  const child = spawn(process.execPath, [MAIN, '--interval-ms', '0', '--pace', '0', ...args], {
    env,
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const [code] = await once(child, 'close');
  return { code, output };
}

const traceIds = (output) => output.match(/^[0-9a-f]{32}/gm) ?? [];

test('each turn is a line with the id of a trace that was sent', async (t) => {
  const { url, bodies } = await listen(t);
  const { code, output } = await run(url, '--turns', '12');
  assert.equal(code, 0, output);
  const ids = traceIds(output);
  assert.equal(new Set(ids).size, 12, output);
  const sent = Buffer.concat(bodies.map((body) => body.bytes));
  for (const id of ids)
    assert.ok(sent.includes(Buffer.from(id, 'hex')), `trace ${id} was not sent`);
  assert.ok(bodies.every((body) => body.path === '/v1/traces'));
});

test('the researcher, another process, continues the trace of its planner', async (t) => {
  const { url, bodies } = await listen(t);
  const { output } = await run(url, '--turns', '12');
  const researchers = bodies.filter((body) => body.bytes.includes('invoke_agent researcher'));
  assert.ok(researchers.length > 0, `no turn of this seed delegates:\n${output}`);
  for (const { bytes } of researchers) {
    assert.ok(bytes.includes('sample-researcher'));
    assert.ok(traceIds(output).some((id) => bytes.includes(Buffer.from(id, 'hex'))));
  }
});

test('one seed tells one story', async (t) => {
  const { url } = await listen(t);
  const story = async (seed) => {
    const { output } = await run(url, '--turns', '10', '--seed', seed);
    return output
      .replace(/^[0-9a-f]{32} /gm, '')
      .trim()
      .split('\n')
      .sort();
  };
  const first = await story('7');
  assert.deepEqual(await story('7'), first);
  assert.notDeepEqual(await story('8'), first);
});

test('without a server the agent goes on and says that spans were lost', async () => {
  const { code, output } = await run('http://127.0.0.1:9', '--turns', '3');
  assert.equal(code, 0, output);
  assert.equal(traceIds(output).length, 3, output);
  assert.match(output, /not sent to http:\/\/127\.0\.0\.1:9/);
});

test('a wrong option is refused with the usage', async () => {
  const { code, output } = await run('http://127.0.0.1:9', '--turns', 'many');
  assert.equal(code, 2);
  assert.match(output, /--turns must be a number/);
});
