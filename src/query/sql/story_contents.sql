-- Contents of some spans of a trace, in the order in which query/story/load.cc reads them.
SELECT span_id, toUInt16(day), input, output, system, reasoning
FROM spans
WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
  AND span_id IN (SELECT toFixedString(unhex(arrayJoin({span_ids:Array(String)})), 8))
ORDER BY version DESC
LIMIT 1 BY span_id
