// The five questions, asked on the sample agent's data from the command line and by one API call
// each, and the answers against each other: what one page says is what every other page says.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startPitot } from './pitot.mjs';

const AGENT = fileURLToPath(new URL('../../tools/sample_agent/main.mjs', import.meta.url));
const TURNS = 40;

const stops = [];
let pitot;
let traces;
let spans;

async function get(path) {
  const response = await fetch(`${pitot.httpUrl}/api/v1${path}`);
  const text = await response.text();
  assert.equal(response.status, 200, `${path}: ${text}`);
  return JSON.parse(text);
}

async function command(...args) {
  const { code, stdout, stderr } = await pitot.command(...args);
  assert.equal(code, 0, `pitot ${args.join(' ')}: ${stderr}`);
  return stdout;
}

const sum = (list, value) => list.reduce((total, one) => total + (value(one) ?? 0), 0);

function near(got, wanted, what) {
  assert.ok(Math.abs(got - wanted) < 1e-9, `${what}: ${got} instead of ${wanted}`);
}

after(async () => {
  for (const stop of stops) await stop();
});

before(async () => {
  pitot = await startPitot({ after: (stop) => stops.push(stop) });
  const agent = spawn(
    process.execPath,
    [AGENT, '--turns', String(TURNS), '--interval-ms', '0', '--pace', '0', '--seed', '7'],
    { env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: pitot.httpUrl }, stdio: 'ignore' },
  );
  assert.equal((await once(agent, 'close'))[0], 0, 'the sample agent');
  await pitot.settled();
  ({ traces } = await get('/traces?limit=1000'));
  assert.equal(traces.length, TURNS);
  const pages = await Promise.all(traces.map((one) => get(`/traces/${one.trace_id}`)));
  spans = pages.flatMap((page) => page.spans);
});

test('1. what did the agent decide to do, and why', async () => {
  const busiest = traces.reduce((a, b) => (b.tool_calls > a.tool_calls ? b : a));
  const story = await get(`/traces/${busiest.trace_id}/story`);
  const chosen = story.steps.flatMap((step) => step.chose);
  assert.equal(story.steps.length, busiest.llm_calls, 'a step for each model call');
  assert.ok(chosen.length > 0, 'something was chosen');
  assert.ok(
    chosen.every((choice) => choice.outcome),
    `what came of each choice is known: ${JSON.stringify(chosen)}`,
  );
  const shown = await command('trace', busiest.trace_id, '--story');
  for (const choice of chosen) assert.ok(shown.includes(`chose ${choice.tool}`), shown);
  for (const step of story.steps.slice(1)) {
    assert.ok(step.new_messages <= step.context_messages, 'only what was new to the model');
  }
});

test('2. which tool calls succeeded, failed or were retried, and how', async () => {
  const calls = spans.filter((span) => span.kind === 'tool' && span.usage_role !== 'inner');
  const { tools, total } = await get('/tools?limit=1000');
  assert.equal(total.calls, calls.length);
  assert.equal(
    total.retries,
    sum(calls, (span) => span.retry_count),
  );
  for (const tool of tools) {
    const its = calls.filter((span) => span.tool_name === tool.tool);
    for (const [status, count] of Object.entries(tool.status)) {
      const wanted = its.filter((span) => (span.tool_status ?? 'unknown') === status).length;
      assert.equal(count, wanted, `${tool.tool}: ${status}`);
    }
  }
  const shown = await command('tools');
  for (const tool of tools) assert.ok(shown.includes(tool.tool.slice(0, 8)), shown);
});

test('3. what did this request cost, in tokens and dollars', async () => {
  for (const one of traces.slice(0, 5)) {
    const page = await get(`/traces/${one.trace_id}`);
    const counted = page.spans.filter((span) => span.counted);
    near(
      page.trace.cost_usd,
      sum(counted, (span) => span.cost_usd),
      `the cost of ${one.trace_id}`,
    );
    assert.match(await command('trace', one.trace_id), /tokens in, .* out · \$/);
  }
});

test('4. did quality regress since the last prompt change', async () => {
  const { prompts } = await get('/prompts?limit=1000');
  const calls = spans.filter((span) => span.kind === 'llm' && span.prompt_name);
  for (const prompt of prompts) {
    const its = calls.filter(
      (span) =>
        span.prompt_name === prompt.prompt_name && span.prompt_version === prompt.prompt_version,
    );
    assert.equal(prompt.calls, its.length, `${prompt.prompt_name} ${prompt.prompt_version}`);
    assert.equal(prompt.errors, its.filter((span) => span.status === 'error').length);
    assert.equal(prompt.length_stops, its.filter((span) => span.finish_reason === 'length').length);
  }
  const shown = await command('prompts', 'prompt_name = contract-planner');
  assert.match(shown, /cut off/);
  assert.match(shown, /^contract-planner +[34] /m);
});

test('5. which feature, user or workflow is burning the budget', async () => {
  const total = sum(traces, (one) => one.cost_usd);
  for (const field of ['feature', 'user_id', 'workflow']) {
    const answer = await get(`/cost?by=${field}`);
    near(answer.total_usd, total, 'what all traces cost');
    for (const group of answer.groups) {
      const its = traces.filter((one) => one[field] === group.key[field]);
      near(
        group.cost_usd,
        sum(its, (one) => one.cost_usd),
        `${field} ${group.key[field]}`,
      );
    }
    const costs = answer.groups.map((group) => group.cost_usd);
    assert.deepEqual(
      costs,
      [...costs].sort((a, b) => b - a),
      'dearest first',
    );
  }
  const shown = await command('cost', '--by', 'feature');
  assert.match(shown, /^contract-check +\$/m);
  const one = await command('cost', '--by', 'user_id', '--feature', 'contract-check', '--json');
  const of = traces.filter((each) => each.feature === 'contract-check');
  near(
    JSON.parse(one).total_usd,
    sum(of, (each) => each.cost_usd),
    '--feature',
  );
});

test('what today will have cost, and whether an hour was unusual', async () => {
  assert.match(await command('cost', '--forecast', '--budget', '5'), /^Today, .*\n  at this pace/);
  assert.match(await command('cost', '--anomalies'), /^Not enough history yet/);
  const { code, stderr } = await pitot.command('cost', '--forecast', '--since', '7d');
  assert.equal(code, 2, stderr);
  assert.match(stderr, /since/);
});

test('every command that reads has --json and says it in one line of JSON or a document', async () => {
  const commands = [
    ['traces'],
    ['cost'],
    ['cost', '--forecast', '--budget', '5', '--month-budget', '100'],
    ['cost', '--anomalies', '--by', 'user_id'],
    ['cost-tree'],
    ['latency'],
    ['heatmap'],
    ['tools'],
    ['errors'],
    ['sessions'],
    ['users'],
    ['prompts'],
    ['models'],
    ['providers'],
    ['search', 'clause'],
    ['prices', 'gpt-5-mini'],
    ['receipts'],
  ];
  for (const words of commands) JSON.parse(await command(...words, '--json'));
});

test('export writes what import reads back, and a file only when it is whole', async () => {
  const lines = (await command('export')).trimEnd().split('\n');
  assert.equal(lines.length, spans.length);
  const { code, stderr } = await pitot.command('export', 'modell = x', '-o', '/tmp/never');
  assert.equal(code, 2, stderr);
  assert.match(stderr, /no field "modell"/);
});

test('a trace is deleted for good, after --yes only', async () => {
  const id = traces.at(-1).trace_id;
  const asked = await pitot.command('delete', 'trace', id);
  assert.equal(asked.code, 2, asked.stdout);
  assert.match(asked.stderr, /--yes/);
  const done = await command('delete', 'trace', id, '--yes');
  assert.match(done, /Deleted 1 trace, \d+ spans .*nothing of it is left/);
  const gone = await pitot.command('trace', id);
  assert.equal(gone.code, 1, gone.stdout);
  near(
    (await get('/cost?by=')).total_usd,
    sum(traces.slice(0, -1), (one) => one.cost_usd),
    'without the deleted trace',
  );
});

test('repricing under the same prices changes nothing', async () => {
  const shown = await command('reprice', '--dry-run');
  assert.match(shown, /^0 of \d+ priced spans would change/);
});
