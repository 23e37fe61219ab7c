import { formatInt } from 'base/format';
import { visibleText } from 'base/text';
import { Bar } from 'widgets/figures/Bar';
import { Pill } from 'widgets/figures/Pill';
import { EmptyState } from 'widgets/layout/EmptyState';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { SeverityPill } from '../AlertRow';
import { lengthWords, severityRank } from '../words';
import { burnWords, VERDICTS, type SloRule } from './objective';

export function RulesTable({ rules }: { rules: readonly SloRule[] }) {
  if (rules.length === 0) {
    return <EmptyState title="No burn rate was read yet">It takes one evaluation.</EmptyState>;
  }
  return (
    <DataTable
      label="Burn rates"
      name="burn-rates"
      rows={rules}
      columns={COLUMNS}
      rowKey={({ name }) => name}
    />
  );
}

function Burn({ burn, factor }: { burn: SloRule['long']; factor: number }) {
  const over = burn.burn !== null && burn.burn > factor;
  return (
    <span
      className={over ? 'bad' : undefined}
      title={`${formatInt(burn.bad)} bad of ${formatInt(burn.valid)} in ${lengthWords(burn.window_s)}`}
    >
      {burnWords(burn.burn)} <span className="dim">{lengthWords(burn.window_s)}</span>
    </span>
  );
}

const COLUMNS: readonly Column<SloRule>[] = [
  {
    id: 'name',
    label: 'Rule',
    width: 'minmax(92px, 1fr)',
    value: ({ name }) => name,
    cell: ({ name }) => visibleText(name.replaceAll('_', ' ')),
  },
  {
    id: 'severity',
    label: 'Alerts',
    width: '76px',
    value: ({ severity }) => severityRank(severity),
    cell: ({ severity }) => <SeverityPill severity={severity} />,
  },
  {
    id: 'factor',
    label: 'Above',
    number: true,
    width: '56px',
    value: ({ factor }) => factor,
    cell: ({ factor }) => burnWords(factor),
  },
  {
    id: 'long',
    label: 'Long',
    title: 'Burn over the long window',
    number: true,
    width: '88px',
    value: ({ long }) => long.burn,
    cell: ({ long, factor }) => <Burn burn={long} factor={factor} />,
  },
  {
    id: 'short',
    label: 'Short',
    title: 'Burn over the short window',
    number: true,
    width: '88px',
    value: ({ short }) => short.burn,
    cell: ({ short, factor }) => <Burn burn={short} factor={factor} />,
  },
  {
    id: 'bar',
    label: 'Burn against its factor',
    fixed: true,
    quiet: true,
    width: 'minmax(40px, 0.7fr)',
    value: ({ long }) => long.burn,
    cell: ({ long, factor }) => (
      <Bar
        share={long.burn === null ? null : long.burn / factor}
        color="var(--warn)"
        label="of the factor, over the long window"
      />
    ),
  },
  {
    id: 'verdict',
    label: 'Now',
    width: '92px',
    value: ({ verdict }) => VERDICTS[verdict].words,
    cell: ({ verdict, reason, reachable }) => (
      <Pill
        tone={reachable ? VERDICTS[verdict].tone : 'neutral'}
        title={
          reachable ? (reason ?? VERDICTS[verdict].why) : 'No outage burns that fast at this target'
        }
      >
        {reachable ? VERDICTS[verdict].words : 'unreachable'}
      </Pill>
    ),
  },
  {
    id: 'reason',
    label: 'Why',
    hidden: true,
    width: 'minmax(120px, 1.4fr)',
    value: ({ reason, verdict }) => reason ?? VERDICTS[verdict].why,
  },
];
