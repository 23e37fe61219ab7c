// What was new to the model in a call.

import { useState } from 'react';
import { isCut, type StoryStep } from 'api/story';
import type { Json } from 'api/types';
import { plural } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { isObject, readPart, readPiece } from 'widgets/message/content';
import { PartView } from 'widgets/message/Message';
import type { Decision, NewMessage } from './decisions';
import { pickMessage } from './pick';
import { useStoryActions } from './storyContext';
import { Told } from './Told';

// Of many, the latest say most.
const SHOWN = 4;
const LINES = 6;

export function Fresh({ decision }: { decision: Decision }) {
  const { step, fresh, echoed } = decision;
  const [all, setAll] = useState(false);
  const earlier = all ? 0 : Math.max(0, fresh.length - SHOWN);
  const known = (step.context_messages ?? 0) - fresh.length - echoed;
  return (
    <>
      {step.compacted && (
        <p className="story-mark warn">
          Its history was replaced by a shorter one: all of these messages are new to it.
        </p>
      )}
      {earlier > 0 && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show {plural(earlier, 'earlier message')}
        </button>
      )}
      {fresh.slice(earlier).map((message) => (
        <FreshMessage key={message.index} message={message} step={step} />
      ))}
      {fresh.length === 0 && (
        <p className="dim">
          {step.context_messages ? 'Nothing new.' : 'The call came without its messages.'}
        </p>
      )}
      {known > 0 && (
        <p className="story-note">
          after {plural(known + echoed, 'message')} it knew
          {echoed > 0 && ', its own last answer among them'}
        </p>
      )}
    </>
  );
}

function FreshMessage({ message, step }: { message: NewMessage; step: StoryStep }) {
  const { goTo } = useStoryActions();
  const [open, setOpen] = useState(false);
  const { answers } = message;
  if (answers.length === 0) return <Whole message={message} step={step} />;
  return (
    <div className="story-message">
      <p className="story-joined">
        <button
          type="button"
          className="story-fold"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="open" className={open ? 'story-arrow-open' : ''} />
          {answers.length === 1 ? 'Result of ' : 'Results of '}
          <strong>{answers.map(({ tool }) => visibleText(tool)).join(', ')}</strong>
        </button>{' '}
        {[...new Set(answers.map(({ n }) => n))].map((n) => (
          <button key={n} type="button" className="story-ref" onClick={() => goTo(n)}>
            chosen in step {n}
          </button>
        ))}
      </p>
      {open && <Whole message={message} step={step} />}
    </div>
  );
}

function Whole({ message, step }: { message: NewMessage; step: StoryStep }) {
  const piece = readPiece(message.message);
  const role = piece.type === 'message' ? piece.role : rolelessOf(message);
  const cut = partsOf(message.message)?.some(
    (part) => isObject(part) && FIELDS.some((name) => isCut(part[name])),
  );
  return (
    <div className={`story-message story-role-${/^\w+$/.test(role) ? role : 'other'}`}>
      <p className="story-role">{visibleText(role)}</p>
      {piece.type === 'message' && !cut ? (
        piece.parts.map((part, i) => <PartView key={i} part={part} lines={LINES} />)
      ) : (
        <CutMessage message={message} step={step} />
      )}
    </div>
  );
}

const rolelessOf = ({ message }: NewMessage): string =>
  isObject(message) && 'missing_payload' in message ? 'not stored' : 'message';

// Some of it is cut: that is read in whole from the span.
function CutMessage({ message, step }: { message: NewMessage; step: StoryStep }) {
  const parts = partsOf(message.message);
  const pick = pickMessage(message.index);
  if (!parts) return <Told value={message.message} span={step.span_id} pick={pick} lines={LINES} />;
  return parts.map((part, i) => {
    const field = isObject(part) && FIELDS.find((name) => isCut(part[name]));
    if (!field || !isObject(part)) return <PartView key={i} part={readPart(part)} lines={LINES} />;
    return (
      <Told
        key={i}
        value={part[field]!}
        span={step.span_id}
        pick={(span) => {
          const whole = partsOf(pick(span) ?? null)?.[i];
          return isObject(whole) ? whole[field] : undefined;
        }}
        prose={field === 'content'}
        lines={LINES}
      />
    );
  });
}

const FIELDS = ['content', 'result', 'arguments'] as const;

function partsOf(message: Json): Json[] | null {
  const parts = isObject(message) ? message['parts'] : undefined;
  return Array.isArray(parts) ? parts : null;
}
