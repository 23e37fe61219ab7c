// The words of a statement, for colours, completion and the place of an error. The server's parser
// decides what is right.

export type TokenKind =
  | 'space'
  | 'comment'
  | 'keyword'
  | 'function'
  | 'name'
  | 'quoted' // `a name` or "a name"
  | 'string'
  | 'number'
  | 'mark';

export interface Token {
  kind: TokenKind;
  text: string;
  from: number;
  to: number;
}

export const KEYWORDS: ReadonlySet<string> = new Set(
  `ALL AND ANTI ANY ARRAY AS ASC ASOF BETWEEN BY CASE CAST CROSS CUBE CURRENT DAY DESC DISTINCT ELSE
   END EXCEPT EXISTS FALSE FILL FINAL FIRST FOLLOWING FROM FULL GLOBAL GROUP GROUPING HAVING HOUR ILIKE
   IN INNER INTERSECT INTERVAL IS JOIN LAST LEFT LIKE LIMIT MINUTE MONTH NOT NULL NULLS OFFSET ON OR
   ORDER OUTER OVER PARTITION PRECEDING PREWHERE QUALIFY QUARTER RANGE REPLACE RIGHT ROLLUP ROW ROWS
   SECOND SELECT SEMI SETS STEP THEN TIES TO TOTALS TRUE UNBOUNDED UNION USING WEEK WHEN WHERE WINDOW
   WITH YEAR`.split(/\s+/),
);

// Functions that share their name with a keyword: left('abc', 2).
const BOTH: ReadonlySet<string> = new Set(['ANY', 'LEFT', 'RIGHT', 'REPLACE', 'CAST', 'ARRAY']);

// Words of INTERVAL 1 HOUR alone: elsewhere people call columns so.
const UNITS: ReadonlySet<string> = new Set(
  'SECOND MINUTE HOUR DAY WEEK MONTH QUARTER YEAR'.split(' '),
);

const TOKEN = new RegExp(
  [
    /\s+/,
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/,
    /'(?:[^'\\]|\\[\s\S]|'')*'?/,
    /`(?:[^`\\]|\\[\s\S])*`?|"(?:[^"\\]|\\[\s\S])*"?/,
    /0x[\da-f]+|(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?/,
    /[\p{L}_][\p{L}\p{N}_]*/u,
    /<=>|<>|<=|>=|!=|==|::|->|\|\||[\s\S]/,
  ]
    .map(({ source }) => `(${source})`)
    .join('|'),
  'giu',
);
const KINDS: readonly TokenKind[] = [
  'space',
  'comment',
  'string',
  'quoted',
  'number',
  'name',
  'mark',
];

// Without gaps: the texts of all tokens together are `sql`.
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  for (const match of sql.matchAll(TOKEN)) {
    const text = match[0];
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)]!;
    tokens.push({ kind, text, from: match.index, to: match.index + text.length });
  }
  tokens.forEach((token, i) => {
    if (token.kind !== 'name') return;
    const upper = token.text.toUpperCase();
    const called = nextMark(tokens, i) === '(';
    const unit = UNITS.has(upper) && !afterInterval(tokens, i);
    if (KEYWORDS.has(upper) && !unit && !(called && BOTH.has(upper))) token.kind = 'keyword';
    else if (called) token.kind = 'function';
  });
  return tokens;
}

function nextMark(tokens: readonly Token[], at: number): string | undefined {
  let next = at + 1;
  while (tokens[next]?.kind === 'space') ++next;
  return tokens[next]?.text;
}

// Those that say something.
export function words(tokens: readonly Token[]): Token[] {
  return tokens.filter(({ kind }) => kind !== 'space' && kind !== 'comment');
}

function afterInterval(tokens: readonly Token[], at: number): boolean {
  const before = words(tokens.slice(Math.max(0, at - 6), at)).slice(-2);
  return before.some(({ text }) => text.toUpperCase() === 'INTERVAL');
}
