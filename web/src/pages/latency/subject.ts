// Whose time is looked at: model calls, tool calls or whole runs; by what they are told apart; and what
// of it is drawn. All of it stands in the address.

import { useSearch } from '@tanstack/react-router';
import type { Answer } from 'api/types';
import { both } from 'widgets/page/narrow';
import type { View } from 'widgets/page/useView';

export type Of = 'model' | 'tool' | 'run';
export type HeatMeasure = 'duration' | 'ttft';
export type Lines = 'all' | 'p50' | 'p95' | 'p99';

export interface By {
  value: string; // Fields of the filter language, as the API takes them.
  label: string;
}

export interface Subject {
  of: Of;
  label: string;
  noun: string; // "model calls"
  kind: string; // For the API.
  term: string | null; // Restricts the filter for the API, beyond `kind`.
  filter: string; // The same for a filter alone, as on the page of traces.
  by: readonly By[];
}

const FEATURE: By = { value: 'feature', label: 'Feature' };
const WORKFLOW: By = { value: 'workflow', label: 'Workflow' };
const PROMPT: By = { value: 'prompt_name,prompt_version', label: 'Prompt version' };
const AGENT: By = { value: 'agent', label: 'Agent' };
const SERVICE: By = { value: 'service', label: 'Service' };
const USER: By = { value: 'user_id', label: 'User' };

export const SUBJECTS: Record<Of, Subject> = {
  model: {
    of: 'model',
    label: 'Model calls',
    noun: 'model calls',
    kind: 'llm',
    term: null,
    filter: 'kind = llm',
    by: [
      { value: 'model', label: 'Model' },
      { value: 'provider', label: 'Provider' },
      FEATURE,
      PROMPT,
      AGENT,
      WORKFLOW,
      SERVICE,
      USER,
    ],
  },
  tool: {
    of: 'tool',
    label: 'Tool calls',
    noun: 'tool calls',
    kind: 'tool',
    term: null,
    filter: 'kind = tool',
    by: [{ value: 'tool_name', label: 'Tool' }, FEATURE, PROMPT, AGENT, WORKFLOW, SERVICE, USER],
  },
  run: {
    of: 'run',
    label: 'Runs',
    noun: 'runs',
    kind: 'any',
    term: 'is_root = true',
    filter: 'is_root = true',
    by: [FEATURE, WORKFLOW, AGENT, { value: 'name', label: 'Name' }, SERVICE, USER],
  },
};

export interface Choices {
  subject: Subject;
  measure: HeatMeasure;
  by: By;
  lines: Lines;
  cells: string;
}

interface Search {
  of?: string;
  measure?: string;
  by?: string;
  lines?: string;
  cells?: string;
}

export function choicesOf({ of = '', measure, by, lines = '', cells = '' }: Search): Choices {
  const subject = SUBJECTS[of as Of] ?? SUBJECTS.model;
  return {
    subject,
    // Only models answer word by word.
    measure: measure === 'ttft' && subject.of === 'model' ? 'ttft' : 'duration',
    by: subject.by.find(({ value }) => value === by) ?? subject.by[0]!,
    lines: ['p50', 'p95', 'p99'].includes(lines) ? (lines as Lines) : 'all',
    cells,
  };
}

export function useChoices(): Choices {
  return choicesOf(useSearch({ strict: false }));
}

// Window, filter and kind for the API.
export function paramsOf(view: View, { kind, term }: Subject): View['params'] & { kind: string } {
  return { ...view.params, ...(term !== null && { q: both(view.q, term) }), kind };
}

type Total = Answer<'/api/v1/latency'>['total'];
type Group = Answer<'/api/v1/latency'>['groups'][number];

// What narrows the filter to a group: one term for each field it is grouped by.
export function groupTerms(by: By, group: Group): Record<string, string> {
  return Object.fromEntries(
    by.value.split(',').map((field) => [field, String(group.key[field] ?? '')]),
  );
}

// "planner · 7", "(none)".
export function nameOfGroup(by: By, group: Group): string {
  return by.value
    .split(',')
    .map((field) => String(group.key[field] ?? '') || '(none)')
    .join(' · ');
}

// Why there is nothing to compare with, or what with.
export function baselineWords({ baseline, baseline_intervals }: Total): string {
  return baseline === 'learning'
    ? 'The baseline is still being learnt: it needs calls at the same hour of former days, or in the day before.'
    : `The baseline is the median of ${baseline_intervals} p99s of five minutes, at the same hour of day over seven days, else over the last day.`;
}
