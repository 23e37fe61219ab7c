// Markdown as models write it, taken apart into blocks: headings, paragraphs, lists, tables, quotes, code.
// Pure, for texts nobody trusts: linear in their length, nested to a bounded depth, and without HTML:
// tags are text like any other. Line breaks stay.

import { parseInline, type Inline } from './markdownInline';

export type Block =
  | { type: 'heading'; level: number; text: Inline[] }
  | { type: 'paragraph'; text: Inline[] }
  | { type: 'code'; language: string; text: string }
  | { type: 'quote'; blocks: Block[] }
  | { type: 'list'; first: number | null; items: Block[][] } // `first`: of a numbered one.
  | { type: 'table'; align: Align[]; head: Inline[][]; rows: Inline[][][] }
  | { type: 'rule' };
export type Align = 'left' | 'center' | 'right' | null;

// Quotes and lists within each other; what is deeper is a paragraph.
const DEPTH_MAX = 8;
const COLUMNS_MAX = 50;

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const HEADING = /^ {0,3}(#{1,6})(?=\s|$)/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)([-*+]|(\d{1,9})[.)])( +|$)/;
const DIVIDER = /^[\s|:-]+$/;

export function parseMarkdown(text: string): Block[] {
  return blocksOf(text.split('\n'), 0);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  if (depth > DEPTH_MAX) return [paragraph(lines)];
  const blocks: Block[] = [];
  for (let at = 0; at < lines.length;) {
    const line = lines[at]!;
    if (line.trim() === '') {
      ++at;
      continue;
    }
    const read =
      fence(lines, at) ?? heading(line, at) ?? rule(line, at) ?? table(lines, at) ?? null;
    if (read) {
      blocks.push(read.block);
      at = read.next;
    } else if (QUOTE.test(line)) {
      let end = at;
      while (end < lines.length && QUOTE.test(lines[end]!)) ++end;
      const inner = lines.slice(at, end).map((quoted) => quoted.replace(QUOTE, ''));
      blocks.push({ type: 'quote', blocks: blocksOf(inner, depth + 1) });
      at = end;
    } else if (ITEM.test(line)) {
      const list = listFrom(lines, at, depth);
      blocks.push(list.block);
      at = list.next;
    } else {
      let end = at + 1;
      while (end < lines.length && lines[end]!.trim() !== '' && !interrupts(lines, end)) ++end;
      blocks.push(paragraph(lines.slice(at, end)));
      at = end;
    }
  }
  return blocks;
}

interface Read {
  block: Block;
  next: number;
}

function paragraph(lines: readonly string[]): Block {
  return { type: 'paragraph', text: parseInline(lines.join('\n').trim()) };
}

// Whether a line ends the paragraph before it. A number does so only when it begins a list.
function interrupts(lines: readonly string[], at: number): boolean {
  const line = lines[at]!;
  const item = ITEM.exec(line);
  return (
    FENCE.test(line) ||
    HEADING.test(line) ||
    QUOTE.test(line) ||
    isRule(line) ||
    (item !== null && item[4] !== '' && (item[3] === undefined || item[3] === '1')) ||
    isTable(lines, at)
  );
}

function fence(lines: readonly string[], at: number): Read | null {
  const open = FENCE.exec(lines[at]!);
  if (!open) return null;
  const mark = open[1]!;
  const info = lines[at]!.slice(open[0].length).trim();
  if (mark[0] === '`' && info.includes('`')) return null;
  let end = at + 1;
  while (end < lines.length && !closes(lines[end]!, mark)) ++end;
  const text = lines.slice(at + 1, end).join('\n');
  return {
    block: { type: 'code', language: info.split(/\s/)[0]!.slice(0, 40), text },
    next: end + 1,
  };
}

function closes(line: string, mark: string): boolean {
  const close = FENCE.exec(line);
  if (!close || close[1]![0] !== mark[0] || close[1]!.length < mark.length) return false;
  return line.slice(close[0].length).trim() === '';
}

function heading(line: string, at: number): Read | null {
  const found = HEADING.exec(line);
  if (!found) return null;
  const rest = line.slice(found[0].length).trim();
  let end = rest.length;
  while (rest[end - 1] === '#') --end;
  const text = end === 0 || rest[end - 1] === ' ' ? rest.slice(0, end).trim() : rest;
  return {
    block: { type: 'heading', level: found[1]!.length, text: parseInline(text) },
    next: at + 1,
  };
}

function isRule(line: string): boolean {
  const marks = line.replaceAll(' ', '');
  const mark = marks[0];
  if (marks.length < 3 || (mark !== '-' && mark !== '*' && mark !== '_')) return false;
  for (const c of marks) if (c !== mark) return false;
  return true;
}

function rule(line: string, at: number): Read | null {
  return isRule(line) ? { block: { type: 'rule' }, next: at + 1 } : null;
}

function isTable(lines: readonly string[], at: number): boolean {
  const next = lines[at + 1];
  if (next === undefined || !lines[at]!.includes('|')) return false;
  return next.includes('-') && next.includes('|') && DIVIDER.test(next);
}

function table(lines: readonly string[], at: number): Read | null {
  if (!isTable(lines, at)) return null;
  const head = cells(lines[at]!);
  const marks = cells(lines[at + 1]!);
  if (head.length !== marks.length || head.length > COLUMNS_MAX) return null;
  const align = marks.map((mark): Align => {
    const right = mark.endsWith(':');
    return mark.startsWith(':') ? (right ? 'center' : 'left') : right ? 'right' : null;
  });
  let end = at + 2;
  while (end < lines.length && lines[end]!.includes('|')) ++end;
  const rows = lines.slice(at + 2, end).map((line) => {
    const row = cells(line);
    return head.map((_, i) => parseInline(row[i] ?? ''));
  });
  return {
    block: { type: 'table', align, head: head.map((cell) => parseInline(cell)), rows },
    next: end,
  };
}

// The cells of a row, split where no backslash stands before the bar.
function cells(line: string): string[] {
  const row = line.trim();
  const out: string[] = [];
  let from = row.startsWith('|') ? 1 : 0;
  for (let at = from; at < row.length; ++at) {
    if (row[at] === '\\') {
      ++at;
    } else if (row[at] === '|') {
      out.push(row.slice(from, at).trim().replaceAll('\\|', '|'));
      from = at + 1;
    }
  }
  if (from < row.length) out.push(row.slice(from).trim().replaceAll('\\|', '|'));
  return out;
}

function listFrom(lines: readonly string[], at: number, depth: number): Read {
  const first = ITEM.exec(lines[at]!)!;
  const indent = first[1]!.length;
  const numbered = first[3] !== undefined;
  const items: Block[][] = [];
  let next = at;
  while (next < lines.length) {
    const marker = ITEM.exec(lines[next]!);
    if (!marker || (marker[3] !== undefined) !== numbered || isRule(lines[next]!)) break;
    if (marker[1]!.length > indent + 1 || marker[1]!.length < indent) break;
    const wide = marker[4]!.length > 4 ? 1 : marker[4]!.length;
    const content = indent + marker[2]!.length + Math.max(1, wide);
    const item = [lines[next]!.slice(marker[0].length)];
    for (++next; next < lines.length; ++next) {
      const line = lines[next]!;
      if (line.trim() === '') {
        // An empty line is the item's when more of it follows.
        if (indentOf(lines[next + 1] ?? '') <= indent) break;
        item.push('');
        continue;
      }
      const own = indentOf(line);
      const follows = item[item.length - 1]!.trim() !== '';
      if (own <= indent && (ITEM.test(line) || !follows || interrupts(lines, next))) break;
      item.push(line.slice(Math.min(own, content)));
    }
    items.push(blocksOf(item, depth + 1));
    // Items may have an empty line between them.
    let after = next;
    while (after < lines.length && lines[after]!.trim() === '') ++after;
    if (after < lines.length && ITEM.test(lines[after]!)) next = after;
  }
  return { block: { type: 'list', first: numbered ? Number(first[3]) : null, items }, next };
}

// -1 of an empty line.
function indentOf(line: string): number {
  return line.trim() === '' ? -1 : line.length - line.trimStart().length;
}
