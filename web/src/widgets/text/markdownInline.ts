// The inline part of Markdown: emphasis, code, links, images by reference. Linear in the text, and nested
// no deeper than a screen can show: what is deeper stays as it was written.

export type Inline =
  | { type: 'text'; text: string }
  | { type: 'code'; text: string }
  | { type: 'strong' | 'em' | 'del'; children: Inline[] }
  | { type: 'link'; href: string; children: Inline[] }
  | { type: 'image'; alt: string; src: string };

type Delimiter = { mark: '*' | '_' | '~'; count: number; opens: boolean; closes: boolean };
type Token = Inline | Delimiter;

const NESTED_MAX = 16;
// Of brackets within an address.
const PARENS_MAX = 8;
const TITLE_CHARS_MAX = 500;
const SCHEMES = new Set(['http:', 'https:', 'mailto:']);
const PUNCTUATION = /[!-/:-@[-`{-~\u00a1-\u00bf\u2010-\u2027\u2030-\u205e\u3001-\u3003]/;

// The address of a link that may be offered; null for anything that is not the web or mail.
export function safeHref(address: string): string | null {
  try {
    const url = new URL(address);
    return SCHEMES.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function parseInline(text: string, links = true): Inline[] {
  return nest(tokens(text, links));
}

function tokens(text: string, links: boolean): Token[] {
  const out: Token[] = [];
  const codes = codeSpans(text);
  const closing = links || text.includes('![') ? brackets(text, codes) : null;
  let from = 0; // Of the text not yet taken.
  let at = 0;
  const take = (token: Token, next: number) => {
    if (at > from) out.push({ type: 'text', text: text.slice(from, at) });
    out.push(token);
    at = from = next;
  };
  while (at < text.length) {
    const c = text[at]!;
    if (c === '\\' && PUNCTUATION.test(text[at + 1] ?? '')) {
      take({ type: 'text', text: text[at + 1]! }, at + 2);
    } else if (c === '`') {
      const end = codes.get(at);
      if (end === undefined) at = runEnd(text, at);
      else take({ type: 'code', text: codeText(text, at, end) }, end);
    } else if (c === '*' || c === '_' || c === '~') {
      take(delimiter(text, at, c), runEnd(text, at));
    } else if (c === '!' && text[at + 1] === '[') {
      const found = target(text, at + 1, closing);
      if (!found) at += 2;
      else take({ type: 'image', alt: found.label, src: found.address }, found.end);
    } else if (c === '[' && links) {
      const found = target(text, at, closing);
      const href = found && safeHref(found.address);
      if (!found || !href) ++at;
      else take({ type: 'link', href, children: parseInline(found.label, false) }, found.end);
    } else if (links && (c === 'h' || c === 'H') && startsAddress(text, at)) {
      const end = addressEnd(text, at);
      const written = text.slice(at, end);
      const href = safeHref(written);
      if (!href) at = end;
      else take({ type: 'link', href, children: [{ type: 'text', text: written }] }, end);
    } else {
      ++at;
    }
  }
  if (at > from) out.push({ type: 'text', text: text.slice(from) });
  return out;
}

function runEnd(text: string, at: number): number {
  let end = at + 1;
  while (text[end] === text[at]) ++end;
  return end;
}

// Where each code span begins and ends: between two runs of equally many backticks.
function codeSpans(text: string): Map<number, number> {
  const runs: { at: number; end: number; next: number }[] = [];
  for (let at = text.indexOf('`'); at >= 0; at = text.indexOf('`', runs[runs.length - 1]!.end)) {
    runs.push({ at, end: runEnd(text, at), next: -1 });
  }
  const later = new Map<number, number>();
  for (let i = runs.length - 1; i >= 0; --i) {
    const length = runs[i]!.end - runs[i]!.at;
    runs[i]!.next = later.get(length) ?? -1;
    later.set(length, i);
  }
  const spans = new Map<number, number>();
  for (let i = 0; i < runs.length; ++i) {
    const { at, next } = runs[i]!;
    if (next < 0 || text[at - 1] === '\\') continue;
    spans.set(at, runs[next]!.end);
    i = next;
  }
  return spans;
}

function codeText(text: string, at: number, end: number): string {
  const marks = runEnd(text, at) - at;
  const inner = text.slice(at + marks, end - marks);
  // A space on both sides keeps backticks apart.
  return inner.startsWith(' ') && inner.endsWith(' ') && inner.trim() !== ''
    ? inner.slice(1, -1)
    : inner;
}

// For each "[" where its "]" is.
function brackets(text: string, codes: ReadonlyMap<number, number>): Map<number, number> {
  const pairs = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < text.length; ++at) {
    const c = text[at];
    if (c === '\\') ++at;
    else if (c === '`') at = (codes.get(at) ?? runEnd(text, at)) - 1;
    else if (c === '[') open.push(at);
    else if (c === ']' && open.length > 0) pairs.set(open.pop()!, at);
  }
  return pairs;
}

interface Target {
  label: string;
  address: string;
  end: number;
}

// [label](address "title"), from its "[".
function target(
  text: string,
  at: number,
  closing: ReadonlyMap<number, number> | null,
): Target | null {
  const close = closing?.get(at);
  if (close === undefined || text[close + 1] !== '(') return null;
  let from = close + 2;
  while (text[from] === ' ') ++from;
  const pointed = text[from] === '<';
  let end = pointed ? ++from : from;
  for (let parens = 0; end < text.length; ++end) {
    const c = text[end]!;
    if (c === '\n' || (pointed ? c === '>' : c === ' ')) break;
    if (pointed) continue;
    if (c === '(' && ++parens > PARENS_MAX) return null;
    if (c === ')' && --parens < 0) break;
  }
  const address = text.slice(from, end);
  if (pointed) {
    if (text[end] !== '>') return null;
    ++end;
  }
  while (text[end] === ' ') ++end;
  if (text[end] === '"') {
    const quote = text.slice(end + 1, end + TITLE_CHARS_MAX).indexOf('"');
    if (quote < 0) return null;
    end += quote + 2;
    while (text[end] === ' ') ++end;
  }
  if (text[end] !== ')') return null;
  return { label: text.slice(at + 1, close), address, end: end + 1 };
}

function startsAddress(text: string, at: number): boolean {
  if (at > 0 && /[\w]/.test(text[at - 1]!)) return false;
  const head = text.slice(at, at + 8).toLowerCase();
  return head.startsWith('http://') || head.startsWith('https://');
}

// Punctuation at its end belongs to the sentence.
function addressEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && !/[\s<>"`]/.test(text[end]!)) ++end;
  // A bracket that was opened in the address is part of it.
  const opened = text.slice(at, end).includes('(');
  while (end > at && /[.,;:!?'"*_~)\]}]/.test(text[end - 1]!)) {
    if (text[end - 1] === ')' && opened) break;
    --end;
  }
  return end;
}

// Whether a run of marks may begin or end emphasis: by what stands at its sides, as CommonMark says.
function delimiter(text: string, at: number, mark: Delimiter['mark']): Delimiter {
  const end = runEnd(text, at);
  const before = text[at - 1] ?? ' ';
  const after = text[end] ?? ' ';
  const spaceBefore = /\s/.test(before);
  const spaceAfter = /\s/.test(after);
  const markBefore = PUNCTUATION.test(before);
  const markAfter = PUNCTUATION.test(after);
  const left = !spaceAfter && (!markAfter || spaceBefore || markBefore);
  const right = !spaceBefore && (!markBefore || spaceAfter || markAfter);
  return {
    mark,
    count: end - at,
    // Within words, underscores are part of names.
    opens: left && (mark !== '_' || !right || markBefore),
    closes: right && (mark !== '_' || !left || markAfter),
  };
}

interface Frame {
  mark: string;
  count: number;
  children: Inline[];
}

function nest(list: readonly Token[]): Inline[] {
  const frames: Frame[] = [{ mark: '', count: 0, children: [] }];
  const top = () => frames[frames.length - 1]!;
  // What was opened and never closed is text.
  const unwind = () => {
    const { mark, count, children } = frames.pop()!;
    append(top().children, { type: 'text', text: mark.repeat(count) });
    for (const child of children) append(top().children, child);
  };
  for (const token of list) {
    if (!('mark' in token)) {
      append(top().children, token);
      continue;
    }
    const { mark, count, opens, closes } = token;
    let left = count;
    if (count > 3 || (mark === '~' && count !== 2)) {
      append(top().children, { type: 'text', text: mark.repeat(count) });
      continue;
    }
    while (closes && left > 0) {
      const found = frames.findLastIndex((frame) => frame.mark === mark && frame.count <= left);
      if (found <= 0) break;
      while (frames.length - 1 > found) unwind();
      const frame = frames.pop()!;
      const type = mark === '~' ? 'del' : frame.count === 2 ? 'strong' : 'em';
      append(top().children, { type, children: frame.children });
      left -= frame.count;
    }
    if (left === 0) continue;
    if (!opens || frames.length > NESTED_MAX) {
      append(top().children, { type: 'text', text: mark.repeat(left) });
      continue;
    }
    if (left === 3) frames.push({ mark, count: 1, children: [] });
    frames.push({ mark, count: left === 3 ? 2 : left, children: [] });
  }
  while (frames.length > 1) unwind();
  return frames[0]!.children;
}

function append(list: Inline[], item: Inline): void {
  const last = list[list.length - 1];
  if (item.type === 'text' && last?.type === 'text') {
    list[list.length - 1] = { type: 'text', text: last.text + item.text };
  } else {
    list.push(item);
  }
}
