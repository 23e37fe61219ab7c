-- Contents of a span as stored, in the order in which query/span.cc reads them.
SELECT keep_days, toUInt16(day), input, output, system, tool_definitions, reasoning, tags,
       attributes, events, links
FROM spans
WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
  AND span_id = toFixedString(unhex({span_id:String}), 8)
ORDER BY version DESC
LIMIT 1
