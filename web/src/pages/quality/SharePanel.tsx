// How much of the traffic each version had, over time.

import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useGet } from 'api/query';
import { parseTime } from 'base/format';
import { groupSeries, timesOf, type SeriesAnswer } from 'widgets/chart/fromSeries';
import type { ChartMark } from 'widgets/chart/plot';
import { TimeChart } from 'widgets/chart/TimeChart';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import { versionName, type VersionFigures } from 'widgets/prompts/figures';
import { sharesOf } from './shares';
import type { Versions } from './useVersions';

const POINTS = 48;
const FRESH_MS = 30_000;
const MARKS_MAX = 6;

interface SharePanelProps {
  view: View;
  prompt: string;
  versions: Versions;
}

export function SharePanel({ view, prompt, versions }: SharePanelProps) {
  const { share }: { share?: string } = useSearch({ strict: false });
  const asCalls = share === 'calls';
  const series = useGet(
    '/api/v1/series',
    {
      ...view.params,
      q: narrowed(view.q, 'prompt_name', prompt),
      by: 'prompt_version',
      measures: 'calls',
      points: POINTS,
    },
    { everyMs: view.live && FRESH_MS },
  );
  return (
    <Panel
      title="Traffic by version"
      cols={5}
      help="Model calls by when they ended. A line marks when a version was first seen in this window."
      actions={
        <Choice
          label="Traffic as"
          value={asCalls ? 'calls' : 'share'}
          options={[
            { value: 'share', label: 'Share' },
            { value: 'calls', label: 'Calls' },
          ]}
          onChange={(value) => view.change({ share: value === 'calls' ? 'calls' : undefined })}
        />
      }
      state={series}
      empty={({ groups }) => groups.length === 0 && <EmptyState title="No calls in this window" />}
    >
      {(answer) => (
        <Chart
          answer={answer}
          asCalls={asCalls}
          versions={versions.data ?? []}
          onBrush={view.brush}
        />
      )}
    </Panel>
  );
}

function Chart({
  answer,
  asCalls,
  versions,
  onBrush,
}: {
  answer: SeriesAnswer;
  asCalls: boolean;
  versions: readonly VersionFigures[];
  onBrush: View['brush'];
}) {
  const times = useMemo(() => timesOf(answer.starts), [answer]);
  const series = useMemo(() => {
    const calls = groupSeries(answer, 'calls');
    return asCalls ? calls : sharesOf(calls);
  }, [answer, asCalls]);
  // The oldest begins with the window, not with a change.
  const marks = useMemo(
    (): ChartMark[] =>
      versions
        .map(({ version, firstAt }) => ({ atMs: parseTime(firstAt), label: versionName(version) }))
        .sort((a, b) => b.atMs - a.atMs)
        .slice(0, Math.min(MARKS_MAX, versions.length - 1)),
    [versions],
  );
  return (
    <TimeChart
      label="Traffic by version"
      times={times}
      stepMs={answer.step_s * 1000}
      series={series}
      unit={asCalls ? 'count' : 'share'}
      shape="bars"
      stacked
      legend
      marks={marks}
      height={290}
      onBrush={onBrush}
    />
  );
}
