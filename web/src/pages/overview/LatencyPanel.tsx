import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatDuration } from 'base/format';
import { timesOf, totalOf, type Measure, type SeriesAnswer } from 'widgets/chart/fromSeries';
import type { ChartLimit } from 'widgets/chart/plot';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { Stat, Stats } from 'widgets/figures/Stat';
import { FRESH_MS } from './fresh';

type Total = Answer<'/api/v1/latency'>['total'];

const LINES: readonly { name: string; measure: Measure; color: string }[] = [
  { name: 'p50', measure: 'p50_ms', color: 'var(--p50)' },
  { name: 'p95', measure: 'p95_ms', color: 'var(--p95)' },
  { name: 'p99', measure: 'p99_ms', color: 'var(--p99)' },
];
const POINTS = 90;
// From here on a p99 above its baseline is worth a colour.
const RATIO_WARN = 1.5;

export function LatencyPanel({ view }: { view: View }) {
  const everyMs = view.live && FRESH_MS;
  const total = useGet('/api/v1/latency', { ...view.params, limit: 1 }, { everyMs });
  const series = useGet(
    '/api/v1/series',
    { ...view.params, kind: 'llm', points: POINTS, measures: 'p50_ms,p95_ms,p99_ms' },
    { everyMs },
  );
  return (
    <Panel
      title="Latency of model calls"
      cols={6}
      help="Percentiles of the durations of LLM calls, by when they ended. The baseline is the usual p99 of the same hours of former days."
      link={{ to: '/latency', label: 'Latency' }}
      state={series}
      empty={({ groups }) =>
        (total.data?.total.count === 0 || groups.length === 0) && (
          <EmptyState title="No model was called here">
            Calls appear when spans of kind llm end.
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <>
          {total.data && <Figures total={total.data.total} />}
          <Chart answer={answer} baseline={total.data?.total.baseline_p99_ms ?? null} view={view} />
        </>
      )}
    </Panel>
  );
}

function Figures({ total }: { total: Total }) {
  const ratio = total.ratio;
  return (
    <Stats>
      <Stat name="p50" value={formatDuration(total.p50_ms)} />
      <Stat name="p95" value={formatDuration(total.p95_ms)} />
      <Stat
        name="p99"
        value={formatDuration(total.p99_ms)}
        tone={ratio !== null && ratio >= RATIO_WARN ? 'bad' : 'neutral'}
        {...(ratio !== null && {
          change: { share: ratio - 1, against: 'against its baseline', worse: 'up' as const },
        })}
        {...(ratio === null && { note: 'baseline still learning' })}
      />
      <Stat name="first token, p50" value={formatDuration(total.ttft_p50_ms)} />
    </Stats>
  );
}

function Chart({
  answer,
  baseline,
  view,
}: {
  answer: SeriesAnswer;
  baseline: number | null;
  view: View;
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(
    (): ChartSeries[] =>
      LINES.map(({ name, measure, color }) => ({ name, color, values: totalOf(answer, measure) })),
    [answer],
  );
  const limits = useMemo(
    (): ChartLimit[] =>
      baseline === null
        ? []
        : [{ value: baseline, label: 'p99 baseline', color: 'var(--baseline)' }],
    [baseline],
  );
  return (
    <TimeChart
      label="Latency of model calls"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit="ms"
      limits={limits}
      height={138}
      onBrush={view.brush}
    />
  );
}
