import { formatCount, formatTime } from 'base/format';
import { formatUnit, type Unit } from 'base/units';
import { bandsOf, cellsOf, type HeatCells, type HeatData } from './heat';

const BANDS_MAX = 8;

// The cells of a heat map as figures, a few rows of it taken together. Columns of time without any are
// left out.
export function HeatTable({
  label,
  data,
  unit,
  of,
  onSelect,
}: {
  label: string;
  data: HeatData;
  unit: Unit;
  of: string;
  onSelect?: ((cells: HeatCells) => void) | undefined;
}) {
  const now = new Date();
  const bands = bandsOf(data, BANDS_MAX);
  const columns = data.times.flatMap((at, column) =>
    data.counts[column]!.some((count) => count > 0) ? [{ at, column }] : [],
  );
  return (
    <div className="chart-table" tabIndex={0} role="region" aria-label={`${label}, as a table`}>
      <table>
        <thead>
          <tr>
            <th scope="col">From</th>
            {bands.map(({ row0, low, high }) => (
              <th key={row0} scope="col" className="number">
                {formatUnit(unit, low)}
                {high === null ? ' or more' : ` to ${formatUnit(unit, high)}`}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map(({ at, column }) => (
            <tr key={at}>
              <th scope="row">{formatTime(new Date(at).toISOString(), now)}</th>
              {bands.map(({ row0, row1 }) => {
                const cells = cellsOf(data, { column0: column, column1: column, row0, row1 });
                return (
                  <td key={row0} className="number">
                    {cells.count > 0 && onSelect ? (
                      <button
                        type="button"
                        className="heat-count"
                        title={`Show these ${of}`}
                        onClick={() => onSelect(cells)}
                      >
                        {formatCount(cells.count)}
                      </button>
                    ) : (
                      formatCount(cells.count)
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
