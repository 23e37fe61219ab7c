// What a run cost, when, and for which tokens.

import { useMemo } from 'react';
import { useGet } from 'api/query';
import { formatCost, formatCount, formatDuration, formatInt, formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { Money } from 'widgets/figures/cells';
import { Stat, Stats } from 'widgets/figures/Stat';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { DataTable } from 'widgets/table/DataTable';
import type { Column } from 'widgets/table/columns';
import { MARKS, provenanceWords } from '../model/provenance';
import type { TraceTabProps } from '../tabs';
import { wholeWindow } from '../timeline/scale';
import { callsOf, TOKEN_KINDS, type Call } from './calls';
import { SpendChart } from './SpendChart';
import { TokenChart } from './TokenChart';
import './Cost.css';

export function CostTab({ trace, tree, search, change }: TraceTabProps) {
  const calls = useMemo(() => callsOf(tree), [tree]);
  const lengthMs = useMemo(() => wholeWindow(tree.spans).to, [tree]);
  const budget = useRunBudget();
  const pick = (span: string) => change({ span });
  if (calls.length === 0) {
    return (
      <EmptyState title="No call of this trace has tokens or a cost">
        <p>Costs come from spans of model calls that say how many tokens they used.</p>
      </EmptyState>
    );
  }
  return (
    <div className="spend">
      <Summary calls={calls} budget={budget} unpriced={trace.unpriced_calls} />
      <Panel
        title="Spend over the run"
        help="Each step is a call that ended. Calls without a known price add nothing."
      >
        <SpendChart {...{ calls, lengthMs, budget, onPick: pick }} selected={search.span} />
      </Panel>
      <Panel
        title="Tokens and context of each call"
        help="In the order in which the calls ended. Input, cache read and cache write together are the context that the model was given."
        note={
          <span className="spend-keys">
            {TOKEN_KINDS.map(({ id, label, color }) => (
              <span key={id}>
                <i className="spend-key" style={{ background: color }} /> {label}
              </span>
            ))}
          </span>
        }
      >
        <TokenChart calls={calls} selected={search.span} onPick={pick} />
      </Panel>
      <Panel title="Calls" flush>
        <DataTable
          label="Calls"
          name="trace-calls"
          rows={calls}
          columns={COLUMNS}
          rowKey={({ span }) => span.span_id}
          onOpen={({ span }) => pick(span.span_id)}
          {...(search.span !== undefined && { active: search.span })}
        />
      </Panel>
    </div>
  );
}

interface Budget {
  id: string;
  limit_usd: number;
  hard: boolean;
}

// The narrowest budget over each run, where there is one. Who may not read budgets sees none.
function useRunBudget(): Budget | undefined {
  const budgets = useGet('/api/v1/budgets', {}, { staleMs: 60_000 });
  return budgets.data?.budgets
    .filter(
      ({ scope, per, match, disabled }) =>
        scope === 'trace' && per === 'each' && match === '*' && !disabled,
    )
    .sort((a, b) => a.limit_usd - b.limit_usd)[0];
}

function Summary({
  calls,
  budget,
  unpriced,
}: {
  calls: readonly Call[];
  budget: Budget | undefined;
  unpriced: number;
}) {
  const priced = calls.filter(({ cost }) => cost !== null);
  const spent = priced.length > 0 ? calls[calls.length - 1]!.spent : null;
  const dearest = priced.reduce<Call | null>(
    (most, call) => (most === null || call.cost! > most.cost! ? call : most),
    null,
  );
  const context = calls.reduce((sum, call) => sum + call.context, 0);
  const cached = calls.reduce((sum, { tokens }) => sum + tokens.cacheRead, 0);
  const largest = calls.reduce((max, call) => Math.max(max, call.context), 0);
  const by = (provenance: Call['provenance']) =>
    calls.filter((call) => call.provenance === provenance).length;
  return (
    <Stats>
      <Stat
        name="Spent"
        value={<Money usd={spent} unpriced={unpriced} />}
        note={
          budget && spent !== null
            ? `${formatPercent(spent / budget.limit_usd)} of budget ${visibleText(budget.id)}, ${formatCost(budget.limit_usd)} a run`
            : `${formatInt(calls.length)} calls`
        }
        tone={budget && spent !== null && spent > budget.limit_usd ? 'bad' : 'neutral'}
      />
      <Stat
        name="Dearest call"
        value={formatCost(dearest?.cost)}
        note={
          dearest && spent
            ? `#${dearest.n}, ${formatPercent(dearest.cost! / spent)} of the run`
            : 'No call has a price'
        }
      />
      <Stat
        name="Largest context"
        value={formatCount(largest)}
        note={`tokens; ${formatCount(context)} in all calls`}
      />
      <Stat
        name="Read from cache"
        value={formatPercent(context > 0 ? cached / context : null)}
        note="of the context of all calls"
      />
      <Stat
        name="Prices"
        value={`${formatInt(priced.length)} of ${formatInt(calls.length)}`}
        note={[
          [by('reported'), 'reported'],
          [by('computed'), 'computed'],
          [by('estimated'), 'estimated'],
          [by('unpriced'), 'without a price'],
        ]
          .filter(([count]) => count !== 0)
          .map(([count, word]) => `${formatInt(count as number)} ${word}`)
          .join(', ')}
        tone={by('unpriced') > 0 ? 'warn' : 'neutral'}
      />
    </Stats>
  );
}

const tokenColumn = (kind: (typeof TOKEN_KINDS)[number]): Column<Call> => ({
  id: kind.id,
  label: kind.label,
  number: true,
  width: '84px',
  hidden: kind.id === 'cacheWrite' || kind.id === 'reasoning',
  value: ({ tokens }) => tokens[kind.id] || null,
  cell: ({ tokens }) => (tokens[kind.id] > 0 ? formatCount(tokens[kind.id]) : ''),
});

const COLUMNS: readonly Column<Call>[] = [
  { id: 'n', label: '#', number: true, width: '48px', value: ({ n }) => n },
  {
    id: 'name',
    label: 'Call',
    width: 'minmax(140px, 2fr)',
    value: ({ span }) => span.name,
  },
  {
    id: 'model',
    label: 'Model',
    width: 'minmax(90px, 1fr)',
    hidden: true,
    value: ({ span }) => span.model,
  },
  { id: 'agent', label: 'Agent', width: 'minmax(80px, 1fr)', value: ({ span }) => span.agent },
  {
    id: 'end',
    label: 'Ended at',
    title: 'After the start of the trace',
    number: true,
    width: '84px',
    value: ({ endMs }) => endMs,
    cell: ({ endMs }) => formatDuration(endMs),
  },
  ...TOKEN_KINDS.map(tokenColumn),
  {
    id: 'grown',
    label: 'Context grew',
    title: 'Against the call before of the same agent, in tokens',
    number: true,
    width: '100px',
    value: ({ grown }) => grown,
    cell: ({ grown }) =>
      grown === null ? '' : grown > 0 ? `+${formatCount(grown)}` : formatCount(grown),
  },
  {
    id: 'cost',
    label: 'Cost',
    number: true,
    width: '90px',
    value: ({ cost }) => cost,
    cell: ({ cost, provenance, span }) => (
      <span title={provenanceWords(provenance, span)}>
        <span className="dim">{MARKS[provenance]}</span> {cost === null ? '' : formatCost(cost)}
      </span>
    ),
  },
  {
    id: 'spent',
    label: 'Until then',
    title: 'What all calls until this one cost',
    number: true,
    width: '90px',
    value: ({ spent }) => spent,
    cell: ({ spent }) => formatCost(spent),
  },
];
