#include "sdk/export/otlp_encoder.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "pitot/version.h"
#include "sdk/export/proto_writer.h"
#include "sdk/export/utf8.h"
#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

// Field numbers; see the source named in the header.
namespace request {
constexpr uint32_t kResourceSpans = 1, kResource = 1, kScopeSpans = 2;
constexpr uint32_t kResourceAttributes = 1, kScope = 1, kScopeName = 1, kScopeVersion = 2;
constexpr uint32_t kSpans = 2;
}  // namespace request
namespace span_field {
constexpr uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5,
                   kKind = 6, kStart = 7, kEnd = 8, kAttributes = 9, kDroppedAttributes = 10,
                   kEvents = 11, kDroppedEvents = 12, kLinks = 13, kStatus = 15, kFlags = 16;
constexpr uint32_t kEventTime = 1, kEventName = 2, kEventAttributes = 3;
constexpr uint32_t kLinkTraceId = 1, kLinkSpanId = 2, kLinkAttributes = 4;
constexpr uint32_t kStatusMessage = 2, kStatusCode = 3;
}  // namespace span_field
namespace value_field {
constexpr uint32_t kKey = 1, kValue = 2;
constexpr uint32_t kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5;
constexpr uint32_t kArrayValues = 1;
}  // namespace value_field

constexpr uint64_t kKindInternal = 1;
constexpr uint64_t kKindClient = 3;
constexpr uint64_t kStatusOk = 1;
constexpr uint64_t kStatusError = 2;
constexpr uint32_t kFlagSampled = 1;  // W3C trace flags; what is not sampled is not exported.

enum class JsonType : uint8_t { kString, kBool, kInt, kDouble, kOther };

struct JsonScalar {
  JsonType type = JsonType::kOther;
  int64_t integer = 0;
  double number = 0;
};

JsonScalar ReadNumber(std::string_view raw) {
  JsonScalar scalar;
  const char* end = raw.data() + raw.size();
  const auto whole = [&](std::from_chars_result result) {
    return result.ec == std::errc() && result.ptr == end;
  };
  if (whole(std::from_chars(raw.data(), end, scalar.integer))) {
    scalar.type = JsonType::kInt;
  } else if (whole(std::from_chars(raw.data(), end, scalar.number))) {
    scalar.type = JsonType::kDouble;
  }
  return scalar;
}

// `raw` is one JSON value without white space around it.
JsonScalar ReadScalar(std::string_view raw) {
  if (raw.empty() || IsNull(raw) || IsObject(raw) || IsArray(raw)) return {};
  if (IsString(raw)) return {.type = JsonType::kString};
  if (raw == "true" || raw == "false") {
    return {.type = JsonType::kBool, .integer = raw == "true" ? 1 : 0};
  }
  return ReadNumber(raw);
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t first = text.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

class ValueWriter {
 public:
  explicit ValueWriter(std::string& out) : writer_(out) {}

  ProtoWriter& proto() { return writer_; }

  void Text(uint32_t field, std::string_view text) { writer_.Bytes(field, Utf8(text, &scratch_)); }

  void Attributes(uint32_t field, std::span<const Attribute> attributes) {
    for (const Attribute& attribute : attributes) {
      const size_t pair = writer_.Begin(field);
      Text(value_field::kKey, attribute.key);
      const size_t value = writer_.Begin(value_field::kValue);
      Value(attribute.value);
      writer_.End(value);
      writer_.End(pair);
    }
  }

 private:
  // The content of an AnyValue. Scalars are written with their default values, too: that is what tells
  // their type.
  void Value(const AttributeValue& value) {
    switch (value.type()) {
      case AttributeValue::Type::kString:
        return Text(value_field::kString, value.text());
      case AttributeValue::Type::kBool:
        return writer_.Varint(value_field::kBool, value.boolean() ? 1 : 0);
      case AttributeValue::Type::kInt:
        return writer_.Varint(value_field::kInt, static_cast<uint64_t>(value.integer()));
      case AttributeValue::Type::kDouble:
        return writer_.Double(value_field::kDouble, value.number());
      case AttributeValue::Type::kJson:
        return Json(value.text());
    }
  }

  void Json(std::string_view text) {
    const std::string_view raw = Trimmed(text);
    if (IsArray(raw)) {
      if (!ScalarArray(raw)) Text(value_field::kString, text);
      return;
    }
    const JsonScalar scalar = ReadScalar(raw);
    if (scalar.type == JsonType::kOther || !IsJson(raw)) return Text(value_field::kString, text);
    Scalar(scalar, raw);
  }

  void Scalar(const JsonScalar& scalar, std::string_view raw) {
    switch (scalar.type) {
      case JsonType::kString: {
        std::string meant;
        AppendUnquoted(raw, meant);
        return Text(value_field::kString, meant);
      }
      case JsonType::kBool:
        return writer_.Varint(value_field::kBool, static_cast<uint64_t>(scalar.integer));
      case JsonType::kInt:
        return writer_.Varint(value_field::kInt, static_cast<uint64_t>(scalar.integer));
      case JsonType::kDouble:
        return writer_.Double(value_field::kDouble, scalar.number);
      case JsonType::kOther:
        return;
    }
  }

  // False, and nothing written: not an array of scalars of one type.
  bool ScalarArray(std::string_view raw) {
    std::optional<JsonType> type;
    bool uniform = true;
    const bool json = VisitArray(raw, [&](std::string_view item) {
      const JsonScalar scalar = ReadScalar(Trimmed(item));
      if (!type) type = scalar.type;
      uniform = uniform && scalar.type == *type && scalar.type != JsonType::kOther;
    });
    if (!json || !uniform) return false;
    const size_t array = writer_.Begin(value_field::kArray);
    VisitArray(raw, [&](std::string_view item) {
      const size_t value = writer_.Begin(value_field::kArrayValues);
      Scalar(ReadScalar(Trimmed(item)), Trimmed(item));
      writer_.End(value);
    });
    writer_.End(array);
    return true;
  }

  ProtoWriter writer_;
  std::string scratch_;
};

void AppendEvents(const SpanData& span, ValueWriter& out) {
  ProtoWriter& proto = out.proto();
  for (const SpanEventData& event : span.events) {
    const size_t begin = proto.Begin(span_field::kEvents);
    proto.Fixed64(span_field::kEventTime, static_cast<uint64_t>(event.time_ns));
    out.Text(span_field::kEventName, event.name);
    out.Attributes(span_field::kEventAttributes, event.attributes);
    proto.End(begin);
  }
  if (span.dropped_events > 0) proto.Varint(span_field::kDroppedEvents, span.dropped_events);
}

void AppendLinks(const SpanData& span, ValueWriter& out) {
  ProtoWriter& proto = out.proto();
  for (const SpanLinkData& link : span.links) {
    const size_t begin = proto.Begin(span_field::kLinks);
    proto.Bytes(span_field::kLinkTraceId, link.trace_id.view());
    proto.Bytes(span_field::kLinkSpanId, link.span_id.view());
    out.Attributes(span_field::kLinkAttributes, link.attributes);
    proto.End(begin);
  }
}

void AppendStatus(const SpanData& span, ValueWriter& out) {
  const bool failed = span.status == SpanStatus::kError;
  if (!failed && span.status != SpanStatus::kOk) return;
  const size_t begin = out.proto().Begin(span_field::kStatus);
  // The specification: a message goes with errors only.
  if (failed && !span.status_message.empty()) {
    out.Text(span_field::kStatusMessage, span.status_message);
  }
  out.proto().Varint(span_field::kStatusCode, failed ? kStatusError : kStatusOk);
  out.proto().End(begin);
}

// Reads what a receiver sends; it may be anything.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : rest_(bytes) {}

  // The next field; false at the end, or when the bytes are no message.
  bool Next() {
    uint64_t tag = 0;
    if (rest_.empty() || !ReadVarint(&tag)) return false;
    field_ = tag >> 3;
    number_ = 0;
    bytes_ = {};
    switch (tag & 7) {
      case 0:
        return ReadVarint(&number_);
      case 1:
        return Take(8);
      case 2: {
        uint64_t length = 0;
        return ReadVarint(&length) && Take(length);
      }
      case 5:
        return Take(4);
    }
    failed_ = true;
    return false;
  }

  uint64_t field() const { return field_; }
  uint64_t number() const { return number_; }
  std::string_view bytes() const { return bytes_; }
  bool failed() const { return failed_; }

 private:
  bool ReadVarint(uint64_t* out) {
    *out = 0;
    for (int shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<uint8_t>(rest_[0]);
      rest_.remove_prefix(1);
      *out |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return true;
    }
    failed_ = true;
    return false;
  }
  bool Take(uint64_t length) {
    if (length > rest_.size()) {
      failed_ = true;
      return false;
    }
    bytes_ = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  }

  std::string_view rest_;
  std::string_view bytes_;
  uint64_t field_ = 0;
  uint64_t number_ = 0;
  bool failed_ = false;
};

}  // namespace

OtlpEncoder::OtlpEncoder(const std::vector<Attribute>& resource,
                         std::unique_ptr<AttributeView> attributes)
    : attributes_(std::move(attributes)) {
  ValueWriter resource_writer(resource_);
  const size_t begin = resource_writer.proto().Begin(request::kResource);
  resource_writer.Attributes(request::kResourceAttributes, resource);
  resource_writer.proto().End(begin);

  ProtoWriter scope_writer(scope_);
  const size_t scope = scope_writer.Begin(request::kScope);
  scope_writer.Bytes(request::kScopeName, kScopeName);
  scope_writer.Bytes(request::kScopeVersion, kSdkVersion);
  scope_writer.End(scope);
}

void OtlpEncoder::Append(const SpanData& span, std::string& out) {
  ValueWriter writer(out);
  ProtoWriter& proto = writer.proto();
  const size_t begin = proto.Begin(request::kSpans);
  proto.Bytes(span_field::kTraceId, span.trace_id.view());
  proto.Bytes(span_field::kSpanId, span.span_id.view());
  if (!span.trace_state.empty()) writer.Text(span_field::kTraceState, span.trace_state);
  if (!span.parent_span_id.empty()) {
    proto.Bytes(span_field::kParentSpanId, span.parent_span_id.view());
  }
  writer.Text(span_field::kName, span.name);
  proto.Varint(span_field::kKind, IsClientKind(span.kind) ? kKindClient : kKindInternal);
  const int64_t end_ns = std::max(span.start_ns, span.end_ns);
  proto.Fixed64(span_field::kStart, static_cast<uint64_t>(span.start_ns));
  proto.Fixed64(span_field::kEnd, static_cast<uint64_t>(end_ns));
  writer.Attributes(span_field::kAttributes, attributes_->Of(span));
  if (span.dropped_attributes > 0) {
    proto.Varint(span_field::kDroppedAttributes, span.dropped_attributes);
  }
  AppendEvents(span, writer);
  AppendLinks(span, writer);
  AppendStatus(span, writer);
  proto.Fixed32(span_field::kFlags, kFlagSampled);
  proto.End(begin);
}

void OtlpEncoder::Frame(std::string_view spans, std::string& body) const {
  body.clear();
  if (spans.empty()) return;  // An empty request is valid, and no bytes.
  body.reserve(spans.size() + resource_.size() + scope_.size() + 32);
  ProtoWriter writer(body);
  const size_t resource_spans = writer.Begin(request::kResourceSpans);
  body.append(resource_);
  const size_t scope_spans = writer.Begin(request::kScopeSpans);
  body.append(scope_);
  body.append(spans);
  writer.End(scope_spans);
  writer.End(resource_spans);
}

OtlpAnswer ReadOtlpAnswer(std::string_view body) {
  OtlpAnswer answer;
  ProtoReader response(body);
  while (response.Next()) {
    if (response.field() != 1) continue;
    ProtoReader partial(response.bytes());
    while (partial.Next()) {
      if (partial.field() == 1) answer.rejected = partial.number();
      if (partial.field() == 2) answer.message = partial.bytes();
    }
    if (partial.failed()) return {};
  }
  if (response.failed()) return {};
  answer.readable = true;
  return answer;
}

std::string_view ReadRpcStatusMessage(std::string_view body) {
  std::string_view message;
  ProtoReader status(body);
  while (status.Next()) {
    if (status.field() == 2) message = status.bytes();
  }
  return status.failed() || !IsUtf8(message) ? std::string_view() : message;
}

}  // namespace sdk
}  // namespace pitot
