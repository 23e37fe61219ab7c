// What stands around the cells of a heat map: axes, the scale of its colours, the rectangle that is
// chosen.

import { formatCount } from 'base/format';
import { classes } from 'base/classes';
import { formatTick, formatTimeTick, type Unit } from 'base/units';
import {
  DAY_MS,
  DAYS_FROM_MS,
  labelledColumns,
  labelledRows,
  maxCount,
  rowsOf,
  type CellRange,
  type HeatData,
} from './heat';

export const AXIS_LEFT_PX = 56;
export const AXIS_BOTTOM_PX = 22;
const LABEL_PX = 22;
const TIME_LABEL_PX = 90;

export function HeatRange({
  range,
  columns,
  rows,
  kept = false,
}: {
  range: CellRange;
  columns: number;
  rows: number;
  kept?: boolean;
}) {
  const { column0, column1, row0, row1 } = range;
  return (
    <div
      className={classes('heat-chosen', kept && 'heat-kept')}
      style={{
        left: `${(Math.min(column0, column1) / columns) * 100}%`,
        width: `${((Math.abs(column1 - column0) + 1) / columns) * 100}%`,
        bottom: `${(Math.min(row0, row1) / rows) * 100}%`,
        height: `${((Math.abs(row1 - row0) + 1) / rows) * 100}%`,
      }}
    />
  );
}

export function HeatAxes({
  data,
  unit,
  width,
  height,
}: {
  data: HeatData;
  unit: Unit;
  width: number;
  height: number;
}) {
  const rows = rowsOf(data);
  const columns = data.times.length;
  const every = Math.max(1, Math.ceil((columns * TIME_LABEL_PX) / Math.max(1, width)));
  return (
    <div aria-hidden="true">
      {labelledRows(rows, height, LABEL_PX).map((row) => (
        <span
          key={row}
          className="heat-label heat-label-y"
          style={{ top: height - (row / rows) * height, width: AXIS_LEFT_PX - 8 }}
        >
          {formatTick(unit, data.edges[row] ?? 0)}
        </span>
      ))}
      {labelledColumns(data, every).map((i) => (
        <span
          key={i}
          className="heat-label"
          style={{ left: AXIS_LEFT_PX + (i / columns) * width, top: height + 4 }}
        >
          {timeLabel(data, i)}
        </span>
      ))}
    </div>
  );
}

function timeLabel({ times, stepMs }: HeatData, column: number): string {
  const span = times.length * stepMs;
  const at = times[column]!;
  // A day begins within its column.
  return span > DAYS_FROM_MS
    ? formatTimeTick(new Date(at + stepMs - 1).setHours(0, 0, 0, 0), DAY_MS)
    : formatTimeTick(at, stepMs);
}

// How many calls a colour stands for. Between 1 and the most it is by the logarithm.
export function HeatScale({ data, of }: { data: HeatData; of: string }) {
  const max = maxCount(data);
  const middle = Math.round(Math.sqrt(max));
  return (
    <p className="heat-scale">
      <span>{of} in a cell:</span>
      <span className="heat-swatch" aria-hidden="true" />
      <span>0</span>
      {max > 1 && (
        <>
          <span className="heat-ramp" aria-hidden="true" />
          <span>
            1 to {formatCount(max)}
            {middle > 1 && middle < max && `, in the middle ${formatCount(middle)}`}
          </span>
        </>
      )}
      {max === 1 && (
        <>
          <span className="heat-swatch heat-swatch-most" aria-hidden="true" />
          <span>1</span>
        </>
      )}
    </p>
  );
}
