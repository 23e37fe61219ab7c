// What a key does in the tree. Pure: the page carries it out.

import type { Shortcut } from 'base/shortcuts';
import { hasChildren, nextRow, positionOf, type SpanTree } from '../model/tree';

export type Step =
  | { do: 'move'; row: number }
  | { do: 'toggle'; row: number }
  | { do: 'fold'; row: number } // With everything below.
  | { do: 'unfold'; row: number }
  | { do: 'scale'; factor: number } // Less than one: closer.
  | { do: 'shift'; by: number } // Of the part that is shown.
  | { do: 'open' | 'close' | 'zoom' | 'whole' | 'find' | 'path' | 'link' };

export interface KeyContext {
  tree: SpanTree;
  rows: Int32Array; // Visible ones.
  collapsed: ReadonlySet<string>;
  active: number;
  page: number; // Rows in view.
  found: Int32Array;
  errors: Int32Array;
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: ['j'], does: 'Next span, k the one before; arrows too' },
  { keys: ['→'], does: 'Unfold, or to the first child' },
  { keys: ['←'], does: 'Fold, or to the parent; with Shift everything below' },
  { keys: ['Enter'], does: 'Open or close the details' },
  { keys: ['/'], does: 'Search in this trace' },
  { keys: ['n'], does: 'Next match, N the one before' },
  { keys: ['e'], does: 'Next error' },
  { keys: ['z'], does: 'Show the time of this span, and all again' },
  { keys: ['+'], does: 'Closer, - further away, 0 all of it' },
  { keys: [','], does: 'Earlier part of the time, . later part' },
  { keys: ['p'], does: 'Critical path' },
  { keys: ['y'], does: 'Copy a link to this span' },
];

export function stepFor(key: string, context: KeyContext, shift = false): Step | null {
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
      if (shift && isParent) return { do: 'unfold', row: active };
      if (!isParent) return null;
      return isCollapsed ? { do: 'toggle', row: active } : { do: 'move', row: active + 1 };
    case 'ArrowLeft': {
      if (shift && isParent) return { do: 'fold', row: active };
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
    case '+':
    case '=':
      return { do: 'scale', factor: 0.5 };
    case '-':
      return { do: 'scale', factor: 2 };
    case '0':
      return { do: 'whole' };
    case ',':
      return { do: 'shift', by: -0.25 };
    case '.':
      return { do: 'shift', by: 0.25 };
    case 'p':
      return { do: 'path' };
    case 'y':
      return active < 0 ? null : { do: 'link' };
    case '/':
      return { do: 'find' };
    default:
      return null;
  }
}
