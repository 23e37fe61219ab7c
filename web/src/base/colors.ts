// Colours by meaning, as CSS: `var(--...)` of tokens.css. Charts on a canvas need them resolved.

export type Tone = 'good' | 'warn' | 'bad' | 'accent' | 'neutral';

export const TOOL_STATUSES = [
  'success',
  'error',
  'timeout',
  'rate_limited',
  'invalid_args',
  'blocked',
  'unknown',
] as const;
export type AnyToolStatus = (typeof TOOL_STATUSES)[number];

const CATEGORIES = 8;

// Of the group at place `index` of its list; the ninth has the colour of the first, and a dash.
export const categoryColor = (index: number): string => `var(--cat-${(index % CATEGORIES) + 1})`;
export const categoryDash = (index: number): number[] | undefined =>
  index < CATEGORIES ? undefined : [6, 4];
export const OTHER_COLOR = 'var(--cat-other)';

export const toolColor = (status: AnyToolStatus): string => `var(--tool-${status})`;
export const kindColor = (kind: string): string => `var(--kind-${kind})`;
export const toneColor = (tone: Tone): string =>
  tone === 'neutral' ? 'var(--ink-3)' : `var(--${tone})`;

// What the browser makes of a CSS colour in this theme: "rgb(26, 111, 181)", for canvases.
export function resolveColor(color: string): string {
  const probe = document.createElement('span');
  probe.style.color = color;
  probe.hidden = true;
  document.body.append(probe);
  const resolved = getComputedStyle(probe).color;
  probe.remove();
  return resolved;
}
