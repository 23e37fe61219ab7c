import { useGet } from 'api/query';
import { formatTime } from 'base/format';
import { visibleText } from 'base/text';
import { Status } from 'widgets/figures/Status';
import { ErrorNotice } from 'widgets/layout/Notice';
import { ViewLink } from 'widgets/page/ViewLink';
import { BLOCKED_SINCE, blockedFilter, type Budget } from './state';

const SHOWN = 5;
const EVERY_MS = 10_000;

// The newest traces with calls that the budget refused or cut.
export function Blocked({ budget }: { budget: Budget }) {
  const q = blockedFilter(budget.id);
  const traces = useGet(
    '/api/v1/traces',
    { since: BLOCKED_SINCE, q, limit: SHOWN },
    { everyMs: EVERY_MS },
  );
  const list = traces.data?.traces ?? [];
  const now = new Date();
  return (
    <section className="budget-part" aria-label="What it blocked">
      <div className="budget-part-head">
        <h3>What it blocked</h3>
        <span className="dim">in the last 7 days</span>
        <span className="budget-space" />
        {list.length > 0 && (
          <ViewLink to="/traces" search={{ since: BLOCKED_SINCE, until: undefined, q }}>
            All traces with such calls
          </ViewLink>
        )}
      </div>
      {traces.error && <ErrorNotice error={traces.error} retry={() => void traces.refetch()} />}
      {traces.data && list.length === 0 && (
        <p className="dim">
          {budget.hard || budget.disabled
            ? 'No call was refused.'
            : 'Nothing: a soft budget refuses no call, it only tells.'}
        </p>
      )}
      <ul className="budget-blocked">
        {list.map((trace) => (
          <li key={trace.trace_id}>
            <time className="dim" title={trace.started_at}>
              {formatTime(trace.started_at, now)}
            </time>
            <ViewLink to="/traces/$trace_id" params={{ trace_id: trace.trace_id }} className="cut">
              {visibleText(trace.root_name ?? '') || trace.trace_id}
            </ViewLink>
            <span className="dim cut">
              {visibleText([trace.feature, trace.user_id].filter(Boolean).join(', '))}
            </span>
            <Status status={trace.status} />
          </li>
        ))}
      </ul>
    </section>
  );
}
