// What a call was given, against the call before it: messages added, removed, changed and kept; and what
// its context is made of. Pure.

import { canonical } from 'api/story';
import type { Json, SpanDetails } from 'api/types';
import { align } from 'base/align';
import { utf8Bytes } from 'base/text';
import { isObject } from 'widgets/message/content';

export type MessageChange =
  | { kind: 'kept'; messages: Json[] }
  | { kind: 'added' | 'removed'; message: Json; index: number }
  | { kind: 'changed'; before: Json; message: Json; index: number };

export interface ContextDiff {
  changes: MessageChange[];
  kept: number;
  added: number;
  removed: number;
  changed: number;
  // The first message that is not as before while others follow it: no cache holds beyond it.
  brokenAt: number | null;
}

export function diffContext(before: readonly Json[], after: readonly Json[]): ContextDiff {
  const diff: ContextDiff = {
    changes: [],
    kept: 0,
    added: 0,
    removed: 0,
    changed: 0,
    brokenAt: null,
  };
  let gone: number[] = [];
  let come: number[] = [];
  const flush = () => {
    // One that took another's place, from the same speaker, is that one changed.
    const pairs = Math.min(gone.length, come.length);
    for (let i = 0; i < Math.max(gone.length, come.length); ++i) {
      const [old, now] = [gone[i], come[i]];
      if (i < pairs && roleOf(before[old!]!) === roleOf(after[now!]!)) {
        diff.changes.push({
          kind: 'changed',
          before: before[old!]!,
          message: after[now!]!,
          index: now!,
        });
        ++diff.changed;
        continue;
      }
      if (old !== undefined) {
        diff.changes.push({ kind: 'removed', message: before[old]!, index: old });
        ++diff.removed;
      }
      if (now !== undefined) {
        diff.changes.push({ kind: 'added', message: after[now]!, index: now });
        ++diff.added;
      }
    }
    if (gone.length > 0) diff.brokenAt ??= come[0] ?? gone[0]!;
    gone = [];
    come = [];
  };
  for (const one of align(before.map(canonical), after.map(canonical))) {
    if (one.kind === 'removed') gone.push(one.a);
    else if (one.kind === 'added') come.push(one.b);
    else {
      // Something put in front of what was there moves it.
      if (come.length > 0) diff.brokenAt ??= come[0]!;
      flush();
      ++diff.kept;
      const last = diff.changes[diff.changes.length - 1];
      if (last?.kind === 'kept') last.messages.push(after[one.b]!);
      else diff.changes.push({ kind: 'kept', messages: [after[one.b]!] });
    }
  }
  flush();
  return diff;
}

const roleOf = (message: Json): string =>
  isObject(message) && typeof message['role'] === 'string' ? message['role'] : '';

export const SHARES = [
  'System prompt',
  'Tool definitions',
  'History',
  'Tool results',
  'New',
] as const;
export type Share = (typeof SHARES)[number];

// Bytes of each part of a call's context; `known`: messages that the call before had too.
export function composition(
  span: Pick<SpanDetails, 'system' | 'tool_definitions' | 'input'>,
  known: number,
): Record<Share, number> {
  const bytes = (value: Json) =>
    utf8Bytes(typeof value === 'string' ? value : JSON.stringify(value));
  const sum = (list: readonly Json[]) => list.reduce<number>((total, one) => total + bytes(one), 0);
  const history = span.input.slice(0, known);
  const tools = history.filter((message) => roleOf(message) === 'tool');
  return {
    'System prompt': sum(span.system),
    'Tool definitions': sum(span.tool_definitions),
    History: sum(history) - sum(tools),
    'Tool results': sum(tools),
    New: sum(span.input.slice(known)),
  };
}
