import { lazyRouteComponent } from '@tanstack/react-router';
import { searchOf, type Page } from 'widgets/page/page';

export const costPage: Page = {
  path: '/cost',
  search: searchOf('by', 'steps', 'rows', 'path', 'frame', 'who'),
  view: lazyRouteComponent(() => import('./CostView'), 'CostView'),
};

export const budgetsPage: Page = {
  path: '/cost/budgets',
  search: searchOf('budget'),
  view: lazyRouteComponent(() => import('./budgets/BudgetsView'), 'BudgetsView'),
};
