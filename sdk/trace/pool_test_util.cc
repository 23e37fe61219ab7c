#include "sdk/trace/pool_test_util.h"

namespace pitot {
inline namespace sdk {
namespace {

std::vector<std::pair<std::string, std::string>> Plain(std::span<const Attribute> attributes) {
  std::vector<std::pair<std::string, std::string>> plain;
  for (const Attribute& attribute : attributes) {
    plain.emplace_back(attribute.key, PlainText(attribute.value));
  }
  return plain;
}

}  // namespace

std::string PlainText(const AttributeValue& value) {
  switch (value.type()) {
    case AttributeValue::Type::kBool:
      return value.boolean() ? "true" : "false";
    case AttributeValue::Type::kInt:
      return std::to_string(value.integer());
    case AttributeValue::Type::kDouble:
      return std::to_string(value.number());
    case AttributeValue::Type::kString:
    case AttributeValue::Type::kJson:
      break;
  }
  return std::string(value.text());
}

PlainSpan::PlainSpan(const SpanData& data)
    : trace_id(data.trace_id),
      span_id(data.span_id),
      parent_span_id(data.parent_span_id),
      name(data.name),
      trace_state(data.trace_state),
      kind(data.kind),
      status(data.status),
      status_message(data.status_message),
      start_ns(data.start_ns),
      end_ns(data.end_ns),
      tags(data.tags == nullptr ? Tags() : *data.tags),
      attributes(Plain(data.attributes)),
      dropped_attributes(data.dropped_attributes),
      dropped_events(data.dropped_events) {
  for (const Attribute& attribute : data.attributes) types.push_back(attribute.value.type());
  for (const SpanEventData& event : data.events) {
    events.push_back({std::string(event.name), Plain(event.attributes)});
  }
  for (const SpanLinkData& link : data.links) links.push_back(link.span_id);
}

std::optional<std::string> PlainSpan::operator[](std::string_view key) const {
  for (const auto& [own, value] : attributes) {
    if (own == key) return value;
  }
  return std::nullopt;
}

}  // namespace sdk
}  // namespace pitot
