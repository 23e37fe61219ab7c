import { Link, Outlet, useRouterState, type ErrorComponentProps } from '@tanstack/react-router';
import { useRef } from 'react';
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
        </nav>
        <div className="shell-page">
          <Outlet />
        </div>
      </div>
    </ListSearchProvider>
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
