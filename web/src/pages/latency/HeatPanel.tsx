import { useMemo } from 'react';
import type { UseQueryResult } from '@tanstack/react-query';
import { useGet } from 'api/query';
import type { Answer } from 'api/types';
import { formatInt, parseTime } from 'base/format';
import type { HeatCells, HeatData } from 'widgets/chart/heat';
import { HeatMap } from 'widgets/chart/HeatMap';
import { Choice } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { cellsText, type Cells } from './cells';
import { paramsOf, type Choices, type HeatMeasure } from './subject';

type Heat = Answer<'/api/v1/latency/heatmap'>;

const COLUMNS = 96;
const COLUMNS_NARROW = 36;
const NARROW = '(max-width: 760px)';

const MEASURES: readonly { value: HeatMeasure; label: string }[] = [
  { value: 'duration', label: 'Whole call' },
  { value: 'ttft', label: 'First token' },
];

export function useHeat(
  view: View,
  { subject, measure }: Choices,
  everyMs: number | false,
): UseQueryResult<Heat> {
  const columns = window.matchMedia(NARROW).matches ? COLUMNS_NARROW : COLUMNS;
  return useGet(
    '/api/v1/latency/heatmap',
    { ...paramsOf(view, subject), measure, columns },
    { everyMs },
  );
}

export function HeatPanel({
  view,
  choices: { subject, measure },
  cells,
  heat,
}: {
  view: View;
  choices: Choices;
  cells: Cells | null;
  heat: UseQueryResult<Heat>;
}) {
  const what = measure === 'ttft' ? 'time to the first token' : 'duration';
  return (
    <Panel
      title={`Heat map of ${subject.noun}`}
      help={`Time to the right, ${what} upwards by its logarithm: the darker or brighter a cell, the more ${subject.noun} ended in it. Drag over cells to see their traces.`}
      note={heat.data && `${formatInt(countOf(heat.data))} ${subject.noun}`}
      actions={
        subject.of === 'model' && (
          <Choice
            label="What is measured"
            value={measure}
            options={MEASURES}
            onChange={(next) => view.change({ measure: next, cells: undefined })}
          />
        )
      }
      state={heat}
      empty={(answer) =>
        countOf(answer) === 0 && (
          <EmptyState
            title={
              measure === 'ttft'
                ? 'No time to the first token is known here'
                : `No ${subject.noun} here`
            }
          >
            {measure === 'ttft'
              ? 'It is known of streamed calls: through the gateway always, else when the SDK reports gen_ai.server.time_to_first_token.'
              : 'Choose a longer window of time, or another filter.'}
          </EmptyState>
        )
      }
    >
      {(answer) => (
        <Map
          answer={answer}
          label={`Heat map of ${subject.noun}, ${what}`}
          of={subject.noun}
          cells={cells}
          onSelect={(chosen) => view.change({ cells: cellsText(chosen) })}
          onClear={() => view.change({ cells: undefined })}
        />
      )}
    </Panel>
  );
}

function Map({
  answer,
  label,
  of,
  cells,
  onSelect,
  onClear,
}: {
  answer: Heat;
  label: string;
  of: string;
  cells: Cells | null;
  onSelect: (cells: HeatCells) => void;
  onClear: () => void;
}) {
  const data = useMemo(
    (): HeatData => ({
      times: answer.times.map(parseTime),
      stepMs: answer.step_ms,
      edges: answer.edges_ms,
      counts: answer.counts,
    }),
    [answer],
  );
  return (
    <HeatMap
      label={label}
      data={data}
      unit="ms"
      of={of}
      height={280}
      chosen={cells}
      onSelect={onSelect}
      onClear={onClear}
    />
  );
}

function countOf({ counts }: Heat): number {
  let sum = 0;
  for (const column of counts) for (const count of column) sum += count;
  return sum;
}
