// What the list can tell of a trace, each in a column of its own.

import type { ReactNode } from 'react';
import type { SpanStatus, Trace } from 'api/types';
import { formatTime, parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Duration, Money } from 'widgets/figures/cells';
import { Status } from 'widgets/figures/Status';
import type { Column } from 'widgets/table/columns';

// What a row knows beside what the server answered.
export interface Shown {
  status: SpanStatus;
  now: number; // Milliseconds since 1970; of rows that run, else 0.
}

export interface TraceColumn extends Column<Trace> {
  field?: string; // Of the filter: a click narrows to the value.
  draw?: (trace: Trace, shown: Shown) => ReactNode;
}

// Says what a row is: always there, first.
export const NAME_COLUMN = 'root_name';

function count(
  id: string,
  label: string,
  title: string,
  of: (trace: Trace) => number,
  more: Partial<TraceColumn> = {},
): TraceColumn {
  return {
    id,
    label,
    title,
    number: true,
    width: '46px',
    value: of,
    draw: (trace) => <Count value={of(trace)} />,
    ...more,
  };
}

function word(
  id: 'feature' | 'workflow' | 'user_id' | 'session_id' | 'agent' | 'service' | 'environment',
  label: string,
  more: Partial<TraceColumn> = {},
): TraceColumn {
  return {
    id,
    label,
    field: id,
    width: 'minmax(70px, 0.9fr)',
    value: (trace) => trace[id],
    ...more,
  };
}

export const TRACE_COLUMNS: readonly TraceColumn[] = [
  {
    id: NAME_COLUMN,
    label: 'Trace',
    title: 'Name of the root span',
    width: 'minmax(140px, 2fr)',
    value: ({ root_name, trace_id }) => root_name || trace_id,
  },
  {
    id: 'started_at',
    label: 'Started',
    title: 'By your clock',
    width: '108px',
    value: ({ started_at }) => started_at,
    draw: ({ started_at }) => (
      <span className="dim" title={started_at}>
        {formatTime(started_at, new Date())}
      </span>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    title: 'Of the root span; running while any span is',
    width: '76px',
    value: ({ status }) => status,
    draw: ({ status_message }, { status }) => (
      <Status status={status} title={visibleText(status_message)} />
    ),
  },
  word('feature', 'Feature'),
  word('agent', 'Agent', { hidden: true }),
  word('user_id', 'User', { width: 'minmax(60px, 0.7fr)' }),
  word('session_id', 'Session', { hidden: true }),
  word('workflow', 'Workflow', { hidden: true }),
  word('service', 'Service', { hidden: true }),
  word('environment', 'Environment', { hidden: true }),
  {
    id: 'duration_ms',
    label: 'Duration',
    title: 'From the first start to the last end; while it runs, until now',
    number: true,
    width: '68px',
    value: ({ duration_ms }) => duration_ms,
    draw: (trace, shown) => <Duration ms={shownDuration(trace, shown)} />,
  },
  {
    id: 'cost_usd',
    label: 'Cost',
    title: 'Of calls with a known price; + when others have none',
    number: true,
    width: '68px',
    value: ({ cost_usd }) => cost_usd,
    draw: ({ cost_usd, unpriced_calls }) => <Money usd={cost_usd} unpriced={unpriced_calls} />,
  },
  count('tokens', 'Tokens', 'In and out', (t) => t.input_tokens + t.output_tokens, {
    width: '58px',
  }),
  count('input_tokens', 'Tokens in', 'Caches included', (t) => t.input_tokens, {
    width: '66px',
    hidden: true,
  }),
  count('output_tokens', 'Tokens out', 'Reasoning included', (t) => t.output_tokens, {
    width: '68px',
    hidden: true,
  }),
  count('llm_calls', 'Calls', 'Model calls', (t) => t.llm_calls),
  count('tool_calls', 'Tools', 'Tool calls', (t) => t.tool_calls),
  count('spans', 'Spans', 'All its spans', (t) => t.spans, { hidden: true }),
  count('errors', 'Errors', 'Spans with an error', (t) => t.errors, {
    draw: ({ errors }) => <Count value={errors} bad />,
  }),
  {
    id: 'models',
    label: 'Models',
    width: 'minmax(96px, 1.2fr)',
    value: ({ models }) => models.join(', '),
    draw: ({ models }) => <span className="dim">{visibleText(models.join(', '))}</span>,
  },
  {
    id: 'status_message',
    label: 'Failure',
    title: "What the root span's failure said",
    hidden: true,
    value: ({ status_message }) => status_message,
  },
  {
    id: 'trace_id',
    label: 'Trace id',
    hidden: true,
    width: '250px',
    value: ({ trace_id }) => trace_id,
    draw: ({ trace_id }) => <span className="mono dim">{trace_id}</span>,
  },
];

export const DEFAULT_COLUMNS: readonly string[] = TRACE_COLUMNS.filter(({ hidden }) => !hidden).map(
  ({ id }) => id,
);

// A trace that runs is as long as it has run.
export function shownDuration(trace: Trace, { status, now }: Shown): number {
  if (status !== 'running') return trace.duration_ms;
  return Math.max(trace.duration_ms, now - parseTime(trace.started_at));
}
