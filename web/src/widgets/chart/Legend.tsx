import { formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { formatUnit } from 'base/units';
import { Dot } from 'widgets/figures/Pill';
import type { PlotInput } from './plot';
import type { ChartSeries } from './series';
import type { Cursor } from './TimeChart';

// The series by name; a click hides one, or shows it again.
export function Legend({
  series,
  hidden,
  onHidden,
}: {
  series: readonly ChartSeries[];
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
}) {
  const toggle = (name: string) => {
    const next = new Set(hidden);
    if (!next.delete(name)) next.add(name);
    onHidden(next);
  };
  return (
    <ul className="chart-legend">
      {series.map(({ name, color }) => (
        <li key={name}>
          <button
            type="button"
            className="chart-name"
            aria-pressed={!hidden.has(name)}
            title={hidden.has(name) ? 'Show' : 'Hide'}
            onClick={() => toggle(name)}
          >
            <Dot color={color} />
            <span className="cut">{visibleText(name)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

const TIP_ROWS = 10;

// The values under the crosshair.
export function ChartTip({
  cursor,
  width,
  input,
}: {
  cursor: Cursor;
  width: number;
  input: PlotInput;
}) {
  const { times, stepMs, series, hidden, unit, stacked } = input;
  const at = times[cursor.index]!;
  const day = new Date(at);
  const rows = series
    .filter(({ name }) => !hidden.has(name))
    .map(({ name, color, values }) => ({ name, color, value: values[cursor.index] ?? null }));
  const shown = rows.slice(0, TIP_ROWS);
  const sum = rows.reduce((total, { value }) => total + (value ?? 0), 0);
  const toLeft = cursor.left > width / 2;
  return (
    <div
      className="chart-tip"
      style={toLeft ? { right: width - cursor.left + 14 } : { left: cursor.left + 14 }}
    >
      <div className="chart-tip-time">
        {formatTime(new Date(at).toISOString(), new Date())} to{' '}
        {formatTime(new Date(at + stepMs).toISOString(), day)}
      </div>
      {shown.map(({ name, color, value }) => (
        <div key={name} className="chart-tip-row">
          <Dot color={color} />
          <span className="cut">{visibleText(name)}</span>
          <span className="number">{formatUnit(unit, value)}</span>
        </div>
      ))}
      {rows.length > TIP_ROWS && <div className="dim">and {rows.length - TIP_ROWS} more</div>}
      {stacked && rows.length > 1 && (
        <div className="chart-tip-row chart-tip-sum">
          <span />
          <span>in total</span>
          <span className="number">{formatUnit(unit, sum)}</span>
        </div>
      )}
    </div>
  );
}
