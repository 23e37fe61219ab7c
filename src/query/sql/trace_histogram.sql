-- When the traces of the list started, by step of time. A filter is put before WHERE
-- (query/trace_stretch.h).
SELECT
    intDiv(t.start_ns, {step_ns:Int64}) - {first:Int64} AS step,
    count(),
    countIf(t.status = 'error'),
    countIf(t.status = 'running')
FROM traces AS t FINAL
WHERE t.project = {project:String}
  AND toUInt16(t.day) BETWEEN {from_day:UInt16} AND {to_day:UInt16}
  AND intDiv(t.start_ns, 3600000000000) BETWEEN {min_hour:Int64} AND {max_hour:Int64}
  AND t.start_ns >= {from_ns:Int64}
  AND t.start_ns < {to_ns:Int64}
GROUP BY step
