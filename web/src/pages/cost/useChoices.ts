// What the reader chose on this page, as the address says.

import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { byOf } from './dimensions';

export interface Choices {
  by: readonly string[];
  steps: 'auto' | 'day';
  rows: 'all' | undefined;
  path: string | undefined; // Which levels the flame graph has.
  frame: string | undefined; // The frame of it that is widened.
  who: 'users' | 'sessions';
}

export function useChoices(): Choices {
  const search: Partial<Record<string, string>> = useSearch({ strict: false });
  const { by, steps, rows, path, frame, who } = search;
  return useMemo(
    () => ({
      by: byOf(by),
      steps: steps === 'day' ? 'day' : 'auto',
      rows: rows === 'all' ? 'all' : undefined,
      path,
      frame,
      who: who === 'sessions' ? 'sessions' : 'users',
    }),
    [by, steps, rows, path, frame, who],
  );
}
