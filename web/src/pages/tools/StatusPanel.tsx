import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useGet } from 'api/query';
import { toolColor, TOOL_STATUSES } from 'base/colors';
import { visibleText } from 'base/text';
import { timesOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import type { ChartSeries } from 'widgets/chart/series';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Choice, Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { both, narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import type { Tool } from './drift';
import { FRESH_MS } from './fresh';
import { statusShares } from './statuses';

const POINTS = 120;
const ALL = '*'; // No tool has this name.

// How the calls of a tool ended, over time: as counts, or as shares of the calls of each step.
export function StatusPanel({
  view,
  tool,
  names,
  onChoose,
}: {
  view: View;
  tool: string;
  names: readonly Tool[];
  onChoose: (tool: string) => void;
}) {
  const search: { as?: string } = useSearch({ strict: false });
  const as = search.as === 'calls' ? 'calls' : 'share';
  const all = tool === ALL;
  const q = all ? view.q : narrowed(view.q, 'tool_name', tool);
  const series = useGet(
    '/api/v1/series',
    { ...view.params, q, kind: 'tool', by: 'tool_status', points: POINTS, measures: 'calls' },
    { everyMs: view.live && FRESH_MS },
  );
  const known = all || names.some((one) => one.tool === tool);
  const options = [
    { value: ALL, label: 'all tools' },
    ...(known ? [] : [{ value: tool, label: visibleText(tool) }]),
    ...names.map((one) => ({ value: one.tool, label: visibleText(one.tool) || '(none)' })),
  ];
  return (
    <Panel
      title="How calls ended over time"
      help="By when the calls ended. As shares: of the calls of each step of time."
      actions={
        <>
          <Select label="Tool" value={tool} options={options} onChange={onChoose} />
          <Choice
            label="Shown as"
            value={as}
            options={[
              { value: 'share', label: 'Share' },
              { value: 'calls', label: 'Calls' },
            ]}
            onChange={(next) => view.change({ as: next === 'share' ? undefined : next })}
          />
        </>
      }
      link={{
        to: '/traces',
        label: 'Failures',
        search: { q: both(q, 'kind = tool AND tool_status != success AND tool_status != null') },
      }}
      state={series}
      empty={({ groups }) =>
        groups.length === 0 && (
          <EmptyState title="It was not called here">
            Choose another tool, a longer window of time, or another filter.
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <Statuses
          label={`How calls of ${all ? 'all tools' : tool} ended`}
          answer={answer}
          share={as === 'share'}
          view={view}
        />
      )}
    </Panel>
  );
}

function Statuses({
  label,
  answer,
  share,
  view,
}: {
  label: string;
  answer: SeriesAnswer;
  share: boolean;
  view: View;
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo((): ChartSeries[] => {
    const counts = statusShares(answer, share);
    // What failed stands at the bottom, from where it can be measured.
    return [...TOOL_STATUSES].reverse().flatMap((status) => {
      const values = counts.get(status);
      const color = status === 'success' ? 'var(--ok-fill)' : toolColor(status);
      return values ? [{ name: status.replaceAll('_', ' '), values, color }] : [];
    });
  }, [answer, share]);
  return (
    <TimeChart
      label={label}
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit={share ? 'share' : 'count'}
      shape="bars"
      stacked
      height={180}
      onBrush={view.brush}
    />
  );
}
