#include "sdk/export/jsonl_encoder.h"

#include <algorithm>

#include "pitot/version.h"
#include "sdk/export/utf8.h"
#include "sdk/export/value_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int kNanoDigits = 9;
constexpr int kMilliDigits = 6;  // Of a nanosecond count.

void AppendId(std::string_view key, std::string_view bytes, std::string& out) {
  out += '"';
  out += key;
  out += "\":\"";
  AppendHex(bytes, out);
  out += '"';
}

void AppendEvents(const SpanData& span, std::string& out) {
  if (span.events.empty()) return;
  out += ",\"events\":[";
  for (const SpanEventData& event : span.events) {
    if (&event != span.events.data()) out += ',';
    out += "{\"time\":\"";
    AppendRfc3339(event.time_ns, kNanoDigits, out);
    out += "\",\"name\":";
    AppendJsonText(event.name, out);
    if (!event.attributes.empty()) {
      out += ",\"attributes\":";
      AppendJsonObject(event.attributes, out);
    }
    out += '}';
  }
  out += ']';
}

void AppendLinks(const SpanData& span, std::string& out) {
  if (span.links.empty()) return;
  out += ",\"links\":[";
  for (const SpanLinkData& link : span.links) {
    if (&link != span.links.data()) out += ',';
    out += '{';
    AppendId("trace_id", link.trace_id.view(), out);
    out += ',';
    AppendId("span_id", link.span_id.view(), out);
    if (!link.attributes.empty()) {
      out += ",\"attributes\":";
      AppendJsonObject(link.attributes, out);
    }
    out += '}';
  }
  out += ']';
}

}  // namespace

JsonLinesEncoder::JsonLinesEncoder(const ExportResource& resource) : resource_(resource) {
  for (const Attribute& attribute : ResourceAttributes(resource_)) {
    if (!attribute.key.starts_with("telemetry.sdk.")) resource_attributes_.push_back(attribute);
  }
}

void JsonLinesEncoder::Append(const SpanData& span, std::string& out) {
  out += '{';
  AppendId("trace_id", span.trace_id.view(), out);
  out += ',';
  AppendId("span_id", span.span_id.view(), out);
  if (!span.parent_span_id.empty()) {
    out += ',';
    AppendId("parent_id", span.parent_span_id.view(), out);
  }
  out += ",\"name\":";
  AppendJsonText(span.name, out);
  out += ",\"kind\":\"";
  out += Name(span.kind);
  out += "\",\"start\":\"";
  AppendRfc3339(span.start_ns, kNanoDigits, out);
  out += "\",\"duration_ms\":";
  AppendScaled(std::max<int64_t>(0, span.end_ns - span.start_ns), kMilliDigits, out);
  out += ",\"status\":\"";
  out += Name(span.status);
  out += '"';
  if (span.status == SpanStatus::kError && !span.status_message.empty()) {
    out += ",\"error\":";
    AppendJsonText(span.status_message, out);
  }
  out += ",\"scope\":{\"name\":\"";
  out += kScopeName;
  out += "\",\"version\":\"";
  out += kSdkVersion;
  out += "\"},\"attrs\":";
  all_ = attributes_.Of(span);
  for (const Attribute& attribute : resource_attributes_) {
    if (Find(span.attributes, attribute.key) == nullptr) all_.push_back(attribute);
  }
  AppendJsonObject(all_, out);
  AppendEvents(span, out);
  AppendLinks(span, out);
  out += "}\n";
}

}  // namespace sdk
}  // namespace pitot
