// The rows that are searched for: found in slices, so that typing stays quick in a large trace.

import { useCallback, useEffect, useState } from 'react';
import { runInSlices } from '../model/slices';
import { findRows, findSteps, type SpanTree } from '../model/tree';

interface Found {
  tree: SpanTree;
  text: string;
  rows: Int32Array;
}

const NOTHING = new Int32Array(0);

// `now()` gives those of the text as it stands, for Enter right after the last letter.
export function useFound(
  tree: SpanTree,
  text: string,
): { rows: Int32Array; now: () => Int32Array } {
  const [found, setFound] = useState<Found | null>(null);
  useEffect(() => {
    if (text === '') return undefined;
    let wanted = true;
    void runInSlices(findSteps(tree, text)).then((rows) => {
      if (wanted) setFound({ tree, text, rows });
    });
    return () => void (wanted = false);
  }, [tree, text]);
  const now = useCallback(
    () => (found?.tree === tree && found.text === text ? found.rows : findRows(tree, text)),
    [found, tree, text],
  );
  // Rows of a former tree are places in it: they say nothing of this one.
  const rows = text !== '' && found?.tree === tree ? found.rows : NOTHING;
  return { rows, now };
}
