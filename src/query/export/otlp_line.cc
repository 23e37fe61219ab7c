#include "query/export/otlp_line.h"

#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <iterator>

#include "base/hex.h"
#include "store/tables/attr_json.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr size_t kDepthMax = 512;  // As limits.depth may be at most.

void AppendAnyValue(const json::value& value, std::string& out);

void AppendText(std::string_view text, std::string& out) {
  out += "{\"stringValue\":";
  AppendJsonString(text, out);
  out += '}';
}

void AppendNumber(const json::value& value, std::string& out) {
  if (value.is_double()) {
    out += "{\"doubleValue\":";
    AppendAttrJson({.type = AttrType::kDouble, .number = value.get_double()}, out);
    out += '}';
  } else if (value.is_int64()) {
    fmt::format_to(std::back_inserter(out), "{{\"intValue\":\"{}\"}}", value.get_int64());
  } else {  // Beyond what OTLP's integers hold.
    AppendText(fmt::to_string(value.get_uint64()), out);
  }
}

void AppendArray(const json::array& array, std::string& out) {
  out += "{\"arrayValue\":{\"values\":[";
  for (const json::value& item : array) {
    if (&item != &array.front()) out += ',';
    AppendAnyValue(item, out);
  }
  out += "]}}";
}

void AppendObject(const json::object& object, std::string& out) {
  out += "{\"kvlistValue\":{\"values\":[";
  bool first = true;
  for (const auto& [key, value] : object) {
    out += first ? "{\"key\":" : ",{\"key\":";
    first = false;
    AppendJsonString({key.data(), key.size()}, out);
    out += ",\"value\":";
    AppendAnyValue(value, out);
    out += '}';
  }
  out += "]}}";
}

void AppendAnyValue(const json::value& value, std::string& out) {
  switch (value.kind()) {
    case json::kind::null:
      out += "{}";
      break;
    case json::kind::bool_:
      out += value.get_bool() ? "{\"boolValue\":true}" : "{\"boolValue\":false}";
      break;
    case json::kind::string:
      AppendText({value.get_string().data(), value.get_string().size()}, out);
      break;
    case json::kind::array:
      AppendArray(value.get_array(), out);
      break;
    case json::kind::object:
      AppendObject(value.get_object(), out);
      break;
    default:
      AppendNumber(value, out);
  }
}

// A list of {key, value}.
class KeyValues {
 public:
  explicit KeyValues(std::string& out) : out_(out) { out_ += '['; }
  void End() { out_ += ']'; }

  // Of a value that is JSON text; as it is when it cannot be read.
  void Json(std::string_view key, std::string_view text) {
    if (!Begin(key)) return;
    json::error_code error;
    json::parse_options options;
    options.max_depth = kDepthMax;
    const json::value value = json::parse({text.data(), text.size()}, error, {}, options);
    if (error) {
      AppendText(text, out_);
    } else {
      AppendAnyValue(value, out_);
    }
    out_ += '}';
  }
  void Text(std::string_view key, std::string_view text, bool also_empty = false) {
    if ((text.empty() && !also_empty) || !Begin(key)) return;
    AppendText(text, out_);
    out_ += '}';
  }
  void Int(std::string_view key, int64_t number) {
    if (!Begin(key)) return;
    fmt::format_to(std::back_inserter(out_), "{{\"intValue\":\"{}\"}}}}", number);
  }
  void Double(std::string_view key, double number) {
    if (!Begin(key)) return;
    AppendNumber(json::value(number), out_);
    out_ += '}';
  }
  void Bool(std::string_view key, bool flag) {
    if (Begin(key)) out_ += flag ? "{\"boolValue\":true}}" : "{\"boolValue\":false}}";
  }

 private:
  // False: the key is there already.
  bool Begin(std::string_view key) {
    if (!keys_.emplace(key).second) return false;
    out_ += keys_.size() == 1 ? "{\"key\":" : ",{\"key\":";
    AppendJsonString(key, out_);
    out_ += ",\"value\":";
    return true;
  }

  std::string& out_;
  absl::flat_hash_set<std::string> keys_;
};

// An object of attributes, as events and links have it.
void AppendAttributes(const json::value* attributes, std::string& out) {
  KeyValues list(out);
  if (attributes != nullptr && attributes->is_object()) {
    for (const auto& [key, value] : attributes->get_object()) {
      list.Json({key.data(), key.size()}, json::serialize(value));
    }
  }
  list.End();
}

std::string_view TextOf(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

// Calls `append` with each object of a JSON array, commas between.
template <typename Function>
void ForEachObject(std::string_view array, std::string& out, const Function& append) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = kDepthMax;
  const json::value items = json::parse({array.data(), array.size()}, error, {}, options);
  if (error || !items.is_array()) return;
  bool first = true;
  for (const json::value& item : items.get_array()) {
    if (!item.is_object()) continue;
    if (!first) out += ',';
    first = false;
    append(item.get_object());
  }
}

void AppendEvents(std::string_view events, std::string& out) {
  ForEachObject(events, out, [&](const json::object& event) {
    const json::value* time = event.if_contains("time_ns");
    fmt::format_to(std::back_inserter(out), "{{\"timeUnixNano\":\"{}\",\"name\":",
                   time != nullptr && time->is_int64() ? time->get_int64() : 0);
    AppendJsonString(TextOf(event, "name"), out);
    out += ",\"attributes\":";
    AppendAttributes(event.if_contains("attributes"), out);
    out += '}';
  });
}

void AppendLinks(std::string_view links, std::string& out) {
  ForEachObject(links, out, [&](const json::object& link) {
    fmt::format_to(std::back_inserter(out),
                   "{{\"traceId\":\"{}\",\"spanId\":\"{}\",\"attributes\":",
                   TextOf(link, "trace_id"), TextOf(link, "span_id"));
    AppendAttributes(link.if_contains("attributes"), out);
    out += '}';
  });
}

// ["a","b"] or [{...},{...}]: pieces that are JSON stand as such.
std::string PieceList(std::span<const Piece> pieces) {
  std::string list = "[";
  for (const Piece& piece : pieces) {
    if (&piece != pieces.data()) list += ',';
    json::error_code error;
    const bool structured = piece.text.starts_with('{') || piece.text.starts_with('[');
    if (structured) json::parse({piece.text.data(), piece.text.size()}, error);
    if (structured && !error) {
      list += piece.text;
    } else {
      AppendJsonString(piece.text, list);
    }
  }
  return list + ']';
}

std::string_view Operation(const Span& span) {
  if (!span.op.empty()) return span.op;
  switch (span.kind) {
    case Kind::kLlm:
      return "chat";
    case Kind::kEmbedding:
      return "embeddings";
    case Kind::kTool:
      return "execute_tool";
    case Kind::kAgent:
      return "invoke_agent";
    default:
      return {};
  }
}

void AppendUsage(const Span& span, KeyValues& list) {
  if (!span.has_usage) return;
  const Usage& usage = span.usage;
  const auto some = [&](std::string_view key, UsageBucket bucket) {
    if (usage[bucket] != 0) list.Int(key, usage[bucket]);
  };
  list.Int("gen_ai.usage.input_tokens", usage.input_total());
  list.Int("gen_ai.usage.output_tokens", usage.output_total());
  some("gen_ai.usage.cache_read.input_tokens", UsageBucket::kCacheRead);
  const int64_t written = usage[UsageBucket::kCacheWrite5m] + usage[UsageBucket::kCacheWrite1h];
  if (written != 0) list.Int("gen_ai.usage.cache_creation.input_tokens", written);
  some("gen_ai.usage.reasoning.output_tokens", UsageBucket::kReasoning);
  some("gen_ai.usage.audio.input_tokens", UsageBucket::kInputAudio);
  some("gen_ai.usage.image.input_tokens", UsageBucket::kInputImage);
  some("gen_ai.usage.audio.output_tokens", UsageBucket::kOutputAudio);
  some("gen_ai.usage.image.output_tokens", UsageBucket::kOutputImage);
  if (span.cost_reported) {
    list.Double("gen_ai.usage.cost", static_cast<double>(span.cost_reported->value) / 1e9);
  }
}

void AppendModelCall(const Span& span, KeyValues& list) {
  list.Text("gen_ai.operation.name", Operation(span));
  list.Text("gen_ai.provider.name", span.provider);
  list.Text("gen_ai.request.model", span.model_requested);
  if (span.model != span.model_requested) list.Text("gen_ai.response.model", span.model);
  list.Text("gen_ai.response.id", span.response_id);
  list.Text("gen_ai.response.service_tier", span.service_tier);
  const std::string_view finish =
      span.finish_raw.empty() ? Name(span.finish_reason) : span.finish_raw;
  if (!finish.empty()) {
    std::string reasons = "[";
    AppendJsonString(finish, reasons);
    list.Json("gen_ai.response.finish_reasons", reasons + "]");
  }
  if (span.temperature) list.Double("gen_ai.request.temperature", *span.temperature);
  if (span.max_tokens) list.Int("gen_ai.request.max_tokens", *span.max_tokens);
  if (span.streaming) list.Bool("gen_ai.request.stream", *span.streaming);
  if (span.ttft_ns) {
    list.Double("gen_ai.response.time_to_first_chunk", static_cast<double>(*span.ttft_ns) / 1e9);
  }
  AppendUsage(span, list);
}

void AppendAttribution(const Span& span, KeyValues& list) {
  if (span.feature.explicit_) list.Text("feature", span.feature.name);
  list.Text("pitot.workflow", span.workflow);
  list.Text("user.id", span.user_id);
  list.Text("gen_ai.conversation.id", span.session_id);
  list.Text("gen_ai.agent.name", span.agent);
  list.Text("gen_ai.agent.id", span.agent_id);
  list.Text("pitot.prompt", span.prompt_name);
  list.Text("pitot.prompt_version", span.prompt_version);
  for (const JsonAttr& tag : span.tags) {
    list.Text(fmt::format("tag.{}", tag.key), tag.json, /*also_empty=*/true);
  }
}

void AppendToolAndContent(const Span& span, KeyValues& list) {
  list.Text("gen_ai.tool.name", span.tool_name);
  list.Text("gen_ai.tool.call.id", span.tool_call_id);
  list.Text("tool.status", Name(span.tool_status));
  if (span.retry_count != 0) list.Int("pitot.retry_count", span.retry_count);
  list.Text("mcp.server.name", span.mcp_server);
  list.Text("error.type", span.error_type);
  const bool is_tool = span.kind == Kind::kTool;
  const auto content = [&](std::string_view key, std::span<const Piece> pieces, bool as_it_is) {
    if (pieces.empty()) return;
    if (as_it_is && pieces.size() == 1) return list.Text(key, pieces[0].text);
    list.Text(key, PieceList(pieces));
  };
  content(is_tool ? "gen_ai.tool.call.arguments" : "gen_ai.input.messages", span.input, is_tool);
  content(is_tool ? "gen_ai.tool.call.result" : "gen_ai.output.messages", span.output, is_tool);
  content("gen_ai.system_instructions", span.system, false);
  content("gen_ai.tool.definitions", span.tool_definitions, true);
}

void AppendResource(const Span& span, std::string& out) {
  out += "{\"resourceSpans\":[{\"resource\":{\"attributes\":";
  KeyValues list(out);
  list.Text("service.name", span.service);
  list.Text("deployment.environment.name", span.environment);
  list.Text("service.version", span.release);
  list.End();
  out += "},\"scopeSpans\":[{\"scope\":{\"name\":";
  AppendJsonString(span.scope, out);
  out += ",\"version\":";
  AppendJsonString(span.scope_version, out);
  out += '}';
}

void AppendStatus(const Span& span, std::string& out) {
  const int code = span.status == SpanStatus::kError ? 2 : span.status == SpanStatus::kOk ? 1 : 0;
  fmt::format_to(std::back_inserter(out), "\"status\":{{\"code\":{},\"message\":", code);
  AppendJsonString(span.status_message, out);
  out += '}';
}

}  // namespace

void AppendOtlpLine(const ExportedSpan& exported, std::string& out) {
  constexpr int kInternal = 1;
  constexpr int kClient = 3;
  const Span& span = exported.span;
  AppendResource(span, out);
  fmt::format_to(std::back_inserter(out),
                 ",\"spans\":[{{\"traceId\":\"{}\",\"spanId\":\"{}\",\"parentSpanId\":\"{}\","
                 "\"name\":",
                 ToHex(span.trace_id.view()), ToHex(span.span_id.view()),
                 span.parent_span_id.empty() ? "" : ToHex(span.parent_span_id.view()));
  AppendJsonString(span.name, out);
  fmt::format_to(std::back_inserter(out),
                 ",\"kind\":{},\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\","
                 "\"attributes\":",
                 span.kind == Kind::kLlm || span.kind == Kind::kEmbedding ? kClient : kInternal,
                 span.start_ns, span.end_ns);
  KeyValues list(out);
  for (const JsonAttr& attribute : span.attributes) list.Json(attribute.key, attribute.json);
  AppendModelCall(span, list);
  AppendAttribution(span, list);
  AppendToolAndContent(span, list);
  list.End();
  out += ",\"events\":[";
  AppendEvents(exported.events, out);
  out += "],\"links\":[";
  AppendLinks(exported.links, out);
  out += "],";
  AppendStatus(span, out);
  out += "}]}]}]}\n";
}

}  // namespace pitot
