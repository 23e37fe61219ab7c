// The versions of all prompts with their figures:
//
//   const prompts = usePromptVersions(view, view.live && SLOW_MS);
//   <Panel state={prompts}>{(versions) => compareVersions(versions)...}</Panel>

import { useMemo } from 'react';
import { useGet } from 'api/query';
import type { PanelState } from 'widgets/layout/Panel';
import type { View } from 'widgets/page/useView';
import { figuresOf, type VersionFigures } from './figures';

const VERSIONS_MAX = 1_000;
const GROUPS_MAX = 50;

export function usePromptVersions(
  view: View,
  everyMs: number | false,
): PanelState<readonly VersionFigures[]> & { isSuccess: boolean } {
  const prompts = useGet('/api/v1/prompts', { ...view.params, limit: VERSIONS_MAX }, { everyMs });
  const tools = useGet(
    '/api/v1/series',
    {
      ...view.params,
      kind: 'tool',
      by: 'prompt_name,prompt_version',
      measures: 'calls,errors',
      groups: GROUPS_MAX,
      points: 2,
    },
    { everyMs },
  );
  const list = prompts.data?.prompts;
  // Shares of tool calls wait for their number: they must not be told of a part.
  const settled = tools.data !== undefined || tools.error !== null;
  // Both of one window, or the shares are of nothing.
  const fitting = prompts.isPlaceholderData === tools.isPlaceholderData ? tools.data : undefined;
  const data = useMemo(
    () => (list && settled ? figuresOf(list, fitting) : undefined),
    [list, settled, fitting],
  );
  return {
    data,
    error: prompts.error,
    isPlaceholderData: prompts.isPlaceholderData || tools.isPlaceholderData,
    isSuccess: prompts.isSuccess && settled,
    refetch: () => Promise.all([prompts.refetch(), tools.refetch()]),
  };
}
