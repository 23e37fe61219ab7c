// The columns of the percentiles. Those of the first token and of speed are model calls' only.

import type { Answer } from 'api/types';
import { formatDuration, formatInt, formatPercent } from 'base/format';
import { visibleText } from 'base/text';
import { Count, Duration } from 'widgets/figures/cells';
import { Icon } from 'widgets/figures/Icon';
import type { Column } from 'widgets/table/columns';
import { groupTerms, nameOfGroup, type By, type Subject } from './subject';

type Group = Answer<'/api/v1/latency'>['groups'][number];

// Below this a change is noise, and no colour says otherwise; above it is worth one.
const RATIO_NOTED = 1.2;
const RATIO_BAD = 1.5;

export function groupColumns(
  subject: Subject,
  by: By,
  longest: number,
  onOnly: (terms: Record<string, string>) => void,
): readonly Column<Group>[] {
  const duration = (id: 'p50_ms' | 'p90_ms' | 'p95_ms' | 'max_ms', label: string) => ({
    id,
    label,
    number: true,
    width: '66px',
    value: (group: Group) => group[id],
    cell: (group: Group) => <Duration ms={group[id]} />,
  });
  const columns: Column<Group>[] = [
    {
      id: by.value,
      label: by.label,
      width: 'minmax(140px, 2fr)',
      value: (group) => nameOfGroup(by, group),
      cell: (group) => visibleText(nameOfGroup(by, group)),
    },
    {
      id: 'count',
      label: subject.of === 'run' ? 'Runs' : 'Calls',
      number: true,
      width: '58px',
      value: ({ count }) => count,
      cell: ({ count }) => <Count value={count} />,
    },
    {
      id: 'errors',
      label: 'Errors',
      title: 'Share of these calls that ended with an error',
      number: true,
      width: '54px',
      value: ({ errors, count }) => (count > 0 ? errors / count : null),
      cell: ({ errors, count }) => (
        <span
          className={errors > 0 ? 'bad' : 'zero'}
          title={`${formatInt(errors)} of ${formatInt(count)}`}
        >
          {formatPercent(count > 0 ? errors / count : null)}
        </span>
      ),
    },
    duration('p50_ms', 'p50'),
    { ...duration('p90_ms', 'p90'), hidden: true },
    duration('p95_ms', 'p95'),
    {
      id: 'p99_ms',
      label: 'p99',
      number: true,
      width: '66px',
      value: ({ p99_ms }) => p99_ms,
      cell: (group) => <P99 group={group} />,
    },
    { ...duration('max_ms', 'Longest'), hidden: true },
    {
      id: 'spread',
      label: 'Compared',
      title: 'p50, p95 and p99 from zero, all rows on one scale',
      fixed: true,
      width: 'minmax(90px, 1.6fr)',
      value: ({ p50_ms, p95_ms, p99_ms }) => [p50_ms, p95_ms, p99_ms].join(' '),
      cell: (group) => <Spread group={group} longest={longest} />,
    },
    {
      id: 'ratio',
      label: 'Change',
      title: 'p99 against its baseline',
      number: true,
      width: '62px',
      value: ({ ratio }) => ratio,
      cell: (group) => <Change group={group} />,
    },
  ];
  if (subject.of === 'model') columns.push(...CALL_COLUMNS);
  columns.push({
    id: 'only',
    label: 'Only these',
    fixed: true,
    quiet: true,
    width: '28px',
    value: () => null,
    cell: (group) => (
      <button
        type="button"
        className="button plain small latency-only"
        aria-label={`Only ${nameOfGroup(by, group)} on this page`}
        title="Narrow this page to these"
        onClick={() => onOnly(groupTerms(by, group))}
      >
        <Icon name="search" />
      </button>
    ),
  });
  return columns;
}

const CALL_COLUMNS: readonly Column<Group>[] = [
  {
    id: 'ttft_p50_ms',
    label: 'First token',
    title: 'p50 of the time to the first token, of the calls of which it is known',
    number: true,
    width: '72px',
    value: ({ ttft_p50_ms }) => ttft_p50_ms,
    cell: (group) => <FirstToken group={group} ms={group.ttft_p50_ms} />,
  },
  {
    id: 'ttft_p99_ms',
    label: 'p99',
    title: 'p99 of the time to the first token',
    number: true,
    width: '66px',
    value: ({ ttft_p99_ms }) => ttft_p99_ms,
    cell: (group) => <FirstToken group={group} ms={group.ttft_p99_ms} />,
  },
  {
    id: 'tokens_per_second',
    label: 'Tokens/s',
    title: 'Output tokens a second, the median of the calls',
    number: true,
    width: '62px',
    value: ({ tokens_per_second }) => tokens_per_second,
    cell: ({ tokens_per_second: speed }) => (speed === null ? '–' : speed.toFixed(0)),
  },
];

function P99({ group: { p99_ms, low_n, quantiles } }: { group: Group }) {
  const why = low_n
    ? 'under 100 calls: the longest of them'
    : quantiles === 'sketch'
      ? 'within 1%'
      : `${p99_ms} ms`;
  return (
    <span className={low_n ? 'dim' : undefined} title={why}>
      {formatDuration(p99_ms)}
    </span>
  );
}

function FirstToken({ group: { ttft_count, count }, ms }: { group: Group; ms: number | null }) {
  return (
    <span title={`known of ${formatInt(ttft_count)} of ${formatInt(count)} calls`}>
      {formatDuration(ms)}
    </span>
  );
}

function Change({ group: { ratio, baseline_p99_ms, baseline, low_n } }: { group: Group }) {
  if (ratio === null) {
    const why = baseline === 'learning' ? 'the baseline is still being learnt' : 'no baseline';
    return (
      <span className="dim" title={why}>
        –
      </span>
    );
  }
  // The longest of a few is often far from usual.
  const tone = low_n
    ? 'dim'
    : ratio >= RATIO_BAD
      ? 'bad'
      : ratio >= RATIO_NOTED
        ? 'warn'
        : undefined;
  return (
    <span className={tone} title={`p99 is usually ${formatDuration(baseline_p99_ms)}`}>
      {ratio >= 1 ? '+' : ''}
      {formatPercent(ratio - 1)}
    </span>
  );
}

// The longer ones stand behind the shorter ones.
function Spread({ group, longest }: { group: Group; longest: number }) {
  const of = (ms: number | null) => `${longest > 0 ? (100 * (ms ?? 0)) / longest : 0}%`;
  return (
    <span
      className="latency-spread"
      role="img"
      aria-label={`p50 ${formatDuration(group.p50_ms)}, p95 ${formatDuration(group.p95_ms)}, p99 ${formatDuration(group.p99_ms)}`}
    >
      <span style={{ width: of(group.p99_ms), background: 'var(--p99)' }} />
      <span style={{ width: of(group.p95_ms), background: 'var(--p95)' }} />
      <span style={{ width: of(group.p50_ms), background: 'var(--p50)' }} />
    </span>
  );
}
