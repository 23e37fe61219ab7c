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

// When a span ended, or until when a running one has come: `now`, where the reader's clock is followed.
export function endOf(span: Span, now: number | null): number {
  const end = span.offset_ms + Math.max(0, span.duration_ms);
  return span.status === 'running' && now !== null ? Math.max(now, end) : end;
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

// The part of a span that lies in the window; null when none does. A running one reaches to `now`, or to
// the end where that is not known.
export function barOf(span: Span, window: Window, now: number | null = null): Bar | null {
  const size = window.to - window.from;
  const start = span.offset_ms;
  const running = span.status === 'running';
  const end = running && now === null ? Math.max(window.to, start) : endOf(span, now);
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

const SMALLEST_MS = 0.001;

// `window` moved into `whole`, and no larger than it.
export function within(window: Window, whole: Window): Window {
  const size = Math.min(whole.to - whole.from, Math.max(SMALLEST_MS, window.to - window.from));
  const from = Math.min(Math.max(window.from, whole.from), whole.to - size);
  return { from, to: from + size };
}

// Closer by a half around `center`, or further away: null when that is all of it.
export function zoomed(
  window: Window,
  whole: Window,
  center: number,
  factor: number,
): Window | null {
  const size = (window.to - window.from) * factor;
  if (size >= whole.to - whole.from) return null;
  const at = Math.min(Math.max(center, window.from), window.to);
  const share = (at - window.from) / (window.to - window.from);
  return within({ from: at - share * size, to: at + (1 - share) * size }, whole);
}

// As in the address: "120.5-3400", in milliseconds.
export function readWindow(text: string | undefined): Window | null {
  const match = /^(-?[\d.]+)-([\d.]+)$/.exec(text ?? '');
  if (!match) return null;
  const [from, to] = [Number(match[1]), Number(match[2])];
  return Number.isFinite(from) && Number.isFinite(to) && to > from ? { from, to } : null;
}

export function writeWindow({ from, to }: Window): string {
  const round = (ms: number) => String(+ms.toFixed(3));
  return `${round(from)}-${round(to)}`;
}
