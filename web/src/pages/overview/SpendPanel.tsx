import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { Answer, Schema } from 'api/types';
import { formatCost, formatPercent } from 'base/format';
import { Bar } from 'widgets/figures/Bar';
import { EmptyState } from 'widgets/layout/EmptyState';
import { timesOf, totalOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { Stat, Stats } from 'widgets/figures/Stat';
import { FRESH_MS, SLOW_MS } from './fresh';
import { dayBudget } from './budget';

type Forecast = Answer<'/api/v1/cost/forecast'>;
type Budget = Schema<'Budget'>;

const POINTS = 90;
const NEAR = 0.8; // Of a budget: worth a colour.

export function SpendPanel({ view }: { view: View }) {
  const forecast = useGet(
    '/api/v1/cost/forecast',
    { ...(view.q !== '' && { q: view.q }) },
    { everyMs: SLOW_MS },
  );
  const budgets = useGet('/api/v1/budgets', {}, { everyMs: SLOW_MS });
  const series = useGet(
    '/api/v1/series',
    { ...view.params, kind: 'any', points: POINTS, measures: 'cost_usd' },
    { everyMs: view.live && FRESH_MS },
  );
  const budget = budgets.data && view.q === '' ? dayBudget(budgets.data.budgets) : null;
  return (
    <Panel
      title="Spend today"
      cols={6}
      help="What calls that ended today cost, the day as UTC counts it, and what the whole day will cost when it goes on: like this (linear), and as former days did (with the span in which 8 of 10 days would end)."
      link={{ to: '/cost', label: 'Cost' }}
      state={forecast}
    >
      {(answer) => (
        <>
          <Figures forecast={answer} />
          {budget && <BudgetLine budget={budget} forecast={answer} />}
          {series.data && <Chart answer={series.data} view={view} />}
          {!series.data && series.error && (
            <EmptyState title="No course of it">{series.error.message}</EmptyState>
          )}
        </>
      )}
    </Panel>
  );
}

function Figures({ forecast: { day, month } }: { forecast: Forecast }) {
  const { seasonal } = day;
  const projected = seasonal?.p50_usd ?? day.linear_usd;
  return (
    <Stats>
      <Stat name="so far" value={formatCost(day.spent_usd)} />
      <Stat
        name="by the end of the day"
        value={projected === null ? '–' : `≈ ${formatCost(projected)}`}
        note={
          seasonal
            ? `${formatCost(seasonal.p10_usd)} to ${formatCost(seasonal.p90_usd)}`
            : (day.gated ?? 'if it goes on like this')
        }
      />
      <Stat
        name="this month"
        value={formatCost(month.spent_usd)}
        note={
          month.projected_usd === null
            ? (month.gated ?? undefined)
            : `≈ ${formatCost(month.projected_usd)} at its end`
        }
      />
    </Stats>
  );
}

function BudgetLine({ budget, forecast }: { budget: Budget; forecast: Forecast }) {
  const spent = budget.spent_usd / budget.limit_usd;
  const projected = forecast.day.seasonal?.p50_usd ?? forecast.day.linear_usd;
  const over = projected !== null && budget.window === 'day' && projected > budget.limit_usd;
  return (
    <div className="overview-budget">
      <span>
        Budget <strong>{budget.id}</strong>: {formatPercent(spent)} of{' '}
        {formatCost(budget.limit_usd)} a {budget.window}, of calls through the gateway
        {over && <span className="bad">, today will exceed it</span>}
      </span>
      <Bar
        share={spent}
        color={spent >= NEAR ? 'var(--warn)' : 'var(--accent)'}
        label="of the budget is spent"
      />
    </div>
  );
}

function Chart({ answer, view }: { answer: SeriesAnswer; view: View }) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(
    () => [{ name: 'cost', values: totalOf(answer, 'cost_usd'), color: 'var(--cat-1)' }],
    [answer],
  );
  return (
    <TimeChart
      label="Cost over time"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit="usd"
      shape="bars"
      height={120}
      onBrush={view.brush}
    />
  );
}
