// One decision: what was new to the model, what it thought, said and chose, and what came of it.

import { memo, type ReactNode } from 'react';
import type { StoryStep } from 'api/story';
import { textOf } from 'api/story';
import type { Json, Span } from 'api/types';
import type { Tone } from 'base/colors';
import { classes } from 'base/classes';
import { formatDuration, formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { Icon } from 'widgets/figures/Icon';
import { Pill } from 'widgets/figures/Pill';
import { Count, Money } from 'widgets/figures/cells';
import { Chosen } from './Chosen';
import { OUTCOME_WORDS, type Decision } from './decisions';
import { Fresh } from './Fresh';
import { pickError, pickReasoning, pickSaid } from './pick';
import { Told } from './Told';
import { useStoryActions } from './storyContext';

// Deeper agents keep this indent.
const INDENT_MAX = 6;
const REASONING_LINES = 6;
const SAID_LINES = 24;

const TONES: Record<string, Tone> = {
  tool_use: 'neutral',
  answer: 'good',
  running: 'accent',
  cut_off: 'warn',
};

interface StepCardProps {
  decision: Decision;
  span: Span | undefined; // Its structure, when the trace has it.
  total: number;
  active: boolean;
}

export const StepCard = memo(function StepCard({ decision, span, total, active }: StepCardProps) {
  const { step, chose, enters } = decision;
  const depth = Math.min(step.depth ?? 0, INDENT_MAX);
  return (
    <article
      id={`step-${step.n}`}
      className={classes('step', depth > 0 && 'step-inner', active && 'step-active')}
      style={{ marginLeft: `calc(${depth} * var(--story-indent))` }}
      aria-label={`Step ${step.n} of ${total}`}
      aria-current={active ? 'step' : undefined}
      tabIndex={-1}
    >
      {enters && <Enters decision={decision} />}
      <StepHead step={step} span={span} />
      <Row name="New to it">
        <Fresh decision={decision} />
      </Row>
      {step.reasoning.length > 0 && (
        <Row name="Reasoning">
          {step.reasoning.map((piece, i) => (
            <div key={i} className="story-reasoning">
              <Told
                value={piece}
                span={step.span_id}
                pick={pickReasoning(textOf(piece))}
                prose
                lines={REASONING_LINES}
              />
            </div>
          ))}
        </Row>
      )}
      {step.said !== null && (
        <Row name={chose.length > 0 ? 'Said' : 'Answered'}>
          <Told value={step.said} span={step.span_id} pick={pickSaid} prose lines={SAID_LINES} />
        </Row>
      )}
      {chose.length > 0 && (
        <Row name={chose.length > 1 ? `Chose ${chose.length}` : 'Chose'}>
          {chose.map((choice, i) => (
            <Chosen key={i} step={step} choice={choice} />
          ))}
        </Row>
      )}
      {step.status_message !== undefined && (
        <Row name="Message">
          <div className={step.status === 'error' ? 'story-error bad' : 'story-error'}>
            <Told value={step.status_message as Json} span={step.span_id} pick={pickError} />
          </div>
        </Row>
      )}
    </article>
  );
});

function Enters({ decision: { step, enters } }: { decision: Decision }) {
  const { goTo } = useStoryActions();
  const by = enters!.by;
  return (
    <p className="step-enters">
      <Icon name="agent" /> Agent <strong>{visibleText(step.agent ?? '')}</strong>
      {by ? (
        <>
          {' asked by '}
          <button type="button" className="story-ref" onClick={() => goTo(by.n)}>
            step {by.n}, {visibleText(by.tool)}
          </button>
        </>
      ) : (
        ' within the agent above'
      )}
    </p>
  );
}

function StepHead({ step, span }: { step: StoryStep; span: Span | undefined }) {
  const { open } = useStoryActions();
  const tone = TONES[step.outcome] ?? 'bad';
  const cached = span?.cache_read_tokens ?? 0;
  const sent = step.input_tokens ?? 0;
  return (
    <header className="step-head">
      <h3>
        <span className="step-number">{step.n}</span>
        {visibleText(step.agent ?? '') || 'Model call'}
      </h3>
      <span className="step-model cut" title={step.model}>
        {visibleText(step.model ?? '')}
      </span>
      <Pill tone={tone}>{OUTCOME_WORDS[step.outcome] ?? step.outcome}</Pill>
      {step.compacted && <Pill tone="warn">history compacted</Pill>}
      <span className="step-figures">
        {step.offset_ms !== undefined && (
          <span title={step.started_at}>at {formatDuration(step.offset_ms)}</span>
        )}
        <span>{step.duration_ms === undefined ? '…' : formatDuration(step.duration_ms)}</span>
        {(sent > 0 || (step.output_tokens ?? 0) > 0) && (
          <span>
            <Count value={sent} /> in
            {cached > 0 && ` (${formatPercent(cached / sent)} cached)`},{' '}
            <Count value={step.output_tokens} /> out
          </span>
        )}
        <Money usd={step.cost_usd} />
      </span>
      <button
        type="button"
        className="button plain small"
        aria-label={`Details of step ${step.n}`}
        onClick={() => open(step.span_id)}
      >
        Details
      </button>
    </header>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="step-row">
      <h4>{name}</h4>
      <div className="step-content">{children}</div>
    </div>
  );
}
