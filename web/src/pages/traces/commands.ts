// What is on the page, as commands for a terminal.

interface Asked {
  since: string;
  until?: string;
  q?: string;
}

export const EXPORT_FORMATS = ['jsonl', 'otlp', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

// One word for a POSIX shell, whatever it holds.
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

// `path` is of the API, with its parameters. The key, where one is needed, stays out of the command.
export function curlCommand(origin: string, path: string, withKey: boolean): string {
  const key = withKey ? ' -H "Authorization: Bearer $PITOT_KEY"' : '';
  return `curl -fsS${key} ${shellWord(origin + path)}`;
}

export function listCommand(origin: string, asked: Asked): string {
  const words = ['pitot', 'traces', ...(asked.q ? [shellWord(asked.q)] : [])];
  return [...words, ...windowWords(asked), '--url', shellWord(origin)].join(' ');
}

function windowWords({ since, until }: Asked): string[] {
  return ['--since', shellWord(since), ...(until ? ['--until', shellWord(until)] : [])];
}

// The filter `q` and, besides, words to be found: a quoted text of the filter language.
export function withWords(q: string, words: string): string {
  if (words === '') return q;
  const text = `"${words.replace(/["\\]/g, '\\$&')}"`;
  if (q === '') return text;
  return `${/\bor\b/i.test(q) ? `(${q})` : q} AND ${text}`;
}
