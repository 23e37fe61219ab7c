// Versions of prompts: what each does, what changed with the last one, and whether chance explains it.

import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { EmptyState } from 'widgets/layout/EmptyState';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { usePromptVersions } from 'widgets/prompts/usePromptVersions';
import { ComparePanel } from './ComparePanel';
import { PromptsPanel } from './PromptsPanel';
import { promptsOf } from './prompts';
import { Setup } from './Setup';
import { SharePanel } from './SharePanel';
import { useVersions } from './useVersions';
import { VersionsPanel } from './VersionsPanel';
import './quality.css';

const SLOW_MS = 30_000;

export function QualityView() {
  const search: { prompt?: string; a?: string; b?: string } = useSearch({ strict: false });
  const view = useView();
  const everyMs = view.live && SLOW_MS;
  const all = usePromptVersions(view, everyMs);
  const prompts = useMemo(() => promptsOf(all.data ?? []), [all.data]);
  const nothing = all.isSuccess && prompts.length === 0;
  const anything = useAnything(nothing);
  const chosen = search.prompt ?? prompts[0]?.prompt ?? null;
  const versions = useVersions(view, chosen, all, everyMs);
  if (anything === false) return <FirstSpan />;
  return (
    <PageFrame title="Quality" view={view} filter filterError={errorOfFilter(all.error)}>
      {nothing && anything ? (
        <Setup />
      ) : (
        <Panels>
          <PromptsPanel state={all} prompts={prompts} chosen={chosen} />
          {chosen !== null && all.isSuccess && (
            <>
              <ComparePanel view={view} prompt={chosen} versions={versions} search={search} />
              <SharePanel view={view} prompt={chosen} versions={versions} />
              <VersionsPanel prompt={chosen} versions={versions} />
            </>
          )}
          {chosen === null && all.isSuccess && (
            <EmptyState title="No prompt has a name in this window" />
          )}
        </Panels>
      )}
    </PageFrame>
  );
}
