// How many calls took how long, when: time to the right, a measure upwards, the number as colour. A
// rectangle is chosen by dragging, or a cell by the arrow keys and Enter.
//
//   <HeatMap label="Latency of LLM calls" data={...} unit="ms" onSelect={(cells) => ...} />

import { useEffect, useRef, useState } from 'react';
import { resolveColor } from 'base/colors';
import { formatInt, formatTime } from 'base/format';
import { useDark } from 'base/theme';
import { formatTick, formatTimeTick, formatUnit, type Unit } from 'base/units';
import { useWidth } from 'base/width';
import {
  cellsOf,
  heatOf,
  labelledRows,
  maxCount,
  rowsOf,
  type CellRange,
  type HeatCells,
  type HeatData,
} from './heat';
import './HeatMap.css';
import './TimeChart.css';

interface HeatMapProps {
  label: string;
  data: HeatData;
  unit: Unit; // Of the rows' edges.
  of?: string; // What is counted: "calls".
  height?: number;
  onSelect?: (cells: HeatCells) => void;
}

const AXIS_LEFT_PX = 56;
const AXIS_BOTTOM_PX = 22;
const LABEL_PX = 22;
const TIME_LABEL_PX = 90;
const STEPS = ['--heat-0', '--heat-1', '--heat-2', '--heat-3', '--heat-4'];
const GROUND = 256;

export function HeatMap(props: HeatMapProps) {
  const { label, data, unit, of = 'calls', height = 260, onSelect } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = Math.max(0, useWidth(box) - AXIS_LEFT_PX);
  const plotHeight = height - AXIS_BOTTOM_PX;
  const dark = useDark();
  const [range, setRange] = useState<CellRange | null>(null);
  const dragging = useRef(false);
  const [columns, rows] = [data.times.length, rowsOf(data)];

  useEffect(() => {
    if (width > 0) paint(canvas.current!, width, plotHeight, data);
  }, [width, plotHeight, data, dark]);

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
    else if (step) {
      const from = range ?? { column0: -step[0], row0: -step[1], column1: 0, row1: 0 };
      const column = Math.max(0, Math.min(columns - 1, from.column0 + step[0]));
      const row = Math.max(0, Math.min(rows - 1, from.row0 + step[1]));
      setRange({ column0: column, column1: column, row0: row, row1: row });
    } else return;
    event.preventDefault();
  };

  return (
    <figure className="heat" ref={box} style={{ height }}>
      <HeatAxes data={data} unit={unit} width={width} height={plotHeight} />
      <div
        className="heat-plot"
        style={{ left: AXIS_LEFT_PX, width, height: plotHeight }}
        role="application"
        aria-label={`${label}. Arrow keys move over the cells, Enter chooses one.`}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onBlur={() => setRange(null)}
        onPointerDown={(event) => {
          const { column, row } = cellAt(event);
          event.currentTarget.setPointerCapture(event.pointerId);
          dragging.current = true;
          setRange({ column0: column, column1: column, row0: row, row1: row });
        }}
        onPointerMove={(event) => {
          const { column, row } = cellAt(event);
          setRange((before) =>
            dragging.current && before
              ? { ...before, column1: column, row1: row }
              : { column0: column, column1: column, row0: row, row1: row },
          );
        }}
        onPointerUp={() => {
          if (dragging.current) choose();
          dragging.current = false;
        }}
        onPointerLeave={() => {
          if (!dragging.current) setRange(null);
        }}
      >
        <canvas ref={canvas} aria-hidden="true" />
        {range && <Chosen range={range} columns={columns} rows={rows} />}
        {range && cells && (
          <div
            className="chart-tip"
            role="status"
            style={range.column1 > columns / 2 ? { left: 6 } : { right: 6 }}
          >
            <div className="chart-tip-time">
              {formatTime(new Date(cells.fromMs).toISOString(), new Date())} to{' '}
              {formatTime(new Date(cells.toMs).toISOString(), new Date(cells.fromMs))}
            </div>
            {formatUnit(unit, cells.low)}
            {cells.high === null ? ' or more' : ` to ${formatUnit(unit, cells.high)}`}:{' '}
            <strong>
              {formatInt(cells.count)} {of}
            </strong>
          </div>
        )}
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

function Chosen({ range, columns, rows }: { range: CellRange; columns: number; rows: number }) {
  const { column0, column1, row0, row1 } = range;
  return (
    <div
      className="heat-chosen"
      style={{
        left: `${(Math.min(column0, column1) / columns) * 100}%`,
        width: `${((Math.abs(column1 - column0) + 1) / columns) * 100}%`,
        bottom: `${(Math.min(row0, row1) / rows) * 100}%`,
        height: `${((Math.abs(row1 - row0) + 1) / rows) * 100}%`,
      }}
    />
  );
}

function HeatAxes({
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
      {data.times
        .flatMap((at, i) => (i % every === 0 ? [{ at, i }] : []))
        .map(({ at, i }) => (
          <span
            key={at}
            className="heat-label"
            style={{ left: AXIS_LEFT_PX + (i / columns) * width, top: height + 4 }}
          >
            {formatTimeTick(at, data.stepMs)}
          </span>
        ))}
    </div>
  );
}

// One pixel a cell, stretched by the browser: a hundred thousand cells cost nothing.
function paint(canvas: HTMLCanvasElement, width: number, height: number, data: HeatData): void {
  const [columns, rows] = [data.times.length, rowsOf(data)];
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.max(1, columns);
  canvas.height = Math.max(1, rows);
  const context = canvas.getContext('2d')!;
  const image = context.createImageData(canvas.width, canvas.height);
  const colors = ramp();
  const max = maxCount(data);
  data.counts.forEach((column, c) =>
    column.forEach((count, r) => {
      const heat = Math.round(heatOf(count, max) * (GROUND - 1));
      image.data.set(colors[heat]!, 4 * ((rows - 1 - r) * columns + c));
    }),
  );
  context.putImageData(image, 0, 0);
}

// GROUND colours from none to most.
function ramp(): number[][] {
  const stops = STEPS.map((name) => {
    const [red = 0, green = 0, blue = 0] = (
      resolveColor(`var(${name})`).match(/[\d.]+/g) ?? []
    ).map(Number);
    return [red, green, blue];
  });
  return Array.from({ length: GROUND }, (_, i) => {
    const at = (i / (GROUND - 1)) * (stops.length - 1);
    const low = Math.min(stops.length - 2, Math.floor(at));
    const mix = [0, 1, 2].map((part) => {
      const [a, b] = [stops[low]![part]!, stops[low + 1]![part]!];
      return a + (b - a) * (at - low);
    });
    return [...mix, 255];
  });
}
