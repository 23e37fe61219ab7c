#include <bit>

#include "ingest/spool/record_items.h"

namespace pitot {
namespace {

void PutValue(const AttrValue& value, std::string& out) {
  out += static_cast<char>(value.type);
  switch (value.type) {
    case AttrType::kEmpty:
      break;
    case AttrType::kBool:
      out += value.boolean ? '\1' : '\0';
      break;
    case AttrType::kInt:
      PutZigzag(value.integer, out);
      break;
    case AttrType::kDouble:
      PutFixed64(std::bit_cast<uint64_t>(value.number), out);
      break;
    case AttrType::kString:
    case AttrType::kBytes:
    case AttrType::kJson:
      PutText(value.text, out);
      break;
  }
}

AttrValue TakeValue(VarintReader& in) {
  AttrValue value;
  value.type = in.Enum<AttrType>(static_cast<uint8_t>(AttrType::kJson) + 1);
  switch (value.type) {
    case AttrType::kEmpty:
      break;
    case AttrType::kBool:
      value.boolean = in.Byte() != 0;
      break;
    case AttrType::kInt:
      value.integer = in.Zigzag();
      break;
    case AttrType::kDouble:
      value.number = std::bit_cast<double>(in.Fixed64());
      break;
    case AttrType::kString:
    case AttrType::kBytes:
    case AttrType::kJson:
      value.text = in.Text();
      break;
  }
  return value;
}

void PutRawAttrs(std::span<const Attr> attrs, std::string& out) {
  PutVarint(attrs.size(), out);
  for (const Attr& attr : attrs) {
    PutText(attr.key, out);
    PutValue(attr.value, out);
  }
}

std::span<const Attr> TakeRawAttrs(VarintReader& in, Arena& arena) {
  const std::span<Attr> attrs = arena.NewArray<Attr>(in.Count(2));
  for (Attr& attr : attrs) {
    attr.key = in.Text();
    attr.value = TakeValue(in);
  }
  return attrs;
}

void PutOrigin(const RawResource& resource, const RawScope& scope, std::string& out) {
  PutRawAttrs(resource.attributes, out);
  PutText(scope.name, out);
  PutText(scope.version, out);
  PutRawAttrs(scope.attributes, out);
}

void TakeOrigin(VarintReader& in, Arena& arena, Record& record) {
  record.resources.push_back({TakeRawAttrs(in, arena)});
  RawScope scope;
  scope.name = in.Text();
  scope.version = in.Text();
  scope.attributes = TakeRawAttrs(in, arena);
  record.scopes.push_back(scope);
}

}  // namespace

void PutLog(const RawLog& log, const RawResource& resource, const RawScope& scope,
            std::string& out) {
  PutZigzag(log.time_ns, out);
  PutZigzag(log.observed_ns, out);
  PutZigzag(log.severity, out);
  PutText(log.severity_text, out);
  PutText(log.event_name, out);
  PutValue(log.body, out);
  out += log.trace_id.view();
  out += log.span_id.view();
  PutRawAttrs(log.attributes, out);
  PutOrigin(resource, scope, out);
}

void PutPoint(const RawPoint& point, const RawResource& resource, const RawScope& scope,
              std::string& out) {
  PutText(point.metric, out);
  PutText(point.unit, out);
  out += static_cast<char>(point.type);
  out += static_cast<char>(point.temporality);
  out += point.monotonic ? '\1' : '\0';
  PutZigzag(point.start_ns, out);
  PutZigzag(point.time_ns, out);
  PutFixed64(std::bit_cast<uint64_t>(point.value), out);
  PutVarint(point.count, out);
  PutText(point.detail, out);
  PutRawAttrs(point.attributes, out);
  PutOrigin(resource, scope, out);
}

void TakeLog(VarintReader& in, Arena& arena, Record& record) {
  RawLog log;
  log.resource = log.scope = static_cast<uint32_t>(record.resources.size());
  log.time_ns = in.Zigzag();
  log.observed_ns = in.Zigzag();
  log.severity = static_cast<int32_t>(in.Zigzag());
  log.severity_text = in.Text();
  log.event_name = in.Text();
  log.body = TakeValue(in);
  log.trace_id = TraceId::FromBytes(in.Fixed(16));
  log.span_id = SpanId::FromBytes(in.Fixed(8));
  log.attributes = TakeRawAttrs(in, arena);
  TakeOrigin(in, arena, record);
  record.logs.push_back(log);
}

void TakePoint(VarintReader& in, Arena& arena, Record& record) {
  RawPoint point;
  point.resource = point.scope = static_cast<uint32_t>(record.resources.size());
  point.metric = in.Text();
  point.unit = in.Text();
  point.type = in.Enum<MetricType>(static_cast<uint8_t>(MetricType::kSummary) + 1);
  point.temporality = in.Byte();
  point.monotonic = in.Byte() != 0;
  point.start_ns = in.Zigzag();
  point.time_ns = in.Zigzag();
  point.value = std::bit_cast<double>(in.Fixed64());
  point.count = in.Varint();
  point.detail = in.Text();
  point.attributes = TakeRawAttrs(in, arena);
  TakeOrigin(in, arena, record);
  record.points.push_back(point);
}

}  // namespace pitot
