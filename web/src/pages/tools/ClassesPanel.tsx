import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Answer } from 'api/types';
import { formatCount, formatInt, formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import type { SeriesAnswer } from 'widgets/chart/fromSeries';
import { Sparkline } from 'widgets/chart/Sparkline';
import { Bar } from 'widgets/figures/Bar';
import { Count, Percent } from 'widgets/figures/cells';
import { Icon } from 'widgets/figures/Icon';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { both } from 'widgets/page/narrow';
import { ViewLink } from 'widgets/page/ViewLink';
import { useCarried } from 'base/carried';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { CLASS_WORDS, classFilter, classOf } from './classes';

type Errors = Answer<'/api/v1/errors'>;
type Category = Errors['categories'][number];

interface Row {
  category: Category;
  values: readonly number[]; // Errors over time.
}

export function ClassesPanel({
  errors,
  series,
  chosen,
  onChoose,
}: {
  errors: UseQueryResult<Errors>;
  series: SeriesAnswer | undefined;
  chosen: string | undefined;
  onChoose: (category: string) => void;
}) {
  const { data } = errors;
  const rows = useMemo(
    (): Row[] =>
      (data?.categories ?? []).map((category) => ({
        category,
        values:
          series?.groups.find((group) => classOf(group) === category.category)?.values.errors ?? [],
      })),
    [data, series],
  );
  return (
    <Panel
      title="Classes of errors"
      help="Failed spans by what kind of failure it was, each failed call once. Choose a class for examples."
      flush
      note={
        data &&
        data.spans > 0 && (
          <span title={`${formatInt(data.errors)} of ${formatInt(data.spans)}`}>
            <span className={data.errors > 0 ? 'bad' : undefined}>
              {formatCount(data.errors)} errors
            </span>
            , {formatPercent(data.errors / data.spans)} of {formatCount(data.spans)} spans
          </span>
        )
      }
      state={errors}
      empty={({ categories }) =>
        categories.length === 0 && (
          <EmptyState title="Nothing failed here">
            Spans with status error show here, by class.
          </EmptyState>
        )
      }
    >
      {() => (
        <DataTable
          label="Classes of errors"
          name="errors"
          rows={rows}
          columns={COLUMNS}
          rowKey={({ category }) => category.category}
          onOpen={({ category }) => onChoose(category.category)}
          {...(chosen !== undefined && { active: chosen })}
        />
      )}
    </Panel>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'category',
    label: 'Class',
    width: 'minmax(110px, 1fr)',
    value: ({ category }) => category.category,
    cell: ({ category: { category } }) => (
      <span title={CLASS_WORDS[category]}>{category.replaceAll('_', ' ')}</span>
    ),
  },
  {
    id: 'count',
    label: 'Errors',
    number: true,
    width: '56px',
    value: ({ category }) => category.count,
    cell: ({ category }) => <Count value={category.count} bad />,
  },
  {
    id: 'share',
    label: 'Share',
    title: 'Of all errors',
    number: true,
    width: '52px',
    value: ({ category }) => category.share,
    cell: ({ category }) => <Percent share={category.share} of="all errors" />,
  },
  {
    id: 'bar',
    label: 'Share as a bar',
    fixed: true,
    quiet: true,
    width: 'minmax(60px, 0.8fr)',
    value: ({ category }) => category.share,
    cell: ({ category }) => <Bar share={category.share} color="var(--bad)" label="of all errors" />,
  },
  {
    id: 'traces',
    label: 'Traces',
    number: true,
    width: '56px',
    value: ({ category }) => category.traces,
    cell: ({ category }) => <Count value={category.traces} />,
  },
  {
    id: 'where',
    label: 'Where',
    title: 'The kinds of spans, and the tools and models seen most',
    width: 'minmax(150px, 2.2fr)',
    value: ({ category }) => whereOf(category),
    cell: ({ category }) => visibleText(whereOf(category)),
  },
  {
    id: 'course',
    label: 'Over time',
    fixed: true,
    width: '96px',
    value: () => null,
    cell: ({ category, values }) =>
      values.length > 0 ? (
        <Sparkline label={`${category.category} over time`} values={values} color="var(--bad)" />
      ) : null,
  },
  {
    id: 'first_at',
    label: 'First seen',
    title: 'In this window',
    number: true,
    width: '78px',
    value: ({ category }) => category.first_at,
    cell: ({ category }) => <RelativeTime at={category.first_at} />,
  },
  {
    id: 'last_at',
    label: 'Last seen',
    number: true,
    width: '78px',
    value: ({ category }) => category.last_at,
    cell: ({ category }) => <RelativeTime at={category.last_at} />,
  },
  {
    id: 'link',
    label: 'Traces with them',
    fixed: true,
    quiet: true,
    width: '28px',
    value: () => null,
    cell: ({ category }) => <TracesLink category={category.category} />,
  },
];

// "tool 36 · fetch_page"
function whereOf({ kinds, tools, models }: Category): string {
  const list = Object.entries(kinds).map(([kind, count]) => `${kind} ${formatCount(count)}`);
  return [list.join(', '), ...tools, ...models].join(' · ');
}

function TracesLink({ category }: { category: string }) {
  const { q = '' } = useCarried();
  return (
    <ViewLink
      to="/traces"
      search={{ q: both(q, classFilter(category)) }}
      label={`Traces with errors of class ${category}`}
      title="Their traces"
      className="button plain small"
    >
      <Icon name="traces" />
    </ViewLink>
  );
}
