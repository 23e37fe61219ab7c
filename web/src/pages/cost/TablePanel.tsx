import { useMemo } from 'react';
import { useGet } from 'api/query';
import { plural } from 'base/format';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import { Money } from 'widgets/figures/cells';
import type { View } from 'widgets/page/useView';
import { narrowed } from 'widgets/page/narrow';
import { DataTable, type RowLink } from 'widgets/table/DataTable';
import { columnsOf, type Row } from './columns';
import { dayBounds } from './days';
import { DAY, dimensionLabel } from './dimensions';
import { andTerm, COUNTED } from './filters';
import { SLOW_MS } from './fresh';
import { keyOf, keyText, tracesOf, type CostAnswer, type CostGroup } from './rows';
import type { Choices } from './useChoices';

// As many as GET /api/v1/series tells apart.
const SERIES_GROUPS_MAX = 50;
const SERIES_BY_MAX = 2;
// From here on the table scrolls in itself.
const ROWS_SEEN = 13;
const HEIGHT = '430px';

interface TablePanelProps {
  view: View;
  choices: Choices;
  cost: PanelState<CostAnswer>;
}

export function TablePanel({ view, choices, cost }: TablePanelProps) {
  const { by } = choices;
  const countable = by.length <= SERIES_BY_MAX && !by.includes(DAY);
  const traces = useGet(
    '/api/v1/series',
    {
      ...view.params,
      q: andTerm(view.q, COUNTED),
      by: by.join(','),
      groups: SERIES_GROUPS_MAX,
      // One step is not offered: a trace that crosses the middle of two is in both.
      points: 2,
      measures: 'cost_usd,traces',
    },
    { enabled: countable, everyMs: view.live && SLOW_MS },
  );
  const counts = useMemo(
    () => tracesOf(countable && !traces.isPlaceholderData ? traces.data : undefined, by),
    [countable, traces.isPlaceholderData, traces.data, by],
  );
  const { change, q } = view;
  const columns = useMemo(
    () => columnsOf(by, ({ group }) => change(filterOf(group, by, q))),
    [by, change, q],
  );
  const names = by.map(dimensionLabel).join(', ');
  return (
    <Panel
      title={`Cost by ${names}`}
      flush
      help="Who spent how much, of calls that ended in this window. A row leads to its traces; its sign at the end makes it the filter of the whole page. What a span does not say itself, it has from the spans above it."
      state={cost}
      empty={({ groups }) =>
        groups.length === 0 && (
          <EmptyState title="Nothing was spent here">
            Costs appear when calls of models end.
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <Table
          key={by.join()}
          label={`Cost by ${names}`}
          answer={answer}
          counts={counts}
          columns={columns}
          onAll={() => change({ rows: 'all' })}
          all={choices.rows === 'all'}
        />
      )}
    </Panel>
  );
}

function Table({
  label,
  answer,
  counts,
  columns,
  all,
  onAll,
}: {
  label: string;
  answer: CostAnswer;
  counts: ReadonlyMap<string, number>;
  columns: ReturnType<typeof columnsOf>;
  all: boolean;
  onAll: () => void;
}) {
  const { groups, by, other, total, groups_total } = answer;
  const rows = useMemo(
    () => groups.map((group): Row => ({ group, traces: counts.get(keyOf(group.key, by)) })),
    [groups, counts, by],
  );
  const rest = groups_total - groups.length;
  return (
    <DataTable
      label={label}
      name={`cost-${by.length}`}
      rows={rows}
      columns={columns}
      rowKey={({ group }) => keyOf(group.key, by)}
      link={({ group }) => linkOf(group, by)}
      {...(rows.length > ROWS_SEEN && { height: HEIGHT })}
      footer={
        <>
          {plural(groups.length, 'group')}
          {rest > 0 && other && (
            <>
              {' '}
              and {rest} smaller ones with <Money usd={other.cost_usd} />{' '}
              {!all && (
                <button type="button" className="button small" onClick={onAll}>
                  Show more
                </button>
              )}
            </>
          )}
          , <Money usd={total.cost_usd} unpriced={total.unpriced_calls} /> in all
        </>
      }
    />
  );
}

function linkOf(group: CostGroup, by: readonly string[]): RowLink {
  return { to: '/traces', narrow: fieldsOf(group, by), search: windowOf(group, by) };
}

function fieldsOf(group: CostGroup, by: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    by.filter((field) => field !== DAY).map((field) => [field, keyText(group.key[field])]),
  );
}

// The window of a group that is of one day.
function windowOf(group: CostGroup, by: readonly string[]): Record<string, string> {
  const bounds = by.includes(DAY) ? dayBounds(keyText(group.key[DAY])) : null;
  if (!bounds) return {};
  return {
    since: new Date(bounds.fromMs).toISOString(),
    until: new Date(bounds.toMs).toISOString(),
  };
}

function filterOf(group: CostGroup, by: readonly string[], q: string): Record<string, string> {
  let next = q;
  for (const [field, value] of Object.entries(fieldsOf(group, by))) {
    next = narrowed(next, field, value);
  }
  return { ...(next !== '' && { q: next }), ...windowOf(group, by) };
}
