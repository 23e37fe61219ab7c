// Figures as text. Unknown is not zero: null becomes a dash, and callers say why in a title.

export const UNKNOWN = '–';

// "0.4 ms", "862 ms", "1.24 s", "2 m 03 s", "1 h 04 m".
export function formatDuration(ms: number | null | undefined): string {
  if (ms == null || !Number.isFinite(ms)) return UNKNOWN;
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.095) return `${(ms * 1000).toPrecision(2)} µs`;
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 9_995) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${pad2(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${pad2(minutes % 60)} m`;
}

// Four decimals below $10, so that points stand below each other: "$0.0061", "$1.2034", "$12.30",
// "$1,204". What would vanish keeps two digits: "$0.000042".
export function formatCost(usd: number | null | undefined): string {
  if (usd == null || !Number.isFinite(usd)) return UNKNOWN;
  if (usd === 0) return '$0';
  const size = Math.abs(usd);
  if (size >= 1000) return `$${formatInt(Math.round(usd))}`;
  if (size >= 10) return `$${usd.toFixed(2)}`;
  if (size >= 0.000_05) return `$${usd.toFixed(4)}`;
  return `$${usd.toFixed(Math.min(9, 1 - Math.floor(Math.log10(size))))}`;
}

// To the last digit that is known, nano-dollars: "$0.000063", "$1.2034".
export function formatCostExact(usd: number | null | undefined): string {
  if (usd == null || !Number.isFinite(usd)) return UNKNOWN;
  if (usd === 0) return '$0';
  return `$${usd.toFixed(9).replace(/(\.\d{4}\d*?)0+$/, '$1')}`;
}

// "987", "12,345", "123k", "4.56M".
export function formatCount(count: number | null | undefined): string {
  if (count == null || !Number.isFinite(count)) return UNKNOWN;
  if (count < 100_000) return formatInt(count);
  if (count < 999_500) return `${Math.round(count / 1000)}k`;
  if (count < 9_995_000) return `${(count / 1e6).toFixed(2)}M`;
  if (count < 999_500_000) return `${(count / 1e6).toFixed(1)}M`;
  return `${(count / 1e9).toFixed(2)}B`;
}

export function formatInt(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

// A share of one: "0%", "0.04%", "3.2%", "57%".
export function formatPercent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return UNKNOWN;
  const percent = share * 100;
  const size = Math.abs(percent);
  if (size === 0) return '0%';
  if (size < 0.1) return `${percent.toPrecision(1)}%`;
  // 99.97% must not become 100%.
  if (size < 9.95 || (size > 99 && size < 100))
    return `${trimZeros(percent.toFixed(size > 99 ? 2 : 1))}%`;
  return `${Math.round(percent)}%`;
}

function trimZeros(text: string): string {
  return text.replace(/\.?0+$/, '');
}

// "just now", "4 min ago", "3 h ago", "2 d ago"; "in 5 min".
export function formatAgo(atMs: number, nowMs: number): string {
  if (!Number.isFinite(atMs)) return UNKNOWN;
  const seconds = Math.round(Math.abs(nowMs - atMs) / 1000);
  if (seconds < 10) return 'just now';
  const [value, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3_600
        ? [Math.round(seconds / 60), 'min']
        : seconds < 36 * 3_600
          ? [Math.round(seconds / 3_600), 'h']
          : [Math.round(seconds / 86_400), 'd'];
  return nowMs >= atMs ? `${value} ${unit} ago` : `in ${value} ${unit}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${formatShort(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${formatShort(bytes / 1024 / 1024)} MB`;
  return `${formatShort(bytes / 1024 ** 3)} GB`;
}

function formatShort(value: number): string {
  return value < 9.95 ? value.toFixed(1) : String(Math.round(value));
}

// "1 span", "2 spans".
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatInt(count)} ${count === 1 ? one : many}`;
}

function pad2(value: number): string {
  return String(value).padStart(2, '0');
}

// Milliseconds since 1970 of the API's times, which have nanoseconds.
export function parseTime(iso: string): number {
  return Date.parse(iso.replace(/(\.\d{3})\d+/, '$1'));
}

// The reader's own clock: "10:52:13" today, else "Nov 19 10:52:13", with the year when it is another.
export function formatTime(iso: string, now: Date): string {
  const at = new Date(parseTime(iso));
  if (Number.isNaN(at.getTime())) return iso;
  const clock = `${pad2(at.getHours())}:${pad2(at.getMinutes())}:${pad2(at.getSeconds())}`;
  if (at.toDateString() === now.toDateString()) return clock;
  const day = `${MONTHS[at.getMonth()]} ${pad2(at.getDate())}`;
  return at.getFullYear() === now.getFullYear()
    ? `${day} ${clock}`
    : `${day} ${at.getFullYear()} ${clock}`;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
