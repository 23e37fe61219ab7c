// The time that is shown: all of the trace, or the part that the address names.

import { useCallback, useMemo } from 'react';
import type { SpanTree } from '../model/tree';
import type { ChangeSearch } from '../search';
import {
  readWindow,
  wholeWindow,
  windowAround,
  within,
  writeWindow,
  zoomed,
  type Window,
} from './scale';

export function useTime(
  tree: SpanTree,
  clock: number | null, // Of a running trace.
  zoom: string | undefined,
  change: ChangeSearch,
) {
  const known = useMemo(() => wholeWindow(tree.spans), [tree]);
  const now = clock === null ? null : Math.max(clock, known.to);
  const to = now ?? known.to;
  const whole = useMemo<Window>(() => ({ from: known.from, to }), [known.from, to]);
  const part = useMemo(() => {
    const read = readWindow(zoom);
    return read && within(read, whole);
  }, [zoom, whole]);
  const setPart = useCallback(
    (next: Window | null) => change({ zoom: next ? writeWindow(next) : undefined }),
    [change],
  );
  const zoomTo = useCallback(
    (row: number) => {
      const span = tree.spans[row];
      if (span) setPart(windowAround(span, known));
    },
    [tree, known, setPart],
  );
  return {
    now,
    whole,
    part,
    knownMs: to,
    setPart,
    zoomTo,
    // Closer around the middle of a span, or further away.
    scale(factor: number, row: number) {
      const shown = part ?? whole;
      const span = tree.spans[row];
      const middle = span ? span.offset_ms + span.duration_ms / 2 : (shown.from + shown.to) / 2;
      setPart(zoomed(shown, whole, middle, factor));
    },
    shift(by: number) {
      if (!part) return;
      const ms = (part.to - part.from) * by;
      setPart(within({ from: part.from + ms, to: part.to + ms }, whole));
    },
  };
}
