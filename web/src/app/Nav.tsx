// The places to go: a rail at the left, folded to icons by choice; a menu behind a button on a phone.

import { Link, useRouterState } from '@tanstack/react-router';
import { useApi } from 'api/context';
import { useGet } from 'api/query';
import type { Carried } from 'base/carried';
import { plural } from 'base/format';
import { Icon } from 'widgets/figures/Icon';
import { ThemeToggle } from 'widgets/page/ThemeToggle';
import iconUrl from './icon.svg';
import { logOut } from './login';
import { PLACES, type Place } from './pages';

const ALERTS_EVERY_MS = 15_000;

interface NavProps {
  carried: Carried;
  menu: boolean; // Open, on a phone.
  onMenu: (open: boolean) => void;
  onFold: () => void;
  onHelp: () => void;
}

export function Nav({ carried, menu, onMenu, onFold, onHelp }: NavProps) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const here = PLACES.find((place) => isAt(place, path));
  return (
    <nav className="nav" aria-label="Pages">
      <div className="nav-top">
        <Link
          to="/"
          search={carried as never}
          className="nav-home"
          aria-label="Pitot"
          activeOptions={{ exact: true, includeSearch: false }}
          onClick={() => onMenu(false)}
        >
          <img src={iconUrl} width="22" height="22" alt="" />
          <span className="nav-word">Pitot</span>
        </Link>
        <span className="nav-here">{here?.label}</span>
        <button
          type="button"
          className="button plain nav-fold"
          aria-label="Fold or unfold the navigation"
          onClick={onFold}
        >
          <Icon name="fold" />
        </button>
        <button
          type="button"
          className="button plain nav-menu"
          aria-label="Menu"
          aria-expanded={menu}
          aria-controls="nav-body"
          onClick={() => onMenu(!menu)}
        >
          <Icon name={menu ? 'close' : 'menu'} />
        </button>
      </div>
      <div className="nav-body" id="nav-body">
        <ul className="nav-places">
          {PLACES.map((place) => (
            <li key={place.path} className={place.apart && 'nav-apart'}>
              <Link
                to={place.path}
                search={(place.plain ? {} : carried) as never}
                activeOptions={{ exact: true, includeSearch: false }}
                className={place === here ? 'nav-place nav-active' : 'nav-place'}
                aria-current={place === here ? 'page' : undefined}
                title={`${place.label} (g ${place.key})`}
                onClick={() => onMenu(false)}
              >
                <Icon name={place.icon} />
                <span className="nav-word">{place.label}</span>
                {place.path === '/alerts' && <Firing />}
              </Link>
            </li>
          ))}
        </ul>
        <div className="nav-foot">
          <LoggedIn />
          <div className="nav-tools">
            <ThemeToggle />
            <button
              type="button"
              className="button plain small"
              aria-label="Help: keys"
              aria-keyshortcuts="?"
              title="Keys (?)"
              onClick={onHelp}
            >
              <Icon name="help" />
            </button>
          </div>
        </div>
      </div>
    </nav>
  );
}

function isAt(place: Place, path: string): boolean {
  return place.path === '/'
    ? path === '/'
    : path === place.path || path.startsWith(`${place.path}/`);
}

// How many alerts fire and nobody has silenced.
function Firing() {
  const alerts = useGet(
    '/api/v1/alerts',
    { state: 'firing', limit: 1 },
    { everyMs: ALERTS_EVERY_MS },
  );
  const firing = alerts.data?.counts.firing ?? 0;
  if (firing === 0) return null;
  return (
    <span className="nav-badge" title={`${plural(firing, 'alert')} firing`}>
      {firing > 99 ? '99+' : firing}
      <span className="sr-only"> {firing === 1 ? 'alert' : 'alerts'} firing</span>
    </span>
  );
}

// Who is logged in, and the way out. Nothing where no login is needed.
function LoggedIn() {
  const api = useApi();
  const { data: session } = useGet('/api/v1/session', {}, { staleMs: Infinity });
  if (!session?.key || !session.csrf_token) return null;
  return (
    <div className="nav-session">
      <span
        className="nav-word cut"
        title={`${session.key.scopes.join(', ')}; project ${session.key.project}`}
      >
        {session.key.name}
      </span>
      <button
        type="button"
        className="button small"
        onClick={() => void logOut(() => api.post('/api/v1/logout', {}))}
      >
        Log out
      </button>
    </div>
  );
}
