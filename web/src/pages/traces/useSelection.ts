import { useCallback, useMemo, useState } from 'react';

// As many as a filter may name.
const SELECTED_MAX = 100;

export interface Selection {
  ids: readonly string[]; // In the order in which they were chosen.
  set: ReadonlySet<string>;
  toggle: (id: string) => void;
  clear: () => void;
}

export function useSelection(): Selection {
  const [ids, setIds] = useState<readonly string[]>([]);
  const set = useMemo(() => new Set(ids), [ids]);
  const toggle = useCallback(
    (id: string) =>
      setIds((all) =>
        all.includes(id) ? all.filter((one) => one !== id) : [...all, id].slice(-SELECTED_MAX),
      ),
    [],
  );
  const clear = useCallback(() => setIds([]), []);
  return { ids, set, toggle, clear };
}
