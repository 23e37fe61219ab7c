// The forty points, and what follows from them.

import type { Schema } from 'api/types';
import type { Tone } from 'base/colors';

export type Report = Schema<'PreflightReport'>;
export type Point = Schema<'PreflightPoint'>;
export type Status = Point['status'];

export const STATUS_WORDS: Record<Status, string> = {
  pass: 'pass',
  fail: 'fail',
  insufficient_data: 'unknown',
  attested: 'attested',
  waived: 'waived',
};
export const STATUS_TONES: Record<Status, Tone> = {
  pass: 'good',
  fail: 'bad',
  insufficient_data: 'warn',
  attested: 'accent',
  waived: 'neutral',
};
export const STATUS_COLORS: Record<Status, string> = {
  pass: 'var(--good)',
  fail: 'var(--bad)',
  insufficient_data: 'var(--warn)',
  attested: 'var(--accent)',
  waived: 'var(--cat-other)',
};
export const STATUSES: readonly Status[] = [
  'pass',
  'attested',
  'waived',
  'insufficient_data',
  'fail',
];

export const AREAS: readonly { id: string; title: string; asks: string }[] = [
  { id: 'INS', title: 'Instrumentation', asks: 'Is what agents do recorded?' },
  { id: 'ALR', title: 'Alerting', asks: 'Is somebody told, once, and in time?' },
  { id: 'OPS', title: 'Operations', asks: 'Does it break softly?' },
  { id: 'CST', title: 'Cost', asks: 'Can an agent spend more than somebody decided?' },
  { id: 'QLT', title: 'Quality', asks: 'Would anybody notice that answers got worse?' },
  { id: 'SEC', title: 'Security', asks: 'Does what is kept harm nobody?' },
];
export const areaOf = ({ id }: Point): string => id.split('-')[0]!;

const HOW_WORDS: Record<string, string> = {
  Q: 'figures of the last 24 hours',
  C: 'the configuration in force',
  P: 'a probe',
  A: 'people',
};
// "Q+P": by figures of the last 24 hours and a probe.
export const howWords = (how: string): string =>
  how
    .split(/[+/]/)
    .map((one) => HOW_WORDS[one] ?? one)
    .join(how.includes('/') ? ' or ' : ' and ');

// Only what people can judge is attested, and never over a fail.
export const mayAttest = ({ how, judged }: Point): boolean =>
  how.split(/[+/]/).includes('A') && judged !== 'fail';

export type Filter = 'all' | 'stops' | Status;
export const matches = (point: Point, filter: Filter): boolean =>
  filter === 'all' || (filter === 'stops' ? point.stops_launch : point.status === filter);

export function countsOf(points: readonly Point[]): Record<Status, number> {
  const counts = { pass: 0, fail: 0, insufficient_data: 0, attested: 0, waived: 0 };
  for (const { status } of points) ++counts[status];
  return counts;
}

// The results of probes, with the newest word of people: probes take half a minute, so they are not
// run again for a signature.
export function withProbes(looked: Report, probed: Report | null): Report {
  if (probed === null) return looked;
  const newest = new Map(looked.points.map((point) => [point.id, point]));
  const points = probed.points.map((point): Point => {
    const { attestation, waiver } = newest.get(point.id) ?? point;
    const status: Status = waiver
      ? 'waived'
      : attestation && point.judged !== 'fail'
        ? 'attested'
        : point.judged;
    const stops_launch = status === 'fail' || (status === 'insufficient_data' && point.star);
    return { ...point, attestation, waiver, status, stops_launch };
  });
  const launch = points.every(({ stops_launch }) => !stops_launch);
  return { ...probed, points, launch, counts: countsOf(points) };
}

// The report as a table of Markdown, for an issue or a wiki.
export function markdownOf({ project, checked_at, launch, points }: Report): string {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const rows = points.map(
    ({ id, star, title, status, words }) =>
      `| ${id}${star ? '\\*' : ''} | ${STATUS_WORDS[status]} | ${cell(title)} | ${cell(words)} |`,
  );
  return [
    `# Preflight of ${project}: ${launch ? 'ready' : 'not ready'}`,
    '',
    `Checked ${checked_at}.`,
    '',
    '| point | state | what | found |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
