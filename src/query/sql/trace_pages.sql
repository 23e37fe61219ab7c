-- Where to cut a trace with many spans into pages of {page_spans} in the order of their starts: each
-- page's first start and last end.
SELECT min(start_ns), max(end_ns)
FROM
(
    SELECT start_ns, end_ns, intDiv(rowNumberInAllBlocks(), {page_spans:UInt32}) AS page
    FROM
    (
        SELECT argMax(s.start_ns, s.version) AS start_ns,
               argMax(s.start_ns + s.duration_ns, s.version) AS end_ns
        FROM spans AS s
        WHERE s.project = {project:String} AND s.trace_id = toFixedString(unhex({trace_id:String}), 16)
        GROUP BY s.span_id
        ORDER BY start_ns
    )
)
GROUP BY page
ORDER BY page
