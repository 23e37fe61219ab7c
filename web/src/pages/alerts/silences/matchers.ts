// Matchers over labels: as the builder edits them, as the API takes them, as a person writes them.

import type { Schema } from 'api/types';

export type Op = '=' | '!=' | '=~' | '!~';
export const OPS: readonly Op[] = ['=', '!=', '=~', '!~'];
export const OP_WORDS: Record<Op, string> = {
  '=': 'is',
  '!=': 'is not',
  '=~': 'matches',
  '!~': 'does not match',
};

export interface Draft {
  name: string;
  op: Op;
  value: string;
}

type Matcher = Schema<'AlertMatcher'>;

export const opOf = ({ is_regex = false, is_equal = true }: Matcher): Op =>
  is_regex ? (is_equal ? '=~' : '!~') : is_equal ? '=' : '!=';

export const draftOf = (matcher: Matcher): Draft => ({
  name: matcher.name,
  op: opOf(matcher),
  value: matcher.value,
});

export const matcherOf = ({ name, op, value }: Draft): Matcher => ({
  name: name.trim(),
  value,
  is_regex: op === '=~' || op === '!~',
  is_equal: op === '=' || op === '=~',
});

// Every label of an alert: exactly this one, until some are taken away.
export const draftsOf = (labels: Record<string, string>): Draft[] =>
  Object.entries(labels).map(([name, value]) => ({ name, op: '=', value }));

export const complete = (drafts: readonly Draft[]): Draft[] =>
  drafts.filter(({ name }) => name.trim() !== '');

// feature="checkout",severity!="ticket": what `match` takes.
export const matchText = (drafts: readonly Draft[]): string =>
  complete(drafts)
    .map(({ name, op, value }) => `${name.trim()}${op}${quoted(value)}`)
    .join(',');

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

export const PRESETS: readonly { value: string; label: string }[] = [
  { value: '30m', label: '30 min' },
  { value: '2h', label: '2 h' },
  { value: '8h', label: '8 h' },
  { value: '1d', label: '1 d' },
  { value: '7d', label: '7 d' },
  { value: 'until', label: 'Until …' },
];
