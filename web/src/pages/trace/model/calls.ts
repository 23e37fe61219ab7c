// Which model call stands before a span: of its agent, the latest that began earlier.

import type { Span } from 'api/types';
import type { SpanTree } from './tree';

export function callBefore(tree: SpanTree, span: Span): Span | null {
  const scope = agentAbove(tree, tree.index.get(span.span_id) ?? -1);
  let found: Span | null = null;
  let foundInScope = false;
  tree.spans.forEach((other, row) => {
    if (other.kind !== 'llm' || other.span_id === span.span_id) return;
    if (other.usage_role !== undefined && other.usage_role !== 'leaf') return;
    if (other.offset_ms >= span.offset_ms && other.span_id !== span.parent_span_id) return;
    const inScope = agentAbove(tree, row) === scope;
    // Those of an agent's earlier run count only when this run has none.
    if (!inScope && (foundInScope || (other.agent ?? '') !== (span.agent ?? ''))) return;
    if (inScope === foundInScope && found && other.offset_ms < found.offset_ms) return;
    found = other;
    foundInScope = inScope;
  });
  return found;
}

// The row of the nearest agent above, -1 when there is none.
function agentAbove(tree: SpanTree, row: number): number {
  let at = row < 0 ? -1 : tree.parent[row]!;
  while (at >= 0 && tree.spans[at]!.kind !== 'agent') at = tree.parent[at]!;
  return at;
}
