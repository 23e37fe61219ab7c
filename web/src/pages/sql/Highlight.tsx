import { memo, type ReactNode, type RefObject } from 'react';
import type { ErrorPlace } from './place';
import { VIEWS } from './schema';
import { tokenize, type Token } from './tokens';

const NAMES = new Set(VIEWS.map(({ name }) => name));
const PLAIN = new Set(['space', 'mark', 'name', 'quoted']);

// The statement in colours. The same characters as in the field above it, and a line break at its end,
// which the field shows as a line too.
export const Highlight = memo(function Highlight({
  sql,
  error,
  inner,
}: {
  sql: string;
  error: ErrorPlace | null;
  inner: RefObject<HTMLPreElement>;
}) {
  const parts: ReactNode[] = [];
  for (const token of tokenize(sql)) {
    const wrong = error !== null && token.from < error.to && token.to > error.from;
    const kind = kindOf(token);
    const previous = parts[parts.length - 1];
    if (kind === null && !wrong) {
      // Fewer elements: plain pieces stand together.
      if (typeof previous === 'string') parts[parts.length - 1] = previous + token.text;
      else parts.push(token.text);
    } else {
      const name = [kind && `sql-${kind}`, wrong && 'sql-wrong'].filter(Boolean).join(' ');
      parts.push(
        <span key={token.from} className={name}>
          {token.text}
        </span>,
      );
    }
  }
  return (
    <pre ref={inner} aria-hidden="true">
      {parts}
      {'\n'}
    </pre>
  );
});

function kindOf({ kind, text }: Token): string | null {
  if (kind === 'name' && NAMES.has(text.toLowerCase())) return 'view';
  return PLAIN.has(kind) ? null : kind;
}
