#include "decode/whole_span.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/hex.h"
#include "decode/json_value.h"

namespace pitot {
namespace {

struct TextRow {
  std::string_view key;
  std::string_view Span::*field;
};
constexpr TextRow kTexts[] = {
    {"name", &Span::name},
    {"op", &Span::op},
    {"status_message", &Span::status_message},
    {"service", &Span::service},
    {"environment", &Span::environment},
    {"release", &Span::release},
    {"workflow", &Span::workflow},
    {"user_id", &Span::user_id},
    {"session_id", &Span::session_id},
    {"agent", &Span::agent},
    {"agent_id", &Span::agent_id},
    {"prompt_name", &Span::prompt_name},
    {"prompt_version", &Span::prompt_version},
    {"provider", &Span::provider},
    {"model_requested", &Span::model_requested},
    {"model", &Span::model},
    {"response_id", &Span::response_id},
    {"service_tier", &Span::service_tier},
    {"finish_raw", &Span::finish_raw},
    {"tool_name", &Span::tool_name},
    {"tool_call_id", &Span::tool_call_id},
    {"mcp_server", &Span::mcp_server},
    {"error_type", &Span::error_type},
    {"scope", &Span::scope},
    {"scope_version", &Span::scope_version},
    {"emitter", &Span::emitter},
};

struct PieceRow {
  std::string_view key;
  std::span<Piece> Span::*field;
};
constexpr PieceRow kPieces[] = {{"input", &Span::input},
                                {"output", &Span::output},
                                {"system", &Span::system},
                                {"tool_definitions", &Span::tool_definitions},
                                {"reasoning", &Span::reasoning}};

constexpr std::array<std::string_view, 5> kConventionNames = {"", "exact", "inclusive", "exclusive",
                                                              "unknown"};
constexpr int64_t kRetriesMax = UINT32_MAX;

class WholeSpanReader {
 public:
  WholeSpanReader(Intake& intake, Span& span) : intake_(intake), span_(span) {}

  bool Read(JsonElement line) {
    bool has_start = false;
    if (!ForEach(line, "the line", [&](std::string_view key, JsonElement json) {
          has_start = has_start || key == "start_ns";
          return ReadField(key, json);
        })) {
      return false;
    }
    if (!has_start) return intake_.Fault("start_ns is missing");
    if (__builtin_add_overflow(span_.start_ns, duration_ns_, &span_.end_ns)) {
      return intake_.Fault("start_ns plus duration_ns is beyond the year 2262");
    }
    return true;
  }

 private:
  template <typename Function>
  bool ForEach(JsonElement json, std::string_view field, const Function& read) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    for (const auto& [key, value] : object) {
      if (!value.is_null() && !read(key, value)) return false;
    }
    return true;
  }

  bool ReadField(std::string_view key, JsonElement json) {
    if (key == kWholeSpanKey) return true;
    if (key == "trace_id") return ReadId(key, json, span_.trace_id);
    if (key == "span_id") return ReadId(key, json, span_.span_id);
    if (key == "parent_id") return ReadId(key, json, span_.parent_span_id);
    for (const TextRow& row : kTexts) {
      if (row.key == key) return KeepJsonText(intake_, json, key, span_.*row.field);
    }
    for (const PieceRow& row : kPieces) {
      if (row.key == key) return ReadPieces(key, json, span_.*row.field);
    }
    if (key == "feature") return KeepJsonText(intake_, json, key, span_.feature.name);
    if (key == "tags") return ReadTags(json);
    if (key == "attributes") return ReadAttributes(key, json, span_.attributes);
    if (key == "events") return ReadEvents(key, json);
    if (key == "links") return ReadLinks(key, json);
    if (key == "usage") return ReadUsage(json);
    if (key == "cost") return ReadCost(json);
    return ReadScalar(key, json);
  }

  bool ReadScalar(std::string_view key, JsonElement json) {
    if (key == "start_ns") return ReadCount(key, json, INT64_MAX, span_.start_ns);
    if (key == "duration_ns") return ReadCount(key, json, INT64_MAX, duration_ns_);
    if (key == "ttft_ns") return ReadJsonInt(intake_, json, key, span_.ttft_ns.emplace());
    if (key == "max_tokens") return ReadJsonInt(intake_, json, key, span_.max_tokens.emplace());
    if (key == "retry_count") return ReadCount(key, json, kRetriesMax, span_.retry_count);
    if (key == "streaming") return ReadJsonBool(intake_, json, key, span_.streaming.emplace());
    if (key == "temperature") {
      return ReadJsonDouble(intake_, json, key, span_.temperature.emplace());
    }
    if (key == "cost_reported_nano_usd") {
      return ReadJsonInt(intake_, json, key, span_.cost_reported.emplace().value);
    }
    if (key == "feature_explicit") return ReadJsonBool(intake_, json, key, span_.feature.explicit_);
    if (key == "usage_rollup") return ReadJsonBool(intake_, json, key, span_.usage_rollup);
    if (key == "usage_convention") {
      return ReadEnum(key, json, kConventionNames, span_.usage_convention);
    }
    if (key == "usage_flags") return ReadFlags(key, json);
    if (key == "kind") return ReadEnum(key, json, kKindNames, span_.kind);
    if (key == "status") return ReadEnum(key, json, kSpanStatusNames, span_.status);
    if (key == "finish_reason") return ReadEnum(key, json, kFinishReasonNames, span_.finish_reason);
    if (key == "tool_status") return ReadEnum(key, json, kToolStatusNames, span_.tool_status);
    if (key == "error_category") {
      return ReadEnum(key, json, kErrorCategoryNames, span_.error_category);
    }
    if (key == "source") return ReadEnum(key, json, kSourceNames, span_.source);
    return intake_.Fault("\"{}\" is no field of a line with \"pitot\": 1", key);
  }

  template <size_t N>
  bool ReadId(std::string_view field, JsonElement json, Id<N>& id) {
    std::string_view text;
    if (!ReadJsonText(intake_, json, field, text)) return false;
    if (FromHex(text, reinterpret_cast<char*>(id.bytes.data()), N)) return true;
    return intake_.Fault("{} is not {} hex digits", field, 2 * N);
  }

  bool ReadCount(std::string_view field, JsonElement json, int64_t max, int64_t& out) {
    if (!ReadJsonInt(intake_, json, field, out)) return false;
    if (out >= 0 && out <= max) return true;
    return intake_.Fault("{} is {}, 0 to {} was expected", field, out, max);
  }

  template <typename E, size_t N>
  bool ReadEnum(std::string_view field, JsonElement json,
                const std::array<std::string_view, N>& names, E& out) {
    std::string_view text;
    if (!ReadJsonText(intake_, json, field, text)) return false;
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) return intake_.Fault("{} \"{}\" is not known", field, text);
    out = static_cast<E>(found - names.begin());
    return true;
  }

  bool ReadPieces(std::string_view field, JsonElement json, std::span<Piece>& out) {
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    std::vector<Piece> pieces;
    for (const JsonElement item : array) {
      Piece& piece = pieces.emplace_back();
      if (item.is_string()) {
        if (!KeepJsonText(intake_, item, field, piece.text)) return false;
      } else {
        piece.text = JsonOf(item);
      }
    }
    const std::span<const Piece> kept = Keep(intake_.arena(), pieces);
    out = {const_cast<Piece*>(kept.data()), kept.size()};  // The arena's memory is ours to change.
    return true;
  }

  // The JSON of an attribute's value.
  std::string_view JsonOf(JsonElement json) {
    bool mended = false;
    intake_.json_text().Reset(static_cast<size_t>(intake_.limits().payload_bytes));
    WriteJsonValue(intake_, json, 1, &mended);
    intake_.CountMended(mended);
    return intake_.JsonValue().text;
  }

  bool ReadAttributes(std::string_view field, JsonElement json, std::span<const JsonAttr>& out) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    std::vector<JsonAttr> attributes;
    for (const auto& [key, value] : object) {
      attributes.push_back({intake_.CopyText(key), JsonOf(value)});
    }
    out = Keep(intake_.arena(), attributes);
    return true;
  }

  bool ReadTags(JsonElement json) {
    std::vector<JsonAttr> tags;
    if (!ForEach(json, "tags", [&](std::string_view key, JsonElement value) {
          std::string_view text;
          if (!KeepJsonText(intake_, value, "tags", text)) return false;
          tags.push_back({intake_.CopyText(key), text});
          return true;
        })) {
      return false;
    }
    span_.tags = Keep(intake_.arena(), tags);
    return true;
  }

  bool ReadEvents(std::string_view field, JsonElement json) {
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    std::vector<SpanEvent> events;
    for (const JsonElement item : array) {
      SpanEvent& event = events.emplace_back();
      if (!ForEach(item, "an event", [&](std::string_view key, JsonElement value) {
            if (key == "time_ns") return ReadJsonInt(intake_, value, key, event.time_ns);
            if (key == "name") return KeepJsonText(intake_, value, key, event.name);
            if (key == "attributes") return ReadAttributes(key, value, event.attributes);
            return intake_.Fault("an event has no field {}", key);
          })) {
        return false;
      }
    }
    span_.events = Keep(intake_.arena(), events);
    return true;
  }

  bool ReadLinks(std::string_view field, JsonElement json) {
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    std::vector<SpanLink> links;
    for (const JsonElement item : array) {
      SpanLink& link = links.emplace_back();
      if (!ForEach(item, "a link", [&](std::string_view key, JsonElement value) {
            if (key == "trace_id") return ReadId(key, value, link.trace_id);
            if (key == "span_id") return ReadId(key, value, link.span_id);
            if (key == "attributes") return ReadAttributes(key, value, link.attributes);
            return intake_.Fault("a link has no field {}", key);
          })) {
        return false;
      }
    }
    span_.links = Keep(intake_.arena(), links);
    return true;
  }

  bool ReadUsage(JsonElement json) {
    span_.has_usage = true;
    const int64_t max = std::min<int64_t>(intake_.limits().usage_tokens, UINT32_MAX);
    return ForEach(json, "usage", [&](std::string_view key, JsonElement value) {
      const auto bucket = std::ranges::find(kUsageBucketNames, key);
      if (bucket != kUsageBucketNames.end()) {
        return ReadCount(
            key, value, max,
            span_.usage.tokens[static_cast<size_t>(bucket - kUsageBucketNames.begin())]);
      }
      if (key == "web_searches") return ReadCount(key, value, max, span_.usage.web_searches);
      if (key == "file_searches") return ReadCount(key, value, max, span_.usage.file_searches);
      return intake_.Fault("usage has no field {}", key);
    });
  }

  bool ReadCost(JsonElement json) {
    return ForEach(json, "cost", [&](std::string_view key, JsonElement value) {
      if (key == "nano_usd") return ReadCount(key, value, INT64_MAX, span_.cost.emplace().value);
      if (key == "by_bucket_nano_usd") return ReadBuckets(key, value);
      if (key == "source") return ReadEnum(key, value, kPriceSourceNames, span_.price_source);
      if (key == "confidence") {
        return ReadEnum(key, value, kPriceConfidenceNames, span_.price_confidence);
      }
      if (key == "version") return KeepJsonText(intake_, value, key, span_.price_version);
      if (key == "rule") return KeepJsonText(intake_, value, key, span_.price_rule);
      if (key == "estimated") return ReadJsonBool(intake_, value, key, span_.estimated);
      return intake_.Fault("cost has no field {}", key);
    });
  }

  bool ReadFlags(std::string_view field, JsonElement json) {
    int64_t flags = 0;
    if (!ReadCount(field, json, UINT8_MAX, flags)) return false;
    span_.usage_flags = static_cast<uint8_t>(flags);
    return true;
  }

  bool ReadBuckets(std::string_view field, JsonElement json) {
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    if (array.size() != kUsageBuckets) {
      return intake_.Fault("{} has {} numbers, not {}", field, array.size(), kUsageBuckets);
    }
    size_t i = 0;
    for (const JsonElement item : array) {
      if (!ReadCount(field, item, INT64_MAX, span_.cost_by_bucket[i++])) return false;
    }
    return true;
  }

  Intake& intake_;
  Span& span_;
  int64_t duration_ns_ = 0;
};

}  // namespace

bool ReadWholeSpan(Intake& intake, JsonElement line, Span& span) {
  return WholeSpanReader(intake, span).Read(line);
}

}  // namespace pitot
