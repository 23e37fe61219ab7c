// Preferences that stay in this browser: widths of panes, columns, the theme; nothing of anybody's data.

import { useState } from 'react';

export function useStored(name: string, initial: number): [number, (value: number) => void] {
  const [value, setValue] = useState(() => {
    const stored = Number(readStored(name));
    return stored > 0 ? stored : initial;
  });
  return [
    value,
    (next) => {
      setValue(next);
      writeStored(name, String(next));
    },
  ];
}

// The same for a text, null while nothing is stored.
export function useStoredText(name: string): [string | null, (value: string | null) => void] {
  const [value, setValue] = useState(() => readStored(name));
  return [
    value,
    (next) => {
      setValue(next);
      writeStored(name, next);
    },
  ];
}

export function readStored(name: string): string | null {
  try {
    return localStorage.getItem(`pitot.${name}`);
  } catch {
    return null;
  }
}

// null forgets it.
export function writeStored(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`pitot.${name}`);
    else localStorage.setItem(`pitot.${name}`, value);
  } catch {
    // Storage may be switched off; the choice holds until the page is left.
  }
}
