// The parts of a place that have an address each, as a row of tabs below the head of their pages:
//
//   <PageFrame title="Cost" tabs={<TabLinks label="Cost" links={COST_LINKS} />}>

import { Link } from '@tanstack/react-router';
import { useCarried } from 'base/carried';
import './Tabs.css';

export interface TabLink {
  to: string;
  label: string;
}

export function TabLinks({ label, links }: { label: string; links: readonly TabLink[] }) {
  const carried = useCarried();
  return (
    <nav className="tab-row" aria-label={label}>
      {links.map(({ to, label: text }) => (
        <Link
          key={to}
          to={to}
          search={carried as never}
          className="tab-item"
          activeOptions={{ exact: true, includeSearch: false }}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
