// A tree of shares as boxes: each box as wide as its value, its children below it.

export interface FlameNode {
  name: string;
  field?: string | null; // What the level stands for: "feature".
  value: number; // Of the whole subtree.
  children: readonly FlameNode[];
  note?: string; // More on it, shown when pointed at.
  other?: boolean; // The rest of many small ones.
}

export interface FlameBox {
  node: FlameNode;
  path: readonly FlameNode[]; // From below the root to it.
  depth: number;
  left: number; // 0 to 1 of the width.
  width: number;
}

// Narrower ones could neither be seen nor caught.
const WIDTH_MIN = 0.001;

// The boxes below `focus`, which takes the whole width itself; those above it too, as wide.
export function flameBoxes(root: FlameNode, focus: readonly FlameNode[]): FlameBox[] {
  const boxes: FlameBox[] = [];
  let top = root;
  focus.forEach((node, depth) => {
    boxes.push({ node, path: focus.slice(0, depth + 1), depth, left: 0, width: 1 });
    top = node;
  });
  const place = (parent: FlameNode, path: readonly FlameNode[], left: number, width: number) => {
    const sum = parent.children.reduce((total, { value }) => total + Math.max(0, value), 0);
    const whole = Math.max(parent.value, sum);
    let at = left;
    for (const node of parent.children) {
      const share = whole > 0 ? (Math.max(0, node.value) / whole) * width : 0;
      if (share >= WIDTH_MIN) {
        const own = [...path, node];
        boxes.push({ node, path: own, depth: own.length - 1, left: at, width: share });
        place(node, own, at, share);
      }
      at += share;
    }
  };
  place(top, focus, 0, 1);
  return boxes;
}

export function depthOf(node: FlameNode): number {
  return node.children.reduce((deepest, child) => Math.max(deepest, 1 + depthOf(child)), 0);
}

// The same place in a newer tree: as far as its names are still there.
export function samePath<Node extends FlameNode>(
  root: Node,
  path: readonly { name: string }[],
): Node[] {
  const found: Node[] = [];
  let at = root;
  for (const { name } of path) {
    const next = at.children.find((child) => child.name === name) as Node | undefined;
    if (!next) break;
    found.push(next);
    at = next;
  }
  return found;
}
