// Tool calls by status over time, from what GET /api/v1/series answers for by=tool_status.

import { TOOL_STATUSES, type AnyToolStatus } from 'base/colors';
import type { SeriesAnswer } from 'widgets/chart/fromSeries';

// Calls of each status that occurs, or their share of the calls of the step; null where there were none.
export function statusShares(
  { groups, starts }: Pick<SeriesAnswer, 'groups' | 'starts'>,
  share: boolean,
): Map<AnyToolStatus, (number | null)[]> {
  const counts = new Map<AnyToolStatus, readonly number[]>();
  for (const { key, values } of groups) {
    const name = key['tool_status'] || 'unknown';
    const status = TOOL_STATUSES.find((one) => one === name) ?? 'unknown';
    counts.set(status, values.calls ?? []);
  }
  const sums = starts.map((_, i) =>
    [...counts.values()].reduce((sum, calls) => sum + (calls[i] ?? 0), 0),
  );
  return new Map(
    [...counts].map(([status, calls]) => [
      status,
      calls.map((count, i) => (!share ? count : sums[i]! > 0 ? count / sums[i]! : null)),
    ]),
  );
}
