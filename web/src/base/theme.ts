// Light, dark, or as the system: kept in this browser. public/theme.js applies it before the first
// paint; the colours follow by `color-scheme` alone (tokens.css).

import { useSyncExternalStore } from 'react';
import { readStored, writeStored } from './stored';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED = 'theme';
const SYSTEM_DARK = '(prefers-color-scheme: dark)';
const listeners = new Set<() => void>();

export function chosenTheme(): Theme {
  const stored = readStored(STORED);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

export function chooseTheme(theme: Theme): void {
  writeStored(STORED, theme === 'system' ? null : theme);
  show(theme);
}

function show(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  const system = matchMedia(SYSTEM_DARK);
  // Chosen in another tab.
  const onStorage = (event: StorageEvent) => {
    if (event.key === `pitot.${STORED}`) show(chosenTheme());
  };
  listeners.add(listener);
  system.addEventListener('change', listener);
  addEventListener('storage', onStorage);
  return () => {
    listeners.delete(listener);
    system.removeEventListener('change', listener);
    removeEventListener('storage', onStorage);
  };
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, () => {
    const shown = document.documentElement.dataset['theme'];
    return shown === 'light' || shown === 'dark' ? shown : 'system';
  });
}

// Whether the page is dark now; what draws on a canvas draws anew when it changes.
export function useDark(): boolean {
  return useSyncExternalStore(subscribe, () => {
    const shown = document.documentElement.dataset['theme'];
    return shown === 'dark' || (shown !== 'light' && matchMedia(SYSTEM_DARK).matches);
  });
}
