// The scripted provider does what its scripts say, byte for byte; the other tests stand on it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { test } from 'node:test';
import { CLOSE, HANG, RESET, cutAt, gate, json, sse, startUpstream, until } from './upstream.mjs';

async function dial(upstream) {
  const socket = connect(upstream.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

// Everything that comes until the connection ends.
async function drain(socket) {
  const pieces = [];
  let error;
  socket.on('data', (data) => pieces.push(data));
  socket.on('error', (reason) => (error = reason.code));
  await new Promise((resolve) => socket.on('close', resolve));
  return { bytes: Buffer.concat(pieces), error };
}

const get = (name) => `GET /v1/models HTTP/1.1\r\nHost: a\r\nX-Case: ${name}\r\n\r\n`;

test('what is written arrives byte for byte, garbage too', async (t) => {
  const upstream = await startUpstream(t);
  const bytes = Buffer.from([0, 255, 13, 10, 13, 10, 128, 72]);
  upstream.on('raw', [...cutAt(bytes, 1, 4), CLOSE]);
  const socket = await dial(upstream);
  socket.write(get('raw'));
  assert.deepEqual((await drain(socket)).bytes, bytes);
});

test('a request is kept as it came, whole, whatever its framing', async (t) => {
  const upstream = await startUpstream(t);
  upstream.on('kept', json(200, {}));
  const socket = await dial(upstream);
  const rest = 'HTTP/1.1\r\nhost: a\r\nX-Case: kept\r\nX-Odd-NAME:  b: c\r\n';
  socket.write(`POST /a?b=c ${rest}Content-Length: 5\r\n\r\nab`);
  socket.write('cde');
  const sized = await upstream.request('kept');
  socket.write(`POST /d ${rest}Transfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n2\r\n12\r\n0\r\n\r\n`);
  const chunked = await upstream.request('kept', 1);
  socket.destroy();
  assert.equal(sized.target, '/a?b=c');
  assert.deepEqual(sized.headers[2], ['X-Odd-NAME', 'b: c']);
  assert.equal(sized.body.toString(), 'abcde');
  assert.equal(chunked.body.toString(), 'xyz12');
  assert.equal(chunked.connection, sized.connection, 'the connection was kept');
});

test('fetch reads its answers and streams', async (t) => {
  const upstream = await startUpstream(t);
  const go = gate();
  upstream.on('stream', sse(['data: 1\n\n', until(go), 'data: 2\n\n']));
  const response = await fetch(upstream.url, { headers: { 'x-case': 'stream' } });
  const reader = response.body.getReader();
  const text = new TextDecoder();
  assert.equal(text.decode((await reader.read()).value), 'data: 1\n\n', 'before the gate opens');
  go.open();
  assert.equal(text.decode((await reader.read()).value), 'data: 2\n\n');
  assert.equal((await reader.read()).done, true);
});

test('a script can reset, and can hang until the peer goes', async (t) => {
  const upstream = await startUpstream(t);
  upstream.on('reset', ['HTTP/1.1 200 OK\r\n', RESET]);
  const reset = await dial(upstream);
  reset.write(get('reset'));
  assert.deepEqual(await drain(reset), {
    bytes: Buffer.from('HTTP/1.1 200 OK\r\n'),
    error: 'ECONNRESET',
  });

  upstream.on('hang', [HANG]);
  const hang = await dial(upstream);
  hang.write(get('hang'));
  const request = await upstream.request('hang');
  const left = performance.now();
  hang.destroy();
  assert.ok((await request.gone) >= left);
});

test('answers may differ from one request to the next', async (t) => {
  const upstream = await startUpstream(t);
  upstream.on('nth', (request, n) => json(200 + n, { target: request.target }));
  const headers = { 'x-case': 'nth' };
  for (const status of [200, 201]) {
    const response = await fetch(`${upstream.url}/x`, { headers });
    assert.equal(response.status, status);
    assert.deepEqual(await response.json(), { target: '/x' });
  }
});
