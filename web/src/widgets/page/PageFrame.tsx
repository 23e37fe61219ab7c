// A page: its head, and below what scrolls. The head has the title, the window of time and the filter
// where the page knows them, and the page's own buttons:
//
//   const view = useView();
//   <PageFrame title="Cost" view={view} filter filterError={errorOfFilter(cost.error)}>
//     <Panels>...</Panels>
//   </PageFrame>

import { useEffect, type ReactNode } from 'react';
import { useTitle } from 'base/title';
import { FilterBar } from 'widgets/filter/FilterBar';
import { RangePicker } from './RangePicker';
import type { View } from './useView';
import './PageFrame.css';

interface PageHeadProps {
  title: string;
  view?: View; // With it the head has the range picker.
  filter?: boolean; // ... and the filter bar.
  filterError?: string | null; // What the server says of the filter: errorOfFilter(query.error).
  note?: ReactNode; // Beside the title.
  actions?: ReactNode;
  tabs?: ReactNode; // A row of links or tabs below.
}

export function PageHead(props: PageHeadProps) {
  const { title, view, filter = false, filterError = null, note, actions, tabs } = props;
  useTitle(title);
  return (
    <header className={tabs ? 'page-head page-head-tabs' : 'page-head'}>
      <div className="page-bar">
        <h1>{title}</h1>
        {note !== undefined && <div className="page-note">{note}</div>}
        {view && filter ? (
          <FilterBar
            value={view.q}
            since={view.since}
            error={filterError}
            onChange={(q) => view.change({ q: q || undefined })}
          />
        ) : (
          <span className="page-space" />
        )}
        {view && (
          <RangePicker
            since={view.since}
            until={view.until}
            onChange={(since, until) => view.change({ since, until })}
          />
        )}
        {actions}
      </div>
      {tabs}
    </header>
  );
}

export function PageFrame({ children, ...head }: PageHeadProps & { children: ReactNode }) {
  useEffect(() => document.getElementById('page-body')?.focus({ preventScroll: true }), []);
  return (
    <main className="page">
      <PageHead {...head} />
      <div className="page-body" id="page-body" tabIndex={-1}>
        {children}
      </div>
    </main>
  );
}

// A grid of panels, each as wide as its `cols` of twelve say where there is room.
export function Panels({ children }: { children: ReactNode }) {
  return <div className="panels">{children}</div>;
}
