// The steps of a story as decisions: what each begins, which of its new messages answer which earlier call,
// which calls are repeated. Pure.

import { callKey, textOf, type StoryChoice, type StoryStep } from 'api/story';
import type { Json } from 'api/types';
import { isObject } from 'widgets/message/content';

export interface CallRef {
  n: number; // Of the step that chose it.
  tool: string;
}

export interface NewMessage {
  message: Json;
  index: number; // Among the messages of the call's input.
  answers: CallRef[]; // When it holds results of tools and nothing else: of which calls.
}

export interface Choice {
  choice: StoryChoice;
  // The steps where the same agent made the same call before, newest last.
  before: number[];
}

export interface Decision {
  step: StoryStep;
  fresh: NewMessage[]; // New to the model, but for its own last answer.
  echoed: number;
  // The first step of an agent that another one asked: the call that asked it, when it is known.
  enters: { by: CallRef | null } | null;
  chose: Choice[];
  failed: boolean;
}

export interface Loop {
  agent: string;
  tool: string;
  steps: number[];
}

export interface Failure {
  n: number;
  span_id: string;
  what: string; // The tool, or "the model call".
  why: string;
}

export interface ToolCount {
  tool: string;
  calls: number;
  failed: number;
}

export interface ToldStory {
  decisions: Decision[];
  loops: Loop[]; // Most repeated first.
  failures: Failure[];
  tools: ToolCount[]; // Most called first.
  answer: { n: number; said: Json; span_id: string } | null; // The run's last word.
  bySpan: ReadonlyMap<string, number>; // Index of the decision, by the spans that belong to it.
}

// So many equal calls of one agent are more than trying once again.
const LOOP_CALLS = 3;

const FAILED = new Set(['error', 'refused', 'filtered', 'cut_off']);

export function choiceFailed({ outcome }: StoryChoice): boolean {
  if (!outcome) return false;
  if (outcome.status === 'error' || outcome.status === 'unfinished') return true;
  return outcome.tool_status !== undefined && outcome.tool_status !== 'success';
}

export function tellStory(steps: readonly StoryStep[]): ToldStory {
  const teller = new Teller();
  for (const step of steps) teller.add(step);
  return teller.told();
}

class Teller {
  private readonly decisions: Decision[] = [];
  private readonly failures: Failure[] = [];
  private readonly calls = new Map<string, CallRef>(); // By the id the model gave.
  private readonly repeats = new Map<string, Loop>();
  private readonly tools = new Map<string, ToolCount>();
  private readonly asked = new Map<string, CallRef[]>(); // Delegations not yet begun, by agent.
  private readonly bySpan = new Map<string, number>();
  private readonly path: string[] = []; // Agents by depth, at the step before.

  add(step: StoryStep): void {
    const depth = step.depth ?? 0;
    const agent = step.agent ?? '';
    const enters = depth > 0 && this.path[depth] !== agent;
    this.path.length = depth;
    this.path[depth] = agent;

    const first = (step.context_messages ?? 0) - (step.new_messages ?? step.new.length);
    const echoed = step.echoed_messages ?? 0;
    this.bySpan.set(step.span_id, this.decisions.length);
    this.decisions.push({
      step,
      fresh: step.new.slice(echoed).map((message, i) => ({
        message,
        index: Math.max(0, first) + echoed + i,
        answers: this.answersOf(message),
      })),
      echoed,
      enters: enters ? { by: this.asked.get(agent)?.shift() ?? null } : null,
      chose: step.chose.map((choice) => ({ choice, before: this.choose(step, choice) })),
      failed: FAILED.has(step.outcome) || step.chose.some(choiceFailed),
    });
    if (FAILED.has(step.outcome)) {
      const why = textOf(step.status_message as Json) || OUTCOME_WORDS[step.outcome]!;
      this.failures.push({ n: step.n, span_id: step.span_id, what: 'the model call', why });
    }
    for (const choice of step.chose) if (choiceFailed(choice)) this.fail(step, choice);
  }

  told(): ToldStory {
    const last = this.decisions.findLast(
      ({ step }) => (step.depth ?? 0) === 0 && step.said !== null && step.chose.length === 0,
    )?.step;
    return {
      decisions: this.decisions,
      loops: [...this.repeats.values()]
        .filter(({ steps }) => steps.length >= LOOP_CALLS)
        .sort((a, b) => b.steps.length - a.steps.length),
      failures: this.failures,
      tools: [...this.tools.values()].sort((a, b) => b.calls - a.calls),
      answer: last ? { n: last.n, said: last.said, span_id: last.span_id } : null,
      bySpan: this.bySpan,
    };
  }

  // Notes the call and gives back where it was made before.
  private choose(step: StoryStep, choice: StoryChoice): number[] {
    const { tool, tool_call_id: id, outcome } = choice;
    const ref = { n: step.n, tool };
    if (id) this.calls.set(id, ref);
    if (outcome) this.bySpan.set(outcome.span_id, this.decisions.length);
    if (choice.delegated_to) {
      const waiting = this.asked.get(choice.delegated_to) ?? [];
      this.asked.set(choice.delegated_to, [...waiting, ref]);
    }
    const count = this.tools.get(tool) ?? { tool, calls: 0, failed: 0 };
    this.tools.set(tool, {
      tool,
      calls: count.calls + 1,
      failed: count.failed + (choiceFailed(choice) ? 1 : 0),
    });
    // Without arguments nobody knows whether it is the same call.
    if (choice.arguments === undefined) return [];
    const agent = step.agent ?? '';
    const key = `${agent} ${callKey(choice)}`;
    const loop = this.repeats.get(key) ?? { agent, tool, steps: [] };
    this.repeats.set(key, loop);
    const before = [...new Set(loop.steps)];
    loop.steps.push(step.n);
    return before;
  }

  private fail(step: StoryStep, { tool, outcome }: StoryChoice): void {
    const status = outcome?.tool_status?.replaceAll('_', ' ') ?? outcome?.status ?? 'error';
    const error = textOf(outcome?.error);
    this.failures.push({
      n: step.n,
      span_id: outcome?.span_id ?? step.span_id,
      what: tool,
      why: error && error !== status ? `${status}: ${error}` : status,
    });
  }

  private answersOf(message: Json): CallRef[] {
    const parts = isObject(message) ? message['parts'] : undefined;
    if (!Array.isArray(parts) || parts.length === 0) return [];
    const refs: CallRef[] = [];
    for (const part of parts) {
      if (!isObject(part) || part['type'] !== 'tool_result') return [];
      const ref = this.calls.get(typeof part['id'] === 'string' ? part['id'] : '');
      if (!ref) return [];
      refs.push(ref);
    }
    return refs;
  }
}

export const OUTCOME_WORDS: Record<string, string> = {
  tool_use: 'chose tools',
  answer: 'answered',
  cut_off: 'cut off at its token limit',
  refused: 'refused',
  filtered: 'stopped by a content filter',
  error: 'failed',
  running: 'running',
};
