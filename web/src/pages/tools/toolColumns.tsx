import { formatInt, formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { Sparkline } from 'widgets/chart/Sparkline';
import { Count, Duration } from 'widgets/figures/cells';
import { failedCalls, failingShare, worstStatus } from 'widgets/figures/failing';
import { Icon } from 'widgets/figures/Icon';
import { Pill, ToolStatusPill } from 'widgets/figures/Pill';
import { ToolStatusBar } from 'widgets/figures/ToolStatusBar';
import { ViewLink } from 'widgets/page/ViewLink';
import type { Column } from 'widgets/table/columns';
import { verdictWords, type Tool } from './drift';

export interface ToolRow {
  tool: Tool;
  p95_ms: number | null;
  failing: readonly (number | null)[]; // Share of calls with an error, over time.
}

export const TOOL_COLUMNS: readonly Column<ToolRow>[] = [
  {
    id: 'tool',
    label: 'Tool',
    width: 'minmax(130px, 1.6fr)',
    value: ({ tool }) => tool.tool,
    cell: ({ tool }) => visibleText(tool.tool) || '(none)',
  },
  {
    id: 'calls',
    label: 'Calls',
    number: true,
    width: '54px',
    value: ({ tool }) => tool.calls,
    cell: ({ tool }) => <Count value={tool.calls} />,
  },
  {
    id: 'failed',
    label: 'Failed',
    title: 'Share of its calls that ended otherwise than well',
    number: true,
    width: '54px',
    value: ({ tool }) => failingShare(tool),
    cell: ({ tool }) => (
      <span
        className={failedCalls(tool) > 0 ? 'bad' : 'zero'}
        title={`${formatInt(failedCalls(tool))} of ${formatInt(tool.calls)} calls`}
      >
        {formatPercent(failingShare(tool))}
      </span>
    ),
  },
  {
    id: 'ended',
    label: 'How calls ended',
    fixed: true,
    width: 'minmax(90px, 1.4fr)',
    value: ({ tool }) => tool.share.success,
    cell: ({ tool }) => <ToolStatusBar share={tool.share} />,
  },
  {
    id: 'mostly',
    label: 'Mostly',
    title: 'How most of the failed ones ended',
    width: '98px',
    value: ({ tool }) => worstStatus(tool),
    cell: ({ tool }) => {
      const worst = worstStatus(tool);
      return worst && <ToolStatusPill status={worst} />;
    },
  },
  {
    id: 'course',
    label: 'Errors over time',
    title: 'Share of its calls with an error, over the window',
    fixed: true,
    width: '96px',
    value: () => null,
    cell: ({ tool, failing }) =>
      failing.some((share) => share !== null) ? (
        <Sparkline label={`Errors of ${tool.tool} over time`} values={failing} color="var(--bad)" />
      ) : null,
  },
  {
    id: 'p50_ms',
    label: 'p50',
    number: true,
    width: '62px',
    value: ({ tool }) => tool.p50_ms,
    cell: ({ tool }) => <Duration ms={tool.p50_ms} />,
  },
  {
    id: 'p95_ms',
    label: 'p95',
    number: true,
    width: '62px',
    value: ({ p95_ms }) => p95_ms,
    cell: ({ p95_ms }) => <Duration ms={p95_ms} />,
  },
  {
    id: 'p99_ms',
    label: 'p99',
    number: true,
    hidden: true,
    width: '62px',
    value: ({ tool }) => tool.p99_ms,
    cell: ({ tool }) => <Duration ms={tool.p99_ms} />,
  },
  {
    id: 'retries',
    label: 'Retries',
    title: 'How often its calls were tried again, as they report it',
    number: true,
    width: '58px',
    value: ({ tool }) => tool.retries,
    cell: ({ tool }) => <Count value={tool.retries} />,
  },
  {
    id: 'change',
    label: 'Last prompt change',
    title: 'How its calls ended since the newest version of the prompt that calls it most',
    width: '144px',
    value: ({ tool }) => tool.change && verdictWords(tool.change.verdict).label,
    cell: ({ tool }) => tool.change && <Change change={tool.change} />,
  },
  {
    id: 'traces',
    label: 'Traces',
    fixed: true,
    quiet: true,
    width: '28px',
    value: () => null,
    cell: ({ tool }) => (
      <ViewLink
        to="/traces"
        narrow={{ kind: 'tool', tool_name: tool.tool }}
        label={`Traces with ${tool.tool}`}
        title="Its traces"
        className="button plain small"
      >
        <Icon name="traces" />
      </ViewLink>
    ),
  },
];

function Change({ change }: { change: NonNullable<Tool['change']> }) {
  const { label, tone } = verdictWords(change.verdict);
  if (tone === 'neutral') {
    return (
      <span className="dim" title={change.message}>
        {label}
      </span>
    );
  }
  return (
    <Pill tone={tone} title={change.message}>
      {label}
    </Pill>
  );
}
