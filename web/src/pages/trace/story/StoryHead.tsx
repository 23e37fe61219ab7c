// The run in a few lines: how it ended, what went wrong, what was repeated, the final answer.

import { useState } from 'react';
import type { Trace } from 'api/types';
import { formatCost, formatDuration, plural } from 'base/format';
import { visibleText } from 'base/text';
import { Status } from 'widgets/figures/Status';
import { TextModeChoice } from 'widgets/text/RichText';
import type { ToldStory } from './decisions';
import { pickSaid } from './pick';
import { useStoryActions } from './storyContext';
import { Told } from './Told';

const TOOLS_SHOWN = 8;
const FAILURES_SHOWN = 4;
const ANSWER_LINES = 14;

export function StoryHead({
  trace,
  told,
  total,
}: {
  trace: Trace;
  told: ToldStory;
  total: number;
}) {
  const { goTo } = useStoryActions();
  const { answer, failures, loops, tools } = told;
  return (
    <section className="story-head" aria-label="The run in short">
      <div className="story-sum">
        <Status status={trace.status} />
        <span>
          <strong>{plural(total, 'decision')}</strong> in {formatDuration(trace.duration_ms)} for{' '}
          {formatCost(trace.cost_usd)}
          {trace.unpriced_calls > 0 && trace.cost_usd !== null && '+'}
        </span>
        <span className="story-space" />
        <TextModeChoice />
      </div>
      {tools.length > 0 && (
        <ul className="story-tools" aria-label="Tools it chose">
          {tools.slice(0, TOOLS_SHOWN).map(({ tool, calls, failed }) => (
            <li key={tool}>
              <span className="story-tool">{visibleText(tool)}</span> ×{calls}
              {failed > 0 && <span className="bad"> {failed} failed</span>}
            </li>
          ))}
          {tools.length > TOOLS_SHOWN && (
            <li className="dim">and {tools.length - TOOLS_SHOWN} more</li>
          )}
        </ul>
      )}
      {loops.slice(0, 3).map(({ agent, tool, steps }) => (
        <p key={`${agent} ${tool} ${steps[0]}`} className="story-mark warn">
          {visibleText(agent) || 'The model'} made the same call of{' '}
          <strong>{visibleText(tool)}</strong> {steps.length} times: steps{' '}
          {[...new Set(steps)].slice(0, 12).map((n) => (
            <button key={n} type="button" className="story-ref" onClick={() => goTo(n)}>
              {n}
            </button>
          ))}
          {steps.length > 12 && ' …'}
        </p>
      ))}
      {failures.length > 0 && <Failures told={told} failed={trace.status === 'error'} />}
      {answer && (
        <div className="story-answer">
          <h3>
            Final answer{' '}
            <button type="button" className="story-ref" onClick={() => goTo(answer.n)}>
              step {answer.n}
            </button>
          </h3>
          <Told
            value={answer.said}
            span={answer.span_id}
            pick={pickSaid}
            prose
            lines={ANSWER_LINES}
          />
        </div>
      )}
    </section>
  );
}

// The last first: in a run that failed, nothing came after it to make up for it.
function Failures({ told, failed }: { told: ToldStory; failed: boolean }) {
  const { goTo } = useStoryActions();
  const [all, setAll] = useState(false);
  const list = told.failures.slice().reverse();
  const shown = all ? list.slice(0, 200) : list.slice(0, FAILURES_SHOWN);
  return (
    <div className="story-failures">
      <h3>What went wrong, latest first</h3>
      <ol>
        {shown.map(({ n, what, why, span_id }, i) => (
          <li key={`${n} ${span_id} ${i}`}>
            <button type="button" className="story-ref" onClick={() => goTo(n)}>
              step {n}
            </button>{' '}
            <strong>{visibleText(what)}</strong> <span className="bad">{visibleText(why)}</span>
            {failed && i === 0 && (
              <span className="story-last"> the last one before the run failed</span>
            )}
          </li>
        ))}
      </ol>
      {list.length > shown.length && (
        <button type="button" className="button small" onClick={() => setAll(true)}>
          Show all {list.length}
        </button>
      )}
    </div>
  );
}
