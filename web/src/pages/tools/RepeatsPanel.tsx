import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { Answer, Trace } from 'api/types';
import { formatDuration, formatInt, parseTime } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Money } from 'widgets/figures/cells';
import { RelativeTime } from 'widgets/figures/RelativeTime';
import { Status } from 'widgets/figures/Status';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import type { Column } from 'widgets/table/columns';
import { DataTable } from 'widgets/table/DataTable';
import { FRESH_MS } from './fresh';

type Repeat = Answer<'/api/v1/tools/repeats'>['repeats'][number];

interface Row {
  repeat: Repeat;
  trace: Trace | undefined;
}

const ROWS = 25;
// Lists of traces are by when these started, which may be long before their tools ended.
const BEFORE_MS = 2 * 86_400_000;
const FOUND = 'attr.pitot.loop.warn != null OR attr.pitot.loop.block != null';

// Traces in which one tool was called again and again.
export function RepeatsPanel({ view }: { view: View }) {
  const repeats = useGet(
    '/api/v1/tools/repeats',
    { ...view.params, limit: ROWS },
    { everyMs: view.live && FRESH_MS },
  );
  const list = repeats.data?.repeats ?? [];
  const ids = [...new Set(list.map(({ trace_id }) => trace_id))];
  const first = Math.min(...list.map(({ first_at }) => parseTime(first_at)));
  const traces = useGet(
    '/api/v1/traces',
    {
      since: ids.length > 0 ? new Date(first - BEFORE_MS).toISOString() : '1h',
      q: `trace_id in (${ids.join(', ')})`,
      limit: ROWS,
    },
    { enabled: ids.length > 0, staleMs: 60_000 },
  );
  const rows = useMemo((): Row[] => {
    const byId = new Map((traces.data?.traces ?? []).map((trace) => [trace.trace_id, trace]));
    return list.map((repeat) => ({ repeat, trace: byId.get(repeat.trace_id) }));
  }, [list, traces.data]);
  return (
    <Panel
      title="Called again and again"
      help={`Runs in which one tool was tried ${repeats.data?.least ?? 3} times or more, retries that its calls report included: those with most failed calls and retries first. The gateway finds loops by what is called and answered; runs in which it did have a link of their own.`}
      link={{ to: '/traces', label: 'Loops found by the gateway', search: { q: FOUND } }}
      flush
      state={repeats}
      empty={() =>
        list.length === 0 && (
          <EmptyState title="No run called one tool three times or more">
            Retry storms and loops show here.
          </EmptyState>
        )
      }
    >
      {({ repeats_total }) => (
        <DataTable
          label="Runs that called one tool again and again"
          name="tools.repeats"
          rows={rows}
          columns={COLUMNS}
          rowKey={({ repeat }) => `${repeat.trace_id} ${repeat.tool}`}
          link={({ repeat }) => ({
            to: '/traces/$trace_id',
            params: { trace_id: repeat.trace_id },
            search: { q: undefined },
          })}
          {...(rows.length > 10 && { height: '320px' })}
          {...(repeats_total > rows.length && {
            footer: `and ${formatInt(repeats_total - rows.length)} more`,
          })}
        />
      )}
    </Panel>
  );
}

const COLUMNS: readonly Column<Row>[] = [
  {
    id: 'run',
    label: 'Run',
    width: 'minmax(140px, 1.6fr)',
    value: ({ repeat, trace }) => trace?.root_name || repeat.trace_id,
    cell: ({ repeat, trace }) => visibleText(trace?.root_name || repeat.trace_id),
  },
  {
    id: 'tool',
    label: 'Tool',
    width: 'minmax(110px, 1.2fr)',
    value: ({ repeat }) => repeat.tool,
    cell: ({ repeat }) => visibleText(repeat.tool) || '(none)',
  },
  {
    id: 'tries',
    label: 'Tries',
    title: 'Its calls of this tool, and the retries that they report',
    number: true,
    width: '54px',
    value: ({ repeat }) => repeat.calls + repeat.retries,
    cell: ({ repeat }) => <Count value={repeat.calls + repeat.retries} />,
  },
  {
    id: 'calls',
    label: 'Calls',
    number: true,
    width: '50px',
    value: ({ repeat }) => repeat.calls,
    cell: ({ repeat }) => <Count value={repeat.calls} />,
  },
  {
    id: 'failed',
    label: 'Failed',
    title: 'Calls that ended otherwise than well',
    number: true,
    width: '54px',
    value: ({ repeat }) => repeat.failed,
    cell: ({ repeat }) => <Count value={repeat.failed} bad />,
  },
  {
    id: 'retries',
    label: 'Retries',
    number: true,
    width: '58px',
    value: ({ repeat }) => repeat.retries,
    cell: ({ repeat }) => <Count value={repeat.retries} />,
  },
  {
    id: 'within',
    label: 'Within',
    title: 'From the end of the first call to the end of the last',
    number: true,
    width: '70px',
    value: ({ repeat }) => parseTime(repeat.last_at) - parseTime(repeat.first_at),
    cell: ({ repeat }) => formatDuration(parseTime(repeat.last_at) - parseTime(repeat.first_at)),
  },
  {
    id: 'status',
    label: 'Run ended',
    width: '84px',
    value: ({ trace }) => trace?.status,
    cell: ({ trace }) => trace && <Status status={trace.status} />,
  },
  {
    id: 'cost_usd',
    label: 'Run’s cost',
    number: true,
    width: '74px',
    value: ({ trace }) => trace?.cost_usd,
    cell: ({ trace }) => trace && <Money usd={trace.cost_usd} unpriced={trace.unpriced_calls} />,
  },
  {
    id: 'last_at',
    label: 'Last',
    number: true,
    width: '78px',
    value: ({ repeat }) => repeat.last_at,
    cell: ({ repeat }) => <RelativeTime at={repeat.last_at} />,
  },
];
