// Whether texts are shown rendered as Markdown or as they were sent: one choice for all of them, kept in
// this browser.

import { useSyncExternalStore } from 'react';
import { readStored, writeStored } from 'base/stored';

export type TextMode = 'rendered' | 'raw';

const STORED = 'text-mode';
const listeners = new Set<() => void>();
let mode: TextMode | null = null;

function current(): TextMode {
  mode ??= readStored(STORED) === 'raw' ? 'raw' : 'rendered';
  return mode;
}

function choose(next: TextMode): void {
  mode = next;
  writeStored(STORED, next === 'rendered' ? null : next);
  for (const listener of listeners) listener();
}

export function useTextMode(): [TextMode, (mode: TextMode) => void] {
  const shown = useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
  return [shown, choose];
}
