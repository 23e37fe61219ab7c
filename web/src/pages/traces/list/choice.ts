// Which columns the list has, and in which order: names in a row, as addresses, saved views and the
// browser's own memory keep them.

export function readColumns(
  text: string | null | undefined,
  known: readonly string[],
  first: string,
  others: readonly string[],
): readonly string[] {
  const named = (text ?? '').split(',').filter((id) => id !== first && known.includes(id));
  if (named.length === 0) return others;
  return [first, ...new Set(named)];
}

// The same list with `id` one place earlier or later. The first stays.
export function moveColumn(ids: readonly string[], id: string, by: 1 | -1): readonly string[] {
  const at = ids.indexOf(id);
  const to = at + by;
  if (at < 1 || to < 1 || to >= ids.length) return ids;
  const next = [...ids];
  [next[at], next[to]] = [next[to]!, next[at]!];
  return next;
}
