#include "sdk/export/zipkin_encoder.h"

#include <algorithm>

#include "pitot/version.h"
#include "sdk/export/utf8.h"
#include "sdk/export/value_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kNanosPerMicro = 1'000;
constexpr std::string_view kErrorTag = "error";

// Keys of the object `tags`, each once: the first one wins.
class TagWriter {
 public:
  explicit TagWriter(std::string& out) : out_(out) {}

  void Add(std::string_view key, std::string_view text) {
    if (key.empty() || std::ranges::find(keys_, key) != keys_.end()) return;
    out_ += keys_.empty() ? "\"tags\":{" : ",";
    keys_.push_back(key);
    AppendJsonText(key, out_);
    out_ += ':';
    AppendJsonText(text, out_);
  }
  void Add(const Attribute& attribute) {
    text_.clear();
    AppendPlain(attribute.value, text_);
    Add(attribute.key, text_);
  }
  void AddCount(std::string_view key, uint32_t count) {
    if (count > 0) Add(key, std::to_string(count));
  }

 private:
  std::string& out_;
  std::vector<std::string_view> keys_;
  std::string text_;
};

std::string LinksAsJson(const SpanData& span) {
  std::string json = "[";
  for (const SpanLinkData& link : span.links) {
    if (json.size() > 1) json += ',';
    json += "{\"trace_id\":\"";
    AppendHex(link.trace_id.view(), json);
    json += "\",\"span_id\":\"";
    AppendHex(link.span_id.view(), json);
    json += '"';
    if (!link.attributes.empty()) {
      json += ",\"attributes\":";
      AppendJsonObject(link.attributes, json);
    }
    json += '}';
  }
  return json + "]";
}

void AppendAnnotations(const SpanData& span, std::string& out) {
  if (span.events.empty()) return;
  out += ",\"annotations\":[";
  for (const SpanEventData& event : span.events) {
    if (&event != span.events.data()) out += ',';
    out += "{\"timestamp\":";
    AppendInteger(event.time_ns / kNanosPerMicro, out);
    out += ",\"value\":";
    if (event.attributes.empty()) {
      AppendJsonText(event.name, out);
    } else {
      std::string value;
      AppendJsonText(event.name, value);
      value += ": ";
      AppendJsonObject(event.attributes, value);
      AppendJsonText(value, out);
    }
    out += '}';
  }
  out += ']';
}

}  // namespace

ZipkinEncoder::ZipkinEncoder(const ExportResource& resource) : resource_(resource) {
  endpoint_ = "{\"serviceName\":";
  AppendJsonText(resource_.service, endpoint_);
  endpoint_ += '}';
  for (const Attribute& attribute : ResourceAttributes(resource_)) {
    const bool said_elsewhere =
        attribute.key == "service.name" || attribute.key.starts_with("telemetry.sdk.");
    if (!said_elsewhere) resource_tags_.push_back(attribute);
  }
}

void ZipkinEncoder::Append(const SpanData& span, std::string& out) {
  out += "{\"traceId\":\"";
  AppendHex(span.trace_id.view(), out);
  out += "\",\"id\":\"";
  AppendHex(span.span_id.view(), out);
  if (!span.parent_span_id.empty()) {
    out += "\",\"parentId\":\"";
    AppendHex(span.parent_span_id.view(), out);
  }
  out += '"';
  if (IsClientKind(span.kind)) out += ",\"kind\":\"CLIENT\"";
  if (!span.name.empty()) {
    out += ",\"name\":";
    AppendJsonText(span.name, out);
  }
  out += ",\"timestamp\":";
  AppendInteger(span.start_ns / kNanosPerMicro, out);
  out += ",\"duration\":";
  AppendInteger(std::max<int64_t>(1, (span.end_ns - span.start_ns) / kNanosPerMicro), out);
  out += ",\"localEndpoint\":";
  out += endpoint_;
  AppendAnnotations(span, out);
  out += ',';
  AppendTags(span, out);
  out += "},";
}

void ZipkinEncoder::AppendTags(const SpanData& span, std::string& out) {
  TagWriter tags(out);
  if (span.status == SpanStatus::kError) {
    // Zipkin looks for the tag, whatever it says.
    tags.Add(kErrorTag, span.status_message.empty() ? "true" : span.status_message);
    tags.Add("otel.status_code", "ERROR");
  } else if (span.status == SpanStatus::kOk) {
    tags.Add("otel.status_code", "OK");
  }
  for (const Attribute& attribute : attributes_.Of(span)) {
    const bool says_no_error = attribute.key == kErrorTag &&
                               attribute.value.type() == AttributeValue::Type::kBool &&
                               !attribute.value.boolean();
    if (!says_no_error) tags.Add(attribute);
  }
  if (!span.links.empty()) tags.Add("pitot.links", LinksAsJson(span));
  for (const Attribute& attribute : resource_tags_) tags.Add(attribute);
  tags.Add("otel.scope.name", kScopeName);
  tags.Add("otel.scope.version", kSdkVersion);
  tags.AddCount("otel.dropped_attributes_count", span.dropped_attributes);
  tags.AddCount("otel.dropped_events_count", span.dropped_events);
  out += '}';
}

void ZipkinEncoder::Frame(std::string_view spans, std::string& body) const {
  body = '[';
  if (!spans.empty()) body.append(spans.substr(0, spans.size() - 1));  // Without the last comma.
  body += ']';
}

}  // namespace sdk
}  // namespace pitot
