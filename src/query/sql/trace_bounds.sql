-- When a trace was: narrows the reads of tables that are ordered by time. What was received of a span
-- before it moved counts too, since a table may hold it still; but where the trace begins, the last
-- column, is by the newest of each span.
SELECT count(), min(s.start_min_ns), max(s.start_max_ns), max(s.end_max_ns), min(s.newest_start_ns)
FROM
(
    SELECT min(start_ns) AS start_min_ns, max(start_ns) AS start_max_ns, max(end_ns) AS end_max_ns,
           argMax(start_ns, version) AS newest_start_ns
    FROM spans
    WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
    GROUP BY span_id
) AS s
