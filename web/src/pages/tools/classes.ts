// What the classes of errors mean, in a line each, and what usually helps.

export const CLASS_WORDS: Record<string, string> = {
  context_length:
    'The input was longer than the model takes: shorten the history, or take a larger model.',
  rate_limit:
    'The provider or a tool refused for now: call less often, wait as told, or ask for more.',
  overloaded: 'The provider could not keep up: retry later, or fall back to another one.',
  content_filter: 'The provider refused what was asked or answered.',
  invalid_args: 'The arguments did not fit: the schema, its description or the prompt changed.',
  auth: 'A key is missing, wrong or may not do this.',
  quota: 'The account has no money or no quota left.',
  timeout: 'No answer came in time.',
  cancelled: 'Somebody stopped it before it was done.',
  tool: 'A tool failed in its own way.',
  parse: 'An answer could not be read as what it should be.',
  network: 'The connection failed.',
  internal: 'Somebody else’s server failed (5xx).',
  unknown: 'It failed, and did not say how in words that are known.',
};

// The filter for the spans of a class. Errors without one are counted as unknown.
export function classFilter(category: string): string {
  return category === 'unknown'
    ? 'status = error AND (error_category = null OR error_category = unknown)'
    : `status = error AND error_category = ${category}`;
}

// The class of a group of GET /api/v1/series for by=error_category.
export function classOf({
  key,
  other,
}: {
  key: Record<string, string | null>;
  other: boolean;
}): string {
  return other ? '(other)' : key['error_category'] || 'unknown';
}

// Errors of the same name that say the same, together; in the order in which the first of each came.
export function alike<E extends { name: string; message: string }>(
  examples: readonly E[],
): [E, ...E[]][] {
  const groups = new Map<string, [E, ...E[]]>();
  for (const example of examples) {
    const key = `${example.name}\u0000${example.message}`;
    const group = groups.get(key);
    if (group) group.push(example);
    else groups.set(key, [example]);
  }
  return [...groups.values()];
}
