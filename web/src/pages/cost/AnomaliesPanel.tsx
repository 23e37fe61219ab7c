import type { Answer } from 'api/types';
import { formatCost, formatPercent, formatTime, parseTime, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Pill } from 'widgets/figures/Pill';
import { Panel, type PanelState } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';

type Anomalies = Answer<'/api/v1/cost/anomalies'>;
type Anomaly = Anomalies['anomalies'][number];
type Cause = Anomaly['causes'][number];

const BASELINES: Record<string, string> = {
  same_hour_of_week: 'the same hour of past weeks',
  same_hour_of_day: 'the same hour of past days',
  last_24_hours: 'the day before',
  learning: 'nothing yet',
};

export function AnomaliesPanel({ anomalies }: { anomalies: PanelState<Anomalies> }) {
  return (
    <Panel
      title="Unusual hours"
      help="Each hour is compared with the same hour of past weeks, else of past days. Unusual is what cost twice as much, a dollar more, and lies far outside of what chance explains; two such hours in a row, or one by far, stand here with what they were spent on."
      note={note(anomalies.data)}
      state={anomalies}
    >
      {(answer) => <List answer={answer} />}
    </Panel>
  );
}

function note(answer: Anomalies | undefined): string | undefined {
  if (!answer || answer.hours_judged === 0) return undefined;
  return `${plural(answer.hours_judged, 'hour')} judged`;
}

function List({ answer }: { answer: Anomalies }) {
  if (answer.anomalies.length > 0) {
    return (
      <ul className="cost-list">
        {answer.anomalies.map((anomaly) => (
          <Line key={anomaly.since} anomaly={anomaly} />
        ))}
      </ul>
    );
  }
  return (
    <p className="dim">
      {answer.hours_judged === 0
        ? 'There are not enough past hours yet to say what is usual: about a day of them is needed.'
        : 'No hour cost far more than usual.'}
    </p>
  );
}

function Line({ anomaly }: { anomaly: Anomaly }) {
  const { since, until, ongoing, spent_usd, usual_usd, worst, causes } = anomaly;
  const from = new Date(parseTime(since));
  return (
    <li>
      <div className="cost-anomaly">
        <Pill tone={ongoing ? 'bad' : 'warn'}>{ongoing ? 'goes on' : 'over'}</Pill>
        <ViewLink to="/traces" search={{ since, until }} title={`${since} to ${until}`}>
          {formatTime(since, new Date())} to {formatTime(until, from)}
        </ViewLink>
        <strong>{formatCost(spent_usd)}</strong>
        <span className="dim">
          where {formatCost(usual_usd)} is usual; worst {formatCost(worst.spent_usd)} in an hour
          {worst.ratio !== null && `, ${worst.ratio.toFixed(1)}×`}, by{' '}
          {BASELINES[worst.baseline] ?? worst.baseline}
        </span>
      </div>
      {causes.map((cause, i) => (
        <CauseLine key={i} cause={cause} since={since} until={until} />
      ))}
    </li>
  );
}

function CauseLine({ cause, since, until }: { cause: Cause; since: string; until: string }) {
  const narrow = Object.fromEntries(
    Object.entries(cause.key).map(([field, value]) => [field, String(value ?? '')]),
  );
  const name = Object.values(narrow).map((value) => visibleText(value) || '(none)');
  return (
    <div className="cost-cause">
      <ViewLink to="/traces" narrow={narrow} search={{ since, until }} className="cut">
        {name.join(', ')}
      </ViewLink>
      <span className="dim">
        {formatCost(cause.spent_usd)}{' '}
        {cause.new ? 'and new' : `instead of ${formatCost(cause.usual_usd)}`},{' '}
        {formatPercent(cause.share)} of the rise
      </span>
    </div>
  );
}
