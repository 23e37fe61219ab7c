import type { ChartSeries } from 'widgets/chart/series';

// Each series as its share of the sum; nothing where there is nothing to share.
export function sharesOf(series: readonly ChartSeries[]): ChartSeries[] {
  const sums = (series[0]?.values ?? []).map((_, i) =>
    series.reduce((sum, { values }) => sum + (values[i] ?? 0), 0),
  );
  return series.map((one) => ({
    ...one,
    values: one.values.map((value, i) => (sums[i] ? (value ?? 0) / sums[i]! : null)),
  }));
}
