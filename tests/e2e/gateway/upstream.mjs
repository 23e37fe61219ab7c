// A provider that does exactly what a test says: raw sockets, so that status line, headers, chunk
// boundaries, delays, cuts and garbage are the test's own bytes.
//
//   const upstream = await startUpstream(t);
//   upstream.on('case', (request, n) => [...steps])   // For requests with the header `x-case: case`.
//   upstream.requests('case')                         // What came so far, whole requests only.
//   await upstream.request('case', 0)                 // The first one, as soon as it is whole.
//   await request.gone                                // When its connection ended (ms, monotonic).
//
// A step is bytes (one write each), a function to await, or one of CLOSE, RESET, HANG. After the last
// step the connection is kept for the next request, as HTTP/1.1 does.

import { once } from 'node:events';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

export const CLOSE = Symbol('close');
export const RESET = Symbol('reset');
export const HANG = Symbol('hang');

const REQUEST_DEADLINE_MS = 20_000;
const REASONS = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Payload Too Large',
  422: 'Unprocessable Entity',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  529: 'Site is overloaded',
};

// Lets everything written before go out as packets of their own.
export const packet = () => sleep(2);
export const pause = (ms) => () => sleep(ms);

// A promise that the test settles: `until(gate)` is a step that waits for gate.open().
export function gate() {
  let open;
  const passed = new Promise((resolve) => (open = resolve));
  return { open, passed };
}
export const until = (one) => () => one.passed;

export function head(status, headers = {}) {
  const pairs = Array.isArray(headers) ? headers : Object.entries(headers);
  const lines = pairs.map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines.join('')}\r\n`;
}

// A whole answer in one write.
export function whole(status, body, headers = {}) {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const all = { ...headers, 'Content-Length': bytes.length };
  return [Buffer.concat([Buffer.from(head(status, all)), bytes])];
}

export function json(status, body, headers = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return whole(status, text, { 'Content-Type': 'application/json', ...headers });
}

export function chunk(bytes) {
  const body = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n')]);
}

export const LAST_CHUNK = '0\r\n\r\n';

// A stream of SSE events, each in a chunk and a packet of its own. Functions among them are steps.
export function sse(events, headers = {}) {
  const steps = [
    head(200, {
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache',
      'Transfer-Encoding': 'chunked',
      ...headers,
    }),
  ];
  for (const event of events) {
    steps.push(typeof event === 'string' || Buffer.isBuffer(event) ? chunk(event) : event);
  }
  return [...steps, LAST_CHUNK];
}

// `bytes` in pieces cut at `positions`, a packet each.
export function cutAt(bytes, ...positions) {
  const buffer = Buffer.from(bytes);
  const edges = [0, ...positions, buffer.length];
  return edges
    .slice(1)
    .flatMap((end, i) => (end > edges[i] ? [buffer.subarray(edges[i], end), packet] : []));
}

class Received {
  constructor(connection, { method, target, headers }) {
    this.connection = connection.id;
    this.method = method;
    this.target = target;
    this.headers = headers; // [name, value] as sent.
    this.body = Buffer.alloc(0);
    this.at = performance.now();
    this.gone = connection.gone;
  }
  header(name) {
    return this.headers.find(([key]) => key.toLowerCase() === name)?.[1];
  }
  json() {
    return JSON.parse(this.body.toString());
  }
}

// Reads requests off one connection, one after the other.
class Connection {
  #socket;
  #pieces = [];
  #size = 0;
  #more;

  constructor(socket, id) {
    this.id = id;
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {}); // A reset is one of the things that are tested.
    socket.on('data', (data) => {
      this.#pieces.push(data);
      this.#size += data.length;
      this.#wake();
    });
    this.gone = new Promise((resolve) => {
      for (const event of ['end', 'close']) {
        socket.on(event, () => {
          this.ended = true;
          resolve(performance.now());
          this.#wake();
        });
      }
    });
  }

  #wake() {
    this.#more?.();
    this.#more = undefined;
  }

  // The next `count` bytes, or undefined when the peer ended before.
  async #take(count) {
    while (this.#size < count) {
      if (this.ended) return undefined;
      await new Promise((resolve) => (this.#more = resolve));
    }
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [all.subarray(count)];
    this.#size -= count;
    return all.subarray(0, count);
  }

  // The bytes up to `mark` and with it.
  async #takeTo(mark) {
    for (;;) {
      this.#pieces = [Buffer.concat(this.#pieces)];
      const at = this.#pieces[0].indexOf(mark);
      if (at >= 0) return this.#take(at + mark.length);
      if (this.ended) return undefined;
      await new Promise((resolve) => (this.#more = resolve));
    }
  }

  async #line() {
    const line = await this.#takeTo('\r\n');
    return line?.subarray(0, -2).toString('latin1');
  }

  async #chunked() {
    const pieces = [];
    for (;;) {
      const size = await this.#line();
      if (size === undefined) return undefined;
      const piece = await this.#take(parseInt(size, 16) + 2);
      if (piece === undefined) return undefined;
      if (piece.length === 2) return Buffer.concat(pieces);
      pieces.push(piece.subarray(0, -2));
    }
  }

  async next() {
    const bytes = await this.#takeTo('\r\n\r\n');
    if (bytes === undefined) return undefined;
    const [first, ...lines] = bytes.toString('latin1').trimEnd().split('\r\n');
    const [method, target] = first.split(' ');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const request = new Received(this, { method, target, headers });
    if (request.header('expect') === '100-continue')
      this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
    const body =
      request.header('transfer-encoding') === 'chunked'
        ? await this.#chunked()
        : await this.#take(Number(request.header('content-length') ?? 0));
    if (body === undefined) return undefined;
    request.body = body;
    return request;
  }

  // False when the connection is not to be used again.
  async play(steps) {
    for (const step of steps) {
      if (this.ended) return false;
      if (step === RESET) {
        await packet(); // What was written before reaches the peer first.
        this.#socket.resetAndDestroy();
        return false;
      }
      if (step === CLOSE) {
        this.#socket.end();
        return false;
      }
      if (step === HANG) {
        await this.gone;
        return false;
      }
      if (typeof step === 'function') {
        await step(this);
        continue;
      }
      if (!this.#socket.write(step)) {
        // Not once(): it would throw at a reset, which is one of the things that are tested.
        const drained = new Promise((resolve) => this.#socket.once('drain', resolve));
        await Promise.race([drained, this.gone]);
      }
      await turn();
    }
    return true;
  }

  destroy() {
    this.#socket.destroy();
  }
}

export class Upstream {
  #server = createServer((socket) => this.#serve(socket));
  #scripts = new Map();
  #received = new Map();
  #waiting = new Set();
  #connections = new Set();
  #opened = 0;

  async listen(port = 0) {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
    return this;
  }

  // `script(request, n)` makes the steps of the n-th answer (from 0); an array answers every request.
  on(name, script) {
    this.#scripts.set(name, typeof script === 'function' ? script : () => script);
  }

  requests(name) {
    return this.#received.get(name) ?? [];
  }

  // How many connections were ever opened.
  get connections() {
    return this.#opened;
  }
  get open() {
    return this.#connections.size;
  }

  async request(name, n = 0) {
    const deadline = performance.now() + REQUEST_DEADLINE_MS;
    while (this.requests(name).length <= n) {
      const left = deadline - performance.now();
      if (left <= 0) {
        const seen = [...this.#received].map(([key, list]) => `${key}: ${list.length}`);
        throw new Error(`request ${n} of "${name}" did not come; seen: ${seen.join(', ')}`);
      }
      let wake;
      const came = new Promise((resolve) => this.#waiting.add((wake = resolve)));
      await Promise.race([came, sleep(left, undefined, { ref: false })]);
      this.#waiting.delete(wake);
    }
    return this.requests(name)[n];
  }

  async #serve(socket) {
    const connection = new Connection(socket, this.#opened++);
    this.#connections.add(connection);
    for (;;) {
      const request = await connection.next();
      if (request === undefined) break;
      const name = request.header('x-case') ?? '';
      const n = this.requests(name).length;
      this.#received.set(name, [...this.requests(name), request]);
      for (const wake of this.#waiting) wake();
      if (!(await connection.play(this.#steps(name, request, n)))) break;
    }
    await connection.gone;
    this.#connections.delete(connection);
    connection.destroy();
  }

  #steps(name, request, n) {
    const script = this.#scripts.get(name);
    try {
      return script
        ? script(request, n)
        : json(404, { error: { message: `no script for "${name}"`, type: 'test' } });
    } catch (error) {
      // A script may assert something about its request; the test sees this answer.
      return json(500, {
        error: { message: `the script of "${name}": ${error.stack}`, type: 'test' },
      });
    }
  }

  async stop() {
    for (const connection of this.#connections) connection.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export async function startUpstream(t) {
  const upstream = await new Upstream().listen();
  t?.after(() => upstream.stop());
  return upstream;
}
