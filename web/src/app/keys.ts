// Keys that work on every page. A pure step: what a key means after the one before it.

export type KeyAction =
  | { do: 'go'; key: string } // The place with this key, when there is one.
  | { do: 'filter' }
  | { do: 'help' }
  | { do: 'wait' } // g: the next key says where to.
  | { do: 'nothing' };

export interface KeyPress {
  key: string;
  modified: boolean; // Ctrl, Alt or Meta: the browser's own.
  typing: boolean; // In a field: keys are text there.
  taken: boolean; // Something nearer has handled it.
}

// How long after g the place may follow.
export const CHORD_MS = 1_500;

export function stepKey(press: KeyPress, afterG: boolean): KeyAction {
  if (press.modified || press.typing || press.taken) return { do: 'nothing' };
  if (afterG) return { do: 'go', key: press.key };
  switch (press.key) {
    case 'g':
      return { do: 'wait' };
    case '/':
      return { do: 'filter' };
    case '?':
      return { do: 'help' };
    default:
      return { do: 'nothing' };
  }
}

// Whether keys pressed at `target` are text, or choose in it.
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT') {
    return true;
  }
  if (!(target instanceof HTMLInputElement)) return false;
  return !['checkbox', 'radio', 'button', 'submit', 'range'].includes(target.type);
}
