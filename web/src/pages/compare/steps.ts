// The decisions of two runs, aligned: those of one agent that chose the same tools with the same arguments
// first, then, between them, those that differ in the arguments alone. Pure.

import { callKey, textOf, type StoryStep } from 'api/story';
import { align } from 'base/align';

export interface StepPair {
  a: StoryStep | null; // null: the run has no such step.
  b: StoryStep | null;
  changes: string[]; // In words: what is not the same in both.
}

export function alignSteps(a: readonly StoryStep[], b: readonly StoryStep[]): StepPair[] {
  const pairs: StepPair[] = [];
  let left: StoryStep[] = [];
  let right: StoryStep[] = [];
  const flush = () => {
    between(left, right, pairs);
    left = [];
    right = [];
  };
  for (const one of align(a.map(exactKey), b.map(exactKey))) {
    if (one.kind === 'removed') left.push(a[one.a]!);
    else if (one.kind === 'added') right.push(b[one.b]!);
    else {
      flush();
      pairs.push(pairOf(a[one.a]!, b[one.b]!));
    }
  }
  flush();
  return pairs;
}

function between(a: readonly StoryStep[], b: readonly StoryStep[], out: StepPair[]): void {
  for (const one of align(a.map(looseKey), b.map(looseKey))) {
    if (one.kind === 'removed') out.push({ a: a[one.a]!, b: null, changes: [] });
    else if (one.kind === 'added') out.push({ a: null, b: b[one.b]!, changes: [] });
    else out.push(pairOf(a[one.a]!, b[one.b]!));
  }
}

const toolsOf = (step: StoryStep): string => step.chose.map(({ tool }) => tool).join('\n');
const argumentsOf = (step: StoryStep): string => step.chose.map(callKey).join('\n');
const looseKey = (step: StoryStep): string => `${step.agent ?? ''}\n${toolsOf(step)}`;
const exactKey = (step: StoryStep): string => `${step.agent ?? ''}\n${argumentsOf(step)}`;

const statuses = (step: StoryStep): string =>
  step.chose
    .map(({ outcome }) => outcome?.tool_status ?? outcome?.status ?? 'unknown')
    .join(', ')
    .replaceAll('_', ' ');

function pairOf(a: StoryStep, b: StoryStep): StepPair {
  const changes: string[] = [];
  if (argumentsOf(a) !== argumentsOf(b)) changes.push('other arguments');
  if (statuses(a) !== statuses(b)) changes.push(`${statuses(a)} → ${statuses(b)}`);
  if (a.outcome !== b.outcome) changes.push(`${a.outcome} → ${b.outcome}`.replaceAll('_', ' '));
  if (a.model !== b.model) changes.push(`${a.model ?? 'no model'} → ${b.model ?? 'no model'}`);
  if (a.chose.length === 0 && textOf(a.said) !== textOf(b.said)) changes.push('another answer');
  if (Boolean(a.compacted) !== Boolean(b.compacted)) {
    changes.push(b.compacted ? 'history compacted' : 'history not compacted');
  }
  return { a, b, changes };
}

export const differs = ({ a, b, changes }: StepPair): boolean =>
  a === null || b === null || changes.length > 0;
