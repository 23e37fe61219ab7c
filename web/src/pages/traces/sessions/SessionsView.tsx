// Runs put together by the session they belong to, or by the user they worked for.

import { useInfiniteQuery } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useApi } from 'api/context';
import { plural } from 'base/format';
import { Choice, Select } from 'widgets/form/Choice';
import { EmptyState } from 'widgets/layout/EmptyState';
import { FirstSpan, useAnything } from 'widgets/layout/FirstSpan';
import { Panel } from 'widgets/layout/Panel';
import { TabLinks } from 'widgets/layout/TabLinks';
import { errorOfFilter } from 'widgets/page/errorOfFilter';
import { PageFrame } from 'widgets/page/PageFrame';
import { useView, type View } from 'widgets/page/useView';
import { DataTable } from 'widgets/table/DataTable';
import { TRACES_LINKS } from '../links';
import { SESSION_COLUMNS, USER_COLUMNS, type Group } from './columns';
import './SessionsView.css';

type By = 'session' | 'user';
type Order = 'last' | 'cost' | 'errors' | 'calls' | 'name';

const BY: readonly { value: By; label: string }[] = [
  { value: 'session', label: 'Session' },
  { value: 'user', label: 'User' },
];
const ORDERS: readonly { value: Order; label: string }[] = [
  { value: 'last', label: 'Latest first' },
  { value: 'cost', label: 'Most expensive first' },
  { value: 'errors', label: 'Most errors first' },
  { value: 'calls', label: 'Most calls first' },
  { value: 'name', label: 'By name' },
];
const PAGE_ROWS = 200;

const FIELD: Record<By, 'session_id' | 'user_id'> = { session: 'session_id', user: 'user_id' };

export function SessionsView() {
  const search: { by?: string; order?: string } = useSearch({ strict: false });
  const by = BY.find(({ value }) => value === search.by)?.value ?? 'session';
  const order = ORDERS.find(({ value }) => value === search.order)?.value ?? 'last';
  const view = useView();
  const query = useGroups(view, by, order);
  const anything = useAnything(query.isSuccess && query.data.rows.length === 0);
  if (anything === false) return <FirstSpan />;
  const noun = by === 'session' ? 'session' : 'user';
  return (
    <PageFrame
      title={by === 'session' ? 'Sessions' : 'Users'}
      view={view}
      filter
      filterError={errorOfFilter(query.error)}
      tabs={
        <div className="sessions-bar">
          <TabLinks label="Lists" links={TRACES_LINKS} />
          <Choice
            label="Group by"
            value={by}
            options={BY}
            onChange={(value) => view.change({ by: value === 'session' ? undefined : value })}
          />
          <span className="sessions-space" />
          <Select
            label="Order"
            value={order}
            options={ORDERS}
            onChange={(value) => view.change({ order: value === 'last' ? undefined : value })}
          />
        </div>
      }
    >
      <Panel
        title={by === 'session' ? 'Sessions' : 'Users'}
        flush
        help="Figures count the model calls, tool calls and traces that ended in this window and satisfy the filter."
        note={query.data && plural(query.data.total, noun)}
        state={query}
        empty={({ rows }) => rows.length === 0 && <Nothing by={by} />}
      >
        {({ rows, total }) => (
          <>
            <DataTable
              label={by === 'session' ? 'Sessions' : 'Users'}
              name={`traces.${by}s`}
              rows={rows}
              columns={by === 'session' ? SESSION_COLUMNS : USER_COLUMNS}
              rowKey={(row) => (by === 'session' ? row.session_id : row.user_id)}
              link={(row) => ({
                to: '/traces',
                narrow: { [FIELD[by]]: by === 'session' ? row.session_id : row.user_id },
              })}
              footer={
                rows.length < total ? `The first ${rows.length} of ${plural(total, noun)}` : null
              }
            />
            {query.hasNextPage && (
              <button
                type="button"
                className="button sessions-more"
                disabled={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {query.isFetchingNextPage ? 'Reading …' : 'Show more'}
              </button>
            )}
          </>
        )}
      </Panel>
    </PageFrame>
  );
}

interface Groups {
  rows: readonly Group[];
  total: number;
  next: string | null;
}

function useGroups(view: View, by: By, order: Order) {
  const api = useApi();
  const query = useInfiniteQuery({
    queryKey: ['trace groups', view.params, by, order],
    queryFn: async ({ pageParam, signal }): Promise<Groups> => {
      const params = { ...view.params, order, limit: PAGE_ROWS, cursor: pageParam };
      if (by === 'session') {
        const page = await api.get('/api/v1/sessions', params, signal);
        const rows = page.sessions.map((row) => ({ ...row, sessions: 1 }));
        return { rows, total: page.total_rows, next: page.next };
      }
      const page = await api.get('/api/v1/users', params, signal);
      const rows = page.users.map((row) => ({ ...row, session_id: '' }));
      return { rows, total: page.total_rows, next: page.next };
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: 5_000,
  });
  const pages = query.data?.pages;
  const data = useMemo(
    () =>
      pages && { rows: pages.flatMap(({ rows }) => rows), total: pages[pages.length - 1]!.total },
    [pages],
  );
  return { ...query, data } as typeof query & { data: typeof data };
}

function Nothing({ by }: { by: By }) {
  return by === 'session' ? (
    <EmptyState
      title="No session has a name here"
      command={'session.id = "chat-4711"\nx-pitot-session: chat-4711'}
    >
      Runs belong together when their spans carry the same session.id (gen_ai.conversation.id is
      taken too), or the gateway&apos;s callers send the header.
    </EmptyState>
  ) : (
    <EmptyState title="No call ended here">Choose a longer window, or another filter.</EmptyState>
  );
}
