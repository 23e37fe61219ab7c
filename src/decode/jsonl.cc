// JSON Lines of spans; decode.h describes the form.
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>
#include <utility>
#include <vector>

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
    events_.clear();
    links_.clear();
    if (!Fields(root, span) || !SetTimes(span)) return intake_.RefuseFault({});
    if (span.trace_id.empty()) return RefuseId("trace_id");
    if (span.span_id.empty()) return RefuseId("span_id");
    if (fields_.error) span.status_code = kStatusError;
    span.attributes = attrs_.Take(intake_.arena());
    span.events = Keep(intake_.arena(), events_);
    span.links = Keep(intake_.arena(), links_);
    span.resource = intake_.UseResource();
    span.scope = Scope(fields_.scope);
    intake_.batch().spans.push_back(span);
  }

 private:
  struct Extra {
    std::optional<int64_t> start_ns;
    std::optional<int64_t> end_ns;
    std::optional<int64_t> duration_ns;
    bool error = false;
    RawScope scope;
  };

  // The index of a scope; that of the line before where it is the same.
  uint32_t Scope(const RawScope& scope) {
    if (scope.name != scope_.name || scope.version != scope_.version) intake_.BeginScope();
    scope_ = scope;
    const uint32_t index = intake_.UseScope();
    intake_.EndScope(scope_);
    return index;
  }

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
    if (key == "attrs" || key == "attributes") return ReadAttrs(key, json, attrs_);
    if (key == "events" && AreObjectsWith("name", json)) return ReadEvents(key, json);
    if (key == "links" && AreObjectsWith("span_id", json)) return ReadLinks(key, json);
    if (key == "scope" && json.is_object()) return ReadScope(json);
    AddAttr(key, json, attrs_);
    return true;
  }

  // Programs have their own `events` and `links`, too: those are attributes.
  static bool AreObjectsWith(std::string_view key, JsonElement json) {
    simdjson::dom::array array;
    if (json.get(array) != simdjson::SUCCESS) return false;
    for (const JsonElement item : array) {
      if (item.at_key(key).error() != simdjson::SUCCESS) return false;
    }
    return true;
  }

  // `read(key, value, item)` reads one member; what it does not know is an attribute of the item's.
  template <typename T, typename Read>
  bool ReadItems(std::string_view field, JsonElement json, std::vector<T>& items, Read read) {
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    for (const JsonElement element : array) {
      if (items.size() >= static_cast<size_t>(intake_.limits().events) || intake_.Overgrown()) {
        intake_.drops().Add(Drop::kEventLimit);
        continue;
      }
      T item;
      child_attrs_.Clear();
      for (const auto& [key, value] : simdjson::dom::object(element)) {
        if (!value.is_null() && !read(key, value, item)) {
          return intake_.FaultWithin("{}[{}].", field, items.size());
        }
      }
      item.attributes = child_attrs_.Take(intake_.arena());
      items.push_back(item);
    }
    return true;
  }

  bool ReadEvents(std::string_view field, JsonElement json) {
    return ReadItems(field, json, events_,
                     [&](std::string_view key, JsonElement value, RawEvent& event) {
                       if (key == "name") return KeepJsonText(intake_, value, key, event.name);
                       if (key == "time") {
                         std::optional<int64_t> time_ns;
                         if (!ReadInstant(key, value, time_ns)) return false;
                         event.time_ns = *time_ns;
                         return true;
                       }
                       return ReadChildAttrs(key, value);
                     });
  }

  bool ReadLinks(std::string_view field, JsonElement json) {
    return ReadItems(field, json, links_,
                     [&](std::string_view key, JsonElement value, RawLink& link) {
                       if (key == "trace_id") return ReadId(key, value, link.trace_id);
                       if (key == "span_id") return ReadId(key, value, link.span_id);
                       return ReadChildAttrs(key, value);
                     });
  }

  bool ReadChildAttrs(std::string_view key, JsonElement json) {
    if (key == "attrs" || key == "attributes") return ReadAttrs(key, json, child_attrs_);
    AddAttr(key, json, child_attrs_);
    return true;
  }

  bool ReadScope(JsonElement json) {
    for (const auto& [key, value] : simdjson::dom::object(json)) {
      if (value.is_null()) continue;
      const bool fine = key == "name" ? KeepJsonText(intake_, value, key, fields_.scope.name)
                        : key == "version"
                            ? KeepJsonText(intake_, value, key, fields_.scope.version)
                            : true;
      if (!fine) return intake_.FaultWithin("scope.");
    }
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

  bool ReadAttrs(std::string_view field, JsonElement json, AttrSet& attrs) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    for (const auto& [key, value] : object) AddAttr(key, value, attrs);
    return true;
  }

  void AddAttr(std::string_view key, JsonElement json, AttrSet& attrs) {
    attrs.Add({.key = intake_.CopyText(key), .value = Value(json)}, intake_);
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
    raw.scope = Scope({});
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
  AttrSet child_attrs_;  // Of one event or link.
  std::vector<RawEvent> events_;
  std::vector<RawLink> links_;
  RawScope scope_;  // Of the line before.
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
