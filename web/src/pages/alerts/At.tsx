import { formatTime, parseTime, UNKNOWN } from 'base/format';

// A moment by the reader's own clock, with UTC when pointed at: given in milliseconds or as the API's
// text.
export function At(props: { ms: number } | { at: string | null }) {
  const ms = 'ms' in props ? props.ms : parseTime(props.at ?? '');
  if (!Number.isFinite(ms)) return <>{UNKNOWN}</>;
  const iso = new Date(ms).toISOString();
  return (
    <time dateTime={iso} title={`${iso.slice(0, 19).replace('T', ' ')} UTC`}>
      {formatTime(iso, new Date())}
    </time>
  );
}
