// What a chart over time is given, and what follows from it without a canvas.

export interface ChartSeries {
  name: string;
  values: readonly (number | null)[]; // One a bucket; null: nothing is known.
  color: string; // CSS: categoryColor(i), toolColor(status), 'var(--p99)'.
  shape?: 'line' | 'area' | 'bars'; // Else the chart's.
  dash?: readonly number[] | undefined;
}

// Sums up the series above each other. What is unknown adds nothing.
export function stack(
  series: readonly ChartSeries[],
  hidden: ReadonlySet<string>,
): (readonly (number | null)[])[] {
  const count = series[0]?.values.length ?? 0;
  const sums = new Array<number>(count).fill(0);
  return series.map(({ name, values }) => {
    if (hidden.has(name)) return new Array<null>(count).fill(null);
    return sums.map((_, i) => (sums[i]! += values[i] ?? 0));
  });
}

// The largest value that is drawn, 0 when nothing is.
export function largest(columns: readonly (readonly (number | null)[])[]): number {
  let max = 0;
  for (const column of columns)
    for (const value of column) if (value != null && value > max) max = value;
  return max;
}

export interface Summary {
  min: number | null;
  max: number | null;
  last: number | null;
}

export function summaryOf(values: readonly (number | null)[]): Summary {
  const known = values.filter((value): value is number => value != null);
  return {
    min: known.length === 0 ? null : Math.min(...known),
    max: known.length === 0 ? null : Math.max(...known),
    last: known[known.length - 1] ?? null,
  };
}
