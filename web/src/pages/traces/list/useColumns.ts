import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useStoredText } from 'base/stored';
import type { View } from 'widgets/page/useView';
import { readColumns } from './choice';
import { DEFAULT_COLUMNS, NAME_COLUMN, TRACE_COLUMNS, type TraceColumn } from './columns';

const KNOWN = TRACE_COLUMNS.map(({ id }) => id);

// The columns of the list: as the address says, else as this browser remembers them. null: the usual.
export function useColumns(
  view: View,
): [readonly TraceColumn[], (ids: readonly string[] | null) => void] {
  const { cols }: { cols?: string } = useSearch({ strict: false });
  const [stored, setStored] = useStoredText('columns.traces');
  const columns = useMemo(
    () =>
      readColumns(cols ?? stored, KNOWN, NAME_COLUMN, DEFAULT_COLUMNS).map((id) =>
        TRACE_COLUMNS.find((column) => column.id === id)!,
      ),
    [cols, stored],
  );
  return [
    columns,
    (ids) => {
      setStored(ids && ids.join(','));
      view.change({ cols: ids?.join(',') });
    },
  ];
}

// As addresses have them; null for the usual ones.
export function namesOf(columns: readonly TraceColumn[]): string | null {
  const names = columns.map(({ id }) => id).join(',');
  return names === DEFAULT_COLUMNS.join(',') ? null : names;
}
