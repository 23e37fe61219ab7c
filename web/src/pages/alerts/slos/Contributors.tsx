// What eats the budget: the bad events of the page's window, by who they were.

import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useGet } from 'api/query';
import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { groupName, sumOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import { Bar } from 'widgets/figures/Bar';
import { Count, Percent } from 'widgets/figures/cells';
import { Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { badFilter, validFilter, type Slo } from './objective';

const BY = [
  { value: 'feature', label: 'by feature' },
  { value: 'model', label: 'by model' },
  { value: 'tool_name', label: 'by tool' },
  { value: 'error_category', label: 'by kind of error' },
  { value: 'user_id', label: 'by user' },
  { value: 'prompt_version', label: 'by prompt version' },
] as const;
type By = (typeof BY)[number]['value'];

interface Eater {
  name: string;
  value: string | null; // Null: the rest, which no filter names.
  bad: number;
  valid: number | null;
  share: number;
}

const EVERY_MS = 30_000;

export function Contributors({ slo, view }: { slo: Slo; view: View }) {
  const search: { by?: string } = useSearch({ strict: false });
  const by: By = BY.find(({ value }) => value === search.by)?.value ?? 'feature';
  const [bad, valid] = [badFilter(slo), validFilter(slo)];
  const ask = {
    since: view.since,
    until: view.until,
    by,
    groups: 8,
    points: 2,
    measures: 'spans',
    project: slo.project,
  } as const;
  const every = { everyMs: view.live && EVERY_MS, enabled: bad !== null };
  const bads = useGet('/api/v1/series', { ...ask, q: bad }, every);
  const valids = useGet('/api/v1/series', { ...ask, groups: 50, q: valid }, every);
  const rows = useMemo(() => eatersOf(bads.data, valids.data), [bads.data, valids.data]);
  const total = rows.reduce((sum, row) => sum + row.bad, 0);
  return (
    <Panel
      title="What eats the budget"
      cols={5}
      flush
      help="Bad events that ended in the window at the top of the page. What the objective leaves out (exclude, mended attempts) is counted here too."
      note={total > 0 && `${formatInt(total)} bad`}
      actions={
        <Select
          label="Bad events by"
          value={by}
          options={BY}
          onChange={(next) => view.change({ by: next === 'feature' ? undefined : next })}
        />
      }
      state={bads}
      empty={() =>
        rows.length === 0 && (
          <EmptyState title="Nothing bad in this window">
            Choose a longer window of time.
          </EmptyState>
        )
      }
    >
      {() => (
        <DataTable
          label="What eats the budget"
          rows={rows}
          columns={COLUMNS}
          rowKey={({ name }) => name}
          link={({ value }) => ({
            to: '/traces',
            search: { q: value === null ? (bad ?? '') : narrowed(bad ?? '', by, value) },
          })}
        />
      )}
    </Panel>
  );
}

function eatersOf(bads: SeriesAnswer | undefined, valids: SeriesAnswer | undefined): Eater[] {
  const of = new Map(
    (valids?.groups ?? []).map((group) => [groupName(group), sumOf(group.values.spans)]),
  );
  const rows = (bads?.groups ?? []).map((group): Eater => {
    const name = groupName(group);
    return {
      name,
      value: group.other ? null : String(Object.values(group.key)[0] ?? ''),
      bad: sumOf(group.values.spans),
      valid: group.other ? null : (of.get(name) ?? null),
      share: 0,
    };
  });
  const total = rows.reduce((sum, { bad }) => sum + bad, 0);
  return rows
    .filter(({ bad }) => bad > 0)
    .map((row) => ({ ...row, share: row.bad / total }))
    .sort((a, b) => b.bad - a.bad);
}

const COLUMNS: readonly Column<Eater>[] = [
  {
    id: 'name',
    label: 'Of',
    width: 'minmax(110px, 1.6fr)',
    value: ({ name }) => name,
    cell: ({ name }) => visibleText(name),
  },
  {
    id: 'bad',
    label: 'Bad',
    number: true,
    width: '54px',
    value: ({ bad }) => bad,
    cell: ({ bad }) => <Count value={bad} bad />,
  },
  {
    id: 'rate',
    label: 'Of its own',
    title: 'Share of bad ones among its events',
    number: true,
    width: '78px',
    value: ({ bad, valid }) => (valid ? bad / valid : null),
    cell: ({ bad, valid }) => (
      <span title={valid === null ? 'unknown' : `of ${formatInt(valid)} events`}>
        <Percent share={valid ? bad / valid : null} />
      </span>
    ),
  },
  {
    id: 'share',
    label: 'Of all bad',
    number: true,
    width: '76px',
    value: ({ share }) => share,
    cell: ({ share }) => <Percent share={share} of="the bad events" />,
  },
  {
    id: 'bar',
    label: 'Share as a bar',
    fixed: true,
    quiet: true,
    width: 'minmax(40px, 0.7fr)',
    value: ({ share }) => share,
    cell: ({ share }) => <Bar share={share} color="var(--bad)" label="of the bad events" />,
  },
];
