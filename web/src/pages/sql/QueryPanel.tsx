// The editor with what belongs to it: run and stop, examples, what the server does not understand.

import { Link } from '@tanstack/react-router';
import { useId, useMemo, type RefObject } from 'react';
import { ApiError } from 'api/client';
import { formatBytes, formatInt } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { Panel } from 'widgets/layout/Panel';
import { Menu } from 'widgets/overlay/Menu';
import { useHasPage } from 'widgets/page/useHasPage';
import { CopyButton } from 'widgets/text/CopyButton';
import { Kbd } from 'widgets/text/Kbd';
import { SqlEditor, type EditorHandle } from './Editor';
import { EXAMPLES, type Example } from './examples';
import { placeOfError } from './place';
import { ADDRESS_CHARS_MAX, type SqlPageView } from './useSqlView';
import type { Run } from './useSqlRun';

interface QueryPanelProps {
  editor: RefObject<EditorHandle>;
  view: SqlPageView;
  run: Run;
  limits: ReadonlyMap<string, number>;
  allowed: boolean;
  onRun: () => void;
  onStop: () => void;
  onExample: (example: Example) => void;
}

const MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

export function QueryPanel(props: QueryPanelProps) {
  const { editor, view, run, limits, allowed, onRun, onStop, onExample } = props;
  const { draft, setDraft, search } = view;
  const errorId = useId();
  const running = run.phase === 'running';
  // What was said of another text says nothing of this one.
  const failed = run.phase === 'failed' && run.sql === draft ? run : null;
  const refused = failed?.error instanceof ApiError && failed.error.status === 400;
  const place = useMemo(
    () => (failed && refused ? placeOfError(failed.sql, failed.error.message) : null),
    [failed, refused],
  );
  return (
    <Panel
      title="Query"
      help={
        <>
          One SELECT over the tables at the side, read only, in your project alone.
          ClickHouse&apos;s dialect. Times are UTC; money is US dollars.
        </>
      }
      actions={
        <>
          <Menu
            label="Examples"
            icon="help"
            small
            items={EXAMPLES.map((example) => ({
              label: example.question,
              disabled: !allowed,
              onSelect: () => onExample(example),
            }))}
          >
            Examples
          </Menu>
          <CopyButton text={() => draft} label="Copy" />
        </>
      }
    >
      <SqlEditor
        ref={editor}
        value={draft}
        onChange={setDraft}
        onRun={onRun}
        error={place}
        errorId={failed ? errorId : undefined}
      />
      {failed && (
        <div className="sql-error" id={errorId} role="alert">
          <Icon name="error" />
          <span>
            {place && <strong>Line {place.line}: </strong>}
            {failed.error.message}
          </span>
          {place && (
            <button
              type="button"
              className="button small"
              onClick={() => editor.current?.select(place.from, place.to)}
            >
              Go there
            </button>
          )}
        </div>
      )}
      <div className="sql-bar">
        {running ? (
          <button type="button" className="button" onClick={onStop}>
            <Icon name="close" />
            Stop
          </button>
        ) : (
          <button
            type="button"
            className="button main"
            aria-keyshortcuts="Control+Enter"
            disabled={draft.trim() === '' || !allowed}
            onClick={onRun}
          >
            <Icon name="play" />
            Run
          </button>
        )}
        <span className="dim sql-keys">
          <Kbd>{MAC ? '⌘' : 'Ctrl'}</Kbd> <Kbd>Enter</Kbd>
        </span>
        {allowed ? <Limits limits={limits} /> : <NotAllowed />}
        {draft.length > ADDRESS_CHARS_MAX && (
          <span className="warn">Too long for a link: the address leaves it out.</span>
        )}
        {search.sql !== undefined && search.sql !== draft && (
          <button
            type="button"
            className="button plain small"
            onClick={() => setDraft(search.sql!)}
          >
            Back to what was run
          </button>
        )}
      </div>
    </Panel>
  );
}

function Limits({ limits }: { limits: ReadonlyMap<string, number> }) {
  const [rows, seconds, memory] = ['sql_rows', 'sql_seconds', 'sql_memory_bytes'].map((name) =>
    limits.get(name),
  );
  if (rows === undefined || seconds === undefined || memory === undefined) return null;
  return (
    <span
      className="dim sql-limits"
      title="limits.sql_rows, limits.sql_seconds and limits.sql_memory_bytes of pitot.yaml"
    >
      At most {formatInt(rows)} rows, {seconds} s and {formatBytes(memory)} of memory
    </span>
  );
}

function NotAllowed() {
  const keys = useHasPage('/settings/keys');
  return (
    <span className="warn">
      Your key may read, not run SQL: that takes one with the scope sql.{' '}
      {keys && <Link to="/settings/keys">Keys</Link>}
    </span>
  );
}
