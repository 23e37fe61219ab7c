// What may come next in a filter expression, at the caret. The server's parser decides what is right;
// this only helps to write.

import type { FieldTable } from 'api/types';

export type Wanted =
  | { kind: 'field'; prefix: string }
  | { kind: 'operator'; prefix: string; field: string }
  | { kind: 'value'; prefix: string; field: string }
  | { kind: 'join'; prefix: string };

// What the caret stands in, and the piece of the text that a completion replaces.
export interface Place {
  wanted: Wanted;
  from: number;
  to: number;
}

interface Token {
  kind: 'word' | 'quoted' | 'operator' | 'open' | 'close' | 'comma';
  text: string;
  from: number;
  to: number;
}

const TOKEN = /\s+|"(?:[^"\\]|\\.)*"?|!=|!~|>=|<=|[=<>~!]|[(),]|[^\s"=<>~!(),]+/g;
const LONE_WORDS = new Set(['and', 'or', 'not']);

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(TOKEN)) {
    const piece = match[0];
    if (piece.trim() === '') continue;
    const first = piece[0]!;
    let kind: Token['kind'] = 'word';
    if (first === '"') kind = 'quoted';
    else if (first === '(') kind = 'open';
    else if (first === ')') kind = 'close';
    else if (first === ',') kind = 'comma';
    else if ('=<>~!'.includes(first)) kind = 'operator';
    tokens.push({ kind, text: piece, from: match.index, to: match.index + piece.length });
  }
  return tokens;
}

// attr."a b" is one field: its key may be quoted.
function joinKeys(tokens: Token[]): Token[] {
  const joined: Token[] = [];
  for (const token of tokens) {
    const before = joined[joined.length - 1];
    const key = before?.kind === 'word' && /^(attr|tag)\.$/.test(before.text);
    if (key && token.kind === 'quoted' && token.from === before.to) {
      joined[joined.length - 1] = { ...before, text: before.text + token.text, to: token.to };
    } else {
      joined.push(token);
    }
  }
  return joined;
}

type Expect =
  | { at: 'term' }
  | { at: 'operator'; field: string }
  | { at: 'list'; field: string } // "(" of an `in`.
  | { at: 'value'; field: string; list: boolean }
  | { at: 'comma'; field: string }
  | { at: 'join' };

function after(expect: Expect, token: Token): Expect {
  const word = token.text.toLowerCase();
  switch (expect.at) {
    case 'term':
    case 'join':
      if (token.kind === 'open' || LONE_WORDS.has(word)) return { at: 'term' };
      if (token.kind === 'word') return { at: 'operator', field: token.text };
      return { at: 'join' };
    case 'operator':
      if (token.kind === 'operator') return { at: 'value', field: expect.field, list: false };
      if (word === 'in') return { at: 'list', field: expect.field };
      if (word === 'not') return expect;
      return { at: 'join' };
    case 'list':
      return { at: 'value', field: expect.field, list: true };
    case 'value':
      if (token.kind === 'close') return { at: 'join' };
      return expect.list ? { at: 'comma', field: expect.field } : { at: 'join' };
    case 'comma':
      if (token.kind === 'comma') return { at: 'value', field: expect.field, list: true };
      return { at: 'join' };
  }
}

export function placeAt(text: string, caret: number): Place {
  const tokens = joinKeys(tokenize(text));
  let expect: Expect = { at: 'term' };
  for (const token of tokens) {
    const here = token.from < caret && caret <= token.to;
    const replaceable =
      token.kind === 'word' || token.kind === 'quoted' || token.kind === 'operator';
    if (here && replaceable && !(token.kind === 'operator' && expect.at !== 'operator')) {
      // Behind a complete operator its value begins.
      if (token.kind === 'operator' && caret === token.to) {
        expect = after(expect, token);
        break;
      }
      const prefix = text.slice(token.from, caret);
      return { wanted: wantedBy(expect, prefix), from: token.from, to: token.to };
    }
    if (token.from >= caret) break;
    expect = after(expect, token);
  }
  return { wanted: wantedBy(expect, ''), from: caret, to: caret };
}

function wantedBy(expect: Expect, prefix: string): Wanted {
  switch (expect.at) {
    case 'term':
      return { kind: 'field', prefix };
    case 'operator':
      return { kind: 'operator', prefix, field: expect.field };
    case 'value':
      return { kind: 'value', prefix: prefix.replace(/^"|"$/g, ''), field: expect.field };
    case 'list':
      return { kind: 'operator', prefix: '', field: expect.field };
    case 'comma':
    case 'join':
      // AND may be left out: a field may come as well as a keyword.
      return { kind: 'join', prefix };
  }
}

export interface Completion {
  text: string; // What is inserted.
  label: string;
  detail: string;
}

const COMPARED = new Set(['number', 'duration', 'money', 'time']);
const BARE = /^[A-Za-z0-9_.:/*@-]+$/;

export function quoteValue(value: string): string {
  return BARE.test(value) ? value : `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

const OPERATOR_WORDS: Record<string, string> = {
  '=': 'is',
  '!=': 'is not, or is missing',
  '~': 'matches the pattern',
  '!~': 'does not match the pattern',
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  in: 'is one of',
  'not in': 'is none of',
};

export function completeFields(table: FieldTable, prefix: string, most = 14): Completion[] {
  const wanted = prefix.toLowerCase();
  const starts = table.fields.filter((field) => field.name.startsWith(wanted));
  const holds = table.fields.filter(
    (field) => !field.name.startsWith(wanted) && field.name.includes(wanted),
  );
  return [...starts, ...holds].slice(0, most).map((field) => ({
    text: /[.]$/.test(field.name) ? field.name : `${field.name} `,
    label: field.name,
    detail: field.description,
  }));
}

export function completeOperators(table: FieldTable, field: string): Completion[] {
  const type = table.fields.find((row) => row.name === field)?.type ?? 'text';
  const fitting = COMPARED.has(type)
    ? ['>', '>=', '<', '<=', '=', '!=']
    : type === 'bool'
      ? ['=', '!=']
      : type === 'enum'
        ? ['=', '!=', 'in', 'not in']
        : ['=', '!=', '~', '!~', 'in', 'not in'];
  return fitting.map((operator) => ({
    text: operator.endsWith('in') ? `${operator} (` : `${operator} `,
    label: operator,
    detail: OPERATOR_WORDS[operator] ?? '',
  }));
}

export function completeJoin(table: FieldTable, prefix: string): Completion[] {
  const words: Completion[] = [
    { text: 'AND ', label: 'AND', detail: 'both hold' },
    { text: 'OR ', label: 'OR', detail: 'one of them holds' },
  ];
  const wanted = prefix.toLowerCase();
  const fitting = words.filter((word) => word.label.toLowerCase().startsWith(wanted));
  return prefix === '' ? fitting : [...fitting, ...completeFields(table, prefix, 8)];
}

// Values that need no question to the server; null when it must be asked.
export function knownValues(table: FieldTable, field: string, prefix: string): Completion[] | null {
  const row = table.fields.find((candidate) => candidate.name === field);
  // Of a field that the server does not know it need not be asked.
  if (!row && !/^(attr|tag)\./.test(field)) return [];
  if (row?.type === 'bool') return asCompletions(['true', 'false'], prefix);
  if (row?.values && row.values.length > 0) return asCompletions(row.values, prefix);
  if (row && COMPARED.has(row.type)) {
    const example = row.example ?? '';
    return prefix === '' && example !== ''
      ? [{ text: `${example} `, label: example, detail: 'for example' }]
      : [];
  }
  return null;
}

function asCompletions(values: readonly string[], prefix: string): Completion[] {
  const wanted = prefix.toLowerCase();
  return values
    .filter((value) => value !== '' && value.toLowerCase().startsWith(wanted))
    .map((value) => ({ text: `${quoteValue(value)} `, label: value, detail: '' }));
}

export function applyCompletion(
  text: string,
  place: Place,
  completion: Completion,
): { text: string; caret: number } {
  const rest = text.slice(place.to);
  const insert = rest.startsWith(' ') ? completion.text.trimEnd() : completion.text;
  const caret = place.from + insert.length + (rest.startsWith(' ') ? 1 : 0);
  return { text: text.slice(0, place.from) + insert + rest, caret };
}

// "q, position 8: no field ..." -> 7: where the parser stopped, from 0. Null when it names none.
export function errorPosition(message: string): number | null {
  const match = /\bposition (\d+)/.exec(message);
  return match ? Math.max(0, Number(match[1]) - 1) : null;
}
