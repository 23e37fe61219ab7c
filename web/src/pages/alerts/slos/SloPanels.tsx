// One objective: its budget, its burn over time and by rule, and what is bad.

import { useMemo } from 'react';
import { useGet } from 'api/query';
import { formatCount, formatInt, formatPercent, parseTime, UNKNOWN } from 'base/format';
import { visibleText } from 'base/text';
import type { ChartLimit } from 'widgets/chart/plot';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Bar } from 'widgets/figures/Bar';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Stat, Stats } from 'widgets/figures/Stat';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import type { View } from 'widgets/page/useView';
import { SLO_TONES } from 'widgets/slo/columns';
import { FRESH_MS } from '../words';
import { Contributors } from './Contributors';
import {
  badFilter,
  burnLimits,
  burnOf,
  burnWords,
  exhaustionWords,
  mergePoints,
  objectiveWords,
  pointsWithin,
  type Slo,
  type SloPoint,
} from './objective';
import { RulesTable } from './RulesTable';

const POINTS = 1000;
const BARS_MAX = 96;
const DETAIL_MS = 30_000;

export function SloPanels({ slo, view }: { slo: Slo; view: View }) {
  const detail = useGet(
    '/api/v1/slos/{slo}',
    { slo: slo.name, project: slo.project, points: POINTS },
    {
      // Soon, when the list knows of events that the history does not have yet.
      untilMs: ({ history }) =>
        slo.valid > 0 && history.every(({ valid }) => valid === 0) ? FRESH_MS : DETAIL_MS,
    },
  );
  return (
    <>
      <BudgetPanel slo={slo} />
      <Panel
        title="Budget spent over time"
        cols={7}
        help="How much of the error budget was spent at each moment, over the window of the objective."
        state={detail}
        empty={({ history }) => noHistory(history)}
      >
        {({ history }) => <BudgetChart history={history} view={view} />}
      </Panel>
      <Panel
        title="Burn over time"
        help="How fast the budget burned: the share of bad events over the share that may be bad. Lines are where rules alert, over their own windows. Drag to choose a window."
        state={detail}
        empty={({ history }) => noHistory(history)}
      >
        {({ history, slo: { target, rules } }) => (
          <BurnChart history={history} target={target} rules={rules} view={view} />
        )}
      </Panel>
      <Panel
        title="Burn rates"
        cols={7}
        flush
        help="A rule fires when the burn is above its factor over both of its windows: early by the short one, surely by the long one."
      >
        <RulesTable rules={slo.rules} />
      </Panel>
      <Contributors slo={slo} view={view} />
    </>
  );
}

const noHistory = (history: readonly SloPoint[]) =>
  history.every(({ valid }) => valid === 0) && (
    <EmptyState title="Nothing was counted yet">
      Events of this objective appear when such spans end.
    </EmptyState>
  );

function BudgetPanel({ slo }: { slo: Slo }) {
  const { state, budget_left, good, bad, valid, sli, target, burn, loaded, loaded_since } = slo;
  const q = badFilter(slo);
  const tone = budget_left !== null && budget_left <= 0 ? 'bad' : 'neutral';
  return (
    <Panel
      title={visibleText(slo.name)}
      cols={5}
      note={<Pill tone={SLO_TONES[state]}>{state.replace('_', ' ')}</Pill>}
    >
      <p className="slo-words">{visibleText(objectiveWords(slo))}</p>
      {slo.description && <p className="dim slo-words">{visibleText(slo.description)}</p>}
      <div className="slo-budget">
        <Bar
          share={budget_left}
          color={
            state === 'ok' ? 'var(--good)' : state === 'burning' ? 'var(--warn)' : 'var(--bad)'
          }
          label="of the error budget is left"
        />
      </div>
      <Stats>
        <Stat
          name="budget left"
          value={formatPercent(budget_left)}
          tone={tone}
          title="Of the error budget; below zero it is overspent"
        />
        <Stat
          name="good"
          value={formatPercent(sli)}
          note={valid > 0 ? `${formatInt(good)} of ${formatInt(valid)} events` : 'no events yet'}
          tone={sli !== null && sli < target ? 'bad' : 'neutral'}
        />
        <Stat
          name="bad"
          value={
            q !== null && bad > 0 ? (
              <ViewLink
                to="/traces"
                search={{ q, since: `${Math.ceil(slo.window_s / 3600)}h`, until: undefined }}
              >
                {formatCount(bad)}
              </ViewLink>
            ) : slo.as_of === null ? (
              UNKNOWN
            ) : (
              formatCount(bad)
            )
          }
          note={`${formatCount(Math.floor(valid * (1 - target) + 1e-9))} may be`}
        />
        <Stat
          name="burn, last hour"
          value={burnWords(burn)}
          tone={burn !== null && burn > 1 ? 'warn' : 'neutral'}
        />
      </Stats>
      <p className="slo-words">{visibleText(exhaustionWords(slo))}</p>
      <p className="dim slo-words">
        read <RelativeTime at={slo.as_of} />
        {!loaded && loaded_since !== null && (
          <>
            ; the window is still being read, so far back to <RelativeTime at={loaded_since} />
          </>
        )}
        {slo.owner !== null && `; owner ${visibleText(slo.owner)}`}; {visibleText(slo.defined_in)}
        {slo.objective.exclude.length > 0 &&
          `; without ${slo.objective.exclude.join(', ').replaceAll('_', ' ')}`}
        {slo.objective.count === 'outcomes' && '; what a retry mended is not bad'}
      </p>
      {slo.runbook !== null && (
        <p>
          <ViewLink
            to="/alerts/runbooks"
            search={{ runbook: slo.runbook }}
          >{`Run the runbook ${slo.runbook}`}</ViewLink>
        </p>
      )}
    </Panel>
  );
}

function timesOf(points: readonly SloPoint[]): { times: number[]; stepMs: number } {
  const times = points.map(({ from }) => (from === null ? 0 : parseTime(from)));
  return { times, stepMs: times.length > 1 ? times[1]! - times[0]! : 60_000 };
}

function BudgetChart({ history, view }: { history: readonly SloPoint[]; view: View }) {
  const { times, stepMs } = useMemo(() => timesOf(history), [history]);
  const series = useMemo(
    (): ChartSeries[] => [
      {
        name: 'budget spent',
        values: history.map(({ budget_left }) => 1 - budget_left),
        color: 'var(--warn)',
        shape: 'area',
      },
    ],
    [history],
  );
  return (
    <TimeChart
      label="Budget spent over time"
      times={times}
      stepMs={stepMs}
      series={series}
      unit="share"
      height={180}
      limits={SPENT}
      onBrush={view.brush}
    />
  );
}

const SPENT: readonly ChartLimit[] = [{ value: 1, label: 'all of it', color: 'var(--bad)' }];

function BurnChart({
  history,
  target,
  rules,
  view,
}: {
  history: readonly SloPoint[];
  target: number;
  rules: Slo['rules'];
  view: View;
}) {
  const points = useMemo(
    () => mergePoints(pointsWithin(history, view.bounds()), BARS_MAX),
    [history, view],
  );
  const { times, stepMs } = useMemo(() => timesOf(points), [points]);
  const series = useMemo(
    (): ChartSeries[] => [
      {
        name: 'burn',
        values: points.map((point) => burnOf(point, target)),
        color: 'var(--accent)',
        shape: 'bars',
      },
    ],
    [points, target],
  );
  const limits = useMemo(
    (): ChartLimit[] =>
      burnLimits(rules).map(({ severity, factor }) => ({
        value: factor,
        label: `${severity} above ${burnWords(factor)}`,
        color: severity === 'page' ? 'var(--bad)' : 'var(--warn)',
      })),
    [rules],
  );
  return (
    <TimeChart
      label="Burn over time"
      times={times}
      stepMs={stepMs}
      series={series}
      unit="ratio"
      shape="bars"
      height={170}
      limits={limits}
      onBrush={view.brush}
    />
  );
}
