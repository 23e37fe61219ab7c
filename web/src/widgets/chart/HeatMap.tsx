// How many calls took how long, when: time to the right, a measure upwards, the number as colour. A
// rectangle is chosen by dragging, or by the arrow keys (with Shift it grows) and Enter; the same is
// there as a table.
//
//   <HeatMap label="Latency of LLM calls" data={...} unit="ms" of="calls"
//     chosen={cells} onSelect={(cells) => ...} onClear={() => ...} />

import { useEffect, useMemo, useRef, useState } from 'react';
import { formatInt, formatTime } from 'base/format';
import { useDark } from 'base/theme';
import { formatUnit, type Unit } from 'base/units';
import { useWidth } from 'base/width';
import { Icon } from 'widgets/figures/Icon';
import { cellsOf, rangeOf, rowsOf, type CellRange, type HeatCells, type HeatData } from './heat';
import { paintHeat } from './heatPaint';
import { AXIS_BOTTOM_PX, AXIS_LEFT_PX, HeatAxes, HeatRange, HeatScale } from './HeatParts';
import { HeatTable } from './HeatTable';
import './HeatMap.css';
import './TimeChart.css';

interface HeatMapProps {
  label: string;
  data: HeatData;
  unit: Unit; // Of the rows' edges.
  of?: string; // What is counted: "calls".
  height?: number;
  // What was chosen before, to be kept in sight, whatever the cells are now.
  chosen?: Pick<HeatCells, 'fromMs' | 'toMs' | 'low' | 'high'> | null;
  onSelect?: (cells: HeatCells) => void;
  onClear?: () => void; // Escape, where nothing is being chosen.
}

export function HeatMap(props: HeatMapProps) {
  const { label, data, unit, of = 'calls', height = 260, chosen = null, onSelect, onClear } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = Math.max(0, useWidth(box) - AXIS_LEFT_PX);
  const plotHeight = height - AXIS_BOTTOM_PX;
  const dark = useDark();
  const [range, setRange] = useState<CellRange | null>(null);
  const [asTable, setAsTable] = useState(false);
  const dragging = useRef(false);
  const [columns, rows] = [data.times.length, rowsOf(data)];
  const kept = useMemo(() => chosen && rangeOf(data, chosen), [data, chosen]);

  useEffect(() => {
    if (width > 0 && !asTable) paintHeat(canvas.current!, width, plotHeight, data);
  }, [width, plotHeight, data, dark, asTable]);

  const cellAt = (event: React.PointerEvent) => {
    const area = canvas.current!.getBoundingClientRect();
    const place = (at: number, size: number, count: number) =>
      Math.max(0, Math.min(count - 1, Math.floor((at / size) * count)));
    return {
      column: place(event.clientX - area.left, area.width, columns),
      row: rows - 1 - place(event.clientY - area.top, area.height, rows),
    };
  };
  const cells = range && cellsOf(data, range);
  const choose = () => {
    if (cells && onSelect) onSelect(cells);
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const step = STEPS_OF_KEYS[event.key];
    if (event.key === 'Enter') choose();
    else if (event.key === 'Escape' && range) setRange(null);
    else if (event.key === 'Escape' && kept && onClear) onClear();
    else if (step) setRange(moved(range ?? kept, step, event.shiftKey, columns, rows));
    else return;
    event.preventDefault();
  };
  const stop = () => {
    dragging.current = false;
    setRange(null);
  };

  return (
    <figure className="heat" ref={box}>
      {asTable && <HeatTable label={label} data={data} unit={unit} of={of} onSelect={onSelect} />}
      {!asTable && (
        <div className="heat-area" style={{ height }}>
          <HeatAxes data={data} unit={unit} width={width} height={plotHeight} />
          <div
            className="heat-plot"
            style={{ left: AXIS_LEFT_PX, width, height: plotHeight }}
            role="application"
            aria-label={`${label}. Arrow keys move over the cells, with Shift they choose more, Enter shows them.`}
            tabIndex={0}
            onKeyDown={onKeyDown}
            onBlur={stop}
            onPointerDown={(event) => {
              if (event.button !== 0) return;
              event.currentTarget.setPointerCapture(event.pointerId);
              dragging.current = true;
              setRange(oneCell(cellAt(event)));
            }}
            onPointerMove={(event) => {
              const at = cellAt(event);
              setRange((before) =>
                dragging.current && before
                  ? { ...before, column1: at.column, row1: at.row }
                  : oneCell(at),
              );
            }}
            onPointerUp={() => {
              if (dragging.current) choose();
              dragging.current = false;
            }}
            // A finger that scrolls the page does not choose.
            onPointerCancel={stop}
            onPointerLeave={() => {
              if (!dragging.current) setRange(null);
            }}
          >
            <canvas ref={canvas} aria-hidden="true" />
            {kept && <HeatRange range={kept} columns={columns} rows={rows} kept />}
            {range && <HeatRange range={range} columns={columns} rows={rows} />}
            {range && cells && (
              <HeatTip
                cells={cells}
                unit={unit}
                of={of}
                toLeft={Math.max(range.column0, range.column1) > columns / 2}
              />
            )}
          </div>
        </div>
      )}
      <div className="heat-foot">
        {!asTable && <HeatScale data={data} of={of} />}
        <button
          type="button"
          className="button plain small heat-as"
          aria-pressed={asTable}
          aria-label={`${label}: as a table`}
          title={asTable ? 'As a map' : 'As a table'}
          onClick={() => setAsTable(!asTable)}
        >
          <Icon name={asTable ? 'chart' : 'table'} />
        </button>
      </div>
    </figure>
  );
}

const STEPS_OF_KEYS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

const oneCell = ({ column, row }: { column: number; row: number }): CellRange => ({
  column0: column,
  column1: column,
  row0: row,
  row1: row,
});

// From the newest column when nothing is chosen yet: that is what one looks at first.
function moved(
  from: CellRange | null,
  [right, up]: [number, number],
  grow: boolean,
  columns: number,
  rows: number,
): CellRange {
  if (!from) return oneCell({ column: columns - 1, row: 0 });
  const column = Math.max(0, Math.min(columns - 1, from.column1 + right));
  const row = Math.max(0, Math.min(rows - 1, from.row1 + up));
  return grow ? { ...from, column1: column, row1: row } : oneCell({ column, row });
}

function HeatTip({
  cells,
  unit,
  of,
  toLeft,
}: {
  cells: HeatCells;
  unit: Unit;
  of: string;
  toLeft: boolean;
}) {
  const from = new Date(cells.fromMs);
  return (
    <div className="chart-tip" role="status" style={toLeft ? { left: 6 } : { right: 6 }}>
      <div className="chart-tip-time">
        {formatTime(from.toISOString(), new Date())} to{' '}
        {formatTime(new Date(cells.toMs).toISOString(), from)}
      </div>
      {formatUnit(unit, cells.low)}
      {cells.high === null ? ' or more' : ` to ${formatUnit(unit, cells.high)}`}:{' '}
      <strong>
        {formatInt(cells.count)} {of}
      </strong>
    </div>
  );
}
