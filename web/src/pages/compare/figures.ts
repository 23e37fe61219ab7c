// Two runs in figures, side by side. Pure.

import type { StoryStep } from 'api/story';
import type { Span, Trace, TraceStructure } from 'api/types';
import { UNKNOWN, formatCost, formatDuration, formatInt, formatPercent } from 'base/format';

export interface Figure {
  name: string;
  a: string;
  b: string;
  // From the first to the second: "+$0.0012 (+8%)"; '' when there is nothing to say.
  change: string;
  tone: 'good' | 'bad' | '';
}

interface Measure {
  name: string;
  of: (run: Run) => number | null;
  format: (value: number) => string;
  // More of it is worse, better, or neither.
  more: 'worse' | 'better' | 'neither';
}

export interface Run {
  trace: Trace;
  spans: readonly Span[];
  steps: readonly StoryStep[];
}

export const runOf = (structure: TraceStructure, steps: readonly StoryStep[]): Run => ({
  trace: structure.trace,
  spans: structure.spans,
  steps,
});

const sum = (spans: readonly Span[], of: (span: Span) => number | undefined): number =>
  spans.reduce((total, span) => total + (span.counted ? (of(span) ?? 0) : 0), 0);

const MEASURES: readonly Measure[] = [
  { name: 'Cost', of: ({ trace }) => trace.cost_usd, format: formatCost, more: 'worse' },
  { name: 'Duration', of: ({ trace }) => trace.duration_ms, format: formatDuration, more: 'worse' },
  { name: 'Tokens in', of: ({ trace }) => trace.input_tokens, format: formatInt, more: 'worse' },
  { name: 'Tokens out', of: ({ trace }) => trace.output_tokens, format: formatInt, more: 'worse' },
  {
    name: 'Input read from cache',
    of: ({ trace, spans }) =>
      trace.input_tokens === 0
        ? null
        : sum(spans, (span) => span.cache_read_tokens) / trace.input_tokens,
    format: formatPercent,
    more: 'better',
  },
  { name: 'Model calls', of: ({ trace }) => trace.llm_calls, format: formatInt, more: 'neither' },
  { name: 'Tool calls', of: ({ trace }) => trace.tool_calls, format: formatInt, more: 'neither' },
  {
    name: 'Tool calls that failed',
    of: ({ spans }) =>
      spans.filter(
        ({ kind, status, tool_status }) =>
          kind === 'tool' &&
          (status === 'error' || (tool_status !== undefined && tool_status !== 'success')),
      ).length,
    format: formatInt,
    more: 'worse',
  },
  { name: 'Errors', of: ({ trace }) => trace.errors, format: formatInt, more: 'worse' },
];

// A change smaller than this share is none.
const NOISE = 0.02;

export function figuresOf(a: Run, b: Run): Figure[] {
  const measured = MEASURES.map(({ name, of, format, more }): Figure => {
    const [left, right] = [of(a), of(b)];
    const shown = (value: number | null) => (value === null ? UNKNOWN : format(value));
    if (left === null || right === null || left === right) {
      return { name, a: shown(left), b: shown(right), change: '', tone: '' };
    }
    const share = left === 0 ? null : (right - left) / left;
    const sign = right > left ? '+' : '−';
    const percent = share === null || format === formatPercent ? '' : ` (${signed(share)})`;
    const noise = share !== null && Math.abs(share) < NOISE;
    const tone =
      more === 'neither' || noise ? '' : right > left === (more === 'worse') ? 'bad' : 'good';
    const change =
      format === formatPercent
        ? `${sign}${Math.round(Math.abs(right - left) * 100)} points`
        : `${sign}${format(Math.abs(right - left))}${percent}`;
    return { name, a: shown(left), b: shown(right), change, tone };
  });
  const named = NAMES.map(({ name, of }) => namesFigure(name, of(a), of(b)));
  return [...measured, ...named.filter((figure) => figure.a !== UNKNOWN || figure.b !== UNKNOWN)];
}

function signed(share: number): string {
  return `${share > 0 ? '+' : '−'}${formatPercent(Math.abs(share))}`;
}

const NAMES: readonly { name: string; of: (run: Run) => string[] }[] = [
  { name: 'Models', of: ({ trace }) => trace.models },
  { name: 'Prompts', of: ({ spans }) => promptsOf(spans) },
  { name: 'Tools', of: ({ spans }) => spans.flatMap(({ tool_name }) => tool_name ?? []) },
  { name: 'Agents', of: ({ spans }) => spans.flatMap(({ agent }) => agent ?? []) },
  { name: 'Release', of: ({ spans }) => spans.flatMap(({ release }) => release ?? []) },
];

function promptsOf(spans: readonly Span[]): string[] {
  return spans.flatMap(({ prompt_name: name = '', prompt_version: version = '' }) =>
    name || version ? [[name, version && `version ${version}`].filter(Boolean).join(' ')] : [],
  );
}

function namesFigure(name: string, a: readonly string[], b: readonly string[]): Figure {
  const [left, right] = [[...new Set(a)].sort(), [...new Set(b)].sort()];
  const gone = left.filter((one) => !right.includes(one)).map((one) => `without ${one}`);
  const come = right.filter((one) => !left.includes(one)).map((one) => `with ${one}`);
  const shown = (list: readonly string[]) => list.join(', ') || UNKNOWN;
  return { name, a: shown(left), b: shown(right), change: [...come, ...gone].join(', '), tone: '' };
}
