import type { Schema } from 'api/types';

type Budget = Schema<'Budget'>;

// The budget that the spend of a day is held against: the one for everything, a day's first, else that
// of a longer window; null when there is none.
export function dayBudget(budgets: readonly Budget[]): Budget | null {
  const wide = budgets.filter(({ scope }) => scope === 'global' || scope === 'project');
  const order: Budget['window'][] = ['day', 'week', 'month'];
  for (const window of order) {
    const found = wide
      .filter((budget) => budget.window === window && budget.limit_usd > 0)
      .sort((a, b) => b.spent_usd / b.limit_usd - a.spent_usd / a.limit_usd)[0];
    if (found) return found;
  }
  return null;
}
