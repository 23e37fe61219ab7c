-- Where a span's price comes from, and what it cost before it was priced anew.
SELECT toString(price_source), price_version, price_rule, toString(price_confidence), repriced_ns,
       cost_previous
FROM spans
WHERE project = {project:String} AND trace_id = toFixedString(unhex({trace_id:String}), 16)
  AND span_id = toFixedString(unhex({span_id:String}), 8)
ORDER BY version DESC
LIMIT 1
