// What the pages cost somebody who looks at them, in Debian's Chromium against a running server.
// Prints one JSON object; times are milliseconds of the browser's own clock, from the navigation or the
// click on, medians of some visits with an empty cache.
//
//   node tests/bench/web/pages.mjs URL DAY MILLION TRACE
//
// DAY and MILLION are windows as the address has them (since=...&until=...), MILLION of a million model
// calls; TRACE is the id of a trace of 50,000 spans.

import { get } from 'node:http';
import { launchBrowser } from '../../web/browser.mjs';
import { longTasks, scrollThrough } from '../../web/measure.mjs';

const VISITS = 5;
const DEADLINE_MS = 60_000;
const VIEWPORT = { width: 1280, height: 800 };

// In the page: when `ready` was first true, looked at once a frame.
function watch(ready) {
  window.__readyAt = null;
  const look = () => {
    if (ready()) window.__readyAt = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

const READY = {
  // Every panel that is seen without scrolling has what it shows.
  overview: () => {
    const seen = [...document.querySelectorAll('section.card')].filter(
      (card) => card.getBoundingClientRect().top < window.innerHeight,
    );
    const done = (card) =>
      card.querySelector('.waiting') === null && card.querySelector('.card-body')?.textContent;
    return seen.length > 3 && seen.every(done);
  },
  trace: () => document.querySelectorAll('[role=treegrid] [role=row]').length > 20,
  heatMap: () => document.querySelector('.heat canvas')?.width > 1,
  navigation: () => document.querySelector('nav a') !== null,
};

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

async function visit(browser, baseURL, path, ready) {
  const context = await browser.newContext({ baseURL, viewport: VIEWPORT });
  context.setDefaultTimeout(DEADLINE_MS);
  await context.addInitScript(`(${watch})(${ready})`);
  const page = await context.newPage();
  await page.goto(path);
  await page.waitForFunction(() => window.__readyAt !== null);
  const ms = await page.evaluate(() => window.__readyAt);
  return { page, ms, close: () => context.close() };
}

async function visits(browser, url, path, ready) {
  const times = [];
  for (let i = 0; i < VISITS; ++i) {
    const { ms, close } = await visit(browser, url, path, ready);
    times.push(ms);
    await close();
  }
  return median(times);
}

// Bytes of an answer as they are sent to a browser that knows gzip.
function gzipBytes(url) {
  return new Promise((resolve, reject) => {
    get(url, { headers: { 'accept-encoding': 'gzip' } }, (response) => {
      let bytes = 0;
      response.on('data', (piece) => (bytes += piece.length));
      response.on('end', () => resolve(bytes));
    }).on('error', reject);
  });
}

async function firstLoad(browser, url, day) {
  const { page, close } = await visit(browser, url, `/?${day}`, READY.overview);
  const scripts = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => name)
      .filter((name) => new URL(name).pathname.endsWith('.js')),
  );
  const longScroll = await longTasks(page, () =>
    scrollThrough(page, '#page-body').then(() => undefined),
  );
  await close();
  const sizes = await Promise.all([...new Set(scripts)].map(gzipBytes));
  return { kilobytes: sizes.reduce((sum, bytes) => sum + bytes, 0) / 1e3, longScroll };
}

async function largeTrace(browser, url, id) {
  const opened = await visits(browser, url, `/traces/${id}`, READY.trace);
  const { page, close } = await visit(browser, url, `/traces/${id}`, READY.trace);
  const { slowestFrameMs, longTasksMs } = await scrollThrough(page, '[role=treegrid]', 120);
  await close();
  return { opened, slowestFrameMs, longTasksMs };
}

// From the click on "Latency" until the map is drawn, coming from another page of the same window.
async function heatMap(browser, url, window_) {
  const times = [];
  for (let i = 0; i < VISITS; ++i) {
    const { page, close } = await visit(browser, url, `/traces?${window_}`, READY.navigation);
    // As text: the page's policy lets nothing be made into a function there, tools may.
    await page.evaluate(`
      window.__clickedAt = performance.now();
      document.querySelector('nav a[href^="/latency"]').click();
      (${watch})(${READY.heatMap});
    `);
    await page.waitForFunction(() => window.__readyAt !== null);
    times.push(await page.evaluate(() => window.__readyAt - window.__clickedAt));
    await close();
  }
  return median(times);
}

const [url, day, million, trace] = process.argv.slice(2);
const browser = await launchBrowser();
try {
  const load = await firstLoad(browser, url, day);
  const large = await largeTrace(browser, url, trace);
  const worst = (tasks) => Math.max(0, ...tasks);
  console.log(
    JSON.stringify({
      first_load_kb: load.kilobytes,
      overview_ms: await visits(browser, url, `/?${day}`, READY.overview),
      overview_long_task_ms: worst(load.longScroll),
      trace_ms: large.opened,
      trace_frame_ms: large.slowestFrameMs,
      trace_long_task_ms: worst(large.longTasksMs),
      heat_map_ms: await heatMap(browser, url, million),
    }),
  );
} finally {
  await browser.close();
}
