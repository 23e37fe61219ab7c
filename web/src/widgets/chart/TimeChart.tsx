// Figures over time: lines, areas or bars, stacked or not. Dragging over it chooses a window of time; a
// crosshair tells the values; the same as a table for those who want or need one.
//
//   <TimeChart label="Calls by model" times={starts} stepMs={60_000} unit="count" shape="bars" stacked
//     series={groups.map((g, i) => ({ name: g.name, values: g.calls, color: categoryColor(i) }))}
//     onBrush={view.brush} />
//
// Bucket i covers times[i] to times[i] + stepMs, in milliseconds since 1970.

import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useDark } from 'base/theme';
import { formatUnit, type Unit } from 'base/units';
import { useWidth } from 'base/width';
import { Icon } from 'widgets/figures/Icon';
import { ChartTable } from './ChartTable';
import { ChartTip, Legend } from './Legend';
import { plotData, plotOptions, type ChartLimit, type ChartMark, type PlotInput } from './plot';
import { stack, summaryOf, type ChartSeries } from './series';
import './TimeChart.css';

interface TimeChartProps {
  label: string; // What it shows, for those who do not see it, and the table.
  times: readonly number[];
  stepMs: number;
  series: readonly ChartSeries[];
  unit: Unit;
  shape?: 'line' | 'area' | 'bars';
  stacked?: boolean;
  log?: boolean;
  height?: number;
  limits?: readonly ChartLimit[]; // Lines across: a budget, a target.
  marks?: readonly ChartMark[]; // Lines at a time: a new prompt version, an alert.
  legend?: boolean;
  onBrush?: (fromMs: number, toMs: number) => void;
}

const NONE: readonly never[] = [];
const NO_NAMES: ReadonlySet<string> = new Set();

export interface Cursor {
  index: number;
  left: number;
  top: number;
}

export function TimeChart(props: TimeChartProps) {
  const {
    label,
    times,
    stepMs,
    series,
    unit,
    shape = 'line',
    stacked = false,
    log = false,
  } = props;
  const { height = 180, limits = NONE, marks = NONE, legend = series.length > 1, onBrush } = props;
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const dark = useDark();
  const [hidden, setHidden] = useState(NO_NAMES);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const [asTable, setAsTable] = useState(false);

  const input: PlotInput = useMemo(() => {
    const drawn = stacked
      ? stack(series, hidden)
      : series.map(({ name, values }) => (hidden.has(name) ? [] : values));
    return { times, stepMs, series, drawn, unit, shape, stacked, log, hidden, limits, marks };
  }, [times, stepMs, series, unit, shape, stacked, log, hidden, limits, marks]);

  const latest = useRef({ input, onBrush });
  latest.current = { input, onBrush };
  const plot = useRef<uPlot | null>(null);
  const hovered = useRef(false);
  // Made anew when how it looks changes; new figures alone are given to the one that is there.
  const look = JSON.stringify([
    series.map(({ name, color, shape: own, dash }) => [name, color, own, dash]),
    [unit, shape, stacked, log, height, [...hidden], onBrush !== undefined],
  ]);
  useEffect(() => {
    if (width === 0 || asTable) return undefined;
    const made = new uPlot(
      plotOptions(
        width,
        height,
        () => latest.current.input,
        () => ({
          onCursor: (index, left, top) =>
            setCursor(index === null || !hovered.current ? null : { index, left, top }),
          onSelect: latest.current.onBrush ?? null,
        }),
      ),
      plotData(latest.current.input),
      box.current!,
    );
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [width, dark, look, asTable, height]);
  useEffect(() => plot.current?.setData(plotData(input)), [input]);

  return (
    <figure
      className="chart"
      aria-label={label}
      onPointerEnter={() => (hovered.current = true)}
      onPointerLeave={() => {
        hovered.current = false;
        setCursor(null);
      }}
    >
      <figcaption className="sr-only">{spoken(label, series, unit)}</figcaption>
      <button
        type="button"
        className="button plain small chart-as"
        aria-pressed={asTable}
        aria-label={`${label}: as a table`}
        title={asTable ? 'As a chart' : 'As a table'}
        onClick={() => setAsTable(!asTable)}
      >
        <Icon name={asTable ? 'chart' : 'table'} />
      </button>
      <div
        ref={box}
        className="chart-box"
        aria-hidden={!asTable}
        style={asTable ? undefined : { height }}
      >
        {asTable && <ChartTable label={label} times={times} series={series} unit={unit} />}
      </div>
      {cursor && !asTable && times[cursor.index] !== undefined && (
        <ChartTip cursor={cursor} width={width} input={input} />
      )}
      {legend && !asTable && <Legend series={series} hidden={hidden} onHidden={setHidden} />}
    </figure>
  );
}

const SPOKEN_SERIES_MAX = 8;

function spoken(label: string, series: readonly ChartSeries[], unit: Unit): string {
  const parts = series.slice(0, SPOKEN_SERIES_MAX).map(({ name, values }) => {
    const { min, max, last } = summaryOf(values);
    if (max === null) return `${name}: nothing known`;
    const of = (value: number | null) => formatUnit(unit, value);
    return `${name}: from ${of(min)} to ${of(max)}, ${of(last)} at the end`;
  });
  return `${label}. ${parts.join('. ')}.`;
}
