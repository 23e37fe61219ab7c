#include "query/export/span_line.h"

#include <fmt/format.h>

#include <iterator>

#include "base/hex.h"
#include "store/tables/attr_json.h"

namespace pitot {
namespace {

// Members of one object, comma by comma. Empty values are left out: reading gives them back.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) {}

  std::string& Key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    fmt::format_to(std::back_inserter(out_), "\"{}\":", key);
    return out_;
  }
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) AppendJsonString(text, Key(key));
  }
  void Flag(std::string_view key, bool flag) {
    if (flag) Key(key) += "true";
  }
  void Number(std::string_view key, int64_t number) {
    if (number != 0) fmt::format_to(std::back_inserter(Key(key)), "{}", number);
  }
  template <typename T>
  void Optional(std::string_view key, const std::optional<T>& value) {
    if (value) fmt::format_to(std::back_inserter(Key(key)), "{}", *value);
  }
  void Raw(std::string_view key, std::string_view json) {
    if (!json.empty()) Key(key) += json;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

AttrValue Double(double number) { return {.type = AttrType::kDouble, .number = number}; }

void AppendPieces(std::string_view key, std::span<const Piece> pieces, Members& members) {
  if (pieces.empty()) return;
  std::string& out = members.Key(key);
  out += '[';
  for (const Piece& piece : pieces) {
    if (&piece != pieces.data()) out += ',';
    if (piece.hash.empty()) {
      AppendJsonString(piece.text, out);
    } else {
      fmt::format_to(std::back_inserter(out), R"({{"missing_payload":"{}"}})",
                     ToHex(piece.hash.view()));
    }
  }
  out += ']';
}

void AppendTags(std::span<const JsonAttr> tags, Members& members) {
  if (tags.empty()) return;
  std::string& out = members.Key("tags");
  out += '{';
  for (const JsonAttr& tag : tags) {
    if (&tag != tags.data()) out += ',';
    AppendJsonString(tag.key, out);
    out += ':';
    AppendJsonString(tag.json, out);
  }
  out += '}';
}

void AppendUsage(const Span& span, Members& members) {
  if (!span.has_usage) return;
  std::string& out = members.Key("usage");
  out += '{';
  Members usage(out);
  for (size_t i = 0; i < kUsageBuckets; ++i) {
    usage.Number(kUsageBucketNames[i], span.usage.tokens[i]);
  }
  usage.Number("web_searches", span.usage.web_searches);
  usage.Number("file_searches", span.usage.file_searches);
  out += '}';
}

void AppendCost(const ExportedSpan& exported, Members& members) {
  const Span& span = exported.span;
  if (!span.cost && span.price_source == PriceSource::kNone && span.price_version.empty() &&
      span.price_rule.empty() && span.price_confidence == PriceConfidence::kNone &&
      !span.estimated) {
    return;
  }
  std::string& out = members.Key("cost");
  out += '{';
  Members cost(out);
  if (span.cost) cost.Key("nano_usd") += fmt::to_string(span.cost->value);
  if (exported.has_cost_by_bucket) {
    cost.Key("by_bucket_nano_usd") += fmt::format("[{}]", fmt::join(span.cost_by_bucket, ","));
  }
  cost.Text("source", Name(span.price_source));
  cost.Text("confidence", Name(span.price_confidence));
  cost.Text("version", span.price_version);
  cost.Text("rule", span.price_rule);
  cost.Flag("estimated", span.estimated);
  out += '}';
}

void AppendAttribution(const Span& span, Members& line) {
  line.Text("service", span.service);
  line.Text("environment", span.environment);
  line.Text("release", span.release);
  line.Text("feature", span.feature.name);
  line.Flag("feature_explicit", span.feature.explicit_);
  line.Text("workflow", span.workflow);
  line.Text("user_id", span.user_id);
  line.Text("session_id", span.session_id);
  line.Text("agent", span.agent);
  line.Text("agent_id", span.agent_id);
  AppendTags(span.tags, line);
  line.Text("prompt_name", span.prompt_name);
  line.Text("prompt_version", span.prompt_version);
}

void AppendModelCall(const ExportedSpan& exported, Members& line) {
  constexpr std::string_view kConventionNames[] = {"", "exact", "inclusive", "exclusive",
                                                   "unknown"};
  const Span& span = exported.span;
  line.Text("provider", span.provider);
  line.Text("model_requested", span.model_requested);
  line.Text("model", span.model);
  line.Text("response_id", span.response_id);
  line.Text("service_tier", span.service_tier);
  line.Text("finish_reason", Name(span.finish_reason));
  line.Text("finish_raw", span.finish_raw);
  line.Optional("ttft_ns", span.ttft_ns);
  line.Optional("streaming", span.streaming);
  if (span.temperature) AppendAttrJson(Double(*span.temperature), line.Key("temperature"));
  line.Optional("max_tokens", span.max_tokens);
  AppendUsage(span, line);
  line.Flag("usage_rollup", span.usage_rollup);
  line.Text("usage_convention", kConventionNames[static_cast<size_t>(span.usage_convention)]);
  line.Number("usage_flags", span.usage_flags);
  AppendCost(exported, line);
  if (span.cost_reported) {
    line.Key("cost_reported_nano_usd") += fmt::to_string(span.cost_reported->value);
  }
}

}  // namespace

void AppendSpanLine(const ExportedSpan& exported, std::string& out) {
  const Span& span = exported.span;
  out += "{\"pitot\":1,";
  Members line(out);
  line.Text("trace_id", ToHex(span.trace_id.view()));
  line.Text("span_id", ToHex(span.span_id.view()));
  if (!span.parent_span_id.empty()) line.Text("parent_id", ToHex(span.parent_span_id.view()));
  line.Text("name", span.name);
  line.Text("kind", Name(span.kind));
  line.Text("op", span.op);
  line.Key("start_ns") += fmt::to_string(span.start_ns);
  line.Number("duration_ns", span.end_ns - span.start_ns);
  line.Text("status", Name(span.status));
  line.Text("status_message", span.status_message);
  AppendAttribution(span, line);
  AppendModelCall(exported, line);
  line.Text("tool_name", span.tool_name);
  line.Text("tool_call_id", span.tool_call_id);
  line.Text("tool_status", Name(span.tool_status));
  line.Number("retry_count", span.retry_count);
  line.Text("mcp_server", span.mcp_server);
  line.Text("error_type", span.error_type);
  line.Text("error_category", Name(span.error_category));
  AppendPieces("input", span.input, line);
  AppendPieces("output", span.output, line);
  AppendPieces("system", span.system, line);
  AppendPieces("tool_definitions", span.tool_definitions, line);
  AppendPieces("reasoning", span.reasoning, line);
  line.Raw("events", exported.events);
  line.Raw("links", exported.links);
  if (!span.attributes.empty()) AppendJsonObject(span.attributes, line.Key("attributes"));
  line.Text("scope", span.scope);
  line.Text("scope_version", span.scope_version);
  line.Text("emitter", span.emitter);
  line.Text("source", Name(span.source));
  out += "}\n";
}

}  // namespace pitot
