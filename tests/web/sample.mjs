// Fills a server for tests of pages, quickly and always alike.
//
//   await fillHistory(pitot);                 // A day of runs, sent at once; what is in them: STORY.
//   await runAgents(t, pitot, { turns: 20 }); // Real OpenTelemetry programs, as users run them.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sendSpans } from './spans.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

// The sample agent, until its turns are over and its spans are in every answer.
export async function runAgents(t, pitot, { turns = 20, pace = 0.05, seed = 1 } = {}) {
  execFileSync(join(ROOT, 'tools/npm_ci'), ['tools/sample_agent'], { cwd: ROOT, stdio: 'ignore' });
  const args = { turns, pace, seed, 'interval-ms': 0 };
  const agent = spawn(
    process.execPath,
    [
      'tools/sample_agent/main.mjs',
      ...Object.entries(args).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ],
    { cwd: ROOT, env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: pitot.httpUrl } },
  );
  t.after(() => agent.kill('SIGKILL'));
  agent.stdout.resume();
  const [code] = await once(agent, 'close');
  if (code !== 0) throw new Error(`the sample agent ended with ${code}`);
  await pitot.settled();
}

// What is to be found in the history, for tests to ask about.
export const STORY = {
  // Spends most by far.
  burner: 'deep-research',
  // Its calls have invalid arguments since the prompt that follows.
  driftingTool: 'search_flights',
  // From this version on things got worse, in the last third of the time.
  prompt: { name: 'travel-planner', before: '6', after: '7' },
  // Fails by timeouts, and is tried again.
  flakyTool: 'fetch_page',
  // Has no price.
  unpricedModel: 'house-model-1',
  // Very long, to see that nothing breaks.
  longName: `summarise_${'quarterly_report_'.repeat(8)}final`,
};

const FEATURES = [
  { name: 'travel-booking', prompt: STORY.prompt.name, model: 'gpt-5-mini', tokens: 3_000 },
  { name: STORY.burner, prompt: 'researcher', model: 'claude-sonnet-4-5', tokens: 20_000 },
  { name: 'support-refunds', prompt: 'support', model: 'gemini-2.5-flash', tokens: 2_000 },
  { name: 'code-review', prompt: 'reviewer', model: 'gpt-5-mini', tokens: 5_000 },
  { name: 'nightly-report', prompt: 'reporter', model: STORY.unpricedModel, tokens: 1_500 },
];
const PROVIDERS = { g: 'openai', c: 'anthropic', h: 'house' };
const USERS = ['ada', 'boris', 'chen', 'dalia', 'emeka', 'freja'];

// `runs` runs over the last `hours`, one span tree each: an agent, calls of a model, a tool or two. The
// server must take spans that old (limits.max_age does by default).
export async function fillHistory(pitot, { runs = 300, hours = 24, nowMs = Date.now() } = {}) {
  const random = generator(11);
  const spans = [];
  for (let i = 0; i < runs; ++i) {
    // Until a minute ago, denser in the middle of the time.
    const part = (i + random()) / runs;
    const startMs = nowMs - 60_000 - (1 - part) * (hours * 3_600_000 - 120_000);
    spans.push(...run(i, startMs, part, random));
  }
  await sendSpans(pitot, spans);
  await pitot.settled();
  return { runs, spans: spans.length };
}

// Numbers from 0 to 1, always the same ones.
function generator(seed) {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function run(i, startMs, part, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const feature = pick(FEATURES);
  const traceId = (0x5a_0000_0000 + i).toString(16).padStart(32, '0');
  const after = part > 2 / 3;
  const planner = feature.prompt === STORY.prompt.name;
  const version = planner && after ? STORY.prompt.after : STORY.prompt.before;
  // For an hour everything takes three times as long.
  const slow = part > 0.5 && part < 0.55 ? 3 : 1;
  const failed = random() < (slow > 1 ? 0.3 : 0.04);
  const list = [];
  let at = startMs + 20;
  const add = (parent, name, kind, duration_ms, attrs = {}, more = {}) => {
    const span_id = (list.length + 1).toString(16).padStart(16, '0');
    list.push({
      trace_id: traceId,
      span_id,
      ...(parent && { parent_id: parent }),
      name,
      kind,
      start: (parent ? at : startMs) / 1000,
      duration_ms: Math.round(duration_ms),
      attrs,
      ...more,
    });
    return span_id;
  };

  const root = add(null, i % 50 === 7 ? STORY.longName : `run ${feature.name}`, 'agent', 0, {
    feature: feature.name,
    workflow: feature.name.split('-')[0],
    'user.id': pick(USERS),
    'session.id': `session-${i % 40}`,
    'gen_ai.prompt.name': feature.prompt,
    'gen_ai.prompt.version': version,
  });
  const calls = 2 + Math.floor(random() * 3);
  for (let call = 0; call < calls; ++call) {
    const ms = slow * (400 + 1_600 * random() ** 3);
    add(root, `chat ${feature.model}`, 'llm', ms, callAttributes(feature, call, calls, ms, random));
    at += ms + 5;
    if (call + 1 === calls) continue;
    const tool = pick([STORY.driftingTool, STORY.flakyTool, 'lookup_order', 'run_tests']);
    const status = toolStatus(tool, planner && after, random);
    const toolMs = status === 'timeout' ? 3_000 : 40 + 300 * random();
    add(
      root,
      `execute_tool ${tool}`,
      'tool',
      toolMs,
      {
        'gen_ai.tool.name': tool,
        'gen_ai.tool.call.id': `call_${i}_${call}`,
        'gen_ai.tool.status': status,
        ...(status === 'timeout' && { retry_count: 2 }),
      },
      status === 'success' ? {} : { status: 'error', error: `${tool}: ${status}` },
    );
    at += toolMs + 5;
  }
  list[0].duration_ms = Math.round(at - startMs);
  if (failed) Object.assign(list[0], { status: 'error', error: 'the run gave up' });
  return list;
}

function callAttributes({ model, tokens }, call, calls, ms, random) {
  return {
    'gen_ai.provider.name': model.startsWith('gemini') ? 'gcp.gemini' : PROVIDERS[model[0]],
    'gen_ai.request.model': model,
    'gen_ai.response.model': model,
    'gen_ai.usage.input_tokens': Math.round(tokens * (0.5 + random()) * (call + 1)),
    'gen_ai.usage.output_tokens': Math.round(120 + 600 * random()),
    'gen_ai.response.finish_reasons': [call + 1 === calls ? 'stop' : 'tool_calls'],
    'gen_ai.server.time_to_first_token': (0.2 * ms) / 1000,
    'gen_ai.input.messages': JSON.stringify([
      { role: 'user', parts: [{ type: 'text', content: `Question ${call} of this run` }] },
    ]),
    'gen_ai.output.messages': JSON.stringify([
      { role: 'assistant', parts: [{ type: 'text', content: 'An answer in **words**.' }] },
    ]),
  };
}

function toolStatus(tool, worse, random) {
  const dice = random();
  if (tool === STORY.driftingTool && dice < (worse ? 0.5 : 0.02)) return 'invalid_args';
  if (tool === STORY.flakyTool && dice < 0.25) return 'timeout';
  if (dice > 0.98) return 'rate_limited';
  return 'success';
}
