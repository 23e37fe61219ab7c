import type { SpanStatus } from 'api/types';
import './Status.css';

const WORDS: Record<SpanStatus, string> = {
  ok: 'ok',
  // OpenTelemetry leaves the status unset on success.
  unset: 'ok',
  error: 'error',
  running: 'running',
  unfinished: 'unfinished',
};

export function Status({ status, title }: { status: SpanStatus; title?: string }) {
  return (
    <span className={`status status-${status}`} title={title}>
      {WORDS[status]}
    </span>
  );
}
