// Every page with live data in both themes, in build/test-results/web/pictures: what docs/web.md and the
// README show. tools/pictures copies them there.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLAUDE, anthropicUsage, message, text } from '../e2e/gateway/answers.mjs';
import { upstreamsAt } from '../e2e/gateway/pitot_gateway.mjs';
import { post } from '../e2e/gateway/raw.mjs';
import { json, startUpstream } from '../e2e/gateway/upstream.mjs';
import { refusals, shoot, webTest } from './browser.mjs';
import { fillHistory, runAgents } from './sample.mjs';

const CASE = 'pictures';
const USERS = ['ada', 'boris', 'chen', 'dalia', 'emeka'];
const BUDGETS = [
  { id: 'everything', scope: 'global', window: 'day', limit_usd: 0.5 },
  { id: 'each-user', scope: 'user', window: 'day', limit_usd: 0.06, hard: true },
  { id: 'checkout', scope: 'feature', match: 'checkout', window: 'month', limit_usd: 0.3 },
];
const SLOS = [
  {
    name: 'runs-succeed',
    filter: 'kind = agent',
    good: 'status != error',
    target: 0.95,
    window: '7d',
  },
  {
    name: 'answers-are-quick',
    filter: 'kind = llm',
    good: 'duration < 2s',
    target: 0.93,
    window: '7d',
  },
];
const QUERY = `SELECT toStartOfHour(ended_at) AS hour, model, sum(cost_usd) AS usd
FROM calls
GROUP BY hour, model
ORDER BY hour`;

async function server(t) {
  const upstream = await startUpstream(t);
  upstream.on(
    CASE,
    json(200, message([text('Sent.')], { usage: anthropicUsage({ output_tokens: 900 }) })),
  );
  return {
    config: { gateway: { budgets: BUDGETS, upstreams: upstreamsAt(upstream.url) }, slos: SLOS },
  };
}

// Some users spend more than others, one until nothing is left.
async function callThroughGateway(pitot) {
  const body = {
    model: CLAUDE,
    max_tokens: 1_000,
    messages: [{ role: 'user', content: 'Where is it?' }],
  };
  for (const [i, user] of USERS.entries()) {
    for (let call = 0; call <= 3 * i; ++call) {
      const headers = { 'x-case': CASE, 'x-pitot-user': user, 'x-pitot-feature': 'checkout' };
      await post(`${pitot.httpUrl}/anthropic/v1/messages`, body, headers).end;
    }
  }
}

// Pages by their pictures' names; `paths` of web/src/app/pages.json are all there.
const PAGES = ({ trace, other }) => ({
  overview: '/',
  traces: '/traces',
  sessions: '/traces/sessions',
  trace: `/traces/${trace}`,
  story: `/traces/${trace}?view=story`,
  agents: `/traces/${trace}?view=agents`,
  'trace-cost': `/traces/${trace}?view=cost`,
  compare: `/traces/${trace}/compare/${other}`,
  cost: '/cost',
  budgets: '/cost/budgets',
  latency: '/latency',
  tools: '/tools',
  errors: '/tools/errors',
  quality: '/quality',
  alerts: '/alerts',
  slos: '/alerts/slos',
  silences: '/alerts/silences',
  runbooks: '/alerts/runbooks?runbook=errors',
  preflight: '/preflight',
  sql: `/sql?${new URLSearchParams({ sql: QUERY, show: 'chart' })}`,
  settings: '/settings',
  keys: '/settings/keys',
  prices: '/settings/prices',
  retention: '/settings/retention',
  receipts: '/settings/receipts',
});

// The largest two runs of the same kind of the sample agents.
async function twoRuns(pitot) {
  const answer = await fetch(
    `${pitot.httpUrl}/api/v1/traces?q=service%20%3D%20sample-agent&limit=100`,
  );
  const { traces } = await answer.json();
  traces.sort((a, b) => b.spans - a.spans);
  const [trace] = traces;
  const other = traces.find((each) => each !== trace && each.root_name === trace.root_name);
  return { trace: trace.trace_id, other: other.trace_id };
}

webTest(
  'pictures of every page',
  async ({ t, pitot, open }) => {
    await fillHistory(pitot, { runs: 600 });
    await runAgents(t, pitot, { turns: 25 });
    await callThroughGateway(pitot);
    await evaluated(pitot);
    const pages = PAGES(await twoRuns(pitot));
    const known = JSON.parse(
      readFileSync(new URL('../../web/src/app/pages.json', import.meta.url), 'utf8'),
    );
    const shown = Object.values(pages).map((path) =>
      path
        .replace(/\?.*/, '')
        .replace(/[0-9a-f]{32}/, '$trace_id')
        .replace(/[0-9a-f]{32}/, '$other'),
    );
    assert.deepEqual(
      known.filter((path) => !shown.includes(path)),
      [],
      'pages without a picture',
    );
    for (const colorScheme of ['light', 'dark']) {
      const page = await open('/', { colorScheme, height: 900 });
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(path);
        await filled(page);
        if (name === 'sql') {
          await page.getByRole('button', { name: 'Run' }).click();
          await page.getByRole('region', { name: 'Result' }).locator('.u-over').waitFor();
        }
        assert.deepEqual(await refusals(page), []);
        await shoot(page, `pictures/${name}-${colorScheme}`);
      }
      await page.context().close();
    }
  },
  server,
);

// Alerts and objectives know what was sent.
async function evaluated(pitot) {
  for (;;) {
    const [alerts, slos] = await Promise.all(
      ['alerts', 'slos'].map(async (name) =>
        (await fetch(`${pitot.httpUrl}/api/v1/${name}`)).json(),
      ),
    );
    if (alerts.alerts.length > 0 && slos.slos.every(({ valid }) => valid > 0)) return;
    await sleep(200);
  }
}

// Everything in view is there, and no more comes.
async function filled(page) {
  await page.getByRole('heading', { level: 1 }).waitFor();
  const calm = () => {
    window.__calm = document.querySelector('.waiting') === null ? (window.__calm ?? 0) + 1 : 0;
    return window.__calm > 5;
  };
  await page.waitForFunction(calm, null, { polling: 100 });
}
