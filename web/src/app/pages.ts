// Every page, one line each. pages.json has their paths for the server too.

import type { Page } from 'base/page';
import { tracePage } from 'pages/trace';
import { tracesPage } from 'pages/traces';

export const PAGES: readonly Page[] = [tracesPage, tracePage];
