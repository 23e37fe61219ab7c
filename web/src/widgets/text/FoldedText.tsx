// A text somebody sent, as text and nothing else. A long one is folded and says how long it is.

import { memo, useMemo, useState } from 'react';
import { formatBytes } from 'base/format';
import { foldText, visibleText } from 'base/text';
import './FoldedText.css';

const LINES = 40;
const LINE_CHARS = 100;
// The browser lays out what is in view only, piece by piece.
const PIECE_CHARS = 32_000;

interface FoldedTextProps {
  text: string;
  mono?: boolean;
  lines?: number; // Shown of a folded one, about.
}

export const FoldedText = memo(function FoldedText(props: FoldedTextProps) {
  const { text, mono = false, lines = LINES } = props;
  const [whole, setWhole] = useState(false);
  const fold = useMemo(() => foldText(text, lines * LINE_CHARS, lines), [text, lines]);
  const shown = useMemo(() => pieces(visibleText(whole ? text : fold.head)), [text, fold, whole]);
  return (
    <div className={mono ? 'folded-text mono' : 'folded-text'}>
      {shown.map((piece, i) => (
        <div key={i} className="folded-text-piece">
          {piece}
        </div>
      ))}
      {fold.folded && (
        <button type="button" className="button small" onClick={() => setWhole(!whole)}>
          {whole ? 'Show less' : `Show all ${formatBytes(fold.bytes)}`}
        </button>
      )}
    </div>
  );
});

function pieces(text: string): string[] {
  if (text.length <= PIECE_CHARS) return [text];
  const list: string[] = [];
  for (let at = 0; at < text.length;) {
    let end = Math.min(text.length, at + PIECE_CHARS);
    const line = text.lastIndexOf('\n', end);
    let next = end;
    if (end < text.length && line > at) {
      end = line;
      next = line + 1;
    }
    list.push(text.slice(at, end));
    at = next;
  }
  return list;
}
