// What the model chose in a call: each tool with its arguments, and what came of it.

import { callKey, textOf, type StoryOutcome, type StoryStep } from 'api/story';
import { TOOL_STATUSES, type AnyToolStatus } from 'base/colors';
import { formatDuration, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Pill, ToolStatusPill } from 'widgets/figures/Pill';
import { Status } from 'widgets/figures/Status';
import { asJson } from 'widgets/message/content';
import { inlineArguments } from 'widgets/message/inlineArguments';
import { choiceFailed, type Choice } from './decisions';
import { pickArguments, pickError, pickResult } from './pick';
import { useStoryActions } from './storyContext';
import { Told } from './Told';

const RESULT_LINES = 5;

export function Chosen({ step, choice: { choice, before } }: { step: StoryStep; choice: Choice }) {
  const { open, goTo } = useStoryActions();
  const { tool, outcome } = choice;
  const inline = inlineArguments(choice.arguments);
  return (
    <div className={choiceFailed(choice) ? 'story-choice story-choice-failed' : 'story-choice'}>
      <p className="story-call">
        <strong className="story-tool">{visibleText(tool)}</strong>
        {inline !== null && <code className="story-arguments">{visibleText(inline)}</code>}
      </p>
      {inline === null && choice.arguments !== undefined && (
        <Told
          value={choice.arguments}
          span={step.span_id}
          pick={pickArguments(choice.tool_call_id, tool)}
        />
      )}
      {before.length > 0 && (
        <p className="story-mark warn">
          The same call as in step{before.length > 1 && 's'}{' '}
          {before.slice(-5).map((n) => (
            <button key={n} type="button" className="story-ref" onClick={() => goTo(n)}>
              {n}
            </button>
          ))}
          : equal tool and arguments.
        </p>
      )}
      {outcome ? (
        <Outcome key={callKey(choice)} outcome={outcome} delegatedTo={choice.delegated_to} />
      ) : (
        <p className="dim">No span tells what came of it.</p>
      )}
      {outcome && (
        <button
          type="button"
          className="button plain small story-open"
          aria-label={`Details of ${visibleText(tool)}`}
          onClick={() => open(outcome.span_id)}
        >
          Details
        </button>
      )}
    </div>
  );
}

function Outcome(props: { outcome: StoryOutcome; delegatedTo: string | null }) {
  const { outcome, delegatedTo } = props;
  const retries = outcome.retry_count ?? 0;
  const status = TOOL_STATUSES.find((name) => name === outcome.tool_status);
  const error = outcome.error;
  return (
    <>
      <p className="story-outcome">
        {status !== undefined && <ToolStatusPill status={status as AnyToolStatus} />}
        {status === undefined && <Status status={outcome.status ?? 'unset'} />}
        {outcome.duration_ms !== undefined && <span>{formatDuration(outcome.duration_ms)}</span>}
        {retries > 0 && <Pill tone="warn">{plural(retries, 'retry', 'retries')}</Pill>}
        {delegatedTo !== null && (
          <span>
            handed to agent <strong>{visibleText(delegatedTo)}</strong>
          </span>
        )}
      </p>
      {error !== undefined && textOf(error) !== '' && (
        <div className="story-error bad">
          <Told value={error} span={outcome.span_id} pick={pickError} lines={RESULT_LINES} />
        </div>
      )}
      {outcome.result !== undefined && (
        <div className="story-result">
          <Told
            value={asJson(outcome.result)}
            span={outcome.span_id}
            pick={pickResult}
            lines={RESULT_LINES}
          />
        </div>
      )}
    </>
  );
}
