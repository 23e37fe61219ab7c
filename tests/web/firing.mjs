// Rules that fire at once on what tests send, and what the tests of the alerts' pages have in common.
//
//   webTest('...', async ({ pitot, open }) => {
//     await sendRefunds(pitot, 'checkout', 5);            // RefundsFail fires a second later.
//     await alertOf(await open('/alerts'), 'checkout').waitFor();
//   }, { config: { alerts: RULES } });

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { shoot } from './browser.mjs';
import { checkAccessible } from './measure.mjs';
import { sendSpans } from './spans.mjs';

export const panel = (page, title) => page.getByRole('region', { name: title, exact: true });
export const firing = (page) => page.getByRole('list', { name: 'Firing alerts' });
export const alertOf = (page, feature) =>
  firing(page)
    .getByRole('listitem')
    .filter({ hasText: 'RefundsFail' })
    .filter({ hasText: feature });

// Fires at the next evaluation, a second later.
export const RULES = {
  interval: '1s',
  group_wait: '0s',
  group_interval: '1s',
  custom: [
    {
      id: 'failing-refunds',
      alertname: 'RefundsFail',
      filter: 'tool_name = refund AND status = error',
      aggregate: 'count',
      by: ['feature'],
      op: '>=',
      threshold: 3,
      window: '10m',
      for: '0s',
      severity: 'page',
      annotations: { team: 'payments' },
    },
  ],
};

export async function sendRefunds(pitot, feature, count, status = 'error') {
  const end = Date.now();
  await sendSpans(
    pitot,
    Array.from({ length: count }, () => ({
      trace_id: randomBytes(16).toString('hex'),
      span_id: randomBytes(8).toString('hex'),
      name: 'execute_tool refund',
      kind: 'tool',
      start: new Date(end - 40).toISOString(),
      end: new Date(end).toISOString(),
      status,
      ...(status === 'error' && { error: 'no such order' }),
      attrs: { 'gen_ai.tool.name': 'refund', feature },
    })),
  );
}

// A receiver that takes what it is told, as long as the tests run.
const receiver = createServer((request, response) => {
  request.resume().on('end', () => response.end());
})
  .listen(0, '127.0.0.1')
  .unref();
await once(receiver, 'listening');
export const RECEIVERS = {
  receivers: [
    { name: 'ops', webhook: { url: `http://127.0.0.1:${receiver.address().port}/hook` } },
    { name: 'night', webhook: { url: 'http://127.0.0.1:9/nobody' } },
  ],
  default_receiver: 'ops',
};

export const ask = async (pitot, path) => (await fetch(`${pitot.httpUrl}/api/v1${path}`)).json();

// Everybody can use them, at every width and in both themes; pictures of each.
export async function lookAtAll(open, pages) {
  for (const [colorScheme, width, height] of [
    ['light', 1280, 1500],
    ['dark', 1280, 1500],
    ['light', 390, 844],
  ]) {
    const page = await open(pages[0].path, { colorScheme, width, height });
    for (const { path, name, ready } of pages) {
      await page.goto(path);
      await ready(page);
      await checkAccessible(page);
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(sideways <= 0, `${path}, ${width} px: the page must not scroll sideways`);
      await shoot(page, `${name}-${colorScheme}-${width}`);
    }
    await page.context().close();
  }
}
