import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { ToolStatusBar } from 'widgets/figures/ToolStatusBar';
import { Count, Duration } from 'widgets/figures/cells';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { failingShare, worstStatus } from 'widgets/figures/failing';
import { FRESH_MS } from './fresh';

type Tool = Answer<'/api/v1/tools'>['tools'][number];

const ROWS = 7;

export function ToolsPanel({ view }: { view: View }) {
  const tools = useGet(
    '/api/v1/tools',
    { ...view.params, limit: 100 },
    { everyMs: view.live && FRESH_MS },
  );
  const { data } = tools;
  return (
    <Panel
      title="Tools"
      cols={6}
      flush
      help="Tool calls by how they ended, those that fail most first."
      note={data && data.total.calls > 0 && <Failing total={data.total} />}
      link={{ to: '/tools', label: 'Tools and errors' }}
      state={tools}
      empty={({ tools: list }) =>
        list.length === 0 && (
          <EmptyState title="No tool was called here">
            Tool calls appear when spans of kind tool end.
          </EmptyState>
        )
      }
    >
      {({ tools: list, tools_total }) => (
        <DataTable
          label="Tools by failures"
          rows={worst(list)}
          columns={COLUMNS}
          rowKey={({ tool }) => tool}
          link={({ tool }) => ({ to: '/traces', narrow: { tool_name: tool } })}
          {...(tools_total > ROWS && { footer: `and ${tools_total - ROWS} more` })}
        />
      )}
    </Panel>
  );
}

function worst(tools: readonly Tool[]): readonly Tool[] {
  return [...tools]
    .sort((a, b) => failingShare(b) - failingShare(a) || b.calls - a.calls)
    .slice(0, ROWS);
}

function Failing({ total }: { total: Answer<'/api/v1/tools'>['total'] }) {
  const failing = failingShare(total);
  return (
    <span className={failing > 0 ? 'bad' : undefined}>
      {formatPercent(failing)} of calls failed
    </span>
  );
}

const COLUMNS: readonly Column<Tool>[] = [
  {
    id: 'tool',
    label: 'Tool',
    width: 'minmax(110px, 1.6fr)',
    value: ({ tool }) => tool,
    cell: ({ tool }) => visibleText(tool) || '(none)',
  },
  {
    id: 'failing',
    label: 'Failed',
    number: true,
    width: '52px',
    value: failingShare,
    cell: (tool) => (
      <span className={failingShare(tool) > 0 ? 'bad' : 'zero'}>
        {formatPercent(failingShare(tool))}
      </span>
    ),
  },
  {
    id: 'bar',
    label: 'Calls by end',
    title: 'How calls ended',
    fixed: true,
    width: 'minmax(80px, 1.4fr)',
    value: ({ share }) => share.success,
    cell: ({ share }) => <ToolStatusBar share={share} />,
  },
  {
    id: 'worst',
    label: 'Mostly',
    width: '92px',
    value: worstStatus,
    cell: (tool) => worstStatus(tool)?.replaceAll('_', ' ') ?? '',
  },
  {
    id: 'calls',
    label: 'Calls',
    number: true,
    width: '52px',
    value: ({ calls }) => calls,
    cell: ({ calls }) => <Count value={calls} />,
  },
  {
    id: 'p99_ms',
    label: 'p99',
    number: true,
    hidden: true,
    width: '66px',
    value: ({ p99_ms }) => p99_ms,
    cell: ({ p99_ms }) => <Duration ms={p99_ms} />,
  },
];
