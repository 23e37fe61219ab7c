// The critical path: at each moment of the run, the span that it was waiting for. From the end of a span
// backwards: the child that ended last was waited for, from its start on the one that had ended last by
// then, and so on; where no child was, the span itself worked. A child that outlives its parent was not
// waited for. Shortening what is on the path shortens the run; shortening anything else does not.

import { hasChildren, type SpanTree } from '../model/tree';

export interface Segment {
  from: number; // Milliseconds from the start of the trace.
  to: number;
}

export interface CriticalPath {
  rows: ReadonlyMap<number, readonly Segment[]>; // When a span itself was what the run waited for.
  kinds: readonly { kind: string; share: number }[]; // Of the run's time, largest first.
}

// Clocks are read to the millisecond by some senders: a child may seem to end a little after its parent.
const SKEW_MS = 1;

interface Frame {
  row: number;
  start: number; // Its own, or its parent's, when clocks say that it began before that.
  at: number; // What is later has been told already.
  children: number[]; // Those that ended last at the end, to be taken from there.
}

// `nowMs`: until when running spans have come. Of several roots it is the one that lasts longest.
export function criticalPath(tree: SpanTree, nowMs: number): CriticalPath {
  const endOf = (row: number) => {
    const span = tree.spans[row]!;
    if (span.status === 'running') return Math.max(nowMs, span.offset_ms);
    return span.offset_ms + Math.max(0, span.duration_ms);
  };
  const rows = new Map<number, Segment[]>();
  const add = (row: number, from: number, to: number) => {
    if (to <= from) return;
    const list = rows.get(row);
    if (list) list.push({ from, to });
    else rows.set(row, [{ from, to }]);
  };
  const frameOf = (row: number, floor: number, at: number): Frame => {
    const children: number[] = [];
    if (hasChildren(tree, row)) {
      for (let child = row + 1; child < tree.end[row]!; child = tree.end[child]!) {
        children.push(child);
      }
      children.sort((a, b) => endOf(a) - endOf(b));
    }
    const start = Math.max(floor, tree.spans[row]!.offset_ms);
    return { row, start, at, children };
  };

  const root = longestRoot(tree, endOf);
  if (root < 0) return { rows, kinds: [] };
  const stack = [frameOf(root, -Infinity, endOf(root))];
  while (stack.length > 0) {
    const frame = stack[stack.length - 1]!;
    let child = frame.children.pop();
    while (child !== undefined && endOf(child) > frame.at + SKEW_MS) child = frame.children.pop();
    if (child === undefined) {
      add(frame.row, frame.start, frame.at);
      stack.pop();
      continue;
    }
    const end = Math.min(endOf(child), frame.at);
    const from = Math.max(frame.start, tree.spans[child]!.offset_ms);
    if (end <= from) continue;
    add(frame.row, end, frame.at);
    frame.at = from;
    stack.push(frameOf(child, from, end));
  }
  return { rows, kinds: sharesOf(tree, rows) };
}

function longestRoot(tree: SpanTree, endOf: (row: number) => number): number {
  let longest = -1;
  let most = -1;
  for (let row = 0; row < tree.spans.length; row = tree.end[row]!) {
    const length = endOf(row) - tree.spans[row]!.offset_ms;
    if (length > most) [longest, most] = [row, length];
  }
  return longest;
}

function sharesOf(tree: SpanTree, rows: ReadonlyMap<number, readonly Segment[]>) {
  const kinds = new Map<string, number>();
  let all = 0;
  for (const [row, segments] of rows) {
    const ms = segments.reduce((sum, { from, to }) => sum + to - from, 0);
    const { kind } = tree.spans[row]!;
    kinds.set(kind, (kinds.get(kind) ?? 0) + ms);
    all += ms;
  }
  return [...kinds]
    .map(([kind, ms]) => ({ kind, share: all > 0 ? ms / all : 0 }))
    .sort((a, b) => b.share - a.share);
}
