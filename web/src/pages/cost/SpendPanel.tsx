import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatCount, formatPercent, parseTime } from 'base/format';
import { groupSeries, timesOf, totalOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import type { ChartMark } from 'widgets/chart/plot';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Money } from 'widgets/figures/cells';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { ErrorNotice, Waiting } from 'widgets/layout/Notice';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import type { View } from 'widgets/page/useView';
import { changeOf, windowBefore } from './before';
import { DAY_MS } from './days';
import { dimensionLabel, stackedBy } from './dimensions';
import { andTerm, UNPRICED } from './filters';
import { FRESH_MS, SLOW_MS } from './fresh';
import { perCall, type CostAnswer } from './rows';
import { useDays, type Days } from './useDays';
import type { Choices } from './useChoices';

type Anomalies = Answer<'/api/v1/cost/anomalies'>;

const POINTS = 90;
const GROUPS = 8;
const STEPS = [
  { value: 'auto', label: 'Even steps' },
  { value: 'day', label: 'Days' },
] as const;

interface SpendPanelProps {
  view: View;
  choices: Choices;
  cost: PanelState<CostAnswer>;
  anomalies: Anomalies | undefined;
}

export function SpendPanel({ view, choices, cost, anomalies }: SpendPanelProps) {
  const by = stackedBy(choices.by);
  const before = useGet(
    '/api/v1/cost',
    {
      ...windowBefore(view.since, view.until, Date.now()),
      ...(view.q !== '' && { q: view.q }),
      limit: 1,
    },
    { everyMs: view.live && SLOW_MS },
  );
  const series = useGet(
    '/api/v1/series',
    { ...view.params, ...(by && { by }), groups: GROUPS, points: POINTS, measures: 'cost_usd' },
    { everyMs: view.live && FRESH_MS, enabled: choices.steps === 'auto' },
  );
  const days = useDays(view, by, choices.steps === 'day');
  return (
    <Panel
      title={
        by === undefined ? 'Spending over time' : `Spending over time, by ${dimensionLabel(by)}`
      }
      cols={8}
      help="What calls cost that ended in this window. Calls without a known price are not in the sum; their number stands beside it. The change is against the window of the same length before this one."
      actions={
        <Choice
          label="Steps of time"
          value={choices.steps}
          options={STEPS}
          onChange={(steps) => view.change({ steps: steps === 'day' ? steps : undefined })}
        />
      }
      state={cost}
      empty={({ total }) =>
        total.calls === 0 && (
          <EmptyState title="No model was called here">
            Nothing was spent in this window by what the filter leaves. A longer window may show
            more.
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <>
          <Figures answer={answer} before={before.data} q={view.q} />
          {choices.steps === 'auto' ? (
            <Course state={series}>
              {(data) => <EvenChart answer={data} by={by} view={view} anomalies={anomalies} />}
            </Course>
          ) : (
            <Course state={days}>
              {(data) => <DayChart days={data} view={view} anomalies={anomalies} />}
            </Course>
          )}
        </>
      )}
    </Panel>
  );
}

function Course<T>({
  state,
  children,
}: {
  state: PanelState<T>;
  children: (data: T) => React.ReactNode;
}) {
  if (state.data !== undefined) return <>{children(state.data)}</>;
  if (state.error) return <ErrorNotice error={state.error} retry={() => void state.refetch()} />;
  return <Waiting title="Reading …" />;
}

function Figures({
  answer,
  before,
  q,
}: {
  answer: CostAnswer;
  before: CostAnswer | undefined;
  q: string;
}) {
  const { total } = answer;
  const change = changeOf(total.cost_usd, before?.total.cost_usd ?? null);
  return (
    <Stats>
      <Stat
        name="in this window"
        value={<Money usd={total.cost_usd} unpriced={total.unpriced_calls} />}
        {...comparison(change, before !== undefined)}
      />
      <Stat
        name="model calls"
        value={formatCount(total.calls)}
        note={
          <>
            <Money usd={perCall(total)} /> a call
          </>
        }
      />
      <Stat
        name="without a price"
        value={
          <ViewLink
            to="/traces"
            search={{ q: andTerm(q, UNPRICED) }}
            title="Traces with such calls"
            className="cost-figure"
          >
            {formatCount(total.unpriced_calls)}
          </ViewLink>
        }
        tone={total.unpriced_calls > 0 ? 'warn' : 'neutral'}
        note={
          total.unpriced_calls > 0
            ? `${formatPercent(total.unpriced_calls / Math.max(1, total.calls))} of calls, not in the sum`
            : 'every call has one'
        }
      />
      <Stat
        name="estimated"
        value={formatCount(total.estimated_calls)}
        note={total.estimated_calls > 0 ? 'calls, by what they may have used' : 'no call is'}
      />
    </Stats>
  );
}

// Many times as much is easier to grasp than so many percent.
const TIMES_FROM = 9;

function comparison(change: number | null, known: boolean) {
  if (change === null) return { note: known ? 'nothing known of the window before' : undefined };
  if (change > TIMES_FROM) {
    return {
      note: <span className="bad">{formatCount(Math.round(change + 1))}× the window before</span>,
    };
  }
  return { change: { share: change, against: 'against the window before', worse: 'up' as const } };
}

function EvenChart({
  answer,
  by,
  view,
  anomalies,
}: {
  answer: SeriesAnswer;
  by: string | undefined;
  view: View;
  anomalies: Anomalies | undefined;
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(
    () =>
      by === undefined
        ? [{ name: 'cost', values: totalOf(answer, 'cost_usd'), color: 'var(--cat-1)' }]
        : groupSeries(answer, 'cost_usd').filter(spent),
    [answer, by],
  );
  const marks = useMemo(() => marksOf(anomalies), [anomalies]);
  return (
    <CostChart
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      marks={marks}
      view={view}
    />
  );
}

function DayChart({
  days,
  view,
  anomalies,
}: {
  days: Days;
  view: View;
  anomalies: Anomalies | undefined;
}) {
  const marks = useMemo(() => marksOf(anomalies), [anomalies]);
  return (
    <CostChart
      times={days.times}
      stepMs={DAY_MS}
      series={days.series.filter(spent)}
      marks={marks}
      view={view}
    />
  );
}

function CostChart({
  times,
  stepMs,
  series,
  marks,
  view,
}: {
  times: readonly number[];
  stepMs: number;
  series: readonly ChartSeries[];
  marks: readonly ChartMark[];
  view: View;
}) {
  return (
    <TimeChart
      label="Cost over time"
      times={times}
      stepMs={stepMs}
      series={series}
      unit="usd"
      shape="bars"
      stacked
      height={240}
      marks={marks}
      legend={series.length > 1}
      onBrush={view.brush}
    />
  );
}

// Groups of which no price is known have nothing to draw; they are told in the table.
const spent = ({ values }: ChartSeries): boolean =>
  values.some((value) => value !== null && value > 0);

function marksOf(anomalies: Anomalies | undefined): ChartMark[] {
  return (anomalies?.anomalies ?? []).map(({ since, worst }) => ({
    atMs: parseTime(since),
    label: worst.ratio === null ? 'unusual' : `${worst.ratio.toFixed(1)}× usual`,
  }));
}
