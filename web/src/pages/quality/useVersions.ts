// The versions of one prompt, with what only asking for them by themselves tells: failed runs, refusals.

import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { PanelState } from 'widgets/layout/Panel';
import { narrowed } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';
import { newestFirst, type PromptsAnswer, type VersionFigures } from 'widgets/prompts/figures';

const VERSIONS_MAX = 1_000;
const REFUSED = 'finish_reason in (refusal, content_filter)';
const FAILED_RUN = 'trace.status = error';

export type Versions = PanelState<readonly VersionFigures[]>;

export function useVersions(
  view: View,
  prompt: string | null,
  all: PanelState<readonly VersionFigures[]>,
  everyMs: number | false,
): Versions {
  const q = narrowed(view.q, 'prompt_name', prompt ?? '');
  const ask = { enabled: prompt !== null && all.data !== undefined, everyMs };
  const limit = VERSIONS_MAX;
  const failed = useGet(
    '/api/v1/prompts',
    { ...view.params, q: `${q} AND ${FAILED_RUN}`, limit },
    ask,
  );
  const refused = useGet(
    '/api/v1/prompts',
    { ...view.params, q: `${q} AND ${REFUSED}`, limit },
    ask,
  );
  const data = useMemo(
    () =>
      all.data
        ?.filter((one) => one.prompt === prompt)
        .map((one) => ({
          ...one,
          failedRuns: countOf(failed, one, ({ traces }) => traces),
          refusals: countOf(refused, one, ({ calls }) => calls),
        }))
        .sort(newestFirst),
    [all.data, prompt, failed, refused],
  );
  return {
    data,
    error: all.error ?? failed.error ?? refused.error,
    isPlaceholderData: Boolean(all.isPlaceholderData) || failed.isPlaceholderData,
    refetch: () => Promise.all([all.refetch(), failed.refetch(), refused.refetch()]),
  };
}

// A version that the answer does not name has none; the answer to a former question says nothing.
function countOf(
  {
    data: answer,
    isPlaceholderData,
  }: { data: PromptsAnswer | undefined; isPlaceholderData: boolean },
  { prompt, version }: VersionFigures,
  of: (row: PromptsAnswer['prompts'][number]) => number,
): number | null {
  if (!answer || isPlaceholderData) return null;
  const row = answer.prompts.find(
    (one) => one.prompt_name === prompt && one.prompt_version === version,
  );
  return row ? of(row) : 0;
}
