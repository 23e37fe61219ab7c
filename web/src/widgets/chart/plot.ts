// Options of uPlot for a chart over time: axes in our units, colours of the theme, marks.

import uPlot from 'uplot';
import { resolveColor } from 'base/colors';
import { formatTick, formatTimeTick, type Unit } from 'base/units';
import { largest, type ChartSeries } from './series';

export interface ChartMark {
  atMs: number;
  label: string;
}

export interface ChartLimit {
  value: number;
  label: string;
  color?: string;
}

export interface PlotInput {
  times: readonly number[];
  stepMs: number;
  series: readonly ChartSeries[];
  drawn: readonly (readonly (number | null)[])[]; // Stacked or as they are.
  unit: Unit;
  shape: 'line' | 'area' | 'bars';
  stacked: boolean;
  log: boolean;
  hidden: ReadonlySet<string>;
  limits: readonly ChartLimit[];
  marks: readonly ChartMark[];
}

export interface PlotEvents {
  onCursor: (index: number | null, left: number, top: number) => void;
  onSelect: ((fromMs: number, toMs: number) => void) | null;
}

const FONT = '11px system-ui, sans-serif';
const CHAR_PX = 6.4; // Of a digit in this font, about.
const RIGHT_PX = 12;
const COUNT_STEPS = [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].concat(
  Array.from({ length: 30 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** (3 + Math.floor(i / 3))),
);
const SELECT_MIN_PX = 6;
const LOG_MIN = 0.1;
const MARK_WORDS_PX = 110;
const KEY_OF_CURSORS = 'time';

// uPlot's columns: times, then what is drawn, the topmost of a stack first.
export function plotData(input: PlotInput): uPlot.AlignedData {
  const columns = input.stacked ? [...input.drawn].reverse() : input.drawn;
  return [input.times, ...columns] as uPlot.AlignedData;
}

export function plotOptions(
  width: number,
  height: number,
  latest: () => PlotInput,
  events: () => PlotEvents,
): uPlot.Options {
  const input = latest();
  const ink = resolveColor('var(--ink-3)');
  const line = resolveColor('var(--line)');
  const series = input.stacked ? [...input.series].reverse() : input.series;
  return {
    width,
    height,
    ms: 1,
    legend: { show: false },
    padding: [10, RIGHT_PX, 0, 0],
    cursor: {
      points: { show: !input.stacked, size: 6 },
      // A bucket reaches from its time to the next: the one before the pointer is meant.
      dataIdx: (_, __, closest, at) => bucketAt(latest().times, closest, at),
      drag: { x: events().onSelect !== null, y: false, setScale: false },
      sync: {
        key: KEY_OF_CURSORS,
        scales: ['x', null],
        // Others follow the crosshair, not the selection.
        filters: { pub: (type) => type === 'mousemove' || type === 'mouseleave' },
      },
    },
    scales: {
      x: { time: true, range: () => timeRange(latest()) },
      y: {
        ...(input.log && { distr: 3 as const, log: 10 as const }),
        range: () => valueRange(latest()),
      },
    },
    axes: [
      {
        stroke: ink,
        font: FONT,
        grid: { show: false },
        ticks: { stroke: line, size: 4 },
        size: 26,
        space: 64,
        values: (u, splits, __, ___, step) =>
          splits.map((ms) => whereItFits(u, ms, formatTimeTick(ms, step))),
      },
      {
        stroke: ink,
        font: FONT,
        grid: { stroke: line, width: 1 },
        ticks: { show: false },
        gap: 6,
        space: 34,
        size: (_, values) =>
          14 + CHAR_PX * Math.max(2, ...(values ?? []).map((text) => text?.length ?? 0)),
        ...(input.unit === 'count' && !input.log && { incrs: COUNT_STEPS }),
        values: (_, splits) =>
          splits.map((value) => (value == null ? '' : formatTick(input.unit, value))),
      },
    ],
    series: [{}, ...series.map((one) => seriesOptions(one, input))],
    hooks: {
      setCursor: [
        (u) => {
          const { idx, left = -1, top = -1 } = u.cursor;
          const index =
            left < 0 || idx == null ? null : bucketAt(latest().times, idx, u.posToVal(left, 'x'));
          events().onCursor(index, left + u.bbox.left / devicePixelRatio, top);
        },
      ],
      setSelect: [
        (u) => {
          const { left, width: selected } = u.select;
          if (selected < SELECT_MIN_PX) return;
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          events().onSelect?.(u.posToVal(left, 'x'), u.posToVal(left + selected, 'x'));
        },
      ],
      draw: [(u) => drawLimits(u, latest()), (u) => drawMarks(u, latest())],
    },
  };
}

function bucketAt(times: readonly number[], closest: number, at: number): number {
  return closest > 0 && times[closest]! > at ? closest - 1 : closest;
}

function seriesOptions(one: ChartSeries, input: PlotInput): uPlot.Series {
  const shape = one.shape ?? input.shape;
  const color = resolveColor(one.color);
  const filled = shape === 'bars' || input.stacked;
  return {
    label: one.name,
    show: !input.hidden.has(one.name),
    stroke: color,
    width: shape === 'bars' ? 0 : 1.6,
    ...(one.dash && { dash: [...one.dash] }),
    // What lies below in a stack covers it, so it must be opaque.
    ...(filled ? { fill: color } : shape === 'area' ? { fill: withAlpha(color, 0.14) } : {}),
    ...(shape === 'bars' && { paths: uPlot.paths.bars!({ size: [0.86, 40], align: 1 }) }),
    // Points alone between gaps would not be seen as a line.
    points: {
      show: shape !== 'bars' && !input.stacked,
      size: 4,
      filter: (u, index) => alone(u.data[index] ?? []),
    },
    spanGaps: false,
  };
}

// Nothing rather than a label that the chart's right edge cuts: "Nov 2" of "Nov 21".
function whereItFits(u: uPlot, ms: number, label: string): string {
  const right = u.valToPos(ms, 'x') + (CHAR_PX * label.length) / 2;
  return right <= u.bbox.width / uPlot.pxRatio + RIGHT_PX ? label : '';
}

function alone(values: ArrayLike<number | null | undefined>): number[] {
  return Array.from(values).flatMap((value, i) =>
    value != null && values[i - 1] == null && values[i + 1] == null ? [i] : [],
  );
}

function withAlpha(color: string, alpha: number): string {
  return color.replace(/^rgb\((.*)\)$/, `rgba($1, ${alpha})`);
}

function timeRange({ times, stepMs }: PlotInput): [number, number] {
  const first = times[0] ?? 0;
  return [first, (times[times.length - 1] ?? first) + stepMs];
}

function valueRange({ drawn, limits, log }: PlotInput): [number, number] {
  const max = Math.max(largest(drawn), ...limits.map(({ value }) => value));
  if (!log) return [0, max > 0 ? max * 1.08 : 1];
  let min = Infinity;
  for (const column of drawn)
    for (const value of column) if (value != null && value > 0 && value < min) min = value;
  return min === Infinity ? [1, 10] : [Math.max(LOG_MIN, min * 0.8), max * 1.25];
}

function drawLimits(u: uPlot, { limits }: PlotInput): void {
  for (const { value, label, color = 'var(--bad)' } of limits) {
    const y = Math.round(u.valToPos(value, 'y', true));
    const stroke = resolveColor(color);
    rule(u, stroke, [u.bbox.left, y, u.bbox.left + u.bbox.width, y]);
    text(u, label, stroke, u.bbox.left + u.bbox.width - 4 * devicePixelRatio, y, 'right');
  }
}

function drawMarks(u: uPlot, { marks }: PlotInput): void {
  const stroke = resolveColor('var(--ink-3)');
  for (const { atMs, label } of marks) {
    const x = Math.round(u.valToPos(atMs, 'x', true));
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    rule(u, stroke, [x, u.bbox.top, x, u.bbox.top + u.bbox.height]);
    // Its words stand beside it, at the side where the chart has room for them.
    const room = u.bbox.left + u.bbox.width - x;
    const y = u.bbox.top + 12 * devicePixelRatio;
    const gap = 4 * devicePixelRatio;
    if (room > MARK_WORDS_PX * devicePixelRatio) text(u, label, stroke, x + gap, y, 'left');
    else text(u, label, stroke, x - gap, y, 'right');
  }
}

function rule(u: uPlot, stroke: string, [x0, y0, x1, y1]: [number, number, number, number]): void {
  const { ctx } = u;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.restore();
}

function text(
  u: uPlot,
  label: string,
  color: string,
  x: number,
  y: number,
  align: CanvasTextAlign,
): void {
  const { ctx } = u;
  ctx.save();
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = align;
  ctx.textBaseline = 'bottom';
  // On the ground of the chart, so that lines behind it do not cross the words.
  const width = ctx.measureText(label).width + 6 * devicePixelRatio;
  const left = align === 'right' ? x - width + 3 * devicePixelRatio : x - 3 * devicePixelRatio;
  ctx.fillStyle = resolveColor('var(--surface)');
  ctx.globalAlpha = 0.85;
  ctx.fillRect(left, y - 15 * devicePixelRatio, width, 14 * devicePixelRatio);
  ctx.globalAlpha = 1;
  ctx.fillStyle = color;
  ctx.fillText(label, x, y - 2 * devicePixelRatio);
  ctx.restore();
}
