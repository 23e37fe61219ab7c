import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const toolsPage: Page = {
  path: '/tools',
  search: searchOf('tool', 'as'),
  view: lazyRouteComponent(() => import('./ToolsView'), 'ToolsView'),
};

export const errorsPage: Page = {
  path: '/tools/errors',
  search: searchOf('class'),
  view: lazyRouteComponent(() => import('./ErrorsView'), 'ErrorsView'),
};
