import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Answer } from 'api/types';
import { formatInt } from 'base/format';
import { Dot } from 'widgets/figures/Pill';
import { Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { both, narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import { DataTable } from 'widgets/table/DataTable';
import { groupColumns } from './groupColumns';
import { groupTerms, nameOfGroup, type Choices } from './subject';

type Latency = Answer<'/api/v1/latency'>;

// Percentiles side by side.
export function GroupsPanel({
  view,
  choices: { subject, by },
  latency,
}: {
  view: View;
  choices: Choices;
  latency: UseQueryResult<Latency>;
}) {
  const longest = Math.max(0, ...(latency.data?.groups ?? []).map(({ p99_ms }) => p99_ms ?? 0));
  const { q, change } = view;
  const columns = useMemo(
    () => groupColumns(subject, by, longest, (terms) => change({ q: narrowedBy(q, terms) })),
    [subject, by, longest, q, change],
  );
  return (
    <Panel
      title={`Percentiles by ${by.label.toLowerCase()}`}
      help="A row leads to the traces of its calls. The change compares p99 with the baseline: the usual p99 of the same hours of former days. Percentiles are exact up to 10,000 calls, above that within 1%."
      flush
      note={
        <span className="latency-key">
          <Dot color="var(--p50)" /> p50 <Dot color="var(--p95)" /> p95 <Dot color="var(--p99)" />{' '}
          p99
        </span>
      }
      actions={
        <Select
          label="Percentiles by"
          value={by.value}
          options={subject.by.map(({ value, label }) => ({
            value,
            label: `by ${label.toLowerCase()}`,
          }))}
          onChange={(next) => view.change({ by: next })}
        />
      }
      state={latency}
      empty={({ groups }) =>
        groups.length === 0 && (
          <EmptyState title={`No ${subject.noun} here`}>
            Choose a longer window of time, or another filter.
          </EmptyState>
        )
      }
    >
      {({ groups, groups_total }) => (
        <DataTable
          key={`${subject.of} ${by.value}`}
          label={`Percentiles by ${by.label.toLowerCase()}`}
          name={`latency.${subject.of}`}
          rows={groups}
          columns={columns}
          rowKey={(group) => nameOfGroup(by, group)}
          link={(group) => ({
            to: '/traces',
            search: { q: narrowedBy(both(q, subject.filter), groupTerms(by, group)) },
          })}
          {...(groups_total > groups.length && {
            footer: `and ${formatInt(groups_total - groups.length)} more with fewer calls`,
          })}
        />
      )}
    </Panel>
  );
}

function narrowedBy(q: string, terms: Record<string, string>): string {
  return Object.entries(terms).reduce((text, [field, value]) => narrowed(text, field, value), q);
}
