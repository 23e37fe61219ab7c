import { ViewLink } from 'widgets/page/ViewLink';

// Traces to look at, by the ends of their ids.
export function TraceLinks({ ids }: { ids: readonly string[] }) {
  if (ids.length === 0) return null;
  return (
    <span className="trace-links">
      {ids.map((id) => (
        <ViewLink
          key={id}
          to="/traces/$trace_id"
          params={{ trace_id: id }}
          className="mono"
          title={id}
          label={`Trace ${id.slice(-8)}`}
        >
          {id.slice(-8)}
        </ViewLink>
      ))}
    </span>
  );
}
