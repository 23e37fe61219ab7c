// How the context grew over the calls of the run, what the cache served of it, and where it was lost.

import { useMemo } from 'react';
import type { StoryStep } from 'api/story';
import { formatInt, formatPercent, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Count } from 'widgets/figures/cells';
import { Dot } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import { DataTable } from 'widgets/table/DataTable';
import type { Column } from 'widgets/table/columns';
import { callsOf, TOKEN_KINDS } from '../cost/calls';
import { TokenChart } from '../cost/TokenChart';
import { useStory } from '../story/useStory';
import type { TraceTabProps } from '../tabs';
import { contextCalls, type ContextCall } from './cache';
import '../cost/Cost.css';
import './context.css';

const BREAKS_SHOWN = 8;

export function ContextTab({ trace, tree, underWay, search, change }: TraceTabProps) {
  const { told } = useStory(trace.trace_id, underWay, tree);
  const steps = useMemo(
    () => new Map<string, StoryStep>(told?.decisions.map(({ step }) => [step.span_id, step])),
    [told],
  );
  const calls = useMemo(() => contextCalls(tree.spans, steps), [tree, steps]);
  const paid = useMemo(() => callsOf(tree), [tree]);
  const open = (span: string) => change({ span, tab: 'context' });
  if (calls.length === 0) {
    return (
      <EmptyState title="No model was called in this trace">
        A context is what a model is given with a call: its instructions, the history, results of
        tools.
      </EmptyState>
    );
  }
  const sent = calls.reduce((sum, { context }) => sum + context, 0);
  const cached = calls.reduce((sum, call) => sum + call.cached, 0);
  const broke = calls.filter((call) => call.broke !== null);
  return (
    <div className="context">
      <p>
        {plural(calls.length, 'call')} were given <strong>{formatInt(sent)} tokens</strong> in all;
        the cache served {sent > 0 ? formatPercent(cached / sent) : 'none'} of them.
      </p>
      {paid.length > 0 && <TokenChart calls={paid} selected={search.span} onPick={open} />}
      <ul className="context-shares">
        {TOKEN_KINDS.map(({ id, label, color }) => (
          <li key={id}>
            <Dot color={color} /> {label}
          </li>
        ))}
      </ul>
      {broke.length > 0 && (
        <section className="context-breaks">
          <h3>Where the cache was lost</h3>
          <ul>
            {broke.slice(0, BREAKS_SHOWN).map((call) => (
              <li key={call.span.span_id}>
                <button
                  type="button"
                  className="context-ref"
                  onClick={() => open(call.span.span_id)}
                >
                  Call {call.n}
                </button>{' '}
                of {visibleText(call.span.agent ?? '') || 'the model'} {call.broke}.
              </li>
            ))}
            {broke.length > BREAKS_SHOWN && <li>and {broke.length - BREAKS_SHOWN} more, below</li>}
          </ul>
        </section>
      )}
      <DataTable
        label="Context of each call"
        rows={calls}
        rowKey={({ span }) => span.span_id}
        columns={COLUMNS}
        onOpen={({ span }) => open(span.span_id)}
      />
    </div>
  );
}

const COLUMNS: readonly Column<ContextCall>[] = [
  { id: 'n', label: 'Call', number: true, width: '56px', value: ({ n }) => n },
  {
    id: 'agent',
    label: 'Agent',
    width: 'minmax(90px, 1fr)',
    value: ({ span }) => span.agent ?? '',
    cell: ({ span }) => visibleText(span.agent ?? ''),
  },
  {
    id: 'context',
    label: 'Context',
    title: 'Tokens that the model was given, from the cache or not',
    width: '84px',
    number: true,
    value: ({ context }) => context,
    cell: ({ context }) => <Count value={context} />,
  },
  {
    id: 'grown',
    label: 'Grown by',
    title: 'Tokens, against the call before of the same agent',
    width: '84px',
    number: true,
    value: ({ grown }) => grown,
    cell: ({ grown }) =>
      grown === null ? (
        <span className="dim">first</span>
      ) : (
        `${grown > 0 ? '+' : ''}${formatInt(grown)}`
      ),
  },
  {
    id: 'cached',
    label: 'From cache',
    width: '118px',
    number: true,
    value: ({ cached, context }) => (context > 0 ? cached / context : null),
    cell: ({ cached, context }) =>
      context > 0 && (
        <span className="context-share">
          {formatPercent(cached / context)} <Bar share={cached / context} label="of the context" />
        </span>
      ),
  },
  {
    id: 'messages',
    label: 'Messages',
    width: '84px',
    number: true,
    value: ({ step }) => step?.context_messages ?? null,
  },
  {
    id: 'new',
    label: 'New',
    title: 'Messages new to the model',
    width: '60px',
    number: true,
    value: ({ step }) => step?.new_messages ?? null,
  },
  {
    id: 'note',
    label: 'Note',
    width: 'minmax(110px, 1fr)',
    value: (call) => noteOf(call),
    cell: (call) => <span className="warn">{noteOf(call)}</span>,
  },
];

const noteOf = ({ broke, step }: ContextCall): string =>
  [step?.compacted && 'history compacted', broke !== null && 'cache lost']
    .filter(Boolean)
    .join(', ');
