// ExportTraceServiceRequest in JSON.
#include <array>
#include <utility>

#include "base/hex.h"
#include "decode/decode.h"
#include "decode/otlp_json.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 6> kKinds = {"UNSPECIFIED", "INTERNAL", "SERVER",
                                                    "CLIENT",      "PRODUCER", "CONSUMER"};
constexpr std::array<std::string_view, 3> kStatusCodes = {"UNSET", "OK", "ERROR"};

class SpanReader {
 public:
  explicit SpanReader(Intake& intake) : intake_(intake) {}

  void Read(JsonElement json) {
    name_ = {};
    RawSpan span;
    Ids ids;
    attrs_.Clear();
    events_.clear();
    links_.clear();
    if (!Fields(json, span, ids)) return intake_.RefuseFault(name_);
    if (!SetId(ids.trace_id, "traceId", span.trace_id) ||
        !SetId(ids.span_id, "spanId", span.span_id)) {
      return;
    }
    if (!ids.parent_span_id.empty() && !FromHexId(ids.parent_span_id, span.parent_span_id)) {
      intake_.drops().Add(Drop::kParentIdInvalid);
    }
    intake_.ClampEnd(span);
    span.attributes = attrs_.Take(intake_.arena());
    span.events = Keep(intake_.arena(), events_);
    span.links = Keep(intake_.arena(), links_);
    span.resource = intake_.UseResource();
    span.scope = intake_.UseScope();
    intake_.batch().spans.push_back(span);
  }

 private:
  struct Ids {
    std::string_view trace_id, span_id, parent_span_id;
  };

  template <size_t N>
  static bool FromHexId(std::string_view hex, Id<N>& id) {
    Id<N> parsed;
    if (!FromHex(hex, reinterpret_cast<char*>(parsed.bytes.data()), N)) return false;
    id = parsed;
    return true;
  }

  template <size_t N>
  bool SetId(std::string_view hex, std::string_view field, Id<N>& id) {
    if (hex.size() != 2 * N) {
      intake_.Refuse(Drop::kSpanIdInvalid, name_, "{} has {} characters, {} hex digits are needed",
                     field, hex.size(), 2 * N);
    } else if (!FromHexId(hex, id)) {
      intake_.Refuse(Drop::kSpanIdInvalid, name_, "{} is \"{}\", hex digits are needed", field,
                     hex);
    } else if (id.empty()) {
      intake_.Refuse(Drop::kSpanIdInvalid, name_, "{} is all zero", field);
    } else {
      return true;
    }
    return false;
  }

  bool Fields(JsonElement json, RawSpan& span, Ids& ids) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "the span", object)) return false;
    for (const auto& [key, value] : object) {
      if (!value.is_null() && !Field(key, value, span, ids)) return false;
    }
    return true;
  }

  // Most frequent first.
  bool Field(std::string_view key, JsonElement json, RawSpan& span, Ids& ids) {
    if (key == "attributes") return KeepJsonAttrs(intake_, json, key, attrs_);
    if (key == "traceId") return ReadJsonText(intake_, json, key, ids.trace_id);
    if (key == "spanId") return ReadJsonText(intake_, json, key, ids.span_id);
    if (key == "parentSpanId") return ReadJsonText(intake_, json, key, ids.parent_span_id);
    if (key == "name") {
      if (!KeepJsonText(intake_, json, key, span.name)) return false;
      name_ = span.name;
      return true;
    }
    if (key == "kind") return Enum(json, key, "SPAN_KIND_", kKinds, span.otel_kind);
    if (key == "startTimeUnixNano") return ReadJsonTime(intake_, json, key, span.start_ns);
    if (key == "endTimeUnixNano") return ReadJsonTime(intake_, json, key, span.end_ns);
    if (key == "status") return Status(json, span);
    if (key == "events") {
      return Items(key, json, events_, &SpanReader::EventField);
    }
    if (key == "links") return Items(key, json, links_, &SpanReader::LinkField);
    return true;
  }

  bool Enum(JsonElement json, std::string_view field, std::string_view prefix,
            std::span<const std::string_view> names, uint8_t& out) {
    int64_t number = 0;
    if (!ReadJsonEnum(intake_, json, field, prefix, names, number)) return false;
    out = EnumByte(number);
    return true;
  }

  bool Status(JsonElement json, RawSpan& span) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "status", object)) return false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      const bool fine = key == "message" ? KeepJsonText(intake_, value, key, span.status_message)
                        : key == "code"
                            ? Enum(value, key, "STATUS_CODE_", kStatusCodes, span.status_code)
                            : true;
      if (!fine) return intake_.FaultWithin("status.");
    }
    return true;
  }

  // Events and links: an array of objects with attributes of their own.
  template <typename T>
  bool Items(std::string_view field, JsonElement json, std::vector<T>& items,
             bool (SpanReader::*read)(std::string_view, JsonElement, T&)) {
    items.clear();
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    for (const JsonElement element : array) {
      if (items.size() >= static_cast<size_t>(intake_.limits().events) || intake_.Overgrown()) {
        intake_.drops().Add(Drop::kEventLimit);
        continue;
      }
      T item;
      child_attrs_.Clear();
      if (!Item(element, item, read)) return intake_.FaultWithin("{}[{}].", field, items.size());
      item.attributes = child_attrs_.Take(intake_.arena());
      items.push_back(item);
    }
    return true;
  }

  template <typename T>
  bool Item(JsonElement element, T& item,
            bool (SpanReader::*read)(std::string_view, JsonElement, T&)) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, element, "item", object)) return false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "attributes") {
        if (!KeepJsonAttrs(intake_, value, key, child_attrs_)) return false;
      } else if (!(this->*read)(key, value, item)) {
        return false;
      }
    }
    return true;
  }

  bool EventField(std::string_view key, JsonElement json, RawEvent& event) {
    if (key == "timeUnixNano") return ReadJsonTime(intake_, json, key, event.time_ns);
    if (key == "name") return KeepJsonText(intake_, json, key, event.name);
    return true;
  }

  // A link whose ids are no ids is kept without them, as on the protobuf wire.
  bool LinkField(std::string_view key, JsonElement json, RawLink& link) {
    std::string_view hex;
    if (key == "traceId") {
      if (!ReadJsonText(intake_, json, key, hex)) return false;
      FromHexId(hex, link.trace_id);
    } else if (key == "spanId") {
      if (!ReadJsonText(intake_, json, key, hex)) return false;
      FromHexId(hex, link.span_id);
    }
    return true;
  }

  Intake& intake_;
  std::string_view name_;  // Of the span, for messages.
  AttrSet attrs_;
  AttrSet child_attrs_;  // Of one event or link.
  std::vector<RawEvent> events_;
  std::vector<RawLink> links_;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpTracesJson(std::string body, const Limits& limits,
                                              DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), kJsonPadding, "span", Drop::kSpanMalformed, limits, counted);
  intake.batch().spans.reserve(intake.body().size() / 1536);
  SpanReader spans(intake);
  const auto read = [&](JsonElement span) { spans.Read(span); };
  const JsonEnvelope envelope{.resources = "resourceSpans",
                              .scopes = "scopeSpans",
                              .old_scopes = "instrumentationLibrarySpans",
                              .records = "spans",
                              .snake_case = "resource_spans",
                              .read = read};
  RETURN_IF_ERROR(DecodeJsonEnvelope(intake, envelope));
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
