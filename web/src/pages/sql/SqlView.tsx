// SQL over the views of the store: an editor, the result as a table or a chart, and what there is to ask.

import { useEffect, useMemo, useRef } from 'react';
import { useGet } from 'api/query';
import { useShortcuts, type Shortcut } from 'base/shortcuts';
import { readStored, useStored, writeStored } from 'base/stored';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { Splitter } from 'widgets/layout/Splitter';
import { PageFrame } from 'widgets/page/PageFrame';
import type { EditorHandle } from './Editor';
import type { Example } from './examples';
import { HISTORY, readHistory, withQuery } from './history';
import { QueryPanel } from './QueryPanel';
import { ResultPanel } from './ResultPanel';
import { SidePanel } from './SidePanel';
import { ADDRESS_CHARS_MAX, useSqlView, type SqlSearch } from './useSqlView';
import { useSqlRun } from './useSqlRun';
import './sql.css';

const KEYS: readonly Shortcut[] = [
  { keys: ['Ctrl', 'Enter'], does: 'Run the query' },
  { keys: ['Ctrl', 'Space'], does: 'What may stand here' },
  { keys: ['Tab'], does: 'Take what is offered' },
];

export function SqlView() {
  const view = useSqlView();
  const { run, start, stop } = useSqlRun();
  const editor = useRef<EditorHandle>(null);
  const [sideWidth, setSideWidth] = useStored('sql.side', 300);
  const settings = useGet('/api/v1/settings', {}, { staleMs: 60_000 });
  const session = useGet('/api/v1/session', {}, { staleMs: 60_000 }).data;
  const scopes = session?.key?.scopes;
  const allowed =
    session === undefined ||
    !session.keys_required ||
    Boolean(scopes?.includes('sql') || scopes?.includes('admin'));
  useShortcuts(KEYS);

  const runNow = (sql: string, search: SqlSearch = {}) => {
    if (sql.trim() === '' || !allowed) return;
    writeStored(
      HISTORY,
      JSON.stringify(withQuery(readHistory(readStored(HISTORY)), sql, new Date().toISOString())),
    );
    const address = sql.length <= ADDRESS_CHARS_MAX ? sql : undefined;
    if (address !== view.search.sql || Object.keys(search).length > 0) {
      view.change({ ...search, sql: address });
    }
    start(sql);
  };
  const runDraft = () => runNow(view.draft);
  const runExample = ({ sql, show }: Example) => {
    view.setDraft(sql);
    runNow(sql, { show, x: undefined, y: undefined, by: undefined, as: undefined });
  };

  const latest = useRef(runDraft);
  latest.current = runDraft;
  useEffect(() => {
    // Wherever the focus is; in the editor it is handled there.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      latest.current();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);

  const limits = useMemo(
    () => new Map((settings.data?.limits ?? []).map(({ name, value }) => [name, value])),
    [settings.data],
  );
  const anything = useAnything();
  if (anything === false) return <FirstSpan />;
  return (
    <PageFrame title="SQL">
      <div className="sql" style={{ '--sql-side': `${sideWidth}px` } as React.CSSProperties}>
        <div className="sql-main">
          <QueryPanel
            editor={editor}
            view={view}
            run={run}
            limits={limits}
            allowed={allowed}
            onRun={runDraft}
            onStop={stop}
            onExample={runExample}
          />
          <ResultPanel view={view} run={run} onExample={runExample} onStop={stop} />
        </div>
        <Splitter
          label="Width of the side"
          width={sideWidth}
          min={220}
          max={560}
          side="right"
          onWidth={setSideWidth}
        />
        <SidePanel
          view={view}
          ran={run.phase === 'running'}
          onInsert={(text) => editor.current?.insert(text)}
        />
      </div>
    </PageFrame>
  );
}
