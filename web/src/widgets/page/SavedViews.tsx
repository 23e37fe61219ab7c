// Views of a page under a name, kept on the server for everybody of the project: window, filter, and
// whatever else of the page's address is named.
//
//   <SavedViews page="/traces" names={['since', 'until', 'q', 'cols']} />

import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { useGet } from 'api/query';
import type { Schema } from 'api/types';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Menu, type MenuItem } from 'widgets/overlay/Menu';
import { ManageViewsDialog, SaveViewDialog } from './SavedViewsDialogs';
import { pickSearch, sameSearch, type SavedSearch } from './savedSearch';
import './SavedViews.css';

export type SavedView = Schema<'View'>;

interface SavedViewsProps {
  page: string;
  names: readonly string[]; // Parameters of the address that make up a view.
  else?: SavedSearch; // What of them holds where the address does not say: kept in this browser.
}

export function SavedViews({ page, names, else: unsaid }: SavedViewsProps) {
  const here = { ...unsaid, ...pickSearch(useSearch({ strict: false }), names) };
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<'save' | 'manage' | null>(null);
  const query = useGet('/api/v1/views', {}, { staleMs: 30_000 });
  const views = (query.data?.views ?? []).filter((view) => view.page === page);
  const current = views.find((view) => sameSearch(pickSearch(view.search, names), here));
  const items: MenuItem[] = [
    ...views.map((view): MenuItem => {
      return {
        label: visibleText(view.name),
        ...(view === current && { icon: 'check' as const }),
        onSelect: () => void navigate({ to: page, search: view.search as never }),
      };
    }),
    ...(query.error && !query.data
      ? [{ label: query.error.message, disabled: true, onSelect: () => {} }]
      : []),
    { label: 'Save this view …', icon: 'plus', onSelect: () => setDialog('save') },
    ...(views.length > 0
      ? [{ label: 'Manage views …', icon: 'edit' as const, onSelect: () => setDialog('manage') }]
      : []),
  ];
  return (
    <>
      <Menu label={labelOf(current, views.length)} icon="save" items={items}>
        <span className="views-name cut">{current ? visibleText(current.name) : 'Views'}</span>
      </Menu>
      {dialog === 'save' && (
        <SaveViewDialog page={page} search={here} views={views} onClose={() => setDialog(null)} />
      )}
      {dialog === 'manage' && (
        <ManageViewsDialog views={views} here={here} onClose={() => setDialog(null)} />
      )}
    </>
  );
}

function labelOf(current: SavedView | undefined, count: number): string {
  if (current) return `Saved views: ${visibleText(current.name)}`;
  return count === 0 ? 'Saved views' : `Saved views: ${plural(count, 'view')}`;
}
