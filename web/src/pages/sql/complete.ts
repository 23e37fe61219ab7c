// What may come next in a statement, at the caret: views after FROM, columns of the views that are
// named, functions and keywords. The server decides what is right; this only helps to write.

import { FUNCTIONS } from './functions';
import { VIEWS, viewOf, type SqlColumn } from './schema';
import { KEYWORDS, tokenize, words, type Token } from './tokens';

export interface Completion {
  text: string; // Put in place of what was typed.
  label: string;
  detail: string;
  kind: 'view' | 'column' | 'function' | 'keyword';
}

export interface Completions {
  from: number; // What is replaced: from here to the caret.
  options: readonly Completion[];
}

const NONE: Completions = { from: 0, options: [] };
const SHOWN_MAX = 50;

// `asked`: by a key of its own; else nothing is offered before a letter is typed.
export function completeSql(sql: string, caret: number, asked: boolean): Completions {
  const tokens = tokenize(sql);
  const at = tokens.find(({ from, to }) => from < caret && caret <= to);
  if (at && (at.kind === 'string' || at.kind === 'comment' || at.kind === 'number')) return NONE;
  const typing = at !== undefined && ['name', 'function', 'keyword'].includes(at.kind);
  const from = typing ? at.from : caret;
  const prefix = sql.slice(from, caret);
  const before = words(tokens).filter(({ to }) => to <= from);
  const last = before[before.length - 1];
  const named = namedViews(words(tokens));

  if (last?.text === '.') {
    const owner = before[before.length - 2]?.text ?? '';
    const view = named.get(owner.toLowerCase());
    return { from, options: view ? starting(viewColumns(view), prefix, true) : [] };
  }
  if (isTablePlace(before)) {
    const own = ownTables(words(tokens));
    return { from, options: starting([...own, ...views()], prefix, true) };
  }
  if (prefix === '' && !asked) return NONE;
  const known = [...new Set(named.values())];
  const columns = unique(
    (known.length > 0 ? known : VIEWS.map(({ name }) => name)).flatMap(viewColumns),
  );
  const all = [...columns, ...ownNames(words(tokens)), ...functions(), ...keywords()];
  const options = starting(all, prefix, false);
  // Nothing is left to write.
  if (!asked && options.length === 1 && options[0]!.text === prefix) return NONE;
  return { from, options };
}

function starting(
  list: readonly Completion[],
  prefix: string,
  within: boolean,
): readonly Completion[] {
  const wanted = prefix.toLowerCase();
  const begins = list.filter(({ label }) => label.toLowerCase().startsWith(wanted));
  // cost finds total_cost too, behind what begins with it.
  const has =
    within || wanted.length >= 2
      ? list.filter(
          ({ label, kind }) =>
            kind !== 'keyword' && label.toLowerCase().indexOf(wanted) > 0 && wanted !== '',
        )
      : [];
  return [...begins, ...has].slice(0, SHOWN_MAX);
}

// FROM |, JOIN |, FROM a, |
function isTablePlace(before: readonly Token[]): boolean {
  let i = before.length - 1;
  const upper = (at: number) =>
    before[at]?.kind === 'keyword' ? before[at]!.text.toUpperCase() : '';
  while (before[i]?.text === ',' && before[i - 1]?.kind === 'name') {
    i -= 2;
    if (before[i]?.kind === 'name' || upper(i) === 'AS') i -= upper(i) === 'AS' ? 2 : 1;
  }
  return upper(i) === 'FROM' || upper(i) === 'JOIN';
}

// Names that stand for views: of themselves, and as FROM calls AS c calls them.
function namedViews(all: readonly Token[]): Map<string, string> {
  const named = new Map<string, string>();
  all.forEach((token, i) => {
    const opens = ['FROM', 'JOIN', ','].includes(all[i - 1]?.text.toUpperCase() ?? '');
    const view = opens && token.kind === 'name' ? viewOf(token.text) : undefined;
    if (!view) return;
    named.set(view.name, view.name);
    const next = all[i + 1];
    const alias = next?.text.toUpperCase() === 'AS' ? all[i + 2] : next;
    if (alias?.kind === 'name') named.set(alias.text.toLowerCase(), view.name);
  });
  return named;
}

// WITH name AS (: subqueries with a name.
function ownTables(all: readonly Token[]): Completion[] {
  return all
    .filter(
      ({ kind }, i) =>
        kind === 'name' && all[i + 1]?.text.toUpperCase() === 'AS' && all[i + 2]?.text === '(',
    )
    .map(({ text }) => ({ text, label: text, detail: 'named in this statement', kind: 'view' }));
}

// expression AS name.
function ownNames(all: readonly Token[]): Completion[] {
  return all
    .filter(
      ({ kind }, i) =>
        kind === 'name' && all[i - 1]?.text.toUpperCase() === 'AS' && all[i + 1]?.text !== '(',
    )
    .map(({ text }) => ({ text, label: text, detail: 'named in this statement', kind: 'column' }));
}

const columnOption = ({ name, type, meaning }: SqlColumn): Completion => ({
  text: name,
  label: name,
  detail: `${type} · ${meaning}`,
  kind: 'column',
});

function viewColumns(view: string): Completion[] {
  return (viewOf(view)?.columns ?? []).map(columnOption);
}

function views(): Completion[] {
  return VIEWS.map(({ name, meaning }) => ({
    text: name,
    label: name,
    detail: meaning,
    kind: 'view',
  }));
}

function functions(): Completion[] {
  return FUNCTIONS.map(({ name, takes, meaning }) => ({
    text: `${name}(`,
    label: name,
    detail: `${takes} · ${meaning}`,
    kind: 'function',
  }));
}

function keywords(): Completion[] {
  return [...KEYWORDS].map((word) => ({
    text: `${word} `,
    label: word,
    detail: '',
    kind: 'keyword',
  }));
}

function unique(list: readonly Completion[]): Completion[] {
  return [...new Map(list.map((one) => [one.label, one])).values()];
}

export function applyCompletion(
  sql: string,
  caret: number,
  from: number,
  { text }: Completion,
): { text: string; caret: number } {
  // What follows may be there already: "count(" before "(".
  const rest = sql.slice(caret);
  const put =
    (text.endsWith('(') || text.endsWith(' ')) && rest.startsWith(text.slice(-1))
      ? text.slice(0, -1)
      : text;
  return { text: sql.slice(0, from) + put + rest, caret: from + put.length };
}
