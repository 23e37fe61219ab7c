-- What a few failed spans say of themselves, by id.
SELECT lower(hex(trace_id)), lower(hex(span_id)),
       if(status_message = '', toString(error_type), status_message)
FROM spans
WHERE project = {project:String}
  AND toUInt16(day) IN (SELECT arrayJoin({days:Array(UInt16)}))
  AND trace_id IN (SELECT toFixedString(unhex(arrayJoin({traces:Array(String)})), 16))
  AND span_id IN (SELECT toFixedString(unhex(arrayJoin({spans:Array(String)})), 8))
ORDER BY version DESC
LIMIT 1 BY project, trace_id, span_id
