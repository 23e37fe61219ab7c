import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { categoryColor, OTHER_COLOR } from 'base/colors';
import { sumOf, timesOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { classOf } from './classes';

export function CoursePanel({
  series,
  view,
}: {
  series: UseQueryResult<SeriesAnswer>;
  view: View;
}) {
  return (
    <Panel
      title="Errors over time"
      help="Spans with status error, by when they ended and by class. Here each span counts; one failed call may be seen by several."
      state={series}
      empty={(answer) =>
        answer.groups.every(({ values }) => sumOf(values.errors) === 0) && (
          <EmptyState title="Nothing failed here" />
        )
      }
    >
      {(answer) => <Course answer={answer} view={view} />}
    </Panel>
  );
}

function Course({ answer, view }: { answer: SeriesAnswer; view: View }) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(
    (): ChartSeries[] =>
      answer.groups
        .filter(({ values }) => sumOf(values.errors) > 0)
        .map((group, i) => {
          const name = classOf(group);
          return {
            name: name.replaceAll('_', ' '),
            values: group.values.errors ?? [],
            color: name === 'unknown' || group.other ? OTHER_COLOR : categoryColor(i),
          };
        }),
    [answer],
  );
  return (
    <TimeChart
      label="Errors by class"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit="count"
      shape="bars"
      stacked
      height={180}
      onBrush={view.brush}
    />
  );
}
