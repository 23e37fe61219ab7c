// Two texts and what changed from the first to the second, by lines and words; what stayed is folded.
//
//   <Diff before={a} after={b} />

import { useMemo, useState } from 'react';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { diffLines, type DiffLine } from './diffLines';
import './Diff.css';

// Lines kept around each change.
const AROUND = 2;
const ROWS_MAX = 600;
const CHARS_MAX = 400_000;

export function Diff({ before, after }: { before: string; after: string }) {
  const diff = useMemo(
    () =>
      diffLines(visibleText(before.slice(0, CHARS_MAX)), visibleText(after.slice(0, CHARS_MAX))),
    [before, after],
  );
  const [all, setAll] = useState(false);
  const runs = useMemo(() => foldSame(diff.lines), [diff]);
  if (diff.removed + diff.added === 0) return <p className="dim">Both are the same.</p>;
  const shown = all ? runs : runs.slice(0, ROWS_MAX);
  return (
    <div className="diff mono">
      {shown.map((run, i) =>
        'folded' in run ? <Folded key={i} lines={run.folded} /> : <Line key={i} line={run.line} />,
      )}
      {shown.length < runs.length && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show {plural(runs.length - shown.length, 'more line')}
        </button>
      )}
    </div>
  );
}

type Run = { line: DiffLine } | { folded: string[] };

function foldSame(lines: readonly DiffLine[]): Run[] {
  const near = new Uint8Array(lines.length);
  lines.forEach((line, i) => {
    if (line.kind === 'same') return;
    near.fill(1, Math.max(0, i - AROUND), Math.min(lines.length, i + AROUND + 1));
  });
  const runs: Run[] = [];
  lines.forEach((line, i) => {
    if (near[i] || line.kind !== 'same') {
      runs.push({ line });
      return;
    }
    const last = runs[runs.length - 1];
    if (last && 'folded' in last) last.folded.push(line.text);
    else runs.push({ folded: [line.text] });
  });
  return runs;
}

function Folded({ lines }: { lines: readonly string[] }) {
  const [open, setOpen] = useState(false);
  if (open) return lines.map((text, i) => <Line key={i} line={{ kind: 'same', text }} />);
  return (
    <button type="button" className="diff-folded" onClick={() => setOpen(true)}>
      {plural(lines.length, 'equal line')}
    </button>
  );
}

const MARKS = { same: ' ', removed: '−', added: '+' } as const;

function Line({ line }: { line: DiffLine }) {
  const Tag = line.kind === 'removed' ? 'del' : line.kind === 'added' ? 'ins' : 'span';
  return (
    <div className={`diff-line diff-${line.kind}`}>
      <span className="diff-mark" aria-hidden="true">
        {MARKS[line.kind]}
      </span>
      <Tag className="diff-text">
        {line.kind === 'same'
          ? line.text
          : line.words.map((word, i) =>
              word.changed ? <mark key={i}>{word.text}</mark> : word.text,
            )}
      </Tag>
    </div>
  );
}
