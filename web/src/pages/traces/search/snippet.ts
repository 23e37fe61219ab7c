// A hit of full-text search as it is read: who said it, and the words found, marked. A message comes
// as the JSON text it is stored as; its wrapping and escapes are taken off, the marks stay in place.

export interface Piece {
  text: string;
  marked: boolean;
}

export interface Reading {
  role: string | null;
  pieces: readonly Piece[];
}

const ROLE = /^\{"role":"([\w-]{1,40})"/;
const HEAD =
  /^\{"role":"[\w-]{1,40}",(?:"name":"[^"\\]*",)?"parts":\[\{"type":"[\w-]{1,40}",(?:"(?:id|name)":"[^"\\]*",)*"(?:content|text|arguments|response|result)":"?/;
const TAIL = /"?\}\](?:,"finish_reason":"\w+")?\}$/;
const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '', b: '', f: '' };

// `highlights` count characters of `snippet`, not UTF-16 units.
export function readSnippet(snippet: string, highlights: readonly (readonly number[])[]): Reading {
  const role = ROLE.exec(snippet)?.[1] ?? null;
  const json = role !== null || /^[{[]/.test(snippet);
  const head = HEAD.exec(snippet)?.[0].length ?? 0;
  const end = head > 0 ? snippet.length - (TAIL.exec(snippet)?.[0].length ?? 0) : snippet.length;

  const pieces: { text: string; marked: boolean }[] = [];
  const add = (text: string, marked: boolean) => {
    const last = pieces[pieces.length - 1];
    if (last && last.marked === marked) last.text += text;
    else pieces.push({ text, marked });
  };
  const isMarked = (at: number) => highlights.some(([from = 0, to = 0]) => at >= from && at < to);

  const chars = [...snippet];
  let unit = 0; // Where chars[at] stands in UTF-16 units.
  for (let at = 0; at < chars.length; ++at) {
    const char = chars[at]!;
    const here = unit;
    unit += char.length;
    // What is marked is shown, even if it is the wrapping that was found.
    const marked = isMarked(at);
    if ((here < head || here >= end) && !marked) continue;
    if (json && char === '\\' && at + 1 < chars.length) {
      const next = chars[++at]!;
      unit += next.length;
      const code = next === 'u' ? /^[0-9a-fA-F]{4}/.exec(snippet.slice(unit))?.[0] : undefined;
      if (code) {
        add(String.fromCharCode(parseInt(code, 16)), marked);
        at += 4;
        unit += 4;
      } else {
        add(ESCAPES[next] ?? next, marked);
      }
    } else {
      add(char, marked);
    }
  }
  return { role, pieces };
}

// Where a hit was found, in words of the kind of its span.
export function placeOf(where: string, kind: string): string {
  if (kind === 'tool' && where === 'input') return 'arguments';
  if (kind === 'tool' && where === 'output') return 'result';
  return (
    {
      input: 'input',
      output: 'output',
      system: 'system prompt',
      tool_definitions: 'tool definitions',
      reasoning: 'reasoning',
      name: 'name of the span',
      status_message: 'failure',
    }[where] ?? where
  );
}
