// Decisions of two runs side by side, each leading to its place in the run's story.

import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { textOf, type StoryChoice, type StoryStep } from 'api/story';
import type { Trace } from 'api/types';
import { TOOL_STATUSES } from 'base/colors';
import { formatCost, formatDuration, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Pill, ToolStatusPill } from 'widgets/figures/Pill';
import { inlineArguments } from 'widgets/message/inlineArguments';
import { Diff } from 'widgets/text/Diff';
import { differs, type StepPair } from './steps';

const SHOWN = 100;
const SAID_CHARS = 160;

export function StepTable({ pairs, a, b }: { pairs: readonly StepPair[]; a: Trace; b: Trace }) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      <ol className="compare-steps" aria-label="Decisions of both runs">
        {pairs.slice(0, shown).map((pair) => (
          <PairRow
            key={`${pair.a?.span_id ?? ''} ${pair.b?.span_id ?? ''}`}
            pair={pair}
            ids={[a.trace_id, b.trace_id]}
          />
        ))}
      </ol>
      {pairs.length === 0 && <p className="dim">All decisions are the same.</p>}
      {pairs.length > shown && (
        <button type="button" className="button small" onClick={() => setShown(shown + 500)}>
          Show {plural(pairs.length - shown, 'more decision')}
        </button>
      )}
    </>
  );
}

function PairRow({ pair, ids }: { pair: StepPair; ids: [string, string] }) {
  const { a, b, changes } = pair;
  return (
    <li className={differs(pair) ? 'compare-pair compare-different' : 'compare-pair'}>
      <Side step={a} letter="A" traceId={ids[0]} />
      <Side step={b} letter="B" traceId={ids[1]} />
      {changes.length > 0 && (
        <div className="compare-changes">
          <p>{visibleText(changes.join(' · '))}</p>
          {a && b && changes[0] === 'other arguments' && (
            <Diff before={argumentsText(a)} after={argumentsText(b)} />
          )}
        </div>
      )}
    </li>
  );
}

function argumentsText({ chose }: StoryStep): string {
  return chose
    .map(({ tool, arguments: given }) => `${tool} ${JSON.stringify(given ?? null, null, 2)}`)
    .join('\n');
}

function Side(props: { step: StoryStep | null; letter: string; traceId: string }) {
  const { step, letter, traceId } = props;
  if (!step) return <div className="compare-side compare-none">Not in {letter}</div>;
  return (
    <div className="compare-side">
      <p className="compare-step">
        <Link
          to="/traces/$trace_id"
          params={{ trace_id: traceId }}
          search={{ view: 'story', span: step.span_id } as never}
        >
          {letter} step {step.n}
        </Link>
        <strong>{visibleText(step.agent ?? '')}</strong>
        <span className="dim">
          {step.duration_ms !== undefined && formatDuration(step.duration_ms)}{' '}
          {formatCost(step.cost_usd)}
        </span>
        {step.outcome !== 'tool_use' && step.outcome !== 'answer' && (
          <Pill tone="bad">{step.outcome.replaceAll('_', ' ')}</Pill>
        )}
      </p>
      {step.chose.map((choice, i) => (
        <ChoiceLine key={i} choice={choice} />
      ))}
      {step.chose.length === 0 && <p className="compare-said">{saidOf(step)}</p>}
    </div>
  );
}

function ChoiceLine({ choice }: { choice: StoryChoice }) {
  const status = TOOL_STATUSES.find((name) => name === choice.outcome?.tool_status);
  return (
    <p className="compare-choice">
      <span className="compare-tool">{visibleText(choice.tool)}</span>{' '}
      <code className="dim">{visibleText(inlineArguments(choice.arguments) ?? '…')}</code>{' '}
      {status !== undefined && <ToolStatusPill status={status} />}
    </p>
  );
}

function saidOf(step: StoryStep): string {
  const text = textOf(step.said);
  if (text === '') return 'answered without a text';
  return visibleText(text.length > SAID_CHARS ? `${text.slice(0, SAID_CHARS)}…` : text);
}
