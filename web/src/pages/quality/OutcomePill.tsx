import type { Tone } from 'base/colors';
import { Pill } from 'widgets/figures/Pill';
import type { Verdict } from 'widgets/prompts/compare';
import type { Outcome } from './prompts';

const OUTCOMES: Record<Outcome, [Tone, string]> = {
  worse: ['bad', 'worse'],
  better: ['good', 'better'],
  mixed: ['warn', 'worse and better'],
  same: ['neutral', 'no difference'],
  few: ['neutral', 'cannot tell yet'],
  'one version': ['neutral', 'one version'],
};

const VERDICTS: Record<Verdict, [Tone, string]> = {
  worse: ['bad', 'worse'],
  better: ['good', 'better'],
  same: ['neutral', 'no difference'],
  few: ['neutral', 'cannot tell'],
  unknown: ['neutral', 'not known'],
};

export function OutcomePill({ outcome }: { outcome: Outcome }) {
  const [tone, word] = OUTCOMES[outcome];
  // Nothing to judge needs no mark.
  if (outcome === 'one version') return <span className="dim">{word}</span>;
  return <Pill tone={tone}>{word}</Pill>;
}

export function VerdictPill({ verdict }: { verdict: Verdict }) {
  const [tone, word] = VERDICTS[verdict];
  return <Pill tone={tone}>{word}</Pill>;
}
