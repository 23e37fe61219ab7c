// What changed between two texts: by lines, and by words within lines that were replaced. Pure, bounded.

import { align } from 'base/align';

export interface Word {
  text: string;
  changed: boolean;
}

export type DiffLine =
  { kind: 'same'; text: string } | { kind: 'removed' | 'added'; words: Word[] };

export interface LineDiff {
  lines: DiffLine[];
  removed: number;
  added: number;
  kept: number;
}

const WORDS_MAX = 600;
// Lines with less in common than this share are different ones.
const ALIKE = 0.3;

export function diffLines(a: string, b: string): LineDiff {
  const before = a === '' ? [] : a.split('\n');
  const after = b === '' ? [] : b.split('\n');
  const lines: DiffLine[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const counts = { removed: 0, added: 0, kept: 0 };
  const flush = () => {
    replaced(removed, added, lines);
    counts.removed += removed.length;
    counts.added += added.length;
    removed = [];
    added = [];
  };
  for (const one of align(before, after)) {
    if (one.kind === 'removed') removed.push(before[one.a]!);
    else if (one.kind === 'added') added.push(after[one.b]!);
    else {
      flush();
      lines.push({ kind: 'same', text: before[one.a]! });
      ++counts.kept;
    }
  }
  flush();
  return { lines, ...counts };
}

// The first line removed and the first added belong together, and so on.
function replaced(removed: readonly string[], added: readonly string[], out: DiffLine[]): void {
  const pairs = removed.map((line, i) =>
    added[i] === undefined ? null : diffWords(line, added[i]),
  );
  removed.forEach((line, i) => out.push({ kind: 'removed', words: pairs[i]?.[0] ?? plain(line) }));
  added.forEach((line, i) => out.push({ kind: 'added', words: pairs[i]?.[1] ?? plain(line) }));
}

const plain = (text: string): Word[] => [{ text, changed: false }];

// Both sides, with the words that are not in the other; null when they have little in common.
export function diffWords(a: string, b: string): [Word[], Word[]] | null {
  const before = wordsOf(a);
  const after = wordsOf(b);
  if (before.length > WORDS_MAX || after.length > WORDS_MAX) return null;
  const left: Word[] = [];
  const right: Word[] = [];
  let common = 0;
  for (const one of align(before, after)) {
    if (one.kind === 'removed') push(left, before[one.a]!, true);
    else if (one.kind === 'added') push(right, after[one.b]!, true);
    else {
      common += before[one.a]!.trim().length;
      push(left, before[one.a]!, false);
      push(right, after[one.b]!, false);
    }
  }
  return common < ALIKE * Math.max(a.trim().length, b.trim().length) ? null : [left, right];
}

function push(list: Word[], text: string, changed: boolean): void {
  const last = list[list.length - 1];
  if (last?.changed === changed) last.text += text;
  else list.push({ text, changed });
}

function wordsOf(text: string): string[] {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}
