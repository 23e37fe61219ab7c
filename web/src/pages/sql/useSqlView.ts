// What the address says: the statement and how its result is shown. A change is a new entry of the
// browser's history; what is typed stays here until it is run.

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useState } from 'react';
import { useStoredText } from 'base/stored';

export interface SqlSearch {
  sql?: string | undefined;
  show?: string | undefined; // 'chart', else a table.
  x?: string | undefined; // Columns of the chart, by name.
  y?: string | undefined;
  by?: string | undefined; // '-': no series.
  as?: string | undefined; // 'bars', 'lines'
  side?: string | undefined; // 'history', 'saved', else the tables.
}

// Browsers and servers in between refuse longer addresses.
export const ADDRESS_CHARS_MAX = 6_000;
const DRAFT_MS = 400;

export interface SqlPageView {
  search: SqlSearch;
  draft: string;
  setDraft: (sql: string) => void;
  change: (next: SqlSearch) => void;
}

export function useSqlView(): SqlPageView {
  const search: SqlSearch = useSearch({ strict: false });
  const navigate = useNavigate();
  const [kept, setKept] = useStoredText('sql.draft');
  const [draft, setDraft] = useState(search.sql ?? kept ?? '');
  useEffect(() => {
    if (search.sql !== undefined) setDraft(search.sql);
  }, [search.sql]);
  // What was being written is there again after leaving.
  useEffect(() => {
    const timer = setTimeout(() => setKept(draft === '' ? null : draft), DRAFT_MS);
    return () => clearTimeout(timer);
  }, [draft]);
  const change = useCallback(
    (next: SqlSearch) =>
      void navigate({ to: '.', search: ((before: object) => ({ ...before, ...next })) as never }),
    [navigate],
  );
  return { search, draft, setDraft, change };
}
