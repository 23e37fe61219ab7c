// Keeps what the reader looks at in its place when rows arrive above it.

import { useLayoutEffect, useRef, type RefObject } from 'react';
import { positionOf, type SpanTree } from '../model/tree';

export function useAnchor(
  scroller: RefObject<HTMLElement>,
  tree: SpanTree,
  rows: Int32Array,
  rowPx: number,
): void {
  const shown = useRef({ tree, rows });
  useLayoutEffect(() => {
    const before = shown.current;
    shown.current = { tree, rows };
    const element = scroller.current;
    // Folding moves rows too, but there the reader looks at the row that they folded.
    if (!element || before.tree === tree || element.scrollTop === 0) return;
    const first = Math.floor(element.scrollTop / rowPx);
    const span = before.tree.spans[before.rows[first] ?? -1];
    const row = span && tree.index.get(span.span_id);
    if (row === undefined) return;
    const moved = positionOf(tree, rows, row) - first;
    if (moved !== 0) element.scrollTop += moved * rowPx;
  }, [scroller, tree, rows, rowPx]);
}
