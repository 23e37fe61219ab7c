// What a key does in the tree. Pure: the page carries it out.

import { hasChildren, nextRow, positionOf, type SpanTree } from '../model/tree';

export type Step =
  | { do: 'move'; row: number }
  | { do: 'toggle'; row: number }
  | { do: 'open' }
  | { do: 'close' }
  | { do: 'zoom' }
  | { do: 'find' };

export interface KeyContext {
  tree: SpanTree;
  rows: Int32Array; // Visible ones.
  collapsed: ReadonlySet<string>;
  active: number;
  page: number; // Rows in view.
  found: Int32Array;
  errors: Int32Array;
}

export const KEY_HELP: readonly (readonly [string, string])[] = [
  ['↑ ↓  k j', 'move'],
  ['← →', 'fold, unfold, to parent or child'],
  ['Enter', 'open or close the details'],
  ['/', 'search, then n and N for the next and previous'],
  ['e', 'next error'],
  ['z', 'zoom to the span, and back'],
  ['Esc', 'close'],
];

export function stepFor(key: string, context: KeyContext): Step | null {
  const { tree, rows, collapsed, active, page } = context;
  const at = Math.max(0, positionOf(tree, rows, active));
  const move = (position: number): Step | null => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, position))];
    return row === undefined ? null : { do: 'move', row };
  };
  const jump = (among: Int32Array, step: 1 | -1): Step | null => {
    const row = nextRow(among, active, step);
    return row < 0 ? null : { do: 'move', row };
  };
  const isCollapsed = active >= 0 && collapsed.has(tree.spans[active]!.span_id);
  const isParent = active >= 0 && hasChildren(tree, active);
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return active < 0 ? move(0) : move(at + 1);
    case 'ArrowUp':
    case 'k':
      return move(at - 1);
    case 'PageDown':
      return move(at + page);
    case 'PageUp':
      return move(at - page);
    case 'Home':
      return move(0);
    case 'End':
      return move(rows.length - 1);
    case 'ArrowRight':
      if (!isParent) return null;
      return isCollapsed ? { do: 'toggle', row: active } : { do: 'move', row: active + 1 };
    case 'ArrowLeft': {
      if (isParent && !isCollapsed) return { do: 'toggle', row: active };
      const parent = active >= 0 ? tree.parent[active]! : -1;
      return parent < 0 ? null : { do: 'move', row: parent };
    }
    case 'n':
      return jump(context.found, 1);
    case 'N':
      return jump(context.found, -1);
    case 'e':
      return jump(context.errors, 1);
    case 'Enter':
      return active < 0 ? null : { do: 'open' };
    case 'Escape':
      return { do: 'close' };
    case 'z':
      return active < 0 ? null : { do: 'zoom' };
    case '/':
      return { do: 'find' };
    default:
      return null;
  }
}
