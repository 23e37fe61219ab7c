// Which tools failed, and how: by tool, over time, by prompt version, and in which runs one was called
// again and again.

import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useGet } from 'api/query';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { TabLinks } from 'widgets/layout/TabLinks';
import { failingShare } from 'widgets/figures/failing';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame, Panels } from 'widgets/page/PageFrame';
import { useView } from 'widgets/page/useView';
import { DriftPanel } from './DriftPanel';
import type { Tool } from './drift';
import { TOOLS_LINKS } from './links';
import { RepeatsPanel } from './RepeatsPanel';
import { StatusPanel } from './StatusPanel';
import { ToolsPanel } from './ToolsPanel';
import { FRESH_MS, TOOLS_MAX } from './fresh';
import './tools.css';

const VERSIONS = 6;

export function ToolsView() {
  const view = useView();
  const search: { tool?: string } = useSearch({ strict: false });
  const everyMs = view.live && FRESH_MS;
  const tools = useGet(
    '/api/v1/tools',
    { ...view.params, limit: TOOLS_MAX, versions: VERSIONS },
    { everyMs },
  );
  const list = useMemo(() => worstFirst(tools.data?.tools ?? []), [tools.data]);
  // Empty because of the window and the filter, or because nothing was ever sent?
  const anything = useAnything(tools.data?.total.calls === 0);
  if (anything === false) return <FirstSpan />;
  const tool = search.tool ?? list[0]?.tool;
  const choose = (next: string) => view.change({ tool: next });
  return (
    <PageFrame
      title="Tools"
      view={view}
      filter
      filterError={errorOfFilter(tools.error)}
      tabs={<TabLinks label="Tools and errors" links={TOOLS_LINKS} />}
    >
      <Panels>
        <ToolsPanel view={view} tools={tools} list={list} chosen={tool} onChoose={choose} />
        {tool !== undefined && (
          <StatusPanel view={view} tool={tool} names={list} onChoose={choose} />
        )}
        <DriftPanel tools={tools} />
        <RepeatsPanel view={view} />
      </Panels>
    </PageFrame>
  );
}

function worstFirst(tools: readonly Tool[]): readonly Tool[] {
  return [...tools].sort((a, b) => failingShare(b) - failingShare(a) || b.calls - a.calls);
}
