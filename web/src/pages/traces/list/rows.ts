// The list of traces: pages of the past below, what came since above.

import type { LiveGap, SpanStatus, Trace } from 'api/types';
import { parseTime } from 'base/format';

// A trace without its root is under way while its spans keep coming.
const QUIET_MS = 120_000;

function newestFirst(a: Trace, b: Trace): number {
  if (a.started_at !== b.started_at) return a.started_at < b.started_at ? 1 : -1;
  return a.trace_id < b.trace_id ? 1 : -1;
}

// Each trace once, as `fresh` has it if it does, newest start first.
export function mergeTraces(
  pages: readonly Trace[],
  fresh: ReadonlyMap<string, Trace>,
): readonly Trace[] {
  if (fresh.size === 0) return pages;
  const left = new Map(fresh);
  const rows = pages.map((trace) => {
    const newer = left.get(trace.trace_id);
    left.delete(trace.trace_id);
    return newer ?? trace;
  });
  rows.push(...left.values());
  return rows.sort(newestFirst);
}

// What a row says: the stored status, or running while the trace's root has not arrived and its
// spans still do. `seenAt`: when the live stream last told of it.
export function shownStatus(trace: Trace, seenAt: number | undefined, now: number): SpanStatus {
  if (trace.status === 'running' || trace.orphans === 0) return trace.status;
  const ended = parseTime(trace.started_at) + trace.duration_ms;
  const last = Math.max(ended, seenAt ?? 0);
  return now - last < QUIET_MS ? 'running' : trace.status;
}

// Whether a page of newer traces reaches those known already, so that none between is missing.
export function reaches(
  page: { traces: readonly Trace[]; next: string | null },
  known: ReadonlySet<string>,
): boolean {
  return page.next === null || page.traces.some((trace) => known.has(trace.trace_id));
}

// Two gaps told as one. How much was lost is not always known.
export function addGap(before: LiveGap | null, gap: LiveGap): LiveGap {
  if (before === null) return gap;
  const known = before.lost !== null && gap.lost !== null;
  return { lost: known ? before.lost! + gap.lost! : null, reason: gap.reason };
}
