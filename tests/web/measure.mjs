// What a page does to its readers: whether everybody can use it, and whether it keeps up with them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const SERIOUS = ['serious', 'critical'];

// Fails with every serious or critical finding of axe-core: the rule, the element, what to do.
//
//   await checkAccessible(page);
//   await checkAccessible(page, { within: '#page-body', except: ['color-contrast'] });
export async function checkAccessible(page, { within, except = [] } = {}) {
  // By the tools of the browser, not by a script element: the page's own policy allows none.
  await page.evaluate(readFileSync(AXE, 'utf8'));
  const found = await page.evaluate(
    async ([root, off]) => {
      const rules = Object.fromEntries(off.map((rule) => [rule, { enabled: false }]));
      const { violations } = await window.axe.run(root ?? document, { rules });
      return violations.map(({ id, impact, help, nodes }) => ({
        id,
        impact,
        help,
        nodes: nodes
          .slice(0, 5)
          .map((node) => `${node.html.slice(0, 160)}  ${node.failureSummary}`),
      }));
    },
    [within ?? null, except],
  );
  const serious = found.filter(({ impact }) => SERIOUS.includes(impact));
  assert.deepEqual(serious, [], `axe found serious violations on ${page.url()}`);
}

// Milliseconds of each task over 50 ms while `work()` ran, as the browser itself counts them.
export async function longTasks(page, work) {
  await page.evaluate(() => {
    window.__long = [];
    window.__longObserver = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.__long.push(Math.round(duration));
    });
    window.__longObserver.observe({ type: 'longtask' });
  });
  await work();
  return page.evaluate(async () => {
    // Those of the last frames are told a little later.
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100)));
    window.__longObserver.disconnect();
    return window.__long;
  });
}

// Scrolls `selector` to its end in steps, one a frame; gives back the longest frame and the long tasks.
export async function scrollThrough(page, selector, steps = 60) {
  let slowestFrameMs = 0;
  const tasks = await longTasks(page, async () => {
    slowestFrameMs = await page.evaluate(
      async ([query, count]) => {
        const scroller = document.querySelector(query);
        const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
        const step = (scroller.scrollHeight - scroller.clientHeight) / count;
        let slowest = 0;
        let last = await frame();
        for (let i = 0; i < count; ++i) {
          scroller.scrollTop += step;
          const now = await frame();
          slowest = Math.max(slowest, now - last);
          last = now;
        }
        return Math.round(slowest);
      },
      [selector, steps],
    );
  });
  return { slowestFrameMs, longTasksMs: tasks };
}

// Milliseconds from asking for `path` until `ready(page)` resolves, the browser's cache empty.
export async function timeToUse(open, path, ready) {
  const started = performance.now();
  const page = await open(path);
  await ready(page);
  return { page, ms: Math.round(performance.now() - started) };
}
