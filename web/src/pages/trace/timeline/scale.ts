// Where a span lies on the time axis.

import type { Span } from 'api/types';

// A part of the trace, in milliseconds from its start.
export interface Window {
  from: number;
  to: number;
}

export interface Bar {
  left: number; // All in 0..1 of the window.
  width: number;
  ttft: number | null; // Where its first token came.
}

// The whole trace; at least a microsecond, so that nothing divides by zero. Clocks of several
// machines differ: spans may begin before the trace does.
export function wholeWindow(spans: readonly Span[]): Window {
  let from = 0;
  let to = 0.001;
  for (const span of spans) {
    from = Math.min(from, span.offset_ms);
    to = Math.max(to, span.offset_ms + Math.max(0, span.duration_ms));
  }
  return { from, to };
}

// The part of a span that lies in the window; null when none does. A running one reaches to the end.
export function barOf(span: Span, window: Window): Bar | null {
  const size = window.to - window.from;
  const start = span.offset_ms;
  const running = span.status === 'running';
  const end = running ? Math.max(window.to, start) : start + Math.max(0, span.duration_ms);
  if (start > window.to || end < window.from) return null;
  const left = Math.max(0, (start - window.from) / size);
  const right = Math.min(1, (end - window.from) / size);
  const first = start + (span.ttft_ms ?? Infinity);
  const ttft = first <= end && first >= window.from ? (first - window.from) / size : null;
  return { left, width: Math.max(0, right - left), ttft: ttft !== null && ttft <= 1 ? ttft : null };
}

// Round distances, so that `wanted` or fewer ticks cover the window.
export function ticksOf(window: Window, wanted: number): number[] {
  const size = window.to - window.from;
  const rough = size / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= rough) ?? 10 * power;
  const ticks: number[] = [];
  for (let n = Math.ceil(window.from / step); n * step <= window.to; ++n) ticks.push(n * step);
  return ticks;
}

// A span with a little air around it.
export function windowAround(span: Span, whole: Window): Window {
  const size = Math.max(span.duration_ms, 0.001);
  return {
    from: Math.max(whole.from, span.offset_ms - size * 0.02),
    to: Math.min(whole.to, Math.max(span.offset_ms + size * 1.02, span.offset_ms + 0.001)),
  };
}
