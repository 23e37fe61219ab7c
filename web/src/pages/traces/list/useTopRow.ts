// New rows come in above what somebody reads without moving it, and are counted until they are seen.

import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react';
import type { Trace } from 'api/types';

export function useTopRow(
  scroller: RefObject<HTMLDivElement>,
  rows: readonly Trace[],
  rowPx: number,
): { unseen: number; onScroll: () => void; toTop: () => void } {
  const before = useRef(rows);
  // The newest row when the top was last in view.
  const seen = useRef(rows[0]?.trace_id);
  const [unseen, setUnseen] = useState(0);

  const note = useCallback(() => {
    const element = scroller.current;
    if (!element || element.scrollTop < rowPx) {
      seen.current = before.current[0]?.trace_id;
      setUnseen(0);
      return;
    }
    const at = before.current.findIndex((trace) => trace.trace_id === seen.current);
    setUnseen(Math.max(0, at));
  }, [scroller, rowPx]);

  useLayoutEffect(() => {
    const old = before.current;
    before.current = rows;
    const element = scroller.current;
    if (!element || old === rows) return;
    if (element.scrollTop >= rowPx) {
      const at = Math.min(old.length - 1, Math.floor(element.scrollTop / rowPx));
      const id = old[at]?.trace_id;
      const now = rows.findIndex((trace) => trace.trace_id === id);
      if (now > at) element.scrollTop += (now - at) * rowPx;
    }
    note();
  }, [scroller, rows, rowPx, note]);

  return {
    unseen,
    onScroll: note,
    toTop: () => scroller.current?.scrollTo({ top: 0 }),
  };
}
