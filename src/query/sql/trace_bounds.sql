-- When a trace was: narrows the reads of tables that are ordered by time.
SELECT count(), min(start_ns), max(start_ns), max(end_ns)
FROM spans
WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
