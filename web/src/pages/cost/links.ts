import type { TabLink } from 'widgets/layout/TabLinks';

export const COST_LINKS: readonly TabLink[] = [
  { to: '/cost', label: 'Spending' },
  { to: '/cost/budgets', label: 'Budgets' },
];
