// When the traces of the list started. Dragging over it chooses a window; the way back stands beside it.

import { useMemo, useState } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import type { Answer } from 'api/types';
import { formatPercent, plural } from 'base/format';
import { rangeInText } from 'base/range';
import { sumOf, timesOf } from 'widgets/chart/fromSeries';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Icon } from 'widgets/figures/Icon';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import type { View } from 'widgets/page/useView';

export type HistogramAnswer = Answer<'/api/v1/traces/histogram'>;

const HEIGHT_PX = 98;

interface Former {
  since: string;
  until: string | undefined;
}

export function Histogram({ view, query }: { view: View; query: UseQueryResult<HistogramAnswer> }) {
  const { data, error } = query;
  const [former, setFormer] = useState<readonly Former[]>([]);
  const brush = (fromMs: number, toMs: number) => {
    setFormer([...former, { since: view.since, until: view.until }]);
    view.brush(fromMs, toMs);
  };
  const back = former[former.length - 1];
  return (
    <section className="traces-histogram" aria-label="When they started">
      <p className="traces-counts" role="status">
        {data && <Counts answer={data} />}
        {error && errorOfFilter(error) === null && (
          <span className="warn">
            The histogram is not up to date: {error.message}{' '}
            <button type="button" className="button small" onClick={() => void query.refetch()}>
              Try again
            </button>
          </span>
        )}
        <span className="traces-space" />
        {back && view.until !== undefined ? (
          <button
            type="button"
            className="button small"
            onClick={() => {
              setFormer(former.slice(0, -1));
              view.change({ since: back.since, until: back.until });
            }}
          >
            <Icon name="back" />
            Back to {rangeInText(back.since, back.until, new Date())}
          </button>
        ) : (
          view.until !== undefined && (
            <button type="button" className="button small" onClick={() => zoomOut(view)}>
              Three times as long
            </button>
          )
        )}
      </p>
      {data && data.total > 0 && <Chart answer={data} onBrush={brush} />}
    </section>
  );
}

function zoomOut(view: View): void {
  const { fromMs, toMs } = view.bounds();
  const end = Math.min(Date.now(), toMs + (toMs - fromMs));
  view.brush(fromMs - (toMs - fromMs), end);
}

function Counts({ answer }: { answer: HistogramAnswer }) {
  const errors = sumOf(answer.errors);
  const running = sumOf(answer.running);
  return (
    <>
      <strong>{plural(answer.total, 'trace')}</strong>
      {errors > 0 && (
        <span className="bad">
          {plural(errors, 'error')} ({formatPercent(errors / answer.total)})
        </span>
      )}
      {running > 0 && <span>{running} running</span>}
    </>
  );
}

function Chart({
  answer,
  onBrush,
}: {
  answer: HistogramAnswer;
  onBrush: (fromMs: number, toMs: number) => void;
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo((): ChartSeries[] => {
    const good = answer.traces.map(
      (count, i) => count - (answer.errors[i] ?? 0) - (answer.running[i] ?? 0),
    );
    return [
      { name: 'error', values: answer.errors, color: 'var(--bad)' },
      { name: 'ok', values: good, color: 'var(--ok-fill)' },
      ...(sumOf(answer.running) > 0
        ? [{ name: 'running', values: answer.running, color: 'var(--accent)' }]
        : []),
    ];
  }, [answer]);
  return (
    <TimeChart
      label="Traces by when they started"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit="count"
      shape="bars"
      stacked
      legend={false}
      height={HEIGHT_PX}
      onBrush={onBrush}
    />
  );
}
