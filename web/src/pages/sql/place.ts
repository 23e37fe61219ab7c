// Where in a statement an error is that the server tells of. A parser's error has a position, in bytes
// from 1; others name what is wrong, and its first place in the text has to do.

import { utf8Bytes } from 'base/text';
import { tokenize, words, type Token } from './tokens';

export interface ErrorPlace {
  from: number;
  to: number;
  line: number; // From 1, as the editor numbers them.
}

export function placeOfError(sql: string, message: string): ErrorPlace | null {
  const tokens = words(tokenize(sql));
  const position = /failed at position (\d+)/.exec(message);
  if (position) return atByte(sql, tokens, Number(position[1]) - 1);
  for (const name of namesIn(message)) {
    const token = find(tokens, name);
    if (token) return placed(sql, token.from, token.to);
  }
  return null;
}

function atByte(sql: string, tokens: readonly Token[], bytes: number): ErrorPlace {
  let at = 0;
  for (let passed = 0; at < sql.length && passed < bytes;) {
    const char = String.fromCodePoint(sql.codePointAt(at)!);
    passed += utf8Bytes(char);
    at += char.length;
  }
  const token = tokens.find(({ from, to }) => from <= at && at < to);
  if (token) return placed(sql, at, token.to);
  // The end: what stands last is what misses something.
  const last = tokens[tokens.length - 1];
  return last ? placed(sql, last.from, last.to) : placed(sql, 0, 0);
}

function placed(sql: string, from: number, to: number): ErrorPlace {
  return { from, to, line: sql.slice(0, from).split('\n').length };
}

const NAMED = [
  /`([^`]+)`/g,
  /(?:[Ii]dentifier|[Cc]olumn) '([^']+)'/g,
  /\b(?:table function|aggregate function|function|table) (\w+)/g,
  /\bIN (\w+) is not allowed/g,
  /\bcannot be called (\w+)/g,
  /\bthis begins with (\w+)/g,
  /^(?:INTO OUTFILE, )?(FORMAT|SETTINGS|WITH RECURSIVE)\b/g,
];

function namesIn(message: string): string[] {
  return NAMED.flatMap((pattern) => [...message.matchAll(pattern)].map((match) => match[1]!));
}

// The name, with or without what stands before its dot.
function find(tokens: readonly Token[], name: string): Token | undefined {
  const bare = name.slice(name.lastIndexOf('.') + 1).toLowerCase();
  return tokens.find(
    ({ kind, text }) =>
      kind !== 'string' && text.replace(/^[`"]|[`"]$/g, '').toLowerCase() === bare,
  );
}
