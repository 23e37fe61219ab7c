// The whole trace in a strip: how many spans of a kind ran at each place, and where one failed.

import type { Span } from 'api/types';
import { endOf, type Window } from './scale';

export interface Density {
  llm: Uint16Array; // By place: how many ran there at once.
  tool: Uint16Array;
  other: Uint16Array; // Neither agents nor chains, which only hold others.
  errors: Uint16Array; // By place: how many failed spans end there.
  most: number; // At one place, all three together; at least 1.
}

export function densityOf(
  spans: readonly Span[],
  window: Window,
  places: number,
  now: number | null,
): Density {
  const size = window.to - window.from;
  // Round, so that spans one after the other do not share a place.
  const place = (ms: number, last: number) =>
    Math.max(0, Math.min(last, Math.round(((ms - window.from) / size) * places)));
  const count = () => new Int32Array(places + 1);
  const changes = { llm: count(), tool: count(), other: count() };
  const errors = new Uint16Array(places);
  for (const span of spans) {
    const end = endOf(span, now);
    if (span.status === 'error') errors[place(end, places - 1)]! += 1;
    if (span.kind === 'agent' || span.kind === 'chain') continue;
    const list = span.kind === 'llm' || span.kind === 'tool' ? changes[span.kind] : changes.other;
    const first = place(span.offset_ms, places - 1);
    list[first]! += 1;
    list[Math.max(first + 1, place(end, places))]! -= 1;
  }
  const sums = (list: Int32Array) => {
    const out = new Uint16Array(places);
    let sum = 0;
    for (let i = 0; i < places; ++i) out[i] = sum += list[i]!;
    return out;
  };
  const [llm, tool, other] = [sums(changes.llm), sums(changes.tool), sums(changes.other)];
  let most = 1;
  for (let i = 0; i < places; ++i) most = Math.max(most, llm[i]! + tool[i]! + other[i]!);
  return { llm, tool, other, errors, most };
}
