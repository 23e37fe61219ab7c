// The tree of GET /api/v1/cost/tree as a flame graph shows it.

import type { Schema } from 'api/types';
import type { FlameNode } from 'widgets/chart/flame';

export type CostNode = Schema<'CostNode'>;

export interface CostFrame extends FlameNode {
  cost: number | null;
  calls: number;
  unpriced: number;
  children: readonly CostFrame[];
}

export const REST = '(other)';

// Levels at which nobody has a name, agents that nobody named say, only take up room: they are left out.
export function frameOf(root: CostNode): CostFrame {
  const named = new Set<string>();
  const look = (node: CostNode) => {
    if (node.field && (node.other || node.name)) named.add(node.field);
    node.children.forEach(look);
  };
  look(root);
  const seen = (node: CostNode): CostNode[] =>
    node.field && !named.has(node.field) ? node.children.flatMap(seen) : [node];
  const make = (node: CostNode): CostFrame => ({
    name: node.other ? REST : (node.name ?? ''),
    field: node.field ?? null,
    value: node.cost_usd ?? 0,
    cost: node.cost_usd,
    calls: node.calls,
    unpriced: node.unpriced_calls,
    ...(node.other && { other: true }),
    children: node.children.flatMap(seen).map(make),
  });
  return make(root);
}

// What of a frame's cost is in none of the frames below it that are shown.
export function ownCost({ cost, children }: CostFrame): number | null {
  if (cost === null) return null;
  const below = children.reduce((sum, child) => sum + (child.other ? 0 : child.value), 0);
  // What is left by adding up fractions is nothing.
  return cost - below > 1e-9 ? cost - below : 0;
}

// Fields and values of the spans in the last frame of a path.
export function narrowOf(path: readonly FlameNode[]): Record<string, string> {
  return Object.fromEntries(
    path.filter(({ field, other }) => field && !other).map(({ field, name }) => [field!, name]),
  );
}

// The path to a frame in an address: names may hold anything.
export const frameText = (names: readonly string[]): string | undefined =>
  names.length === 0 ? undefined : names.map((name) => `/${encodeURIComponent(name)}`).join('');

export function frameNames(text: string | undefined): readonly string[] {
  if (!text) return [];
  try {
    return text.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}
