import { useAsk } from 'api/query';
import type { View } from 'widgets/page/useView';

export type RunbookName = 'latency' | 'errors' | 'cost';

// The report of a runbook on the window and the filter of the page, or on an alert. It reads only; it
// is asked for when somebody chose one, and again when the window or the filter changes.
export function useRunbook(name: RunbookName | null, alert: string | undefined, view: View) {
  const { since, until, q } = view.params;
  return useAsk(
    '/api/v1/runbooks/{name}',
    { name: name ?? 'errors' },
    alert === undefined
      ? { since, ...(until !== undefined && { until }), ...(q !== undefined && { q }) }
      : { alert },
    { enabled: name !== null },
  );
}
