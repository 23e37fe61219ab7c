// A result drawn: over time where the column at the bottom is a time, else a bar a value.

import { useMemo } from 'react';
import { formatInt } from 'base/format';
import { formatUnit, type Unit } from 'base/units';
import { visibleText } from 'base/text';
import { Dot } from 'widgets/figures/Pill';
import { Choice, Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { TimeChart } from 'widgets/chart/TimeChart';
import type { SqlAnswer } from './answer';
import {
  BARS_MAX,
  barFigures,
  chooseColumns,
  timeFigures,
  unitOf,
  type BarFigures,
  type ChartChoice,
} from './chart';
import type { SqlPageView } from './useSqlView';

const SUMS: readonly Unit[] = ['usd', 'tokens', 'count'];

export function ResultChart({ answer, view }: { answer: SqlAnswer; view: SqlPageView }) {
  const { search } = view;
  const choice = useMemo(
    () => chooseColumns(answer.columns, search),
    [answer, search.x, search.y, search.by],
  );
  if (!choice) {
    return (
      <EmptyState title="Nothing to draw">
        A chart needs a column of numbers and one more: a time, or what the numbers are of.
      </EmptyState>
    );
  }
  return <Drawn answer={answer} view={view} choice={choice} />;
}

function Drawn({
  answer,
  view,
  choice,
}: {
  answer: SqlAnswer;
  view: SqlPageView;
  choice: ChartChoice;
}) {
  const { columns } = answer;
  const { change, search } = view;
  const { x, y, by } = choice;
  const overTime = columns[x]!.kind === 'time';
  const time = useMemo(
    () => (overTime ? timeFigures(answer, choice) : null),
    [answer, choice, overTime],
  );
  const bars = useMemo(
    () => (overTime ? null : barFigures(answer, choice)),
    [answer, choice, overTime],
  );
  const unit = unitOf(columns[y]!.name);
  const named = (list: readonly number[]) =>
    list.map((i) => ({ value: columns[i]!.name, label: columns[i]!.name }));
  const all = columns.map((_, i) => i);
  const lines =
    search.as === 'lines' || (search.as === undefined && !isSum(unit, columns[y]!.name));
  return (
    <div className="sql-chart">
      <div className="sql-chart-choice">
        <label>
          <span>Value</span>
          <Select
            label="Value"
            value={columns[y]!.name}
            options={named(all.filter((i) => columns[i]!.kind === 'number'))}
            onChange={(name) => change({ y: name })}
          />
        </label>
        <label>
          <span>by</span>
          <Select
            label="Along"
            value={columns[x]!.name}
            options={named(all.filter((i) => i !== y))}
            onChange={(name) => change({ x: name })}
          />
        </label>
        <label>
          <span>split by</span>
          <Select
            label="Split by"
            value={by === null ? '-' : columns[by]!.name}
            options={[
              { value: '-', label: 'nothing' },
              ...named(all.filter((i) => i !== x && i !== y)),
            ]}
            onChange={(name) => change({ by: name })}
          />
        </label>
        {overTime && (
          <Choice
            label="Drawn as"
            value={lines ? 'lines' : 'bars'}
            options={[
              { value: 'bars', label: 'Bars' },
              { value: 'lines', label: 'Lines' },
            ]}
            onChange={(as) => change({ as })}
          />
        )}
        {overTime && ownClock() && <span className="dim">Times on your clock</span>}
      </div>
      {time && (
        <TimeChart
          label={`${columns[y]!.name} by ${columns[x]!.name}`}
          times={time.times}
          stepMs={time.stepMs}
          series={time.series.map((one) => ({ ...one, name: one.name || columns[y]!.name }))}
          unit={unit}
          shape={lines ? 'line' : 'bars'}
          stacked={!lines}
          height={300}
          legend={by !== null}
        />
      )}
      {overTime && !time && (
        <EmptyState title="Nothing to draw">No row has a time in {columns[x]!.name}.</EmptyState>
      )}
      {bars && <Bars figures={bars} unit={unit} label={columns[y]!.name} split={by !== null} />}
    </div>
  );
}

// The table says UTC, as the statement does; charts everywhere go by the reader's clock.
const ownClock = (): boolean => new Date().getTimezoneOffset() !== 0;

// Shares and percentiles do not add up: stacked they would lie.
function isSum(unit: Unit, name: string): boolean {
  return SUMS.includes(unit) && !/percent|ratio|avg|rate|p\d\d/i.test(name);
}

function Bars({
  figures: { names, series, left },
  unit,
  label,
  split,
}: {
  figures: BarFigures;
  unit: Unit;
  label: string;
  split: boolean;
}) {
  const totals = names.map((_, i) =>
    series.reduce<number | null>(
      (sum, { values }) => (values[i] == null ? sum : (sum ?? 0) + values[i]),
      null,
    ),
  );
  const most = Math.max(...totals.map((total) => Math.abs(total ?? 0)), Number.MIN_VALUE);
  return (
    <>
      {split && (
        <ul className="sql-legend">
          {series.map(({ name, color }) => (
            <li key={name}>
              <Dot color={color} /> {visibleText(name)}
            </li>
          ))}
        </ul>
      )}
      <ul className="sql-bars" aria-label={label}>
        {names.map((name, i) => (
          <li key={name}>
            <span className="cut" title={visibleText(name)}>
              {visibleText(name)}
            </span>
            <span className="sql-bar-track" aria-hidden="true">
              {series.map(({ name: part, color, values }) =>
                values[i] ? (
                  <span
                    key={part}
                    title={`${visibleText(part)} ${formatUnit(unit, values[i])}`}
                    style={{
                      width: `${(100 * Math.abs(values[i])) / most}%`,
                      background: color,
                    }}
                  />
                ) : null,
              )}
            </span>
            <span className="number" title={totals[i] == null ? 'unknown' : String(totals[i])}>
              {formatUnit(unit, totals[i])}
            </span>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <p className="dim">
          The first {BARS_MAX}; {formatInt(left)} more are in the table.
        </p>
      )}
    </>
  );
}
