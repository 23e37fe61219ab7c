// "3 min ago", with the exact time when pointed at; "in 2 h" for what is to come.

import { useEffect, useState } from 'react';
import { formatAgo, parseTime } from 'base/format';

const TICK_MS = 10_000;

export function RelativeTime({ at }: { at: string | null | undefined }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  if (!at) return <span className="dim">never</span>;
  return (
    <time dateTime={at} title={at}>
      {formatAgo(parseTime(at), Math.max(now, Date.now() - TICK_MS))}
    </time>
  );
}
