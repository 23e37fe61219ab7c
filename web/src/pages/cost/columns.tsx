// Columns of the table of spending.

import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Count, Money, Percent } from 'widgets/figures/cells';
import { Icon } from 'widgets/figures/Icon';
import type { Column } from 'widgets/table/columns';
import { columnLabel, dimensionLabel } from './dimensions';
import { cacheHit, keyText, perCall, type CostGroup } from './rows';

export interface Row {
  group: CostGroup;
  traces: number | undefined; // With calls that count; unknown beyond the largest groups.
}

const perTrace = ({ group, traces }: Row): number | null =>
  group.cost_usd === null || !traces ? null : group.cost_usd / traces;

const count = (
  id: string,
  label: string,
  value: (row: Row) => number | null | undefined,
  more: Partial<Column<Row>> = {},
): Column<Row> => ({
  id,
  label,
  number: true,
  width: '74px',
  value,
  cell: (row) => <Count value={value(row)} />,
  ...more,
});

const money = (
  id: string,
  label: string,
  value: (row: Row) => number | null,
  title: string,
): Column<Row> => ({
  id,
  label,
  title,
  number: true,
  width: '84px',
  value,
  cell: (row) => <Money usd={value(row)} />,
});

const FIGURES: readonly Column<Row>[] = [
  {
    id: 'cost_usd',
    label: 'Cost',
    title: 'Of calls with a known price; + says that others are missing',
    number: true,
    width: '88px',
    value: ({ group }) => group.cost_usd,
    cell: ({ group }) => <Money usd={group.cost_usd} unpriced={group.unpriced_calls} />,
  },
  {
    id: 'share',
    label: 'Share',
    title: 'Of the known cost in this window',
    number: true,
    width: '54px',
    value: ({ group }) => group.share,
    cell: ({ group }) => <Percent share={group.share} of="the known cost" />,
  },
  {
    id: 'bar',
    label: 'Share as a bar',
    fixed: true,
    quiet: true,
    width: 'minmax(50px, 0.8fr)',
    value: ({ group }) => group.share,
    cell: ({ group }) => <Bar share={group.share} label="of the cost" />,
  },
  count('calls', 'Calls', ({ group }) => group.calls, { title: 'Model calls, each once' }),
  money('per_call', 'Per call', ({ group }) => perCall(group), 'Of calls with a known price'),
  money(
    'per_trace',
    'Per trace',
    perTrace,
    'Cost by traces with calls that count; known of the fifty largest groups',
  ),
  count('input_tokens', 'Input', ({ group }) => group.input_tokens, {
    title: 'Input tokens, caches included',
  }),
  count('output_tokens', 'Output', ({ group }) => group.output_tokens, {
    title: 'Output tokens, reasoning included',
  }),
  {
    id: 'cache_hit',
    label: 'Cache hit',
    title: 'Share of the input tokens that the provider read from its cache',
    number: true,
    width: '72px',
    value: ({ group }) => cacheHit(group),
    cell: ({ group }) => <Percent share={cacheHit(group)} of="input tokens" />,
  },
  {
    id: 'unpriced',
    label: 'Unpriced',
    title: 'Calls without a known price: not in the cost',
    number: true,
    width: '72px',
    value: ({ group }) => group.unpriced_calls,
    cell: ({ group }) => (
      <span
        className={group.unpriced_calls > 0 ? 'warn' : 'zero'}
        title={`${formatInt(group.unpriced_calls)} calls`}
      >
        {formatInt(group.unpriced_calls)}
      </span>
    ),
  },
  count('traces', 'Traces', ({ traces }) => traces, {
    title: 'With calls that count; known of the fifty largest groups',
    hidden: true,
  }),
  count('estimated', 'Estimated', ({ group }) => group.estimated_calls, {
    title: 'Calls whose cost is an estimate',
    hidden: true,
  }),
  count('cache_read', 'Cache read', ({ group }) => group.tokens.cache_read, {
    title: 'Input tokens read from the cache',
    hidden: true,
  }),
  count(
    'cache_write',
    'Cache write',
    ({ group: { tokens } }) => tokens.cache_write_5m + tokens.cache_write_1h,
    { title: 'Input tokens written to the cache, for 5 minutes or an hour', hidden: true },
  ),
  count('reasoning', 'Reasoning', ({ group }) => group.tokens.reasoning, {
    title: 'Output tokens spent on reasoning',
    hidden: true,
  }),
  count('errors', 'Errors', ({ group }) => group.errors, {
    title: 'Calls that failed',
    hidden: true,
    cell: ({ group }) => <Count value={group.errors} bad />,
  }),
];

export function columnsOf(
  by: readonly string[],
  onFilter: (row: Row) => void,
): readonly Column<Row>[] {
  return [
    ...by.map((field): Column<Row> => ({
      id: field,
      label: columnLabel(field),
      title: dimensionLabel(field),
      width: 'minmax(104px, 1.6fr)',
      value: ({ group }) => keyText(group.key[field]),
      cell: ({ group }) => visibleText(keyText(group.key[field])) || '(none)',
    })),
    {
      id: 'filter',
      label: 'Filter',
      fixed: true,
      quiet: true,
      width: '30px',
      value: () => null,
      cell: (row) => {
        const name = by.map((field) => keyText(row.group.key[field]) || '(none)').join(', ');
        return (
          <button
            type="button"
            className="button plain small cost-filter"
            aria-label={`Only ${visibleText(name)}`}
            title="Show only this on the page"
            onClick={() => onFilter(row)}
          >
            <Icon name="search" />
          </button>
        );
      },
    },
    ...FIGURES,
  ];
}
