import type { UseQueryResult } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Answer } from 'api/types';
import { formatPercent, plural } from 'base/format';
import { timesOf } from 'widgets/chart/fromSeries';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { sumOf } from 'widgets/chart/fromSeries';

type Histogram = Answer<'/api/v1/traces/histogram'>;

export function TrafficPanel({
  view,
  traffic,
}: {
  view: View;
  traffic: UseQueryResult<Histogram>;
}) {
  const { data } = traffic;
  const errors = sumOf(data?.errors);
  return (
    <Panel
      title="Traffic and errors"
      cols={6}
      help="Traces by when they started. One is an error when its root span is."
      note={
        data &&
        data.total > 0 && (
          <>
            {plural(data.total, 'trace')},{' '}
            <span className={errors > 0 ? 'bad' : undefined}>
              {formatPercent(errors / data.total)} with an error
            </span>
          </>
        )
      }
      link={{ to: '/traces', label: 'Traces' }}
      state={traffic}
      empty={({ total }) =>
        total === 0 && (
          <EmptyState title="No traces here">
            Choose a longer window of time, or another filter.
          </EmptyState>
        )
      }
    >
      {(answer) => <Chart answer={answer} view={view} />}
    </Panel>
  );
}

function Chart({ answer, view }: { answer: Histogram; view: View }) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo((): ChartSeries[] => {
    const good = answer.traces.map(
      (count, i) => count - (answer.errors[i] ?? 0) - (answer.running[i] ?? 0),
    );
    const list: ChartSeries[] = [
      { name: 'error', values: answer.errors, color: 'var(--bad)' },
      { name: 'ok', values: good, color: 'var(--ok-fill)' },
    ];
    if (sumOf(answer.running) > 0) {
      list.push({ name: 'running', values: answer.running, color: 'var(--accent)' });
    }
    return list;
  }, [answer]);
  return (
    <TimeChart
      label="Traces by how they ended"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit="count"
      shape="bars"
      stacked
      height={196}
      onBrush={view.brush}
    />
  );
}
