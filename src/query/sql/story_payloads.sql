-- Beginnings of contents by hash.
SELECT hash, length(content), substring(content, 1, {bytes:UInt64})
FROM payloads
WHERE project = {project:String} AND toUInt16(day) = {day:UInt16}
  AND hash IN (SELECT toFixedString(unhex(arrayJoin({hashes:Array(String)})), 16))
LIMIT 1 BY hash
