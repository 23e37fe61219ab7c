-- Contents by hash. A subquery, because the engine turns IN over an array into has(), which does
-- not use the key. A retried span may have its payloads under another retention class.
SELECT hash, content
FROM payloads
WHERE project = {project:String} AND toUInt16(day) = {day:UInt16}
  AND hash IN (SELECT toFixedString(unhex(arrayJoin({hashes:Array(String)})), 16))
LIMIT 1 BY hash
