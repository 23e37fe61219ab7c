// The agents of a run as a graph, and the same as tables.

import { useMemo } from 'react';
import { formatCost, formatCount, formatDuration, formatInt, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Duration, Money } from 'widgets/figures/cells';
import { EmptyState } from 'widgets/layout/EmptyState';
import { Panel } from 'widgets/layout/Panel';
import { DataTable } from 'widgets/table/DataTable';
import type { Column } from 'widgets/table/columns';
import { rollUp } from '../model/rollup';
import { searchOf, type SpanTree } from '../model/tree';
import type { TraceTabProps } from '../tabs';
import { buildGraph, NOBODY, withoutTools, type GraphEdge, type GraphNode } from './graph';
import { GraphView } from './GraphView';
import './Agents.css';

// With more agents their tools would hide them, until somebody asks for them.
const AGENTS_WITH_TOOLS_MAX = 8;
const RUNS_SHOWN = 50;

export function AgentsTab({ tree, search, change }: TraceTabProps) {
  const all = useMemo(() => buildGraph(tree, rollUp(tree)), [tree]);
  const agents = all.nodes.filter(({ kind }) => kind === 'agent');
  const tools =
    search.tools === undefined ? agents.length <= AGENTS_WITH_TOOLS_MAX : search.tools === 'yes';
  const graph = useMemo(() => (tools ? all : withoutTools(all)), [all, tools]);
  const selected = graph.nodes.find(({ id }) => id === search.agent);
  const select = (id: string) => change({ agent: id === search.agent ? undefined : id });
  if (all.nodes.length === 0) {
    return (
      <EmptyState title="No span of this trace names an agent">
        <p>
          Set <code>gen_ai.agent.name</code> on the spans of an agent, or give them the kind agent.
        </p>
      </EmptyState>
    );
  }
  return (
    <div className="agents">
      <Panel
        title="Who asked whom"
        help="An agent that was asked several times is one box; a line back, dashed below, leads to one that had worked before. Cost is the agent’s own, without those it asked."
        note={`${plural(agents.length, 'agent')}, ${plural(all.nodes.length - agents.length, 'tool')}`}
        actions={
          <label className="agents-tools">
            <input
              type="checkbox"
              checked={tools}
              onChange={(event) => change({ tools: event.target.checked ? 'yes' : 'no' })}
            />
            Tools
          </label>
        }
        flush
      >
        <GraphView graph={graph} selected={selected?.id} onSelect={select} />
        {selected && (
          <Selected
            node={selected}
            tree={tree}
            onSpan={(span) => change({ span })}
            onTimeline={() =>
              change(
                {
                  view: undefined,
                  find: searchOf(selected.kind, selected.name),
                },
                'push',
              )
            }
          />
        )}
      </Panel>
      <Panel title="Agents and tools" flush>
        <DataTable
          label="Agents and tools"
          rows={all.nodes}
          columns={NODE_COLUMNS}
          rowKey={({ id }) => id}
          onOpen={({ id }) => select(id)}
          {...(selected && { active: selected.id })}
        />
      </Panel>
      {all.edges.length > 0 && (
        <Panel title="Delegations, hand-offs and tools used" flush>
          <DataTable
            label="Delegations, hand-offs and tools used"
            rows={all.edges}
            columns={EDGE_COLUMNS}
            rowKey={({ id }) => id}
            onOpen={({ rows }) => change({ span: tree.spans[rows[0]!]!.span_id })}
          />
        </Panel>
      )}
    </div>
  );
}

interface SelectedProps {
  node: GraphNode;
  tree: SpanTree;
  onSpan: (spanId: string) => void;
  onTimeline: () => void;
}

// The spans behind a box.
function Selected({ node, tree, onSpan, onTimeline }: SelectedProps) {
  const name = visibleText(node.name);
  return (
    <section className="agents-selected" aria-label={`Spans of ${name}`}>
      <div className="agents-selected-head">
        <h3 className="cut" title={name}>
          {name}
        </h3>
        <span className="dim">
          {node.kind === 'agent'
            ? `${plural(node.calls, 'model call')}, ${formatCount(node.tokens)} tokens, ${formatCost(node.cost)}`
            : plural(node.count, 'call')}
        </span>
        {node.name !== NOBODY && (
          <button type="button" className="button small" onClick={onTimeline}>
            Find in the timeline
          </button>
        )}
      </div>
      <ul className="agents-runs">
        {node.rows.slice(0, RUNS_SHOWN).map((row) => {
          const span = tree.spans[row]!;
          return (
            <li key={span.span_id}>
              <button
                type="button"
                className="button plain small"
                onClick={() => onSpan(span.span_id)}
              >
                {visibleText(span.name)}
              </button>
              <span className="dim">
                at {formatDuration(span.offset_ms)}, {formatDuration(span.duration_ms)}
              </span>
              {span.status === 'error' && <span className="bad">error</span>}
            </li>
          );
        })}
      </ul>
      {node.rows.length > RUNS_SHOWN && (
        <p className="dim">
          The first {RUNS_SHOWN} of {formatInt(node.rows.length)}.
        </p>
      )}
    </section>
  );
}

const figureColumns = <Row extends GraphNode | GraphEdge>(): Column<Row>[] => [
  {
    id: 'errors',
    label: 'Errors',
    number: true,
    width: '72px',
    value: ({ errors }) => errors,
    cell: ({ errors }) => <Count value={errors} bad />,
  },
  {
    id: 'ms',
    label: 'Time',
    title: 'All times together, also where they overlap',
    number: true,
    width: '90px',
    value: ({ ms }) => ms,
    cell: ({ ms }) => <Duration ms={ms} />,
  },
  {
    id: 'cost',
    label: 'Cost',
    number: true,
    width: '90px',
    value: ({ cost }) => cost,
    cell: ({ cost }) => <Money usd={cost} />,
  },
];

const NODE_COLUMNS: readonly Column<GraphNode>[] = [
  { id: 'name', label: 'Name', width: 'minmax(140px, 2fr)', value: ({ name }) => name },
  { id: 'kind', label: 'Kind', width: '70px', value: ({ kind }) => kind },
  {
    id: 'count',
    label: 'Times',
    title: 'How often an agent was asked, or a tool called',
    number: true,
    width: '72px',
    value: ({ count }) => count,
  },
  {
    id: 'calls',
    label: 'Model calls',
    number: true,
    width: '90px',
    value: ({ kind, calls }) => (kind === 'agent' ? calls : null),
    cell: ({ kind, calls }) => (kind === 'agent' ? formatInt(calls) : ''),
  },
  {
    id: 'tokens',
    label: 'Tokens',
    number: true,
    width: '84px',
    value: ({ kind, tokens }) => (kind === 'agent' ? tokens : null),
    cell: ({ kind, tokens }) => (kind === 'agent' ? formatCount(tokens) : ''),
  },
  ...figureColumns<GraphNode>(),
];

const nameOf = (id: string) => id.slice(id.indexOf(' ') + 1);

const EDGE_COLUMNS: readonly Column<GraphEdge>[] = [
  { id: 'from', label: 'From', width: 'minmax(120px, 1fr)', value: ({ from }) => nameOf(from) },
  { id: 'kind', label: 'Relation', width: '90px', value: ({ kind }) => kind },
  { id: 'to', label: 'To', width: 'minmax(120px, 1fr)', value: ({ to }) => nameOf(to) },
  { id: 'count', label: 'Times', number: true, width: '72px', value: ({ count }) => count },
  ...figureColumns<GraphEdge>(),
];
