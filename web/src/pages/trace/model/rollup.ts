// What each subtree costs, by row of the tree. A span counts once: where a call is seen twice, by a
// wrapper and by the call itself say, only the one that is `counted` does.

import { provenanceOf, PROVENANCES, type Provenance } from './provenance';
import type { SpanTree } from './tree';

export interface Rollup {
  own: Float64Array; // US dollars; NaN: no cost of its own.
  total: Float64Array; // With everything below; NaN: nothing below has a cost either.
  unpriced: Uint32Array; // Calls without a known price, with everything below.
  marks: Uint8Array; // Which provenances there are below: a bit each, in the order of PROVENANCES.
  errors: Uint32Array; // Failed spans, with everything below.
  all: number; // The whole trace; NaN: nothing is known.
}

export function rollUp(tree: SpanTree): Rollup {
  const count = tree.spans.length;
  const own = new Float64Array(count).fill(NaN);
  const total = new Float64Array(count).fill(NaN);
  const unpriced = new Uint32Array(count);
  const marks = new Uint8Array(count);
  const errors = new Uint32Array(count);
  let all = NaN;
  // Children stand behind their parents.
  for (let row = count - 1; row >= 0; --row) {
    const span = tree.spans[row]!;
    const provenance = provenanceOf(span);
    if (provenance !== null) {
      marks[row]! |= 1 << PROVENANCES.indexOf(provenance);
      if (provenance === 'unpriced') unpriced[row]! += 1;
      else own[row] = span.cost_usd!;
    }
    if (span.status === 'error') errors[row]! += 1;
    total[row] = add(total[row]!, own[row]!);
    const parent = tree.parent[row]!;
    if (parent < 0) {
      all = add(all, total[row]!);
    } else {
      total[parent] = add(total[parent]!, total[row]!);
      unpriced[parent]! += unpriced[row]!;
      marks[parent]! |= marks[row]!;
      errors[parent]! += errors[row]!;
    }
  }
  return { own, total, unpriced, marks, errors, all };
}

const add = (a: number, b: number): number => (Number.isNaN(a) ? b : Number.isNaN(b) ? a : a + b);

export function hasMark(rollup: Rollup, row: number, provenance: Provenance): boolean {
  return (rollup.marks[row]! & (1 << PROVENANCES.indexOf(provenance))) !== 0;
}
