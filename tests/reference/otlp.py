"""Lines of JSON Lines -> one OTLP/JSON request, as far as OTLP can say what they say."""

import canonical

OPERATION_OF_KIND = {kind: word for word, kind in canonical.KIND_OF_OPERATION.items()}
STATUS_CODE = {"ok": 1, "error": 2}
RESOURCE_KEYS = ("service.name", "deployment.environment.name", "service.version")


def can_carry(line):
    """OTLP has no running spans and no kinds; an operation tells most of them."""
    return line.get("status") != "running" and line["kind"] in OPERATION_OF_KIND


def as_sent(line):
    """The line as OTLP carries it: what the reference must read instead of it."""
    attrs = dict(line.get("attrs", {}))
    attrs["gen_ai.operation.name"] = OPERATION_OF_KIND[line["kind"]]
    error = line.get("error")
    if error and "type" in error:
        attrs["error.type"] = error["type"]
    out = {k: v for k, v in line.items() if k not in ("kind", "error", "duration_ms")}
    start = canonical.parse_time(line["start"])
    out |= {"source": "otlp", "attrs": attrs, "start": start}
    out["end"] = canonical.canonical(line).end
    if error:
        out["error"] = {"message": error.get("message", "")}
    return out


def value(item):
    if isinstance(item, bool):
        return {"boolValue": item}
    if isinstance(item, int):
        return {"intValue": str(item)}
    if isinstance(item, float):
        return {"doubleValue": item}
    if isinstance(item, str):
        return {"stringValue": item}
    if isinstance(item, list):
        return {"arrayValue": {"values": [value(v) for v in item]}}
    return {"kvlistValue": {"values": attributes(item)}}


def attributes(attrs):
    return [{"key": k, "value": value(v)} for k, v in attrs.items()]


def request(lines):
    """`lines`: made by as_sent."""
    out = []
    for line in lines:
        attrs = line["attrs"]
        resource = {k: attrs[k] for k in RESOURCE_KEYS if k in attrs}
        span = {
            "traceId": line["trace_id"],
            "spanId": line["span_id"],
            "parentSpanId": line.get("parent_id", ""),
            "name": line["name"],
            "startTimeUnixNano": str(line["start"]),
            "endTimeUnixNano": str(line["end"]),
            "attributes": attributes({k: v for k, v in attrs.items() if k not in resource}),
        }
        code = 2 if "error" in line else STATUS_CODE.get(line.get("status"), 0)
        if code:
            span["status"] = {"code": code}
            if code == 2 and line["error"]["message"]:
                span["status"]["message"] = line["error"]["message"]
        scope = {"name": line["scope"]} if "scope" in line else {}
        out.append(
            {
                "resource": {"attributes": attributes(resource)},
                "scopeSpans": [{"scope": scope, "spans": [span]}],
            }
        )
    return {"resourceSpans": out}
