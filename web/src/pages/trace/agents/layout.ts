// Places for the nodes of a graph in layers from left to right: who asks stands left of who is asked. No
// more than agents need: rank by the longest way, few crossings by the mean of the neighbours.

import type { AgentGraph } from './graph';

export const NODE = { width: 190, height: 62 };
const GAP = { x: 96, y: 16 };
const LANE_PX = 6;
const SWEEPS = 4;

export interface PlacedNode {
  id: string;
  x: number; // Of the left upper corner.
  y: number;
}

export interface PlacedEdge {
  id: string;
  path: string; // Of an SVG.
  back: boolean; // Goes to a layer at or before its own.
  labelX: number;
  labelY: number;
}

export interface Layout {
  nodes: Map<string, PlacedNode>;
  edges: PlacedEdge[];
  width: number;
  height: number;
}

export function layOut({ nodes, edges }: AgentGraph): Layout {
  const order = new Map(nodes.map(({ id }, i) => [id, i]));
  const links = edges.map((edge) => ({ from: order.get(edge.from)!, to: order.get(edge.to)! }));
  const rank = [...ranksOf(nodes.length, links)];
  // Tools stand together behind all agents.
  const agents = rank.filter((_, i) => nodes[i]!.kind === 'agent');
  const last = agents.reduce((max, at) => Math.max(max, at), 0);
  nodes.forEach(({ kind }, i) => {
    if (kind === 'tool') rank[i] = last + 1;
  });
  const ways = addLanes(rank, links);
  const layers = sortLayers(rank, ways.flat());

  const placed: PlacedNode[] = [];
  let height = 0;
  layers.forEach((layer, at) => {
    let y = 0;
    for (const item of layer) {
      const size = item < nodes.length ? NODE.height : LANE_PX;
      placed[item] = { id: nodes[item]?.id ?? '', x: at * (NODE.width + GAP.x), y };
      y += size + GAP.y;
    }
    height = Math.max(height, y - GAP.y);
  });
  const drawn = edges.map(({ id }, i) => {
    const { from, to } = links[i]!;
    const [first, second] = [placed[from]!, placed[to]!];
    if (rank[from]! >= rank[to]!) return drawBack(id, first, second);
    const lanes = ways[i]!.slice(0, -1).map((link) => placed[link.to]!);
    return drawForward(id, first, second, lanes);
  });
  const width = Math.max(1, layers.length) * (NODE.width + GAP.x) - GAP.x;
  const boxes = placed.slice(0, nodes.length).map((box) => [box.id, box] as const);
  return { nodes: new Map(boxes), edges: drawn, width, height };
}

// An edge over several layers needs room in those between, or it would run behind their nodes: a lane,
// shared by all that lead to the same node. Gives back each edge as steps from layer to layer; lanes are
// further items behind the nodes of `rank`.
function addLanes(rank: number[], links: readonly Link[]): Link[][] {
  const lanes = new Map<string, number>();
  return links.map(({ from, to }) => {
    const way: Link[] = [];
    let at = from;
    for (let layer = rank[from]! + 1; layer < rank[to]!; ++layer) {
      const key = `${to} ${layer}`;
      let lane = lanes.get(key);
      if (lane === undefined) {
        lane = rank.push(layer) - 1;
        lanes.set(key, lane);
      }
      way.push({ from: at, to: lane });
      at = lane;
    }
    way.push({ from: at, to });
    return way;
  });
}

interface Link {
  from: number;
  to: number;
}

// The longest way to each node, without the links that close a circle: those that lead back to a node
// which the search still stands on. Without recursion, and from the first node on, which began the run.
export function ranksOf(count: number, links: readonly Link[]): Int32Array {
  const out: number[][] = Array.from({ length: count }, () => []);
  const isTarget = new Uint8Array(count);
  for (const { from, to } of links) {
    if (from === to) continue;
    out[from]!.push(to);
    isTarget[to] = 1;
  }
  const state = new Uint8Array(count); // 0: not seen, 1: stood on, 2: done.
  const forward: number[][] = Array.from({ length: count }, () => []);
  const done: number[] = [];
  const visit = (start: number) => {
    if (state[start] !== 0) return;
    const stack = [{ node: start, next: 0 }];
    state[start] = 1;
    while (stack.length > 0) {
      const top = stack[stack.length - 1]!;
      const to = out[top.node]![top.next++];
      if (to === undefined) {
        state[top.node] = 2;
        done.push(top.node);
        stack.pop();
      } else if (state[to] !== 1) {
        forward[top.node]!.push(to);
        if (state[to] === 0) {
          state[to] = 1;
          stack.push({ node: to, next: 0 });
        }
      }
    }
  };
  for (let node = 0; node < count; ++node) if (!isTarget[node]) visit(node);
  for (let node = 0; node < count; ++node) visit(node);

  const rank = new Int32Array(count);
  for (const node of done.reverse()) {
    for (const to of forward[node]!) rank[to] = Math.max(rank[to]!, rank[node]! + 1);
  }
  return rank;
}

function sortLayers(rank: readonly number[], links: readonly Link[]): number[][] {
  const layers: number[][] = [];
  rank.forEach((at, node) => (layers[at] ??= []).push(node));
  // Ranks that tools left empty.
  const full = layers.filter((layer) => layer !== undefined);
  const place = new Float64Array(rank.length);
  const number = () => full.forEach((layer) => layer.forEach((node, i) => (place[node] = i)));
  number();
  for (let sweep = 0; sweep < SWEEPS; ++sweep) {
    const forward = sweep % 2 === 0;
    const mean = new Map<number, { sum: number; of: number }>();
    for (const { from, to } of links) {
      const [node, other] = forward ? [to, from] : [from, to];
      if (forward ? rank[other]! >= rank[node]! : rank[other]! <= rank[node]!) continue;
      const entry = mean.get(node) ?? { sum: 0, of: 0 };
      entry.sum += place[other]!;
      entry.of += 1;
      mean.set(node, entry);
    }
    const key = (node: number) => {
      const entry = mean.get(node);
      return entry ? entry.sum / entry.of : place[node]!;
    };
    for (const layer of full) {
      const keys = new Map(layer.map((node) => [node, key(node)]));
      layer.sort((a, b) => keys.get(a)! - keys.get(b)! || place[a]! - place[b]!);
    }
    number();
  }
  return full;
}

// Below both, so that it is told from those that go on.
function drawBack(id: string, from: PlacedNode, to: PlacedNode): PlacedEdge {
  const x1 = from.x + NODE.width * 0.3;
  const x2 = to.x + NODE.width * 0.7;
  const y1 = from.y + NODE.height;
  const y2 = to.y + NODE.height;
  const bend = Math.max(y1, y2) + 26;
  return {
    id,
    back: true,
    path: `M ${x1} ${y1} C ${x1} ${bend} ${x2} ${bend} ${x2} ${y2}`,
    labelX: (x1 + x2) / 2,
    labelY: (y1 + y2 + 6 * bend) / 8,
  };
}

function drawForward(
  id: string,
  from: PlacedNode,
  to: PlacedNode,
  lanes: readonly PlacedNode[],
): PlacedEdge {
  let [x, y] = [from.x + NODE.width, from.y + NODE.height / 2];
  let path = `M ${x} ${y}`;
  const curve = (toX: number, toY: number) => {
    const half = (toX - x) / 2;
    path += ` C ${x + half} ${y} ${toX - half} ${toY} ${toX} ${toY}`;
    [x, y] = [toX, toY];
  };
  for (const lane of lanes) {
    curve(lane.x, lane.y + LANE_PX / 2);
    x += NODE.width;
    path += ` H ${x}`;
  }
  curve(to.x, to.y + NODE.height / 2);
  // The label is near the end, where the ways to many do not lie upon each other.
  return { id, back: false, path, labelX: to.x - 16, labelY: y - 5 };
}
