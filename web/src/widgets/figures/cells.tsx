// Figures as they stand in tables and texts: short, with all digits when pointed at. Unknown is a dash,
// never zero.

import {
  formatCost,
  formatCostExact,
  formatCount,
  formatDuration,
  formatInt,
  formatPercent,
} from 'base/format';

type Figure = number | null | undefined;

// `unpriced`: so many calls have no known price, so the sum is a lower bound.
export function Money({ usd, unpriced = 0 }: { usd: Figure; unpriced?: number }) {
  const lower = unpriced > 0 && usd != null;
  const title =
    unpriced > 0
      ? `${formatCostExact(usd)}; ${formatInt(unpriced)} calls without a known price`
      : usd != null
        ? formatCostExact(usd)
        : 'unknown';
  return (
    <span className={unpriced > 0 ? 'warn' : undefined} title={title}>
      {formatCost(usd)}
      {lower && '+'}
    </span>
  );
}

export function Duration({ ms }: { ms: Figure }) {
  return <span title={ms == null ? 'unknown' : `${ms} ms`}>{formatDuration(ms)}</span>;
}

// `bad`: anything above zero is.
export function Count({ value, bad = false }: { value: Figure; bad?: boolean }) {
  const name = value === 0 ? 'zero' : bad && value ? 'bad' : undefined;
  return (
    <span className={name} title={value != null && value >= 100_000 ? formatInt(value) : undefined}>
      {formatCount(value)}
    </span>
  );
}

// A share, 0 to 1, and what it is a share of.
export function Percent({ share, of }: { share: Figure; of?: string }) {
  return <span title={of && `of ${of}`}>{formatPercent(share)}</span>;
}
