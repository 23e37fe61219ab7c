import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { formatDuration, formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Count } from 'widgets/figures/cells';
import { Pill } from 'widgets/figures/Pill';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { SeverityPill } from './AlertRow';
import { ruleState, type Rule } from './ruleState';
import { lengthWords, severityRank, SLOW_MS, valueWords } from './words';

const SLOW_SHARE = 0.5;

export function RulesPanel({ view }: { view: View }) {
  const rules = useGet('/api/v1/rules', {}, { everyMs: SLOW_MS });
  const { data } = rules;
  return (
    <Panel
      title="Rules"
      flush
      help="What is watched, how its last evaluation went, and what it could not judge. alerts.rules and alerts.custom of the configuration change and add rules."
      note={data && <Note answer={data} />}
      state={rules}
    >
      {({ rules: list }) => (
        <DataTable
          label="Rules"
          name="alert-rules"
          rows={list}
          columns={COLUMNS}
          rowKey={({ id }) => id}
          onOpen={({ id }) => view.change({ rule: id })}
          height="min(420px, 70vh)"
        />
      )}
    </Panel>
  );
}

type Answer = {
  interval_s: number;
  last_took_ms: number;
  skipped: number;
  rules: readonly Schema<'Rule'>[];
};

function Note({ answer: { interval_s, last_took_ms, skipped, rules } }: { answer: Answer }) {
  const failing = rules.filter(({ last_error }) => last_error !== null).length;
  const slow = last_took_ms > SLOW_SHARE * interval_s * 1000;
  return (
    <>
      every {lengthWords(interval_s)},{' '}
      <span className={slow ? 'warn' : undefined}>in {formatDuration(last_took_ms)}</span>
      {skipped > 0 && <span className="warn">, {formatInt(skipped)} skipped for lack of time</span>}
      {failing > 0 && <span className="bad">, {formatInt(failing)} cannot be evaluated</span>}
    </>
  );
}

const COLUMNS: readonly Column<Rule>[] = [
  {
    id: 'rule',
    label: 'Rule',
    width: 'minmax(150px, 1.4fr)',
    value: ({ alertname }) => alertname,
    cell: ({ alertname, id }) => <span title={visibleText(id)}>{visibleText(alertname)}</span>,
  },
  {
    id: 'state',
    label: 'State',
    width: '116px',
    value: (rule) => ruleState(rule).words,
    cell: (rule) => {
      const { words, tone, why } = ruleState(rule);
      return (
        <Pill tone={tone} title={why}>
          {words}
        </Pill>
      );
    },
  },
  {
    id: 'severity',
    label: 'Severity',
    width: '82px',
    value: ({ severity }) => severityRank(severity),
    cell: ({ severity }) => <SeverityPill severity={severity} />,
  },
  {
    id: 'threshold',
    label: 'Threshold',
    number: true,
    width: '82px',
    value: ({ threshold }) => threshold,
    cell: ({ threshold, unit }) => valueWords(threshold, unit),
  },
  {
    id: 'for',
    label: 'For',
    title: 'How long it must hold before it fires',
    number: true,
    width: '58px',
    value: ({ for_s }) => for_s,
    cell: ({ for_s }) => (for_s === 0 ? <span className="dim">at once</span> : lengthWords(for_s)),
  },
  {
    id: 'series',
    label: 'Series',
    title: 'Measured by the last evaluation',
    number: true,
    width: '60px',
    value: ({ series }) => series,
    cell: ({ series }) => <Count value={series} />,
  },
  {
    id: 'breaching',
    label: 'Over it',
    title: 'Series over their threshold',
    number: true,
    width: '62px',
    value: ({ breaching }) => breaching,
    cell: ({ breaching }) => <Count value={breaching} bad />,
  },
  {
    id: 'suppressed',
    label: 'Few calls',
    title: 'Over the threshold, with too little traffic to say so',
    number: true,
    width: '70px',
    value: ({ suppressed }) => suppressed,
    cell: ({ suppressed }) => <Count value={suppressed} />,
  },
  {
    id: 'learning',
    label: 'Learning',
    title: 'Series whose usual figures are not known yet',
    number: true,
    width: '66px',
    value: ({ learning }) => learning,
    cell: ({ learning }) => <Count value={learning} />,
  },
  {
    id: 'no_data',
    label: 'No data',
    title: 'Series that could not be measured',
    number: true,
    width: '62px',
    value: ({ no_data }) => no_data,
    cell: ({ no_data }) => <Count value={no_data} />,
  },
  {
    id: 'evaluated',
    label: 'Evaluated',
    number: true,
    width: '84px',
    value: ({ last_evaluated_at }) => last_evaluated_at,
    cell: ({ last_evaluated_at }) => <RelativeTime at={last_evaluated_at} />,
  },
  {
    id: 'failures',
    hidden: true,
    label: 'Failures',
    title: 'Evaluations that failed since the start',
    number: true,
    width: '66px',
    value: ({ failures }) => failures,
    cell: ({ failures }) => <Count value={failures} bad />,
  },
  {
    id: 'defined_in',
    hidden: true,
    label: 'Defined in',
    width: 'minmax(90px, 0.7fr)',
    value: ({ defined_in }) => defined_in,
  },
];
