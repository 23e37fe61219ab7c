import { visibleText } from 'base/text';
import { Count, Duration, Money, Percent } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { ViewLink } from 'widgets/page/ViewLink';
import { MEASURES } from 'widgets/prompts/compare';
import { versionName, type VersionFigures } from 'widgets/prompts/figures';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { linkOf } from './links';
import type { Versions } from './useVersions';

export function VersionsPanel({ prompt, versions }: { prompt: string; versions: Versions }) {
  return (
    <Panel
      title={`Versions of ${visibleText(prompt)}`}
      flush
      help="A run counts for every version that it called. Each share links to the traces behind it."
      state={versions}
      empty={(list) => list.length === 0 && <EmptyState title="No calls in this window" />}
    >
      {(list) => (
        <DataTable
          label="Versions"
          name="quality.versions"
          rows={list}
          columns={COLUMNS}
          rowKey={({ version }) => version}
          link={({ version }) => ({ to: '/traces', ...linkOf(prompt, version) })}
        />
      )}
    </Panel>
  );
}

// A share, and the traces behind it where it is not 0.
function shareColumn(id: string, label: string, width: string): Column<VersionFigures> {
  const measure = MEASURES.find((one) => one.id === id)!;
  const count = (v: VersionFigures) => ('count' in measure ? measure.count(v) : null);
  return {
    id,
    label,
    title: `Of ${measure.of}s`,
    number: true,
    width,
    value: (v) => {
      const known = count(v);
      return known && known.hits / known.trials;
    },
    cell: (v) => {
      const known = count(v);
      if (!known) return <Percent share={null} />;
      const share = <Percent share={known.hits / known.trials} />;
      if (known.hits === 0) return <span className="zero">{share}</span>;
      return (
        <ViewLink
          to="/traces"
          {...linkOf(v.prompt, v.version, id)}
          title={`${known.hits} of ${known.trials} ${measure.of}s`}
        >
          {share}
        </ViewLink>
      );
    },
  };
}

const COLUMNS: readonly Column<VersionFigures>[] = [
  {
    id: 'version',
    label: 'Version',
    width: 'minmax(70px, 1fr)',
    value: ({ version }) => versionName(version),
  },
  {
    id: 'first_at',
    label: 'First seen',
    title: 'In this window',
    width: '74px',
    value: ({ firstAt }) => firstAt,
    cell: ({ firstAt }) => <RelativeTime at={firstAt} />,
  },
  {
    id: 'last_at',
    label: 'Last seen',
    title: 'In this window',
    width: '74px',
    value: ({ lastAt }) => lastAt,
    cell: ({ lastAt }) => <RelativeTime at={lastAt} />,
  },
  {
    id: 'runs',
    label: 'Runs',
    title: 'Traces with a call of this version',
    number: true,
    width: '44px',
    value: ({ runs }) => runs,
    cell: ({ runs }) => <Count value={runs} />,
  },
  {
    id: 'calls',
    label: 'Calls',
    title: 'Model calls',
    number: true,
    width: '44px',
    value: ({ calls }) => calls,
    cell: ({ calls }) => <Count value={calls} />,
  },
  shareColumn('failed_runs', 'Failed', '48px'),
  shareColumn('errors', 'Errors', '46px'),
  shareColumn('length', 'Cut off', '48px'),
  shareColumn('refusals', 'Refused', '54px'),
  shareColumn('invalid_args', 'Invalid args', '72px'),
  shareColumn('tool_errors', 'Tool errors', '68px'),
  {
    id: 'cost_run',
    label: 'Cost a run',
    title: 'Of calls with a known price; + when others have none',
    number: true,
    width: '70px',
    value: ({ costUsd, runs }) => costUsd && runs && costUsd / runs,
    cell: ({ costUsd, runs, unpricedCalls }) => (
      <Money
        usd={costUsd === null || runs === 0 ? null : costUsd / runs}
        unpriced={unpricedCalls}
      />
    ),
  },
  {
    id: 'p50',
    label: 'p50',
    title: 'Of model calls',
    number: true,
    width: '54px',
    value: ({ p50Ms }) => p50Ms,
    cell: ({ p50Ms }) => <Duration ms={p50Ms} />,
  },
  {
    id: 'p99',
    label: 'p99',
    title: 'Of model calls',
    number: true,
    width: '54px',
    value: ({ p99Ms }) => p99Ms,
    cell: ({ p99Ms }) => <Duration ms={p99Ms} />,
  },
];
