import { formatTime } from 'base/format';

// A moment by the reader's own clock, with UTC when pointed at.
export function At({ ms }: { ms: number }) {
  const iso = new Date(ms).toISOString();
  return (
    <time dateTime={iso} title={`${iso.slice(0, 19).replace('T', ' ')} UTC`}>
      {formatTime(iso, new Date())}
    </time>
  );
}
