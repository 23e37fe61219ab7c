// A trace as flat arrays in the order in which it is shown: parents before children, children by
// start. No recursion anywhere: agents nest deeply, and 50,000 spans must stay quick.

import type { Span } from 'api/types';

export interface SpanTree {
  spans: readonly Span[]; // In display order.
  depth: Uint16Array;
  end: Int32Array; // Index behind the last descendant.
  parent: Int32Array; // Index, -1 for roots.
  index: ReadonlyMap<string, number>; // By span_id.
}

const DEPTH_MAX = 0xffff;

function byStart(a: Span, b: Span): number {
  if (a.offset_ms !== b.offset_ms) return a.offset_ms - b.offset_ms;
  // Started within the same microsecond: the one that lasts longer was there first.
  if (a.duration_ms !== b.duration_ms) return b.duration_ms - a.duration_ms;
  return a.span_id < b.span_id ? -1 : 1;
}

// Spans whose parent is missing become roots. Parents that form a circle do too, at its earliest span.
export function buildTree(received: readonly Span[]): SpanTree {
  const steps = treeSteps(received);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const STEP_SPANS = 2_048;

// The same in steps of a millisecond or so, between which the browser may do something else.
export function* treeSteps(received: readonly Span[]): Generator<void, SpanTree, void> {
  const sorted = [...received].sort(byStart);
  const count = sorted.length;
  const position = new Map<string, number>();
  for (let i = 0; i < count; ++i) {
    position.set(sorted[i]!.span_id, i);
    if (i % STEP_SPANS === 0) yield;
  }

  // Lists of children, linked by position; filled backwards, so that each list is in order.
  const firstChild = new Int32Array(count).fill(-1);
  const nextSibling = new Int32Array(count).fill(-1);
  const isRoot = new Uint8Array(count);
  for (let i = count - 1; i >= 0; --i) {
    const parentId = sorted[i]!.parent_span_id;
    const parent = parentId === undefined ? undefined : position.get(parentId);
    if (parent === undefined || parent === i) {
      isRoot[i] = 1;
    } else {
      nextSibling[i] = firstChild[parent]!;
      firstChild[parent] = i;
    }
    if (i % STEP_SPANS === 0) yield;
  }

  const spans: Span[] = [];
  const depth = new Uint16Array(count);
  const end = new Int32Array(count);
  const parent = new Int32Array(count).fill(-1);
  const index = new Map<string, number>();
  const shown = new Uint8Array(count);

  function* walk(root: number): Generator<void, void, void> {
    const open: number[] = []; // Indices of the ancestors of what comes next.
    const pending: { at: number; level: number }[] = [{ at: root, level: 0 }];
    while (pending.length > 0) {
      const { at, level } = pending.pop()!;
      if (shown[at]) continue;
      shown[at] = 1;
      while (open.length > level) end[open.pop()!] = spans.length;
      const row = spans.length;
      if (row % STEP_SPANS === 0) yield;
      spans.push(sorted[at]!);
      depth[row] = Math.min(level, DEPTH_MAX);
      parent[row] = open.length > 0 ? open[open.length - 1]! : -1;
      index.set(sorted[at]!.span_id, row);
      open.push(row);
      const mark = pending.length;
      for (let child = firstChild[at]!; child >= 0; child = nextSibling[child]!) {
        pending.push({ at: child, level: level + 1 });
      }
      reverseFrom(pending, mark);
    }
    while (open.length > 0) end[open.pop()!] = spans.length;
  }

  for (let i = 0; i < count; ++i) if (isRoot[i]) yield* walk(i);
  for (let i = 0; i < count; ++i) if (!shown[i]) yield* walk(i);
  return { spans, depth, end, parent, index };
}

function reverseFrom<T>(items: T[], from: number): void {
  for (let a = from, b = items.length - 1; a < b; ++a, --b) {
    const swap = items[a]!;
    items[a] = items[b]!;
    items[b] = swap;
  }
}

export function hasChildren(tree: SpanTree, row: number): boolean {
  return tree.end[row]! > row + 1;
}

// Rows that are not inside a collapsed one.
export function visibleRows(tree: SpanTree, collapsed: ReadonlySet<string>): Int32Array {
  const rows = new Int32Array(tree.spans.length);
  let count = 0;
  for (let row = 0; row < tree.spans.length;) {
    rows[count++] = row;
    row = collapsed.has(tree.spans[row]!.span_id) ? tree.end[row]! : row + 1;
  }
  return rows.subarray(0, count);
}

// Every parent below `depth`, for "collapse to a level".
export function parentsFrom(tree: SpanTree, depth: number): Set<string> {
  const ids = new Set<string>();
  for (let row = 0; row < tree.spans.length; ++row) {
    if (tree.depth[row]! >= depth && hasChildren(tree, row)) ids.add(tree.spans[row]!.span_id);
  }
  return ids;
}

// `collapsed` with the row and every parent below it, or without them.
export function foldBelow(
  tree: SpanTree,
  collapsed: ReadonlySet<string>,
  row: number,
  fold: boolean,
): ReadonlySet<string> {
  const next = new Set(collapsed);
  for (let at = row; at < tree.end[row]!; ++at) {
    const id = tree.spans[at]!.span_id;
    if (!fold) next.delete(id);
    else if (hasChildren(tree, at)) next.add(id);
  }
  return next;
}

// `collapsed` without the ancestors of `row`, so that it shows; the same set if it shows already.
export function reveal(
  tree: SpanTree,
  collapsed: ReadonlySet<string>,
  row: number,
): ReadonlySet<string> {
  let opened: Set<string> | undefined;
  for (let at = tree.parent[row] ?? -1; at >= 0; at = tree.parent[at]!) {
    const id = tree.spans[at]!.span_id;
    if (!collapsed.has(id)) continue;
    opened ??= new Set(collapsed);
    opened.delete(id);
  }
  return opened ?? collapsed;
}

// Position of `row` in `rows`, or of its nearest ancestor there.
export function positionOf(tree: SpanTree, rows: Int32Array, row: number): number {
  for (let at = row; at >= 0; at = tree.parent[at]!) {
    const found = binarySearch(rows, at);
    if (found >= 0) return found;
  }
  return -1;
}

function binarySearch(rows: Int32Array, row: number): number {
  let low = 0;
  let high = rows.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const value = rows[middle]!;
    if (value === row) return middle;
    if (value < row) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

// A word that is searched: in every text of a span, or in one field of it (kind:tool), or as the whole of
// a field (agent:"worker 1").
interface Word {
  field: SearchField | null;
  text: string;
  whole: boolean;
}

const FIELDS = {
  name: (span: Span) => span.name,
  kind: (span: Span) => span.kind,
  status: (span: Span) => `${span.status} ${span.tool_status ?? ''} ${span.finish_reason ?? ''}`,
  agent: (span: Span) => span.agent,
  tool: (span: Span) => span.tool_name ?? (span.kind === 'tool' ? span.name : ''),
  model: (span: Span) => span.model,
  provider: (span: Span) => span.provider,
  error: (span: Span) =>
    `${span.error_type ?? ''} ${span.error_category ?? ''} ${span.status_message ?? ''}`,
  id: (span: Span) => span.span_id,
};
type SearchField = keyof typeof FIELDS;
const EVERY = Object.values(FIELDS);

export function readWords(text: string): Word[] {
  const words: Word[] = [];
  for (const [, field, quoted, plain] of text
    .toLowerCase()
    .matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/g)) {
    const value = quoted ?? plain ?? '';
    if (value === '') continue;
    const known = field !== undefined && field in FIELDS;
    words.push({
      field: known ? (field as SearchField) : null,
      text: known || field === undefined ? value : `${field}:${value}`,
      whole: known && quoted !== undefined,
    });
  }
  return words;
}

// What finds the spans whose field is just this.
export const searchOf = (field: SearchField, value: string): string =>
  `${field}:"${value.replaceAll('"', '')}"`;

// Rows of which every word says something, in display order.
export function findRows(tree: SpanTree, text: string): Int32Array {
  const steps = findSteps(tree, text);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

// The same in steps.
export function* findSteps(tree: SpanTree, text: string): Generator<void, Int32Array, void> {
  const words = readWords(text);
  const found: number[] = [];
  if (words.length === 0) return new Int32Array(0);
  const has = (value: string | undefined, word: Word) =>
    value !== undefined &&
    (word.whole ? value.toLowerCase() === word.text : value.toLowerCase().includes(word.text));
  for (let row = 0; row < tree.spans.length; ++row) {
    const span = tree.spans[row]!;
    const matches = words.every((word) =>
      word.field !== null
        ? has(FIELDS[word.field](span), word)
        : EVERY.some((read) => has(read(span), word)),
    );
    if (matches) found.push(row);
    if (row % STEP_SPANS === STEP_SPANS - 1) yield;
  }
  return Int32Array.from(found);
}

// The next of the sorted `rows` after (or before) `current`, around the end.
export function nextRow(rows: Int32Array, current: number, step: 1 | -1): number {
  if (rows.length === 0) return -1;
  if (step === 1) {
    for (const row of rows) if (row > current) return row;
    return rows[0]!;
  }
  for (let i = rows.length - 1; i >= 0; --i) if (rows[i]! < current) return rows[i]!;
  return rows[rows.length - 1]!;
}
