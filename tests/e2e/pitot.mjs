// Starts the real program for a test and asks it questions the way a person does.
//
//   const pitot = await startPitot(t);          // Fresh data, free ports; stopped after the test.
//   const pitot = await startPitot(t, { onTerminal: true });  // And Ctrl-C stops it.
//   const pitot = await startPitot(t, { config: { gateway: {} }, env: { A_KEY: 'x' } });
//   pitot.httpUrl, pitot.grpcUrl, pitot.log
//   await pitot.command('traces', '--json')     // {code, stdout, stderr}
//   await pitot.settled()                       // What was acknowledged is in every answer.
//   await pitot.trace(id, (answer) => ...)      // Asks until the answer satisfies the condition.
//   await pitot.crash(); await pitot.start();   // kill -9, and again on the same data and ports.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PROGRAM = process.env.PITOT_PROGRAM ?? join(ROOT, 'build/pitot');

const READY_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 30_000;
// Promised are 2 s after the acknowledgement, on a machine that does nothing else.
const QUERYABLE_DEADLINE_MS = 20_000;
const POLL_MS = 50;

// `count` ports nobody listens on. Held open together, so that they differ.
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function run(args, env) {
  const child = spawn(PROGRAM, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (chunk) => (output[name] += chunk));
  }
  const [code] = await once(child, 'close');
  return { code, ...output };
}

export async function startPitot(t, { onTerminal = false, config, env = {} } = {}) {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run make build`);
  const [httpPort, grpcPort] = await freePorts(2);
  const dataDir = await mkdtemp(join(tmpdir(), 'pitot-e2e-'));
  const args = ['serve'];
  if (config) {
    args.push('--config', join(dataDir, 'pitot.yaml'));
    await writeFile(args[2], JSON.stringify(config)); // JSON is YAML.
  }
  const pitot = new Pitot({ httpPort, grpcPort, dataDir, onTerminal, args, env });
  t.after(async () => {
    await pitot.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
  await pitot.start();
  return pitot;
}

class Pitot {
  #env;
  #server;
  #onTerminal;
  #args;
  #log = '';

  constructor({ httpPort, grpcPort, dataDir, onTerminal, args, env }) {
    this.#onTerminal = onTerminal;
    this.#args = args;
    this.dataDir = dataDir;
    this.httpUrl = `http://127.0.0.1:${httpPort}`;
    this.grpcUrl = `http://127.0.0.1:${grpcPort}`;
    this.#env = {
      ...process.env,
      PITOT_LISTEN_HTTP: `127.0.0.1:${httpPort}`,
      PITOT_LISTEN_GRPC: `127.0.0.1:${grpcPort}`,
      PITOT_DATA_DIR: dataDir,
      PITOT_URL: this.httpUrl,
      ...env,
    };
  }

  async start() {
    // script(1) runs a program on a terminal of its own and passes on what is typed.
    this.#server = this.#onTerminal
      ? spawn('script', ['-qfec', `exec '${PROGRAM}' serve`, '/dev/null'], { env: this.#env })
      : spawn(PROGRAM, this.#args, { env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#server.stdout, this.#server.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk) => (this.#log += chunk));
    }
    await this.ready();
  }

  // Ends the server without giving it a chance.
  async crash() {
    const closed = once(this.#server, 'close');
    this.#server.kill('SIGKILL');
    await closed;
  }

  async ready() {
    const deadline = Date.now() + READY_DEADLINE_MS;
    while (Date.now() < deadline) {
      if (this.#ended)
        throw new Error(`pitot serve ended with ${this.#server.exitCode}:\n${this.#log}`);
      const response = await fetch(`${this.httpUrl}/readyz`).catch(() => undefined);
      if (response?.ok) return;
      await sleep(POLL_MS);
    }
    throw new Error(`pitot serve is not ready after ${READY_DEADLINE_MS} ms:\n${this.#log}`);
  }

  command(...args) {
    return run(args, this.#env);
  }

  // The answer of `pitot trace ID --json`, as soon as `satisfied(answer)`.
  async trace(id, satisfied) {
    const deadline = Date.now() + QUERYABLE_DEADLINE_MS;
    for (;;) {
      const { code, stdout, stderr } = await this.command(
        'trace',
        id,
        '--json',
        '--url',
        this.httpUrl,
      );
      const answer = code === 0 ? JSON.parse(stdout) : undefined;
      if (answer && satisfied(answer)) return answer;
      if (Date.now() > deadline) {
        throw new Error(
          `trace ${id} is not as expected: exit code ${code}\n${stdout}${stderr}\n${this.#log}`,
        );
      }
      await sleep(POLL_MS);
    }
  }

  // Waits until whatever was acknowledged is in every answer.
  async settled() {
    const deadline = Date.now() + QUERYABLE_DEADLINE_MS;
    for (;;) {
      const { spool } = await (await fetch(`${this.httpUrl}/api/v1/receipts`)).json();
      if (spool.pending_bytes === 0 && spool.done_seq === spool.durable_seq) return;
      if (Date.now() > deadline) throw new Error(`the spool still holds ${JSON.stringify(spool)}`);
      await sleep(POLL_MS);
    }
  }

  // Ends the server in order and fails the test if it does not end well.
  async stop() {
    if (this.#ended) return;
    const closed = once(this.#server, 'close');
    if (this.#onTerminal) this.#server.stdin.write('\x03');
    else this.#server.kill('SIGTERM');
    const late = setTimeout(() => this.#server.kill('SIGKILL'), STOP_DEADLINE_MS);
    const [code, signal] = await closed;
    clearTimeout(late);
    if (code !== 0)
      throw new Error(`pitot serve ended with ${code ?? signal}, asked to stop:\n${this.#log}`);
  }

  get pid() {
    return this.#server.pid;
  }

  // What the server has written so far.
  get log() {
    return this.#log;
  }

  get #ended() {
    return this.#server.exitCode !== null || this.#server.signalCode !== null;
  }
}
