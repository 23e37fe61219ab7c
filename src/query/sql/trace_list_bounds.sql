-- How many traces a stretch of the list has, and when the last of their spans ended: bounds the search
-- among spans. Superseded rows may count too: they make it wider, never narrower.
SELECT count(), max(start_ns + duration_ns)
FROM traces
WHERE project = {project:String}
  AND toUInt16(day) BETWEEN {from_day:UInt16} AND {to_day:UInt16}
  AND intDiv(start_ns, 3600000000000) BETWEEN {min_hour:Int64} AND {max_hour:Int64}
  AND start_ns >= {from_ns:Int64}
  AND start_ns < {to_ns:Int64}
