// A sample agent: node main.mjs [--turns N] [--interval-ms N] [--seed N] [--pace N]
//
// An ordinary OpenTelemetry program whose model provider is a script. Every --interval-ms (2000) a
// user asks one of six features something; each turn is one trace, sent to
// OTEL_EXPORTER_OTLP_ENDPOINT (http://127.0.0.1:4318), and one line here. Runs until --turns (0:
// forever) or Ctrl-C. One --seed tells one story, but for trace ids, which are always new. --pace
// stretches the waits for models and tools: 1 is lifelike, 0 does not wait.

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Planner, Session } from './planner.mjs';
import { Random } from './random.mjs';
import { SCENARIOS, USERS } from './scenarios.mjs';
import { startTelemetry } from './telemetry.mjs';

const DEFAULTS = { turns: 0, 'interval-ms': 2000, seed: 1, pace: 1 };

function readOptions() {
  const options = Object.fromEntries(
    Object.keys(DEFAULTS).map((name) => [name, { type: 'string' }]),
  );
  try {
    const { values } = parseArgs({ options });
    return Object.fromEntries(
      Object.entries(DEFAULTS).map(([name, value]) => {
        const number = Number(values[name] ?? value);
        if (!(number >= 0)) throw new Error(`--${name} must be a number, 0 or more`);
        return [name, number];
      }),
    );
  } catch (error) {
    console.error(
      `${error.message}\nusage: node main.mjs [--turns N] [--interval-ms N] [--seed N] [--pace N]`,
    );
    process.exit(2);
  }
}

// Conversations by user and feature; one takes its turns one after another.
class Conversations {
  #sessions = new Map();
  #busy = new Map();
  #started = 0;

  async run(user, scenario, turn) {
    const key = `${user} ${scenario.feature}`;
    const before = this.#busy.get(key) ?? Promise.resolve();
    const run = before.then(() => {
      let session = this.#sessions.get(key);
      if (!session || session.over) {
        session = new Session(user, scenario, ++this.#started);
        this.#sessions.set(key, session);
      }
      return turn(session);
    });
    this.#busy.set(key, run);
    return run;
  }
}

const options = readOptions();
const stopTelemetry = startTelemetry('sample-agent');
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopping.abort());

const random = new Random(options.seed);
const conversations = new Conversations();
const running = new Set();
for (
  let turn = 1;
  !stopping.signal.aborted && (options.turns === 0 || turn <= options.turns);
  ++turn
) {
  // Each turn has a generator of its own: how turns overlap in time does not change what they do.
  const planner = new Planner(new Random(random.between(1, 2 ** 31)), options.pace);
  const run = conversations
    .run(random.pick(USERS), random.pick(SCENARIOS), (session) => planner.turn(session))
    .then((report) => {
      console.log(
        `${report.traceId}  ${report.feature.padEnd(16)} ${report.user.padEnd(6)} ${report.outcome}`,
      );
    })
    .finally(() => running.delete(run));
  running.add(run);
  await sleep(options['interval-ms'], undefined, { signal: stopping.signal }).catch(() => {});
}
await Promise.all(running);
await stopTelemetry();
