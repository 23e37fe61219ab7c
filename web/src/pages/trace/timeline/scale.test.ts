import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Span } from 'api/types';
import { densityOf } from 'pages/trace/timeline/density';
import {
  barOf,
  readWindow,
  ticksOf,
  wholeWindow,
  windowAround,
  within,
  writeWindow,
  zoomed,
} from 'pages/trace/timeline/scale';

const span = (offset_ms: number, duration_ms: number, more: Partial<Span> = {}): Span => ({
  span_id: '1',
  name: 's',
  kind: 'llm',
  started_at: '',
  offset_ms,
  duration_ms,
  status: 'ok',
  cost_usd: null,
  ...more,
});

test('the whole trace, clocks that disagree included', () => {
  assert.deepEqual(wholeWindow([span(0, 100), span(50, 80)]), { from: 0, to: 130 });
  assert.deepEqual(wholeWindow([span(-5, 100), span(0, 10)]), { from: -5, to: 95 });
  const empty = wholeWindow([]);
  assert.ok(empty.to > empty.from, 'nothing divides by zero');
  const instant = wholeWindow([span(0, 0)]);
  assert.ok(instant.to > instant.from);
});

test('bars and the first token', () => {
  const window = { from: 0, to: 100 };
  assert.deepEqual(barOf(span(25, 50), window), { left: 0.25, width: 0.5, ttft: null });
  assert.equal(barOf(span(20, 50, { ttft_ms: 10 }), window)?.ttft, 0.3);
  assert.equal(barOf(span(20, 50, { ttft_ms: 60 }), window)?.ttft, null, 'later than its end');
  assert.deepEqual(barOf(span(90, 50), window), { left: 0.9, width: 1 - 0.9, ttft: null });
  assert.deepEqual(barOf(span(-50, 100), window), { left: 0, width: 0.5, ttft: null });
  assert.equal(barOf(span(200, 10), window), null);
  assert.equal(barOf(span(-20, 10), window), null);
  assert.equal(barOf(span(10, 0), window)?.width, 0);
  assert.equal(barOf(span(40, 0, { status: 'running' }), window)?.width, 0.6, 'until now');
});

test('ticks are round and not more than wanted', () => {
  assert.deepEqual(ticksOf({ from: 0, to: 100 }, 5), [0, 20, 40, 60, 80, 100]);
  assert.deepEqual(ticksOf({ from: 130, to: 190 }, 3), [140, 160, 180]);
  for (const to of [0.001, 0.7, 3, 999, 12_345, 86_400_000]) {
    for (const wanted of [1, 2, 5, 12]) {
      assert.ok(ticksOf({ from: 0, to }, wanted).length <= wanted + 1, `${to} ${wanted}`);
    }
  }
});

test('zooming stays within the trace', () => {
  const whole = { from: 0, to: 100 };
  assert.deepEqual(windowAround(span(0, 100), whole), whole);
  const zoomed = windowAround(span(40, 10), whole);
  assert.ok(zoomed.from < 40 && zoomed.from > 39 && zoomed.to > 50 && zoomed.to < 51);
  const instant = windowAround(span(40, 0), whole);
  assert.ok(instant.to > instant.from);
});

test('windows: in the address, closer, further, never outside', () => {
  assert.deepEqual(readWindow('12.5-300'), { from: 12.5, to: 300 });
  assert.deepEqual(readWindow(writeWindow({ from: -3, to: 0.00051 })), { from: -3, to: 0.001 });
  for (const wrong of [undefined, '', '5', '5-5', '9-3', 'a-b', '1-..']) {
    assert.equal(readWindow(wrong), null, wrong);
  }
  const whole = { from: 0, to: 100 };
  assert.deepEqual(zoomed(whole, whole, 50, 0.5), { from: 25, to: 75 });
  assert.deepEqual(zoomed(whole, whole, 0, 0.5), { from: 0, to: 50 });
  assert.equal(zoomed({ from: 20, to: 80 }, whole, 50, 2), null);
  assert.deepEqual(within({ from: 90, to: 130 }, whole), { from: 60, to: 100 });
});

test('a running span has come as far as now', () => {
  const running = span(10, 0, { status: 'running' });
  assert.equal(barOf(running, { from: 0, to: 100 }, 60)?.width, 0.5);
  assert.equal(barOf(running, { from: 0, to: 100 })?.width, 0.9);
});

test('the strip counts what ran at once, and what failed where', () => {
  const { llm, tool, errors, most } = densityOf(
    [
      span(0, 50, { kind: 'llm' }),
      span(20, 30, { kind: 'llm' }),
      span(90, 9, { kind: 'tool', status: 'error' }),
      span(0, 100, { kind: 'agent' }),
    ],
    { from: 0, to: 100 },
    10,
    null,
  );
  assert.deepEqual([...llm], [1, 1, 2, 2, 2, 0, 0, 0, 0, 0]);
  assert.deepEqual([...tool], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...errors], [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.equal(most, 2);
});
