import { formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { formatUnit, type Unit } from 'base/units';
import type { ChartSeries } from './series';

// A chart's values in words and figures. Buckets without any are left out.
export function ChartTable({
  label,
  times,
  series,
  unit,
}: {
  label: string;
  times: readonly number[];
  series: readonly ChartSeries[];
  unit: Unit;
}) {
  const now = new Date();
  const rows = times.flatMap((at, i) =>
    series.some(({ values }) => values[i] != null) ? [{ at, i }] : [],
  );
  return (
    <div className="chart-table" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" className="number">
                {visibleText(name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, i }) => (
            <tr key={at}>
              <th scope="row">{formatTime(new Date(at).toISOString(), now)}</th>
              {series.map(({ name, values }) => (
                <td key={name} className="number">
                  {formatUnit(unit, values[i])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
