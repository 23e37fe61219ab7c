// Every run of the window and the filter, newest first and live; or where words occur in them.

import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useGet } from 'api/query';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageHead } from 'widgets/page/PageFrame';
import { useHasPage } from 'widgets/page/useHasPage';
import { useView } from 'widgets/page/useView';
import { withWords } from './commands';
import { ExportDialog } from './ExportDialog';
import { ColumnsDialog } from './list/ColumnsDialog';
import { Histogram } from './list/Histogram';
import { ListBody } from './list/ListBody';
import { namesOf, useColumns } from './list/useColumns';
import { useTraces } from './list/useTraces';
import { SearchPane, useTextSearch } from './search/SearchPane';
import { SelectionBar } from './SelectionBar';
import { Toolbar } from './Toolbar';
import { useSelection } from './useSelection';
import './TracesView.css';

interface Search {
  live?: string;
  mode?: string;
  text?: string;
}

const COMPARE = '/traces/$trace_id/compare/$other';
const HISTOGRAM_POINTS = 120;
const HISTOGRAM_EVERY_MS = 10_000;

const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['j'], does: 'next trace' },
  { keys: ['k'], does: 'trace before' },
  { keys: ['Enter'], does: 'open the trace' },
  { keys: ['x'], does: 'select it' },
  { keys: ['f'], does: 'search text instead of the list' },
];
const NO_SHORTCUTS: readonly Shortcut[] = [];
const COMPARE_SHORTCUTS: readonly Shortcut[] = [{ keys: ['c'], does: 'compare the two selected' }];

export function TracesView() {
  const { live = '1', mode, text = '' }: Search = useSearch({ strict: false });
  const view = useView();
  const navigate = useNavigate();
  const searching = mode === 'text';
  const list = useTraces(view, live !== '0' && view.live, !searching);
  const found = useTextSearch(view, searching ? text.trim() : '');
  const histogram = useGet(
    '/api/v1/traces/histogram',
    { ...view.params, points: HISTOGRAM_POINTS },
    { everyMs: view.live && live !== '0' && HISTOGRAM_EVERY_MS },
  );
  const [columns, chooseColumns] = useColumns(view);
  const selection = useSelection();
  const [dialog, setDialog] = useState<'columns' | 'export' | 'export chosen' | null>(null);
  useShortcuts(SHORTCUTS);
  useShortcuts(useHasPage(COMPARE) ? COMPARE_SHORTCUTS : NO_SHORTCUTS);

  const open = useCallback(
    (traceId: string) => void navigate({ to: '/traces/$trace_id', params: { trace_id: traceId } }),
    [navigate],
  );
  const compare = useCompare(selection.ids);
  usePreload(list.rows.length > 0);
  const setSearching = useCallback(
    (on: boolean) =>
      view.change({ mode: on ? 'text' : undefined, ...(!on && { text: undefined }) }),
    [view],
  );
  usePageKeys({
    f: () => setSearching(true),
    c: () => compare?.(),
    Escape: selection.clear,
  });

  // Empty because of the window and the filter, or because nothing was ever sent?
  const empty = !searching && list.error === null && !list.loading && list.rows.length === 0;
  const anything = useAnything(empty);
  useFirstSpan(anything, list.reload);
  const filterError = errorOfFilter(searching ? found.error : list.error);
  const q = useMemo(
    () =>
      dialog === 'export chosen'
        ? `trace_id in (${selection.ids.join(', ')})`
        : withWords(view.q, searching ? text.trim() : ''),
    [dialog, selection.ids, view.q, searching, text],
  );

  if (empty && anything === false) {
    return (
      <FirstSpan
        {...(list.live === 'retrying' && {
          waiting: 'The live stream is away; asking every few seconds',
        })}
      />
    );
  }
  return (
    <main className="page traces">
      <PageHead
        title="Traces"
        view={view}
        filter
        filterError={filterError}
        tabs={
          <Toolbar
            list={list}
            view={view}
            searching={searching}
            onSearching={setSearching}
            live={live !== '0'}
            cols={namesOf(columns)}
            onColumns={() => setDialog('columns')}
            onExport={() => setDialog('export')}
          />
        }
      />
      <Histogram view={view} query={histogram} />
      {searching ? (
        <SearchPane view={view} words={text.trim()} search={found} />
      ) : (
        <ListBody
          list={list}
          view={view}
          columns={columns}
          total={histogram.data?.total ?? null}
          empty={empty && anything === true}
          selected={selection.set}
          onOpen={open}
          onSelect={selection.toggle}
        />
      )}
      {!searching && selection.ids.length > 0 && (
        <SelectionBar
          ids={selection.ids}
          onCompare={compare}
          onExport={() => setDialog('export chosen')}
          onClear={selection.clear}
        />
      )}
      {dialog === 'columns' && (
        <ColumnsDialog columns={columns} onChoose={chooseColumns} onClose={() => setDialog(null)} />
      )}
      {dialog?.startsWith('export') && (
        <ExportDialog view={view} q={q} onClose={() => setDialog(null)} />
      )}
    </main>
  );
}

// Goes to the two selected side by side; null while there are not two, undefined without such a page.
function useCompare(ids: readonly string[]): (() => void) | null | undefined {
  const navigate = useNavigate();
  const [trace_id, other] = ids;
  if (!useHasPage(COMPARE)) return undefined;
  if (ids.length !== 2) return null;
  return () => void navigate({ to: COMPARE as string, params: { trace_id, other } as never });
}

// The code of the page that somebody will go to next.
function usePreload(ready: boolean): void {
  const router = useRouter();
  useEffect(() => {
    if (!ready) return;
    const trace_id = '0'.repeat(32);
    void router.preloadRoute({ to: '/traces/$trace_id', params: { trace_id } } as never);
  }, [ready, router]);
}

// The very first span: the list, which was empty, is read again.
function useFirstSpan(anything: boolean | undefined, reload: () => void): void {
  const waited = useRef(false);
  useEffect(() => {
    if (anything === false) waited.current = true;
    else if (anything && waited.current) {
      waited.current = false;
      reload();
    }
  }, [anything, reload]);
}

// Keys of the page itself, where nothing has the focus that takes them.
function usePageKeys(keys: Readonly<Record<string, () => void>>): void {
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (/^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !isTick(target)) return;
      if (document.querySelector('dialog[open]')) return;
      const does = latest.current[event.key];
      if (!does) return;
      event.preventDefault();
      does();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

const isTick = (element: HTMLElement) =>
  element instanceof HTMLInputElement && element.type === 'checkbox';
