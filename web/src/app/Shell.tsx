import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useRouterState, type ErrorComponentProps } from '@tanstack/react-router';
import { useRef } from 'react';
import { useApi } from 'api/context';
import { ListSearchProvider, type ListSearch } from 'base/listSearch';
import { ErrorNotice, Notice } from 'widgets/Notice';
import iconUrl from './icon.svg';
import './Shell.css';

export function Shell() {
  const here: ListSearch | null = useRouterState({
    select: (state): ListSearch | null =>
      state.location.pathname === '/traces' ? (state.location.search as ListSearch) : null,
  });
  const left = useRef<ListSearch>({});
  if (here) left.current = here;
  return (
    <ListSearchProvider value={left.current}>
      <div className="shell">
        <nav className="nav" aria-label="Pages">
          <Link to="/traces" className="nav-home">
            <img src={iconUrl} width="20" height="20" alt="" />
            Pitot
          </Link>
          <Link
            to="/traces"
            search={left.current}
            className="nav-link"
            activeProps={{ className: 'nav-link nav-active' }}
          >
            Traces
          </Link>
          <LoggedIn />
        </nav>
        <div className="shell-page">
          <Outlet />
        </div>
      </div>
    </ListSearchProvider>
  );
}

// Who is logged in, and the way out. Nothing where no login is needed.
function LoggedIn() {
  const api = useApi();
  const { data: session } = useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => api.session(signal),
    staleTime: Infinity,
  });
  if (!session?.key || !session.csrf_token) return null;
  return (
    <div className="nav-session">
      <span title={`${session.key.scopes.join(', ')}; project ${session.key.project}`}>
        {session.key.name}
      </span>
      <button type="button" onClick={() => void api.logout().finally(() => location.assign('/'))}>
        Log out
      </button>
    </div>
  );
}

export function NotFound() {
  return (
    <Notice title="There is no such page">
      <Link to="/traces">To the traces</Link>
    </Notice>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return <ErrorNotice error={error} retry={reset} />;
}
