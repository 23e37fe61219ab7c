// Two lists side by side: what they have in common, in order. The longest common subsequence, bounded: of
// lists too long for that, only what they begin and end with alike.

export type Aligned =
  | { kind: 'same'; a: number; b: number } // Indices.
  | { kind: 'removed'; a: number }
  | { kind: 'added'; b: number };

// Pairs of items compared, at most: some 10 ms.
const CELLS_MAX = 4_000_000;

export function align(a: readonly string[], b: readonly string[]): Aligned[] {
  const out: Aligned[] = [];
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) {
    out.push({ kind: 'same', a: head, b: head });
    ++head;
  }
  let tail = 0;
  while (
    tail < a.length - head &&
    tail < b.length - head &&
    a[a.length - 1 - tail] === b[b.length - 1 - tail]
  ) {
    ++tail;
  }
  middle(a, b, head, a.length - tail, b.length - tail, out);
  for (let i = tail; i > 0; --i) out.push({ kind: 'same', a: a.length - i, b: b.length - i });
  return out;
}

function middle(
  a: readonly string[],
  b: readonly string[],
  from: number,
  aEnd: number,
  bEnd: number,
  out: Aligned[],
): void {
  const rows = aEnd - from;
  const columns = bEnd - from;
  if (rows * columns === 0 || rows * columns > CELLS_MAX) {
    for (let i = from; i < aEnd; ++i) out.push({ kind: 'removed', a: i });
    for (let i = from; i < bEnd; ++i) out.push({ kind: 'added', b: i });
    return;
  }
  // lengths[r][c]: of the longest common part of what follows.
  const width = columns + 1;
  const lengths = new Uint16Array((rows + 1) * width);
  for (let r = rows - 1; r >= 0; --r) {
    for (let c = columns - 1; c >= 0; --c) {
      const at = r * width + c;
      lengths[at] =
        a[from + r] === b[from + c]
          ? lengths[at + width + 1]! + 1
          : Math.max(lengths[at + width]!, lengths[at + 1]!);
    }
  }
  let r = 0;
  let c = 0;
  while (r < rows || c < columns) {
    const at = r * width + c;
    if (r < rows && c < columns && a[from + r] === b[from + c]) {
      out.push({ kind: 'same', a: from + r++, b: from + c++ });
    } else if (c >= columns || (r < rows && lengths[at + width]! >= lengths[at + 1]!)) {
      out.push({ kind: 'removed', a: from + r++ });
    } else {
      out.push({ kind: 'added', b: from + c++ });
    }
  }
}
