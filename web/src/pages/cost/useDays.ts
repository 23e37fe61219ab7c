// Spending by the reader's own days, told apart by the largest groups of the window.

import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { ChartSeries } from 'widgets/chart/series';
import type { PanelState } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { DAY } from './dimensions';
import { daySeries, daysOf, onlyGroups, TIMEZONE } from './days';
import { FRESH_MS } from './fresh';
import { keyText } from './rows';

const GROUPS = 8;
const ROWS = 400;

export interface Days {
  times: readonly number[];
  series: readonly ChartSeries[];
}

export function useDays(view: View, by: string | undefined, enabled: boolean): PanelState<Days> {
  const everyMs = view.live && FRESH_MS;
  const totals = useGet(
    '/api/v1/cost',
    { ...view.params, by: DAY, timezone: TIMEZONE, limit: ROWS },
    { enabled, everyMs },
  );
  const top = useGet(
    '/api/v1/cost',
    { ...view.params, by: by ?? '', timezone: TIMEZONE, limit: GROUPS },
    { enabled: enabled && by !== undefined, everyMs },
  );
  const values = useMemo(
    () => (by === undefined ? [] : (top.data?.groups ?? []).map(({ key }) => keyText(key[by]))),
    [top.data, by],
  );
  const groups = useGet(
    '/api/v1/cost',
    {
      ...view.params,
      q: onlyGroups(view.q, by ?? '', values),
      by: `${DAY},${by ?? ''}`,
      timezone: TIMEZONE,
      limit: ROWS,
    },
    { enabled: enabled && values.length > 0, everyMs },
  );
  const { fromMs, toMs } = view.bounds();
  const firstDay = new Date(fromMs).setHours(0, 0, 0, 0);
  const lastDay = new Date(toMs).setHours(0, 0, 0, 0);
  const data = useMemo((): Days | undefined => {
    if (!totals.data || (values.length > 0 && !groups.data)) return undefined;
    const times = daysOf(firstDay, lastDay + 1);
    return {
      times,
      series: daySeries(times, by ?? '', values, groups.data?.groups ?? [], totals.data.groups),
    };
  }, [totals.data, groups.data, values, by, firstDay, lastDay]);
  return {
    data,
    error: totals.error ?? top.error ?? groups.error,
    refetch: () => Promise.all([totals, top, groups].map((query) => query.refetch())),
  };
}
