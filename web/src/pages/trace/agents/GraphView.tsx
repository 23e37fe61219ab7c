// The graph: a box for each agent and tool, a line for who asks, hands over to, or uses whom.

import { useMemo } from 'react';
import { classes } from 'base/classes';
import { formatCost, formatDuration, formatInt, plural } from 'base/format';
import { visibleText } from 'base/text';
import type { AgentGraph, GraphEdge, GraphNode } from './graph';
import { layOut, NODE } from './layout';

const MARGIN_PX = 16;
const LINE_MAX_PX = 5;
const NAME_CHARS = 23;

interface GraphViewProps {
  graph: AgentGraph;
  selected: string | undefined;
  onSelect: (id: string) => void;
}

export function GraphView({ graph, selected, onSelect }: GraphViewProps) {
  const layout = useMemo(() => layOut(graph), [graph]);
  const most = graph.edges.reduce((max, { count }) => Math.max(max, count), 1);
  const near = useMemo(() => {
    if (selected === undefined) return null;
    const ids = new Set([selected]);
    for (const { from, to } of graph.edges) {
      if (from === selected) ids.add(to);
      if (to === selected) ids.add(from);
    }
    return ids;
  }, [graph, selected]);
  const faint = (edge: GraphEdge) =>
    selected !== undefined && edge.from !== selected && edge.to !== selected;
  const width = layout.width + 2 * MARGIN_PX;
  const height = layout.height + 2 * MARGIN_PX + (layout.edges.some(({ back }) => back) ? 24 : 0);
  return (
    // Focusable, so that it can be scrolled by the keyboard.
    <div
      className="agents-graph"
      tabIndex={0}
      role="group"
      aria-label="Agents and tools of the run"
    >
      <svg width={width} height={height} role="presentation">
        <defs>
          <marker
            id="agents-arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="8"
            markerHeight="8"
            markerUnits="userSpaceOnUse"
            orient="auto"
          >
            <path d="M 0 0.5 L 8 4 L 0 7.5 Z" className="agents-arrow" />
          </marker>
        </defs>
        <g transform={`translate(${MARGIN_PX} ${MARGIN_PX})`}>
          {layout.edges.map(({ id, path, back }, i) => {
            const edge = graph.edges[i]!;
            return (
              <path
                key={id}
                d={path}
                className={classes(
                  'agents-edge',
                  edge.kind === 'uses' && 'agents-uses',
                  edge.kind === 'hands over' && 'agents-hands',
                  back && 'agents-back',
                  edge.errors > 0 && 'agents-bad',
                  faint(edge) && 'agents-faint',
                )}
                style={{
                  strokeWidth:
                    1.25 + (LINE_MAX_PX - 1.25) * (Math.log(edge.count) / Math.log(most + 1)),
                }}
                markerEnd="url(#agents-arrow)"
              />
            );
          })}
          {graph.nodes.map((node) => {
            const { x, y } = layout.nodes.get(node.id)!;
            return (
              <Box
                key={node.id}
                node={node}
                x={x}
                y={y}
                on={node.id === selected}
                faint={near !== null && !near.has(node.id)}
                onSelect={onSelect}
              />
            );
          })}
          {layout.edges.map(({ id, labelX, labelY }, i) => {
            const edge = graph.edges[i]!;
            if (edge.count < 2 || faint(edge)) return null;
            return (
              <text key={id} x={labelX} y={labelY} className="agents-count" textAnchor="end">
                ×{formatInt(edge.count)}
              </text>
            );
          })}
        </g>
      </svg>
    </div>
  );
}

interface BoxProps {
  node: GraphNode;
  x: number;
  y: number;
  on: boolean;
  faint: boolean;
  onSelect: (id: string) => void;
}

function Box({ node, x, y, on, faint, onSelect }: BoxProps) {
  const [first, second] = linesOf(node);
  const name = visibleText(node.name);
  return (
    <g
      role="button"
      tabIndex={0}
      aria-pressed={on}
      className={classes(
        'agents-node',
        `agents-${node.kind}`,
        on && 'agents-on',
        faint && 'agents-faint',
      )}
      transform={`translate(${x} ${y})`}
      onClick={() => onSelect(node.id)}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        onSelect(node.id);
      }}
    >
      <rect width={NODE.width} height={NODE.height} rx={6} />
      <rect className="agents-side" width={4} height={NODE.height} rx={2} />
      <text className="agents-name" x={14} y={20}>
        {name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS - 1)}…` : name}
        {name.length > NAME_CHARS && <title>{name}</title>}
      </text>
      <text className="agents-figures" x={14} y={37}>
        {first}
      </text>
      <text className="agents-figures" x={14} y={52}>
        {second}
      </text>
      {node.errors > 0 && (
        <text className="agents-errors" x={NODE.width - 10} y={52} textAnchor="end">
          ⚠ {formatInt(node.errors)}
        </text>
      )}
      {node.again > 0 && (
        <text className="agents-figures" x={NODE.width - 10} y={20} textAnchor="end">
          ↻ {formatInt(node.again)}
        </text>
      )}
    </g>
  );
}

function linesOf(node: GraphNode): [string, string] {
  if (node.kind === 'tool') {
    return [
      `tool, ${plural(node.count, 'call')}`,
      `${formatDuration(node.ms)}${node.cost === null ? '' : ` · ${formatCost(node.cost)}`}`,
    ];
  }
  const did = [
    node.count > 1 && `${formatInt(node.count)} times`,
    plural(node.calls, 'call'),
    node.toolCalls > 0 && plural(node.toolCalls, 'tool'),
  ];
  const cost = node.cost === null ? '' : `${formatCost(node.cost)} · `;
  return [did.filter(Boolean).join(' · '), `${cost}${formatDuration(node.ms)}`];
}
