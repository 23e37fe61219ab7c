// The web pages in Debian's Chromium, against the real program and the real sample agent.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refusals, shoot, webTest } from './browser.mjs';
import { evilTrace, largeTrace, sendSpans } from './spans.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LARGE_SPANS = 20_000;

const tracesLink = (page) => page.getByRole('grid', { name: 'Traces' }).getByRole('link');
const spanRow = (page, name) =>
  page.getByRole('treegrid', { name: 'Spans' }).getByRole('row').filter({ hasText: name });

webTest('a trace appears live while its agent runs, and shows messages', async (it) => {
  const { t, pitot, open } = it;
  execFileSync(join(ROOT, 'tools/npm_ci'), ['tools/sample_agent'], { cwd: ROOT, stdio: 'ignore' });
  const page = await open('/');

  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
  assert.match(await page.locator('pre').first().textContent(), new RegExp(pitot.httpUrl));
  await page
    .getByRole('navigation', { name: 'Pages' })
    .getByRole('link', { name: 'Traces' })
    .click();
  await page.getByRole('heading', { name: 'No traces yet' }).waitFor();

  const agent = spawn(
    process.execPath,
    ['tools/sample_agent/main.mjs', '--turns', '1', '--pace', '1.5'],
    { cwd: ROOT, env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: pitot.httpUrl } },
  );
  t.after(() => agent.kill('SIGKILL'));
  const ended = once(agent, 'close');

  const row = page.getByRole('grid', { name: 'Traces' }).getByRole('row').nth(1);
  await row.getByText('running').waitFor();
  assert.equal(agent.exitCode, null, 'the agent still runs when its trace appears');

  // Its page grows while it runs.
  await row.getByRole('link').click();
  await spanRow(page, 'chat').first().waitFor();
  const seen = await page.getByRole('treegrid').getByRole('row').count();
  assert.equal(agent.exitCode, null, 'the agent still runs when its page is open');
  await ended;
  await spanRow(page, 'invoke_agent planner').waitFor();
  assert.ok((await page.getByRole('treegrid').getByRole('row').count()) > seen);

  await spanRow(page, 'chat').first().click();
  const panel = page.getByRole('complementary', { name: 'Span' });
  await panel.getByRole('article').filter({ hasText: 'user' }).first().waitFor();
  await panel.getByRole('heading', { name: 'Output' }).waitFor();
  await panel.getByRole('tab', { name: 'Usage and cost' }).click();
  await panel.getByRole('cell', { name: 'catalogue' }).waitFor();
  await shoot(page, 'trace-light');

  // The address holds all of it.
  const again = await open(new URL(page.url()).pathname + new URL(page.url()).search);
  await again.getByRole('tab', { name: 'Usage and cost', selected: true }).waitFor();
  await again.getByRole('cell', { name: 'catalogue' }).waitFor();

  // Back in the list, the trace has ended.
  await page.getByRole('link', { name: 'All traces' }).click();
  await row.getByText(/^(ok|error)$/).waitFor();
  assert.deepEqual(await refusals(page), []);
});

webTest('whatever a payload holds stays text and runs nothing', async ({ pitot, open }) => {
  const id = 'e'.repeat(32);
  await sendSpans(pitot, evilTrace(id, Date.now()));
  await pitot.trace(id, (answer) => answer.spans.length === 2);

  const page = await open('/traces');
  await tracesLink(page).first().waitFor();
  await checkHarmless(page);
  await page.goto(`/traces/${id}`);
  for (const name of ['run <script>', 'chat evil']) {
    await spanRow(page, name).first().click();
    const panel = page.getByRole('complementary', { name: 'Span' });
    await panel.getByRole('heading', { level: 2 }).filter({ hasText: name }).waitFor();
    for (const tab of ['Content', 'Usage and cost', 'Attributes', 'Raw']) {
      await panel.getByRole('tab', { name: tab }).click();
      await panel.getByRole('tab', { name: tab, selected: true }).waitFor();
      await openAll(panel);
      await checkHarmless(page);
    }
  }
  const panel = page.getByRole('complementary', { name: 'Span' });
  await panel.getByRole('tab', { name: 'Content' }).click();
  const message = panel.getByRole('article').filter({ hasText: 'user' }).first();
  const shown = await message.textContent();
  assert.ok(shown.includes('<script>window.__xss = "script"</script>'), shown);
  assert.ok(shown.includes('^[[31mred'), 'terminal escapes are visible');
  await openAll(panel);
  await checkHarmless(page);
});

async function openAll(panel) {
  const folded = panel.locator('button[aria-expanded="false"]:not([aria-haspopup])');
  for (let left = 50; left > 0 && (await folded.count()) > 0; --left) await folded.first().click();
}

async function checkHarmless(page) {
  const found = await page.evaluate(() => {
    const count = (selector) => document.querySelectorAll(`#root ${selector}`).length;
    return {
      ran: window.__xss ?? null,
      elements: count(':is(script, iframe, object, embed)'),
      images: count('img:not([src^="/assets/"])'),
      links: [...document.links].filter((link) => link.protocol !== 'http:').length,
      handlers: count(':is([onerror], [onload], [onclick])'),
    };
  });
  assert.deepEqual(found, { ran: null, elements: 0, images: 0, links: 0, handlers: 0 });
  assert.deepEqual(await refusals(page), [], 'and nothing even tried');
}

webTest(`a trace of ${LARGE_SPANS} spans is whole, scrolls and is searched`, async (it) => {
  const { t, pitot, open } = it;
  const id = 'ab'.repeat(16);
  const start = Date.now() - 3_600_000;
  await sendSpans(pitot, largeTrace(id, LARGE_SPANS, start));
  await pitot.trace(id, (answer) => answer.spans.length === LARGE_SPANS);

  const page = await open(`/traces/${id}`);
  const table = page.getByRole('treegrid', { name: 'Spans' });
  await table.getByText('large run').waitFor();
  assert.equal(await table.getAttribute('aria-rowcount'), String(LARGE_SPANS + 1));
  assert.ok((await table.getByRole('row').count()) < 150, 'only rows in view are in the page');

  await table.press('End');
  await table.locator(`#span-${LARGE_SPANS.toString(16).padStart(16, '0')}`).waitFor();
  await table.press('Home');
  await table.getByText('large run').waitFor();
  t.diagnostic(`slowest of 60 frames while scrolling: ${await slowestFrame(page)} ms`);

  await page.getByRole('button', { name: 'Fold all', exact: true }).click();
  assert.equal(await table.getAttribute('aria-rowcount'), String(LARGE_SPANS / 10 + 2));
  await table.focus();
  await page.keyboard.press('/');
  await page.keyboard.type('step_9003');
  await page.keyboard.press('Enter');
  await table.getByText('execute_tool step_9003').waitFor();
  await page.getByText('1 of 1').waitFor();

  // e: to the next error, Enter: its details, which were not read before.
  await table.focus();
  await page.keyboard.press('Home');
  await page.keyboard.press('e');
  await page.keyboard.press('Enter');
  const panel = page.getByRole('complementary', { name: 'Span' });
  await panel.getByText('step 3 failed').first().waitFor();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
});

// Milliseconds between frames, at worst, while the tree is scrolled from its top to its end.
function slowestFrame(page) {
  return page.evaluate(async () => {
    const scroller = document.querySelector('[role=treegrid]');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const step = scroller.scrollHeight / 60;
    let slowest = 0;
    let last = await frame();
    for (let i = 0; i < 60; ++i) {
      scroller.scrollTop += step;
      const now = await frame();
      slowest = Math.max(slowest, now - last);
      last = now;
    }
    return Math.round(slowest);
  });
}

webTest('dark for those whose system is dark', async ({ pitot, open }) => {
  await sendSpans(pitot, largeTrace('cd'.repeat(16), 60, Date.now() - 10_000));
  await pitot.trace('cd'.repeat(16), (answer) => answer.spans.length === 60);
  const lightness = (page) =>
    page.evaluate(() => {
      const [red] = getComputedStyle(document.body).backgroundColor.match(/\d+/g);
      return Number(red);
    });
  for (const colorScheme of ['light', 'dark']) {
    const page = await open('/traces', { colorScheme, width: 1920, height: 1000 });
    await tracesLink(page).first().waitFor();
    assert.equal((await lightness(page)) < 128, colorScheme === 'dark');
    await shoot(page, `traces-${colorScheme}`);
    await tracesLink(page).first().click();
    await spanRow(page, 'turn').first().waitFor();
    await shoot(page, `tree-${colorScheme}`);
  }
});

webTest('files are kept, pages asked for, else nothing is there', async ({ pitot, open }) => {
  const get = (path, init) => fetch(pitot.httpUrl + path, init);
  const pages = JSON.parse(readFileSync(join(ROOT, 'web/src/app/pages.json'), 'utf8'));
  for (const pattern of pages) {
    const path = pattern.replaceAll(/\$\w+/g, 'a'.repeat(32));
    const page = await open(path, { expected: [/404 \(Not Found\)/] });
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    assert.equal(await page.getByText('There is no such page').count(), 0, pattern);
  }
  for (const path of ['/nothing', '/traces/a/b', '/assets/nothing.js', '/index']) {
    assert.equal((await get(path)).status, 404, path);
  }

  const document = await get('/traces');
  const html = await document.text();
  assert.equal(document.headers.get('cache-control'), 'no-cache');
  assert.match(document.headers.get('content-security-policy'), /default-src 'self'/);
  const etag = document.headers.get('etag');
  const same = await get('/traces', { headers: { 'If-None-Match': etag } });
  assert.equal(same.status, 304);
  const head = await get('/traces', { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');

  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)[1];
  const file = await get(script);
  assert.match(file.headers.get('cache-control'), /immutable/);
  assert.match(file.headers.get('content-type'), /^text\/javascript/);
  assert.ok((await file.text()).length > 100_000);
});
