// What the help dialog tells of the keys of the page that is open. The page handles them itself.

import { useEffect, useSyncExternalStore } from 'react';

export interface Shortcut {
  keys: readonly string[]; // ["j"], or ["g", "t"] for one after the other.
  does: string;
}

let shown: readonly Shortcut[] = [];
const listeners = new Set<() => void>();

function show(list: readonly Shortcut[]): void {
  shown = list;
  for (const listener of listeners) listener();
}

// `list` must stay the same object: a constant of the page's module.
export function useShortcuts(list: readonly Shortcut[]): void {
  useEffect(() => {
    show([...shown, ...list]);
    return () => show(shown.filter((shortcut) => !list.includes(shortcut)));
  }, [list]);
}

export function usePageShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}
