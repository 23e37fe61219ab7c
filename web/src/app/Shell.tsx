// What stands around every page: the places to go, who is logged in, the theme, the help.

import { Link, Outlet, useRouterState, type ErrorComponentProps } from '@tanstack/react-router';
import { useCallback, useRef, useState } from 'react';
import { CarriedProvider, type Carried } from 'base/carried';
import { classes } from 'base/classes';
import { useStored } from 'base/stored';
import { Icon } from 'widgets/figures/Icon';
import { ErrorNotice, Notice, Waiting } from 'widgets/layout/Notice';
import { ToastProvider } from 'widgets/overlay/Toast';
import { HelpDialog } from './HelpDialog';
import { Nav } from './Nav';
import { useKeys } from './useKeys';
import './Shell.css';

export function Shell() {
  const carried = useLastSeen();
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  const [wide, setWide] = useStored('nav.wide', 1);
  useKeys(
    carried,
    useCallback(() => setHelp(true), []),
  );
  return (
    <CarriedProvider value={carried}>
      <ToastProvider>
        <div className={classes('shell', wide === 2 && 'shell-narrow', menu && 'shell-menu')}>
          <a className="shell-skip" href="#page">
            To the page
          </a>
          <Nav
            carried={carried}
            menu={menu}
            onMenu={setMenu}
            onFold={() => setWide(wide === 2 ? 1 : 2)}
            onHelp={() => setHelp(true)}
          />
          <div className="shell-page" id="page" tabIndex={-1}>
            <Outlet />
          </div>
        </div>
        {help && <HelpDialog onClose={() => setHelp(false)} />}
      </ToastProvider>
    </CarriedProvider>
  );
}

// The window and the filter of the last page that knows them (base/page.ts, searchOf): pages that do not
// must not lose them.
function useLastSeen(): Carried {
  const seen = useRef<Carried>({});
  const here = useRouterState({
    select: ({ matches }): Carried | undefined => {
      const search: Carried = matches[matches.length - 1]?.search ?? {};
      return 'since' in search ? search : undefined;
    },
  });
  if (here) {
    const { since, until, q } = here;
    const { current } = seen;
    if (since !== current.since || until !== current.until || q !== current.q) {
      seen.current = { since, until, q };
    }
  }
  return seen.current;
}

export function NotFound() {
  return (
    <Notice title="There is no such page">
      <Link to="/" className="button">
        <Icon name="back" />
        To the overview
      </Link>
    </Notice>
  );
}

export function PagePending() {
  return <Waiting title="Loading the page …" />;
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  return <ErrorNotice error={error} retry={reset} />;
}
