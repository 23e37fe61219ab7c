// A link to another page that keeps the window of time and the filter:
//
//   <ViewLink to="/latency" search={{ by: 'model' }}>...</ViewLink>
//   <ViewLink to="/traces" narrow={{ tool_name: 'search', tool_status: 'error' }}>...</ViewLink>

import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useCarried } from 'base/carried';
import { narrowed } from './narrow';
import { useHasPage } from './useHasPage';

interface ViewLinkProps {
  to: string;
  params?: Record<string, string>;
  search?: Record<string, string | undefined>; // Replaces what is carried.
  narrow?: Record<string, string>; // Fields and values added to the filter that is carried.
  className?: string;
  title?: string;
  label?: string; // For those who do not see what stands in it.
  children: ReactNode;
}

export function ViewLink(props: ViewLinkProps) {
  const { to, params, search, narrow, className, title, label, children } = props;
  const carried = useCarried();
  let q = carried.q ?? '';
  for (const [field, value] of Object.entries(narrow ?? {})) q = narrowed(q, field, value);
  if (!useHasPage(to)) return <span title={title}>{children}</span>;
  return (
    <Link
      to={to}
      params={(params ?? {}) as never}
      search={{ ...carried, q: q || undefined, ...search } as never}
      className={className}
      title={title}
      aria-label={label}
    >
      {children}
    </Link>
  );
}
