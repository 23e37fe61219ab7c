// Every page, one line each. pages.json has their paths for the server too.

import type { Page } from 'widgets/page/page';
import type { IconName } from 'widgets/figures/Icon';
import { alertPages } from 'pages/alerts';
import { comparePage } from 'pages/compare';
import { budgetsPage, costPage } from 'pages/cost';
import { latencyPage } from 'pages/latency';
import { overviewPage } from 'pages/overview';
import { preflightPage } from 'pages/preflight';
import { qualityPage } from 'pages/quality';
import { settingsPages } from 'pages/settings';
import { sqlPage } from 'pages/sql';
import { errorsPage, toolsPage } from 'pages/tools';
import { tracePage } from 'pages/trace';
import { sessionsPage, tracesPage } from 'pages/traces';

export const PAGES: readonly Page[] = [
  overviewPage,
  tracesPage,
  tracePage,
  comparePage,
  latencyPage,
  toolsPage,
  errorsPage,
  costPage,
  budgetsPage,
  sessionsPage,
  ...alertPages,
  preflightPage,
  sqlPage,
  qualityPage,
  ...settingsPages,
];

// A place of the navigation: a page that is there for everybody to go to.
export interface Place {
  path: string; // Of a page above, without $arguments; pages below it belong to the place.
  label: string;
  icon: IconName;
  key: string; // g, then this key, goes there.
  plain?: true; // Knows no window of time and no filter: the address carries none.
  apart?: true; // Stands by itself at the end.
}

export const PLACES: readonly Place[] = [
  { path: '/', label: 'Overview', icon: 'overview', key: 'o' },
  { path: '/traces', label: 'Traces', icon: 'traces', key: 't' },
  { path: '/cost', label: 'Cost', icon: 'cost', key: 'c' },
  { path: '/latency', label: 'Latency', icon: 'latency', key: 'l' },
  { path: '/tools', label: 'Tools', icon: 'tool', key: 'e' },
  { path: '/quality', label: 'Quality', icon: 'quality', key: 'q' },
  { path: '/alerts', label: 'Alerts', icon: 'alerts', key: 'a' },
  { path: '/preflight', label: 'Preflight', icon: 'preflight', key: 'p', plain: true },
  { path: '/sql', label: 'SQL', icon: 'sql', key: 's', plain: true },
  { path: '/settings', label: 'Settings', icon: 'settings', key: ',', plain: true, apart: true },
];
