import { formatInt, plural } from 'base/format';
import { Pill } from 'widgets/figures/Pill';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { BUCKETS, figureOf, perMillion, rowKey, variantOf, type PriceRow } from './prices';

const HIDDEN = ['input_audio', 'input_image', 'output_audio', 'output_image'];

// As it was published: $0.30, $0.075.
function Price({ usd }: { usd: number | null }) {
  if (usd === null) return <>–</>;
  return <span className={usd === 0 ? 'zero' : undefined}>${published(usd)}</span>;
}

const published = (usd: number): string => usd.toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1');

const COLUMNS: readonly Column<PriceRow>[] = [
  {
    id: 'model',
    label: 'Model',
    width: 'minmax(190px, 2fr)',
    value: ({ model }) => model,
    cell: (row) => (
      <>
        {row.model} <span className="dim">{variantOf(row)}</span>
      </>
    ),
  },
  {
    id: 'provider',
    label: 'Provider',
    width: 'minmax(90px, 1fr)',
    value: ({ provider }) => provider,
    cell: ({ provider }) => provider || <span className="dim">any</span>,
  },
  ...BUCKETS.map(({ id, label }): Column<PriceRow> => ({
    id,
    label,
    title: `${label}: US dollars a million tokens`,
    number: true,
    width: 'minmax(78px, 0.6fr)',
    hidden: HIDDEN.includes(id),
    value: (row) => perMillion(row, id),
    cell: (row) => <Price usd={perMillion(row, id)} />,
  })),
  {
    id: 'web_search',
    label: 'Web search',
    title: 'US dollars a thousand searches',
    number: true,
    hidden: true,
    value: (row) => figureOf(row, 'web_search_per_thousand_usd'),
    cell: (row) => <Price usd={figureOf(row, 'web_search_per_thousand_usd')} />,
  },
  {
    id: 'context',
    label: 'Context',
    title: 'Tokens the model can read',
    number: true,
    hidden: true,
    value: (row) => figureOf(row, 'context_tokens'),
  },
  {
    id: 'rule',
    label: 'Rule',
    title: 'As a span says what priced it',
    hidden: true,
    value: ({ rule }) => rule,
  },
  {
    id: 'source',
    label: 'Source',
    width: '100px',
    value: ({ source }) => source,
    cell: ({ source, rule }) => (
      <span title={rule}>
        {source === 'override' ? <Pill tone="accent">your own</Pill> : source}
      </span>
    ),
  },
];

export function PriceTable({ rows, total }: { rows: readonly PriceRow[]; total: number }) {
  return (
    <DataTable
      label="Prices"
      name="prices"
      rows={rows}
      columns={COLUMNS}
      rowKey={rowKey}
      footer={
        total > rows.length
          ? `${plural(rows.length, 'price')} of ${formatInt(total)}: find a model to see others`
          : plural(total, 'price')
      }
      height="min(66vh, 620px)"
    />
  );
}
