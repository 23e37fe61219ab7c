import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { TOOL_STATUSES } from 'base/colors';
import { formatCount, formatInt, formatPercent } from 'base/format';
import { failedCalls, failingShare } from 'widgets/figures/failing';
import { ToolStatusPill } from 'widgets/figures/Pill';
import { Stat, Stats } from 'widgets/figures/Stat';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { ViewLink } from 'widgets/page/ViewLink';
import { DataTable } from 'widgets/table/DataTable';
import type { Tool } from './drift';
import { FRESH_MS, TOOLS_MAX } from './fresh';
import { TOOL_COLUMNS, type ToolRow } from './toolColumns';

type Tools = Answer<'/api/v1/tools'>;
type Latency = Answer<'/api/v1/latency'>;
type Series = Answer<'/api/v1/series'>;

const POINTS = 40;
const LINES = 50;

export function ToolsPanel({
  view,
  tools,
  list,
  chosen,
  onChoose,
}: {
  view: View;
  tools: UseQueryResult<Tools>;
  list: readonly Tool[];
  chosen: string | undefined;
  onChoose: (tool: string) => void;
}) {
  const everyMs = view.live && FRESH_MS;
  const of = { ...view.params, kind: 'tool', by: 'tool_name' };
  const latency = useGet('/api/v1/latency', { ...of, limit: TOOLS_MAX }, { everyMs });
  const series = useGet(
    '/api/v1/series',
    { ...of, groups: LINES, points: POINTS, measures: 'calls,errors' },
    { everyMs },
  );
  const rows = useMemo(
    () => list.map((tool) => rowOf(tool, latency.data, series.data)),
    [list, latency.data, series.data],
  );
  return (
    <Panel
      title="Tool calls by how they ended"
      help="Failed are calls that ended otherwise than well, as far as is known: with an error, a timeout, a rate limit, refused arguments, or blocked. Choose a tool to see it over time."
      state={tools}
      flush
      empty={({ total }) =>
        total.calls === 0 && (
          <EmptyState title="No tool was called here">
            Tool calls appear when spans of kind tool end: those of instrumented agents, and those
            that the gateway reads out of the messages.
          </EmptyState>
        )
      }
    >
      {({ total, tools_total }) => (
        <>
          <Totals total={total} tools={tools_total} />
          <DataTable
            label="Tools"
            name="tools"
            rows={rows}
            columns={TOOL_COLUMNS}
            rowKey={({ tool }) => tool.tool}
            sort={{ by: 'failed', desc: true }}
            onOpen={({ tool }) => onChoose(tool.tool)}
            {...(chosen !== undefined && { active: chosen })}
            {...(rows.length > 12 && { height: '420px' })}
            {...(tools_total > rows.length && {
              footer: `and ${formatInt(tools_total - rows.length)} more with fewer calls`,
            })}
          />
        </>
      )}
    </Panel>
  );
}

function rowOf(tool: Tool, latency: Latency | undefined, series: Series | undefined): ToolRow {
  const timed = latency?.groups.find(({ key }) => key['tool_name'] === tool.tool);
  const line = series?.groups.find(({ key, other }) => !other && key['tool_name'] === tool.tool);
  const errors = line?.values.errors ?? [];
  return {
    tool,
    p95_ms: timed?.p95_ms ?? null,
    failing: (line?.values.calls ?? []).map((calls, i) =>
      calls > 0 ? (errors[i] ?? 0) / calls : null,
    ),
  };
}

// Of all tools: what failed, by status.
function Totals({ total, tools }: { total: Tools['total']; tools: number }) {
  const failed = failedCalls(total);
  return (
    <div className="tools-totals">
      <Stats>
        <Stat name="tools" value={formatCount(tools)} />
        <Stat name="calls" value={formatCount(total.calls)} title={formatInt(total.calls)} />
        <Stat
          name="failed"
          value={formatPercent(failingShare(total))}
          tone={failed > 0 ? 'bad' : 'neutral'}
          note={`${formatCount(failed)} of ${formatCount(total.calls)} calls`}
        />
        <Stat
          name="retries"
          value={formatCount(total.retries)}
          note={`of ${formatCount(total.retried_calls)} calls`}
        />
      </Stats>
      <ul className="tools-statuses" aria-label="Calls by how they ended">
        {TOOL_STATUSES.filter((status) => total.status[status] > 0).map((status) => (
          <li key={status}>
            <ViewLink
              to="/traces"
              narrow={{ kind: 'tool', tool_status: status === 'unknown' ? '' : status }}
              title="Traces with tool calls that ended so"
            >
              <ToolStatusPill status={status} />
            </ViewLink>{' '}
            <strong>{formatCount(total.status[status])}</strong>
          </li>
        ))}
      </ul>
    </div>
  );
}
