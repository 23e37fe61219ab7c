// Text that others sent, made safe to look at. React shows it as text only, never as markup; here
// what could still deceive an eye becomes visible: control characters (terminal escapes) and those
// that reorder text.

const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
const REORDERING = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

// Control characters as terminals write them: escape is ^[, delete ^?.
export function visibleText(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(CONTROLS, (c) => `^${String.fromCharCode(c.charCodeAt(0) ^ 0x40)}`)
    .replace(REORDERING, (c) => `[U+${c.charCodeAt(0).toString(16).toUpperCase()}]`);
}

export function utf8Bytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; ++i) {
    const code = text.charCodeAt(i);
    if (code >= 0x800) bytes += code >= 0xd800 && code < 0xe000 ? 1 : 2;
    else if (code >= 0x80) bytes += 1;
  }
  return bytes;
}

export interface Fold {
  head: string;
  folded: boolean;
  bytes: number; // Of the whole text.
}

// The beginning of a long text: at most `charsMax` and `linesMax`, preferably whole lines.
export function foldText(text: string, charsMax: number, linesMax: number): Fold {
  let end = -1;
  for (let line = 0; line < linesMax; ++line) {
    const next = text.indexOf('\n', end + 1);
    if (next < 0) {
      end = text.length;
      break;
    }
    end = next;
    if (end > charsMax) break;
  }
  end = Math.min(end, charsMax);
  // Never cut a surrogate pair in two.
  const last = text.charCodeAt(end - 1);
  if (end < text.length && last >= 0xd800 && last < 0xdc00) --end;
  // To fold away a few words helps nobody.
  const rest = text.slice(end, end + charsMax / 8);
  if (end + rest.length === text.length && rest.split('\n').length - 1 <= linesMax / 8) {
    end = text.length;
  }
  return { head: text.slice(0, end), folded: end < text.length, bytes: utf8Bytes(text) };
}
