import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatDuration, formatInt } from 'base/format';
import type { Unit } from 'base/units';
import {
  groupSeries,
  timesOf,
  totalOf,
  type Measure,
  type SeriesAnswer,
} from 'widgets/chart/fromSeries';
import type { ChartLimit } from 'widgets/chart/plot';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { baselineWords, paramsOf, type By, type Choices, type Lines } from './subject';

type Latency = Answer<'/api/v1/latency'>;

const POINTS = 120;
const GROUPS = 6;
// From here on a p99 above its baseline is worth a colour.
const RATIO_WARN = 1.5;
const HEIGHT = 170;

interface Line {
  name: string;
  measure: Measure;
  color: string;
}
const PERCENTILES: readonly Line[] = [
  { name: 'p50', measure: 'p50_ms', color: 'var(--p50)' },
  { name: 'p95', measure: 'p95_ms', color: 'var(--p95)' },
  { name: 'p99', measure: 'p99_ms', color: 'var(--p99)' },
];
const FIRST_TOKEN: readonly Line[] = [
  { name: 'p50', measure: 'ttft_p50_ms', color: 'var(--p50)' },
  { name: 'p99', measure: 'ttft_p99_ms', color: 'var(--p99)' },
];
const SPEED: readonly Line[] = [
  { name: 'median', measure: 'tokens_per_second', color: 'var(--p95)' },
];

interface CourseProps {
  view: View;
  choices: Choices;
  latency: UseQueryResult<Latency>;
  everyMs: number | false;
  enabled: boolean;
}

// Percentiles over time, of all calls or of the largest groups; of model calls the first token and the
// speed too.
export function CoursePanels({ view, choices, latency, everyMs, enabled }: CourseProps) {
  const { subject, by, lines } = choices;
  const grouped = lines !== 'all';
  const model = subject.of === 'model';
  const level: Measure = `${grouped ? lines : 'p50'}_ms`;
  const measures = grouped ? ['spans', level] : PERCENTILES.map(({ measure }) => measure);
  if (model) measures.push('ttft_p50_ms', 'ttft_p99_ms', 'tokens_per_second');
  const series = useGet(
    '/api/v1/series',
    {
      ...paramsOf(view, subject),
      ...(grouped && { by: by.value, groups: GROUPS }),
      points: POINTS,
      measures: measures.join(','),
    },
    { everyMs, enabled },
  );
  const total = latency.data?.total;
  const options: { value: Lines; label: string }[] = [
    { value: 'all', label: 'p50, p95, p99 of all' },
    { value: 'p50', label: `p50 by ${by.label.toLowerCase()}` },
    { value: 'p95', label: `p95 by ${by.label.toLowerCase()}` },
    { value: 'p99', label: `p99 by ${by.label.toLowerCase()}` },
  ];
  return (
    <>
      <Panel
        title={`Duration of ${subject.noun}`}
        help={`Percentiles of the durations, by when they ended. ${total ? baselineWords(total) : ''}`}
        actions={
          <Select
            label="Lines"
            value={lines}
            options={options}
            onChange={(next) => view.change({ lines: next === 'all' ? undefined : next })}
          />
        }
        state={series}
        empty={() => total?.count === 0 && <Nothing noun={subject.noun} />}
      >
        {(answer) => (
          <>
            {total && <Figures total={total} ttft={model} />}
            <Course
              label={`Duration of ${subject.noun}`}
              answer={answer}
              lines={grouped ? level : PERCENTILES}
              unit="ms"
              baseline={grouped ? null : (total?.baseline_p99_ms ?? null)}
              view={view}
            />
          </>
        )}
      </Panel>
      {model && (
        <>
          <CallPanel
            title="Time to the first token"
            help="Of calls whose time to the first token is known: streamed ones through the gateway, or as an SDK reports it."
            none="No time to the first token is known here"
            state={series}
            lines={grouped ? 'ttft_p50_ms' : FIRST_TOKEN}
            note={grouped ? `p50 by ${nameOf(by)}` : undefined}
            unit="ms"
            view={view}
          />
          <CallPanel
            title="Tokens per second"
            help="Output tokens with reasoning a second, the median of calls: after the first token when streamed, else over the whole call."
            none="No call here has output tokens"
            state={series}
            lines={grouped ? 'tokens_per_second' : SPEED}
            note={grouped ? `median by ${nameOf(by)}` : 'median'}
            unit="per_second"
            view={view}
          />
        </>
      )}
    </>
  );
}

const nameOf = (by: By): string => by.label.toLowerCase();

function CallPanel({
  title,
  help,
  none,
  state,
  lines,
  note,
  unit,
  view,
}: {
  title: string;
  help: string;
  none: string;
  state: PanelState<SeriesAnswer>;
  lines: Measure | readonly Line[];
  note: string | undefined;
  unit: Unit;
  view: View;
}) {
  return (
    <Panel
      title={title}
      cols={6}
      help={help}
      {...(note !== undefined && { note })}
      state={state}
      empty={(answer) => !known(answer, lines) && <EmptyState title={none} />}
    >
      {(answer) => (
        <Course
          label={title}
          answer={answer}
          lines={lines}
          unit={unit}
          baseline={null}
          view={view}
        />
      )}
    </Panel>
  );
}

function Nothing({ noun }: { noun: string }) {
  return (
    <EmptyState title={`No ${noun} here`}>
      Choose a longer window of time, or another filter.
    </EmptyState>
  );
}

function known(answer: SeriesAnswer, lines: Measure | readonly Line[]): boolean {
  const measures = typeof lines === 'string' ? [lines] : lines.map(({ measure }) => measure);
  return answer.groups.some(({ values }) =>
    measures.some((measure) => values[measure]?.some((value) => value !== null)),
  );
}

// `lines`: of all calls, or one measure by group.
function Course({
  label,
  answer,
  lines,
  unit,
  baseline,
  view,
}: {
  label: string;
  answer: SeriesAnswer;
  lines: Measure | readonly Line[];
  unit: Unit;
  baseline: number | null;
  view: View;
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(
    (): ChartSeries[] =>
      typeof lines === 'string'
        ? groupSeries(answer, lines)
        : lines.map(({ name, measure, color }) => ({
            name,
            color,
            values: totalOf(answer, measure),
          })),
    [answer, lines],
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
      label={label}
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit={unit}
      limits={limits}
      height={HEIGHT}
      onBrush={view.brush}
    />
  );
}

function Figures({ total, ttft }: { total: Latency['total']; ttft: boolean }) {
  const { ratio } = total;
  return (
    <Stats>
      <Stat name="p50" value={formatDuration(total.p50_ms)} />
      <Stat name="p90" value={formatDuration(total.p90_ms)} />
      <Stat name="p95" value={formatDuration(total.p95_ms)} />
      <Stat
        name="p99"
        value={formatDuration(total.p99_ms)}
        tone={ratio !== null && ratio >= RATIO_WARN ? 'bad' : 'neutral'}
        title={baselineWords(total)}
        {...(ratio !== null && {
          change: { share: ratio - 1, against: 'against its baseline', worse: 'up' as const },
        })}
        {...(ratio === null && { note: 'baseline still learning' })}
      />
      <Stat name="longest" value={formatDuration(total.max_ms)} />
      {ttft && (
        <Stat
          name="first token, p50"
          value={formatDuration(total.ttft_p50_ms)}
          note={`known of ${formatInt(total.ttft_count)} of ${formatInt(total.count)} calls`}
        />
      )}
      {ttft && (
        <Stat
          name="tokens per second"
          value={total.tokens_per_second === null ? '–' : total.tokens_per_second.toFixed(0)}
          note="median"
        />
      )}
    </Stats>
  );
}
