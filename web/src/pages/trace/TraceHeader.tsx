import { Link } from '@tanstack/react-router';
import type { Trace } from 'api/types';
import {
  formatCost,
  formatCount,
  formatDuration,
  formatInt,
  formatTime,
  plural,
} from 'base/format';
import { useCarried } from 'base/carried';
import { visibleText } from 'base/text';
import { quoteValue } from 'widgets/filter/complete';
import { Icon } from 'widgets/figures/Icon';
import { Status } from 'widgets/figures/Status';
import { CompareButton } from './compare/CompareButton';
import { CopyMenu } from './CopyMenu';
import './TraceHeader.css';

const SCOPES = [
  'feature',
  'workflow',
  'user_id',
  'session_id',
  'agent',
  'service',
  'environment',
] as const;

export function TraceHeader({ trace, underWay }: { trace: Trace; underWay: boolean }) {
  const status = underWay && trace.orphans > 0 ? 'running' : trace.status;
  return (
    <header className="trace-header">
      <div className="trace-title">
        <Link
          to="/traces"
          search={useCarried()}
          className="button plain small"
          aria-label="All traces"
        >
          <Icon name="back" />
        </Link>
        <h1 className="cut">{visibleText(trace.root_name) || trace.trace_id}</h1>
        <Status status={status} title={visibleText(trace.status_message)} />
        <span className="dim" title={trace.started_at}>
          {formatTime(trace.started_at, new Date())}
        </span>
        <code className="dim trace-id">{trace.trace_id}</code>
        <CopyMenu traceId={trace.trace_id} />
        <CompareButton trace={trace} />
      </div>
      <div className="trace-facts">
        <dl className="figures">
          <Figure name="Duration" value={formatDuration(trace.duration_ms)} />
          <Figure
            name="Cost"
            value={
              formatCost(trace.cost_usd) + (trace.unpriced_calls > 0 && trace.cost_usd ? '+' : '')
            }
            note={
              trace.unpriced_calls > 0
                ? `${plural(trace.unpriced_calls, 'call')} without a known price`
                : undefined
            }
          />
          <Figure name="Tokens in" value={formatCount(trace.input_tokens)} />
          <Figure name="out" value={formatCount(trace.output_tokens)} />
          <Figure name="LLM calls" value={formatInt(trace.llm_calls)} />
          <Figure name="Tool calls" value={formatInt(trace.tool_calls)} />
          <Figure name="Errors" value={formatInt(trace.errors)} bad={trace.errors > 0} />
          <Figure name="Spans" value={formatInt(trace.spans)} />
        </dl>
        <ul className="trace-scopes">
          {SCOPES.filter((name) => trace[name] !== '').map((name) => (
            <li key={name}>
              <Link
                to="/traces"
                search={{ q: `${name} = ${quoteValue(trace[name])}` }}
                title={`Traces with ${name} = ${trace[name]}`}
              >
                <span className="dim">{name.replace('_id', '')}</span> {visibleText(trace[name])}
              </Link>
            </li>
          ))}
        </ul>
      </div>
      {trace.status_message !== '' && (
        <p className="trace-message bad">{visibleText(trace.status_message)}</p>
      )}
    </header>
  );
}

export function Figure({
  name,
  value,
  note,
  bad = false,
}: {
  name: string;
  value: string;
  note?: string | undefined;
  bad?: boolean;
}) {
  return (
    <div className={note === undefined ? 'figure' : 'figure warn'} title={note}>
      <dt>{name}</dt>
      <dd className={bad ? 'bad' : ''}>{value}</dd>
    </div>
  );
}
