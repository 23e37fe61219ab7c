// Who worked on a run, and who asked whom. Agents are told apart by their names: an agent that is asked
// again is one node with a higher count, and what goes back to it is an edge that goes back.

import type { Rollup } from '../model/rollup';
import type { SpanTree } from '../model/tree';
import { totalTokens } from '../model/usage';

export interface Figures {
  count: number; // Times that it was asked; calls of a tool.
  errors: number;
  ms: number; // All times together.
  cost: number | null;
  rows: number[]; // Of the tree: the spans that were counted, in their order.
}

export interface GraphNode extends Figures {
  id: string; // "agent planner", "tool search".
  kind: 'agent' | 'tool';
  name: string;
  calls: number; // Of a model, by the agent itself.
  toolCalls: number;
  tokens: number;
  again: number; // How often it was asked by itself.
}

export interface GraphEdge extends Figures {
  id: string;
  from: string;
  to: string;
  kind: 'asks' | 'hands over' | 'uses';
}

export interface AgentGraph {
  nodes: GraphNode[]; // In the order of their first span.
  edges: GraphEdge[];
}

// What stands above all agents is nobody's; it becomes a node only when it calls models or tools.
export const NOBODY = '(no agent)';

const none = (): Figures => ({ count: 0, errors: 0, ms: 0, cost: null, rows: [] });

export function buildGraph(tree: SpanTree, rollup: Rollup): AgentGraph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const node = (kind: GraphNode['kind'], name: string): GraphNode => {
    const id = `${kind} ${name}`;
    let found = nodes.get(id);
    if (!found) {
      found = { id, kind, name, calls: 0, toolCalls: 0, tokens: 0, again: 0, ...none() };
      nodes.set(id, found);
    }
    return found;
  };
  const edge = (from: GraphNode, to: GraphNode, kind: GraphEdge['kind']): GraphEdge => {
    const id = `${from.id} > ${to.id} ${kind}`;
    let found = edges.get(id);
    if (!found) {
      found = { id, from: from.id, to: to.id, kind, ...none() };
      edges.set(id, found);
    }
    return found;
  };
  const add = (figures: Figures, row: number, cost: number) => {
    const span = tree.spans[row]!;
    figures.count += 1;
    figures.ms += Math.max(0, span.duration_ms);
    figures.errors += span.status === 'error' ? 1 : 0;
    if (!Number.isNaN(cost)) figures.cost = (figures.cost ?? 0) + cost;
    figures.rows.push(row);
  };
  const before = new Map<number, GraphNode>(); // The agent before, below a span of nobody's.

  tree.spans.forEach((span, row) => {
    const parent = tree.parent[row]!;
    const name = span.agent ?? '';
    const above = parent < 0 ? '' : (tree.spans[parent]!.agent ?? '');
    const isAgent = span.kind === 'agent' && name !== '';
    const busy = span.kind === 'llm' || span.kind === 'tool';
    if (name === '' && !busy) return;
    const self = node('agent', name === '' ? NOBODY : name);

    const itself = isAgent && name === above && repeats(tree, row);
    const enters = name !== '' && (name !== above || itself);
    if (enters) {
      add(self, row, NaN);
      const total = rollup.total[row]!;
      if (itself) self.again += 1;
      else if (above !== '') add(edge(node('agent', above), self, 'asks'), row, total);
      else {
        const last = before.get(parent);
        if (last && last !== self && isAgent) add(edge(last, self, 'hands over'), row, total);
        before.set(parent, self);
      }
    }
    const own = rollup.own[row]!;
    if (!Number.isNaN(own)) self.cost = (self.cost ?? 0) + own;
    if (span.kind === 'llm') {
      self.calls += 1;
      if (span.counted) self.tokens += totalTokens(span);
    }
    if (span.kind === 'tool') {
      self.toolCalls += 1;
      const tool = node('tool', span.tool_name ?? span.name);
      add(tool, row, own);
      add(edge(self, tool, 'uses'), row, own);
    }
  });
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

// Whether an agent's span stands below another one of the same name: frameworks wrap a run in several
// spans of the agent, which are one run.
function repeats(tree: SpanTree, row: number): boolean {
  const { name } = tree.spans[row]!;
  for (let at = tree.parent[row]!; at >= 0; at = tree.parent[at]!) {
    const span = tree.spans[at]!;
    if (span.agent !== tree.spans[row]!.agent) return false;
    if (span.kind === 'agent' && span.name === name) return true;
  }
  return false;
}

// The agents alone.
export function withoutTools({ nodes, edges }: AgentGraph): AgentGraph {
  return {
    nodes: nodes.filter(({ kind }) => kind === 'agent'),
    edges: edges.filter(({ kind }) => kind !== 'uses'),
  };
}
