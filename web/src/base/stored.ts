// A preference that stays in this browser: widths of panes, nothing of anybody's data.

import { useState } from 'react';

export function useStored(name: string, initial: number): [number, (value: number) => void] {
  const key = `pitot.${name}`;
  const [value, setValue] = useState(() => {
    const stored = Number(readStored(key));
    return stored > 0 ? stored : initial;
  });
  return [
    value,
    (next) => {
      setValue(next);
      try {
        localStorage.setItem(key, String(next));
      } catch {
        // Storage may be switched off; the width holds until the page is left.
      }
    },
  ];
}

function readStored(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
