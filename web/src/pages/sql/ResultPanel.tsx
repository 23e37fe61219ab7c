// What came of a statement: a table or a chart, how long it took, and the way out to a file.

import { useEffect, useState } from 'react';
import { formatDuration, formatInt, plural } from 'base/format';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { Menu } from 'widgets/overlay/Menu';
import { answerJson, type SqlAnswer } from './answer';
import { EXAMPLES, type Example } from './examples';
import { saveFile } from './saveFile';
import { answerCsv, ResultTable } from './ResultTable';
import { ResultChart } from './ResultChart';
import type { SqlPageView } from './useSqlView';
import type { Run } from './useSqlRun';

interface ResultPanelProps {
  view: SqlPageView;
  run: Run;
  onExample: (example: Example) => void;
  onStop: () => void;
}

export function ResultPanel({ view, run, onExample, onStop }: ResultPanelProps) {
  const { search, draft, change } = view;
  if (run.phase !== 'done') {
    return (
      <Panel title="Result">
        {run.phase === 'running' && <Running sinceMs={run.sinceMs} onStop={onStop} />}
        {run.phase === 'stopped' && (
          <EmptyState title="Stopped">The server has ended the query, too.</EmptyState>
        )}
        {run.phase === 'failed' && (
          <EmptyState title="No result">What is wrong stands below the query.</EmptyState>
        )}
        {run.phase === 'none' && <Begin waiting={draft !== ''} onExample={onExample} />}
      </Panel>
    );
  }
  const { answer, number } = run;
  const chart = search.show === 'chart';
  return (
    <Panel
      title="Result"
      flush={!chart}
      note={<Took answer={answer} />}
      actions={
        <>
          <Choice
            label="Show the result as"
            value={chart ? 'chart' : 'table'}
            options={[
              { value: 'table', label: 'Table' },
              { value: 'chart', label: 'Chart' },
            ]}
            onChange={(show) => change({ show: show === 'chart' ? show : undefined })}
          />
          <Menu
            label="Download"
            icon="down"
            small
            items={[
              {
                label: 'Download as CSV',
                onSelect: () => saveFile('pitot.csv', 'text/csv', answerCsv(answer)),
              },
              {
                label: 'Download as JSON',
                onSelect: () => saveFile('pitot.json', 'application/json', answerJson(answer)),
              },
            ]}
          >
            Download
          </Menu>
        </>
      }
    >
      {answer.truncated && (
        <p className="sql-note warn" role="status">
          Cut at {formatInt(answer.rows.length)} rows, which limits.sql_rows allows. Group, filter
          or add a LIMIT to see what matters.
        </p>
      )}
      {run.sql !== draft && (
        <p className="sql-note dim">
          Of the query that was run last.{' '}
          <button
            type="button"
            className="button plain small"
            onClick={() => view.setDraft(run.sql)}
          >
            Show that query
          </button>
        </p>
      )}
      {answer.rows.length === 0 ? (
        <EmptyState title="No rows">
          The query is right and nothing matches it. A wider window of time, or fewer conditions,
          may find something.
        </EmptyState>
      ) : chart ? (
        <ResultChart answer={answer} view={view} />
      ) : (
        <ResultTable key={number} answer={answer} />
      )}
    </Panel>
  );
}

function Took({ answer: { rows, rowsRead, elapsedMs } }: { answer: SqlAnswer }) {
  return (
    <>
      {plural(rows.length, 'row')} in {formatDuration(elapsedMs)}
      {rowsRead > rows.length && `, ${formatInt(rowsRead)} read`}
    </>
  );
}

function Running({ sinceMs, onStop }: { sinceMs: number; onStop: () => void }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 500);
    return () => clearInterval(timer);
  }, []);
  return (
    <EmptyState
      title="Running"
      actions={
        <button type="button" className="button" onClick={onStop}>
          Stop
        </button>
      }
    >
      For {Math.max(0, Math.floor((now - sinceMs) / 1000))} s
    </EmptyState>
  );
}

function Begin({
  waiting,
  onExample,
}: {
  waiting: boolean;
  onExample: (example: Example) => void;
}) {
  return (
    <div className="sql-begin">
      <p className="empty-title">
        {waiting ? 'Run the query to see its result' : 'A question to begin with'}
      </p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.question}>
            <button type="button" className="button" onClick={() => onExample(example)}>
              {example.question}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
