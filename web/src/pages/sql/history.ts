// The queries that were run in this browser, the latest first. They are kept here only.

export interface PastQuery {
  sql: string;
  at: string; // RFC 3339
}

// Where base/stored keeps them.
export const HISTORY = 'sql.history';
const KEPT_MAX = 50;
const CHARS_MAX = 20_000;

export function readHistory(stored: string | null): readonly PastQuery[] {
  if (stored === null) return [];
  try {
    const list: unknown = JSON.parse(stored);
    if (!Array.isArray(list)) return [];
    return list.filter(
      (one): one is PastQuery =>
        typeof one === 'object' &&
        one !== null &&
        typeof (one as PastQuery).sql === 'string' &&
        typeof (one as PastQuery).at === 'string',
    );
  } catch {
    return [];
  }
}

// A query that was run before moves to the front.
export function withQuery(
  history: readonly PastQuery[],
  sql: string,
  at: string,
): readonly PastQuery[] {
  if (sql.trim() === '' || sql.length > CHARS_MAX) return history;
  return [{ sql, at }, ...history.filter((one) => one.sql !== sql)].slice(0, KEPT_MAX);
}

// What a query is about, in one line: its first comment, or its beginning.
export function titleOf(sql: string): string {
  const comment = /^\s*--\s*(.+)/.exec(sql)?.[1];
  return (comment ?? sql.replace(/\s+/g, ' ')).trim().slice(0, 200);
}
