// JSON Lines of spans; decode.h describes the form.
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

#include "base/hash.h"
#include "base/hex.h"
#include "decode/decode.h"
#include "decode/instant.h"
#include "decode/json_value.h"
#include "decode/otlp_json.h"
#include "decode/whole_span.h"

namespace pitot {
namespace {

struct StatusWord {
  std::string_view word;
  uint8_t code;  // OTLP StatusCode.
  bool running;
};
constexpr std::array<StatusWord, 4> kStatusWords = {
    {{"ok", 1, false}, {"error", 2, false}, {"unset", 0, false}, {"running", 0, true}}};

constexpr uint8_t kStatusError = 2;

class LineReader {
 public:
  explicit LineReader(Intake& intake) : intake_(intake) {}

  // `line` is not blank; kJsonPadding bytes are readable behind it.
  void Read(std::string_view line) {
    JsonElement root;
    bool mended = false;
    const absl::Status status = source_.Parse(line, root, &mended);
    intake_.CountMended(mended);
    if (!status.ok()) return intake_.Refuse(Drop::kSpanMalformed, {}, "{}", Message(status));
    int64_t version = 0;
    if (root[kWholeSpanKey].get(version) == simdjson::SUCCESS) return ReadWhole(root, version);
    RawSpan span;
    fields_ = {};
    attrs_.Clear();
    if (!Fields(root, span) || !SetTimes(span)) return intake_.RefuseFault({});
    if (span.trace_id.empty()) return RefuseId("trace_id");
    if (span.span_id.empty()) return RefuseId("span_id");
    if (fields_.error) span.status_code = kStatusError;
    span.attributes = attrs_.Take(intake_.arena());
    span.resource = intake_.UseResource();
    span.scope = intake_.UseScope();
    intake_.batch().spans.push_back(span);
  }

 private:
  struct Extra {
    std::optional<int64_t> start_ns;
    std::optional<int64_t> end_ns;
    std::optional<int64_t> duration_ns;
    bool error = false;
  };

  void RefuseId(std::string_view field) {
    intake_.Refuse(Drop::kSpanIdInvalid, {}, "{} is missing or all zero", field);
  }

  bool Fields(JsonElement root, RawSpan& span) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, root, "the line", object)) return false;
    for (const auto& [key, value] : object) {
      if (!value.is_null() && !Field(key, value, span)) return false;
    }
    return true;
  }

  bool Field(std::string_view key, JsonElement json, RawSpan& span) {
    if (key == "span_id") return ReadId(key, json, span.span_id);
    if (key == "parent_id") return ReadId(key, json, span.parent_span_id);
    if (key == "trace_id") return ReadId(key, json, span.trace_id);
    if (key == "name") return KeepJsonText(intake_, json, key, span.name);
    if (key == "kind") return KeepJsonText(intake_, json, key, span.kind_word);
    if (key == "start") return ReadInstant(key, json, fields_.start_ns);
    if (key == "end") return ReadInstant(key, json, fields_.end_ns);
    if (key == "duration_ms") return ReadDuration(key, json);
    if (key == "status") return ReadStatus(key, json, span);
    if (key == "error") return ReadError(json, span);
    if (key == "attrs" || key == "attributes") return ReadAttrs(key, json);
    AddAttr(key, json);
    return true;
  }

  template <size_t N>
  bool ReadId(std::string_view field, JsonElement json, Id<N>& id) {
    char digits[24];
    std::string_view text;
    int64_t number = 0;
    if (json.get(number) == simdjson::SUCCESS) {
      text = {digits, static_cast<size_t>(std::to_chars(digits, digits + 24, number).ptr - digits)};
    } else if (!ReadJsonText(intake_, json, field, text)) {
      return false;
    }
    id = {};
    if (text.empty() || FromHex(text, reinterpret_cast<char*>(id.bytes.data()), N)) return true;
    std::memcpy(id.bytes.data(), Sha128(text).data(), N);
    return true;
  }

  bool ReadInstant(std::string_view field, JsonElement json, std::optional<int64_t>& out) {
    int64_t integer = 0;
    double number = 0;
    std::string_view text;
    if (json.get(integer) == simdjson::SUCCESS) {
      out = UnixNanosOf(integer);
    } else if (json.get(number) == simdjson::SUCCESS) {
      out = UnixNanosOf(number);
    } else if (ReadJsonText(intake_, json, field, text)) {
      out = ParseInstant(text);
    } else {
      return false;
    }
    if (out) return true;
    return intake_.Fault("{} is neither RFC 3339 nor a Unix time between 1970 and 2262", field);
  }

  static std::optional<int64_t> ParseInstant(std::string_view text) {
    const char* end = text.data() + text.size();
    int64_t integer = 0;
    auto result = std::from_chars(text.data(), end, integer);
    if (result.ec == std::errc() && result.ptr == end) return UnixNanosOf(integer);
    double number = 0;
    result = std::from_chars(text.data(), end, number);
    if (result.ec == std::errc() && result.ptr == end) return UnixNanosOf(number);
    return ParseRfc3339(text);
  }

  bool ReadDuration(std::string_view field, JsonElement json) {
    constexpr double kNanosPerMilli = 1e6;
    double millis = 0;
    if (!ReadJsonDouble(intake_, json, field, millis)) return false;
    if (!(millis >= 0 && millis * kNanosPerMilli < 9.2e18)) {
      return intake_.Fault("{} is {}, 0 to 9.2e12 was expected", field, millis);
    }
    fields_.duration_ns = std::llround(millis * kNanosPerMilli);
    return true;
  }

  bool ReadStatus(std::string_view field, JsonElement json, RawSpan& span) {
    std::string_view text;
    if (!ReadJsonText(intake_, json, field, text)) return false;
    for (const StatusWord& row : kStatusWords) {
      if (row.word != text) continue;
      span.status_code = row.code;
      span.running = row.running;
      return true;
    }
    return intake_.Fault("{} is none of ok, error, unset, running", field);
  }

  bool ReadError(JsonElement json, RawSpan& span) {
    bool flag = false;
    if (json.get(flag) == simdjson::SUCCESS) {
      fields_.error = flag;
      return true;
    }
    fields_.error = true;
    if (json.is_string()) return KeepJsonText(intake_, json, "error", span.status_message);
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "error", object)) return false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "message" && !KeepJsonText(intake_, value, key, span.status_message)) {
        return intake_.FaultWithin("error.");
      }
      if (key != "type") continue;
      AttrValue type{.type = AttrType::kString};
      if (!KeepJsonText(intake_, value, key, type.text)) return intake_.FaultWithin("error.");
      attrs_.Add({.key = "error.type", .value = type}, intake_);
    }
    return true;
  }

  bool ReadAttrs(std::string_view field, JsonElement json) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    for (const auto& [key, value] : object) AddAttr(key, value);
    return true;
  }

  void AddAttr(std::string_view key, JsonElement json) {
    attrs_.Add({.key = intake_.CopyText(key), .value = Value(json)}, intake_);
  }

  AttrValue Value(JsonElement json) {
    AttrValue value;
    std::string_view text;
    if (json.get(text) == simdjson::SUCCESS) {
      value.type = AttrType::kString;
      value.text = intake_.CopyText(text);
    } else if (json.get(value.integer) == simdjson::SUCCESS) {
      value.type = AttrType::kInt;
    } else if (json.get(value.number) == simdjson::SUCCESS) {
      value.type = AttrType::kDouble;
    } else if (json.get(value.boolean) == simdjson::SUCCESS) {
      value.type = AttrType::kBool;
    } else if (!json.is_null()) {
      bool mended = false;
      intake_.json_text().Reset(static_cast<size_t>(intake_.limits().payload_bytes));
      WriteJsonValue(intake_, json, 1, &mended);
      intake_.CountMended(mended);
      value = intake_.JsonValue();
    }
    return value;
  }

  void ReadWhole(JsonElement root, int64_t version) {
    if (version != kWholeSpanVersion) {
      return intake_.Refuse(Drop::kSpanMalformed, {}, "its form is {} {}, this version reads {}",
                            kWholeSpanKey, version, kWholeSpanVersion);
    }
    Span* whole = new (intake_.arena().Allocate(sizeof(Span), alignof(Span))) Span();
    if (!ReadWholeSpan(intake_, root, *whole)) return intake_.RefuseFault({});
    if (whole->trace_id.empty()) return RefuseId("trace_id");
    if (whole->span_id.empty()) return RefuseId("span_id");
    RawSpan raw;
    raw.whole = whole;
    raw.trace_id = whole->trace_id;
    raw.span_id = whole->span_id;
    raw.parent_span_id = whole->parent_span_id;
    raw.name = whole->name;
    raw.start_ns = whole->start_ns;
    raw.end_ns = whole->end_ns;
    raw.running = whole->status == SpanStatus::kRunning;
    raw.resource = intake_.UseResource();
    raw.scope = intake_.UseScope();
    intake_.batch().spans.push_back(raw);
  }

  bool SetTimes(RawSpan& span) {
    if (!fields_.start_ns) return intake_.Fault("start is missing");
    span.start_ns = *fields_.start_ns;
    span.end_ns = span.start_ns;
    if (span.running) return true;
    if (fields_.duration_ns) {
      if (__builtin_add_overflow(span.start_ns, *fields_.duration_ns, &span.end_ns)) {
        return intake_.Fault("start plus duration_ms is beyond the year 2262");
      }
    } else if (fields_.end_ns) {
      span.end_ns = *fields_.end_ns;
    }
    intake_.ClampEnd(span);
    return true;
  }

  Intake& intake_;
  JsonSource source_;
  Extra fields_;
  AttrSet attrs_;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeJsonLines(std::string chunk, const Limits& limits, DropCounts& drops,
                                         uint64_t first_line) {
  DropCounts counted = drops;
  Intake intake(std::move(chunk), kJsonPadding, "line", Drop::kSpanMalformed, limits, counted);
  LineReader reader(intake);
  intake.BeginResource();
  intake.BeginScope();
  intake.place().seen = first_line;
  std::string_view rest = intake.body();
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
  for (; !rest.empty(); ++intake.place().seen) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) reader.Read(line);
    RETURN_IF_ERROR(intake.CheckGrowth());
  }
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
