// Where a sum goes, by path: each box as wide as its share of the one above it. A click widens a box to
// the whole; arrow keys walk from box to box.
//
//   <FlameGraph label="Cost by path" root={tree} format={formatCost} />
//
// Which box is widened it keeps itself, unless the page does, in the address say: `focus` and `onFocus`
// are the names of the boxes on the way to it.

import { useMemo, useRef, useState } from 'react';
import { categoryColor, OTHER_COLOR } from 'base/colors';
import { classes } from 'base/classes';
import { formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { depthOf, flameBoxes, samePath, type FlameBox, type FlameNode } from './flame';
import './FlameGraph.css';

const ROW_PX = 24;

interface FlameGraphProps {
  label: string;
  root: FlameNode;
  format: (value: number) => string;
  // A link in the line below the boxes: to the traces of what is in focus or pointed at.
  renderPath?: (path: readonly FlameNode[]) => React.ReactNode;
  focus?: readonly string[];
  onFocus?: (names: readonly string[]) => void;
}

const NOWHERE: readonly string[] = [];

export function FlameGraph(props: FlameGraphProps) {
  const { label, root, format, renderPath, onFocus } = props;
  const [own, setOwn] = useState(NOWHERE);
  const chosen = props.focus ?? own;
  const setChosen = (path: readonly FlameNode[]) =>
    (onFocus ?? setOwn)(path.map(({ name }) => name));
  const [pointed, setPointed] = useState<readonly FlameNode[] | null>(null);
  const graph = useRef<HTMLDivElement>(null);
  const focus = useMemo(
    () =>
      samePath(
        root,
        chosen.map((name) => ({ name })),
      ),
    [root, chosen],
  );
  const boxes = useMemo(() => flameBoxes(root, focus), [root, focus]);
  const colors = useMemo(() => colorsOf(root), [root]);
  const depth = useMemo(() => depthOf(root), [root]);
  const told = pointed ?? focus;

  const onKeyDown = (event: React.KeyboardEvent) => {
    const list = [...graph.current!.querySelectorAll<HTMLElement>('.flame-box')];
    const at = list.indexOf(document.activeElement as HTMLElement);
    const from = boxes[at];
    if (event.key === 'Escape' && focus.length > 0) setChosen([]);
    else if (!from) return;
    else {
      const next = neighbour(boxes, at, event.key);
      if (next < 0) return;
      list[next]?.focus();
    }
    event.preventDefault();
  };

  return (
    <div className="flame">
      <Path path={told} root={root} format={format} onFocus={setChosen} />
      <div
        ref={graph}
        className="flame-boxes"
        role="group"
        aria-label={label}
        style={{ height: depth * ROW_PX }}
        onKeyDown={onKeyDown}
        onPointerLeave={() => setPointed(null)}
      >
        {boxes.map((box, i) => (
          <Box
            key={box.path.map(({ name }) => name).join('\u0000')}
            box={box}
            color={box.node.other ? OTHER_COLOR : colors.get(box.path[0]!.name)!}
            inFocus={box.path.length <= focus.length}
            first={i === 0}
            text={`${box.node.field ?? ''} ${box.node.name || '(none)'}: ${format(box.node.value)}, ${formatPercent(box.node.value / root.value)} of all`}
            onFocus={() =>
              setChosen(box.path.length === focus.length ? box.path.slice(0, -1) : box.path)
            }
            onPoint={() => setPointed(box.path)}
          />
        ))}
      </div>
      {renderPath && told.length > 0 && <div className="flame-foot">{renderPath(told)}</div>}
    </div>
  );
}

function Box({
  box,
  color,
  inFocus,
  first,
  text,
  onFocus,
  onPoint,
}: {
  box: FlameBox;
  color: string;
  inFocus: boolean;
  first: boolean;
  text: string;
  onFocus: () => void;
  onPoint: () => void;
}) {
  return (
    <button
      type="button"
      className={classes('flame-box', inFocus && 'flame-focus')}
      style={{
        left: `${box.left * 100}%`,
        width: `${box.width * 100}%`,
        top: box.depth * ROW_PX,
        // Deeper ones are paler; the words on them stay readable in both themes.
        background: `color-mix(in srgb, ${color} ${Math.max(14, 40 - box.depth * 6)}%, var(--surface))`,
      }}
      aria-label={text}
      title={box.node.note ? `${text}\n${box.node.note}` : text}
      tabIndex={first ? 0 : -1}
      onClick={onFocus}
      onFocus={onPoint}
      onPointerEnter={onPoint}
    >
      {visibleText(box.node.name) || '(none)'}
    </button>
  );
}

// Where one is, each step a way back.
function Path({
  path,
  root,
  format,
  onFocus,
}: {
  path: readonly FlameNode[];
  root: FlameNode;
  format: (value: number) => string;
  onFocus: (path: readonly FlameNode[]) => void;
}) {
  const last = path[path.length - 1] ?? root;
  return (
    <p className="flame-path">
      <button type="button" className="flame-step" onClick={() => onFocus([])}>
        All
      </button>
      {path.map((node, i) => (
        <span key={i} className="flame-part">
          <span className="dim">›</span>
          <button
            type="button"
            className="flame-step cut"
            title={node.field ?? undefined}
            onClick={() => onFocus(path.slice(0, i + 1))}
          >
            {visibleText(node.name) || '(none)'}
          </button>
        </span>
      ))}
      <strong>{format(last.value)}</strong>
      {path.length > 0 && <span className="dim">{formatPercent(last.value / root.value)}</span>}
      {last.note && <span className="dim">{last.note}</span>}
    </p>
  );
}

// What is of one kind at the top keeps its colour below.
function colorsOf(root: FlameNode): Map<string, string> {
  return new Map(root.children.map(({ name }, i) => [name, categoryColor(i)]));
}

// The box that an arrow key leads to; -1: none.
function neighbour(boxes: readonly FlameBox[], at: number, key: string): number {
  const from = boxes[at]!;
  const middle = from.left + from.width / 2;
  switch (key) {
    case 'ArrowDown':
      return boxes.findIndex(({ path }) => path.length > 1 && path[path.length - 2] === from.node);
    case 'ArrowUp':
      return boxes.findIndex(
        ({ depth, left, width }) =>
          depth === from.depth - 1 && left <= middle && middle <= left + width,
      );
    case 'ArrowRight':
      return boxes.findIndex(({ depth, left }) => depth === from.depth && left > from.left);
    case 'ArrowLeft':
      return boxes.reduce(
        (best, { depth, left }, i) =>
          depth === from.depth && left < from.left && left > (boxes[best]?.left ?? -1) ? i : best,
        -1,
      );
    default:
      return -1;
  }
}
