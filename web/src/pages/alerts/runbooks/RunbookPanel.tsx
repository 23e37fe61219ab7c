import type { UseQueryResult } from '@tanstack/react-query';
import type { Schema } from 'api/types';
import { formatDuration } from 'base/format';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { ViewLink } from 'widgets/page/ViewLink';
import { Code } from 'widgets/text/Code';
import { At } from '../At';
import { TraceLinks } from '../TraceLinks';
import { ActionItem } from './ActionItem';
import { filterOfSubject } from './subject';
import type { RunbookName } from './useRunbook';

type Report = Schema<'RunbookReport'>;

const BOOKS: readonly { name: RunbookName; title: string; asks: string }[] = [
  { name: 'latency', title: 'Latency', asks: 'what is slow, since when, and why' },
  { name: 'errors', title: 'Errors', asks: 'what fails, since when, and why' },
  { name: 'cost', title: 'Cost', asks: 'what costs more than usual, and why' },
];
const STEP_TONES = { found: 'warn', clear: 'good', unknown: 'neutral' } as const;

interface RunbookPanelProps {
  name: RunbookName | null;
  alert: string | undefined;
  report: UseQueryResult<Report>;
  view: View;
}

export function RunbookPanel({ name, alert, report, view }: RunbookPanelProps) {
  const buttons = (
    <div className="runbook-choice" role="group" aria-label="Runbook">
      {BOOKS.map((book) => (
        <button
          key={book.name}
          type="button"
          className="button"
          aria-pressed={book.name === name}
          title={book.asks}
          onClick={() => {
            if (book.name === name) void report.refetch();
            else view.change({ runbook: book.name, alert: undefined });
          }}
        >
          {book.title}
        </button>
      ))}
    </div>
  );
  const help =
    'A runbook reads the figures of the window, finds where the trouble began, holds it against the day before and ranks what explains it. It changes nothing.';
  if (name === null) {
    return (
      <Panel title="Diagnosis" help={help}>
        <EmptyState title="Run a runbook on the window and the filter above" actions={buttons}>
          Alerts bring the runbook that fits them: this is the same by hand.
        </EmptyState>
      </Panel>
    );
  }
  return (
    <Panel
      title="Diagnosis"
      help={help}
      note={
        alert !== undefined && (
          <>
            of{' '}
            <ViewLink to="/alerts" search={{ alert }}>
              alert {alert.slice(0, 8)}
            </ViewLink>
          </>
        )
      }
      actions={buttons}
      state={report}
    >
      {(answer) => <ReportBody report={answer} />}
    </Panel>
  );
}

function ReportBody({ report }: { report: Report }) {
  const { summary, since, window, causes, steps, took_ms } = report;
  return (
    <>
      <p className="runbook-summary">{visibleText(summary)}</p>
      <p className="dim">
        {since === null ? (
          <>
            <At at={window.since} /> to <At at={window.until} />
          </>
        ) : (
          <>
            since <At at={since} />
          </>
        )}
        ; held against <At at={report.baseline.since} /> to <At at={report.baseline.until} />; found
        in {formatDuration(took_ms)}
      </p>
      <h3 className="alert-heading">Likely causes</h3>
      {causes.length === 0 ? (
        <p className="dim">None: nothing that was looked at explains it, or there is no trouble.</p>
      ) : (
        <ol className="plain-list causes">
          {causes.map((cause) => (
            <Cause key={`${cause.kind} ${cause.words}`} cause={cause} />
          ))}
        </ol>
      )}
      <h3 className="alert-heading">Steps</h3>
      <ul className="plain-list">
        {steps.map((step) => (
          <Step key={step.step} step={step} />
        ))}
      </ul>
    </>
  );
}

function Cause({
  cause: { words, score, trace_ids, subject },
}: {
  cause: Report['causes'][number];
}) {
  const q = filterOfSubject(subject);
  return (
    <li>
      <span className="cause">
        <span className="cause-score" title={`Explains it with ${score.toFixed(2)} of 1`}>
          <Bar share={score} color="var(--warn)" label="of the trouble, and how surely" />
        </span>
        <span className="wrap">{visibleText(words)}</span>
        <TraceLinks ids={trace_ids.slice(0, 3)} />
        {q !== null && (
          <ViewLink to="/traces" search={{ q }} title={q}>
            traces of it
          </ViewLink>
        )}
      </span>
    </li>
  );
}

function Step({ step }: { step: Report['steps'][number] }) {
  const { title, state, words, detail, query, trace_ids, actions } = step;
  return (
    <li className="runbook-step">
      <details open={state === 'found'}>
        <summary>
          <Pill tone={STEP_TONES[state]}>{state}</Pill> <strong>{visibleText(title)}</strong>{' '}
          <span className="dim">{step.step}</span>
        </summary>
        <p className="wrap">{visibleText(words)}</p>
        {detail.length > 0 && (
          <ul className="runbook-detail">
            {detail.map((line) => (
              <li key={line} className="wrap">
                {visibleText(line)}
              </li>
            ))}
          </ul>
        )}
        {trace_ids.length > 0 && (
          <p>
            Traces <TraceLinks ids={trace_ids.slice(0, 6)} />
          </p>
        )}
        <Code text={query} label="Copy the command" />
        {actions.length > 0 && (
          <ul className="plain-list">
            {actions.map((action) => (
              <ActionItem key={action.id || action.words} action={action} />
            ))}
          </ul>
        )}
      </details>
    </li>
  );
}
