import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatCost, formatCostExact, formatPercent, plural } from 'base/format';
import { Stat, Stats } from 'widgets/figures/Stat';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { TIMEZONE } from './days';
import { SLOW_MS } from './fresh';

type Forecast = Answer<'/api/v1/cost/forecast'>;

// What today and this month will have cost, whatever the window of the page.
export function ForecastPanel({ view }: { view: View }) {
  const forecast = useGet(
    '/api/v1/cost/forecast',
    { ...(view.q !== '' && { q: view.q }), timezone: TIMEZONE },
    { everyMs: SLOW_MS },
  );
  return (
    <Panel
      title="Today and this month"
      help={`Days begin at midnight in ${TIMEZONE}. "As such days went": how comparable days of the last four weeks went on from this time of day, with the span in which eight of ten ended. The error is how far off such forecasts of past days would have been.`}
      state={forecast}
    >
      {({ day, month }) => (
        <>
          <Today day={day} />
          <Month month={month} />
        </>
      )}
    </Panel>
  );
}

function Today({ day }: { day: Forecast['day'] }) {
  const { spent_usd, linear_usd, seasonal, gated, mape } = day;
  return (
    <>
      <Stats>
        <Stat
          name="today so far"
          value={formatCost(spent_usd)}
          title={formatCostExact(spent_usd)}
          note={`${day.hours_elapsed.toFixed(1)} of ${day.day_hours} hours`}
        />
        {seasonal ? (
          <Stat
            name="by midnight, as such days went"
            value={`≈ ${formatCost(seasonal.p50_usd)}`}
            note={`${formatCost(seasonal.p10_usd)} to ${formatCost(seasonal.p90_usd)}, by ${plural(seasonal.days, 'past day')}`}
          />
        ) : (
          <Stat
            name="by midnight, at this pace"
            value={linear_usd === null ? '–' : `≈ ${formatCost(linear_usd)}`}
            note={gated ?? 'no past days to go by yet'}
          />
        )}
      </Stats>
      {seasonal && (
        <Interval
          spent={spent_usd ?? 0}
          low={seasonal.p10_usd}
          mid={seasonal.p50_usd}
          high={seasonal.p90_usd}
        />
      )}
      {seasonal && (
        <p className="cost-small dim">
          {linear_usd !== null && `At this pace ${formatCost(linear_usd)}. `}
          {mape !== null && `Such forecasts were off by ${formatPercent(mape)} on average.`}
        </p>
      )}
    </>
  );
}

// What is spent, and where the day will end: eight of ten such days within the band.
function Interval({
  spent,
  low,
  mid,
  high,
}: {
  spent: number;
  low: number;
  mid: number;
  high: number;
}) {
  const whole = Math.max(high, spent) * 1.05;
  const at = (usd: number) => `${(usd / whole) * 100}%`;
  return (
    <div
      className="cost-interval"
      role="img"
      aria-label={`${formatCost(spent)} spent; the day will end from ${formatCost(low)} to ${formatCost(high)}, most likely near ${formatCost(mid)}`}
    >
      <span className="cost-interval-band" style={{ left: at(low), width: at(high - low) }} />
      <span className="cost-interval-spent" style={{ width: at(spent) }} />
      <span className="cost-interval-mid" style={{ left: at(mid) }} />
    </div>
  );
}

function Month({ month }: { month: Forecast['month'] }) {
  const { spent_usd, projected_usd, days_left, trend, mape, gated, past_days } = month;
  return (
    <>
      <Stats>
        <Stat
          name={`${monthName(month.month)} so far`}
          value={formatCost(spent_usd)}
          title={formatCostExact(spent_usd)}
          note={`${plural(days_left, 'day')} to come`}
        />
        <Stat
          name="at its end, by weekdays"
          value={projected_usd === null ? '–' : `≈ ${formatCost(projected_usd)}`}
          note={
            projected_usd === null ? (gated ?? 'unknown') : `by ${plural(past_days, 'past day')}`
          }
        />
      </Stats>
      {(trend !== null || mape !== null) && (
        <p className="cost-small dim">
          {trend !== null && `The last week was ${trend.toFixed(2)}× usual. `}
          {mape !== null && `Whole weeks were off by ${formatPercent(mape)} on average.`}
        </p>
      )}
    </>
  );
}

// "2026-11" as "November".
function monthName(month: string): string {
  const [year, number] = month.split('-').map(Number);
  const at = new Date(year ?? 0, (number ?? 1) - 1, 1);
  return Number.isNaN(at.getTime()) ? month : at.toLocaleDateString('en-US', { month: 'long' });
}
