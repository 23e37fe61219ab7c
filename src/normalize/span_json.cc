#include "normalize/span_json.h"

#include <fmt/format.h>

#include <string_view>

#include "wire/json_text.h"

namespace pitot {
namespace {

class Dump {
 public:
  void Text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    Start(name);
    AppendQuoted(value, out_);
  }
  template <typename T>
  void Number(std::string_view name, const std::optional<T>& value) {
    if (!value) return;
    Start(name);
    out_ += fmt::format("{}", *value);
  }
  void Count(std::string_view name, int64_t value) {
    if (value != 0) Number(name, std::optional(value));
  }
  void Attributes(std::string_view name, std::span<const JsonAttr> attributes, bool json = true) {
    if (attributes.empty()) return;
    Start(name);
    AppendAttributes(attributes, json);
  }
  // Messages stand one a line.
  void Pieces(std::string_view name, std::span<const Piece> pieces) {
    if (pieces.empty()) return;
    Start(name);
    out_ += '[';
    for (size_t i = 0; i < pieces.size(); ++i) {
      out_ += i == 0 ? "\n    " : ",\n    ";
      AppendQuotedUnlessJson(pieces[i].text);
    }
    out_ += ']';
  }
  void Events(std::span<const SpanEvent> events) {
    if (events.empty()) return;
    Start("events");
    out_ += '[';
    for (size_t i = 0; i < events.size(); ++i) {
      out_ += i == 0 ? "\n    [" : ",\n    [";
      AppendQuoted(events[i].name, out_);
      out_ += ", ";
      AppendAttributes(events[i].attributes, true);
      out_ += ']';
    }
    out_ += ']';
  }
  std::string Finish() { return out_.empty() ? "{}\n" : "{\n" + out_ + "\n}\n"; }

 private:
  void Start(std::string_view name) {
    if (!out_.empty()) out_ += ",\n";
    out_ += fmt::format("  \"{}\": ", name);
  }
  void AppendAttributes(std::span<const JsonAttr> attributes, bool json) {
    out_ += '{';
    for (size_t i = 0; i < attributes.size(); ++i) {
      if (i > 0) out_ += ", ";
      AppendQuoted(attributes[i].key, out_);
      out_ += ": ";
      if (json) {
        out_ += attributes[i].json;
      } else {
        AppendQuoted(attributes[i].json, out_);
      }
    }
    out_ += '}';
  }
  void AppendQuotedUnlessJson(std::string_view text) {
    if (IsJson(text)) {
      out_ += text;
    } else {
      AppendQuoted(text, out_);
    }
  }

  std::string out_;
};

std::string_view Name(UsageConvention convention) {
  constexpr std::string_view kNames[] = {"", "exact", "inclusive", "exclusive", "unknown"};
  return kNames[static_cast<size_t>(convention)];
}

}  // namespace

std::string DumpSpan(const Span& span) {
  Dump dump;
  dump.Text("name", span.name);
  dump.Text("kind", Name(span.kind));
  dump.Text("op", span.op);
  dump.Text("emitter", span.emitter);
  dump.Text("status", Name(span.status));
  dump.Text("status_message", span.status_message);
  dump.Text("service", span.service);
  dump.Text("environment", span.environment);
  dump.Text("release", span.release);
  dump.Text(span.feature.explicit_ ? "feature" : "feature_fallback", span.feature.name);
  dump.Text("workflow", span.workflow);
  dump.Text("user_id", span.user_id);
  dump.Text("session_id", span.session_id);
  dump.Text("agent", span.agent);
  dump.Text("agent_id", span.agent_id);
  dump.Attributes("tags", span.tags, false);
  dump.Text("prompt_name", span.prompt_name);
  dump.Text("prompt_version", span.prompt_version);
  dump.Text("provider", span.provider);
  dump.Text("model_requested", span.model_requested);
  dump.Text("model", span.model);
  dump.Text("response_id", span.response_id);
  dump.Text("service_tier", span.service_tier);
  dump.Text("finish_reason", Name(span.finish_reason));
  dump.Text("finish_raw", span.finish_raw);
  dump.Number("ttft_ns", span.ttft_ns);
  dump.Number("streaming", span.streaming);
  dump.Number("temperature", span.temperature);
  dump.Number("max_tokens", span.max_tokens);
  for (size_t i = 0; i < kUsageBuckets; ++i) dump.Count(kUsageBucketNames[i], span.usage.tokens[i]);
  dump.Count("web_searches", span.usage.web_searches);
  dump.Count("file_searches", span.usage.file_searches);
  if (span.has_usage) dump.Text("usage_convention", Name(span.usage_convention));
  dump.Count("usage_flags", span.usage_flags);
  if (span.usage_rollup) dump.Number("usage_rollup", std::optional(true));
  dump.Number("raw_input_tokens", span.raw_input_tokens);
  dump.Number("raw_output_tokens", span.raw_output_tokens);
  dump.Number("raw_total_tokens", span.raw_total_tokens);
  if (span.cost_reported) {
    dump.Number("cost_reported_nano_usd", std::optional(span.cost_reported->value));
  }
  dump.Text("tool_name", span.tool_name);
  dump.Text("tool_call_id", span.tool_call_id);
  dump.Text("tool_status", Name(span.tool_status));
  dump.Count("retry_count", span.retry_count);
  dump.Text("mcp_server", span.mcp_server);
  dump.Text("error_type", span.error_type);
  dump.Text("error_category", Name(span.error_category));
  dump.Pieces("system", span.system);
  dump.Pieces("tool_definitions", span.tool_definitions);
  dump.Pieces("input", span.input);
  dump.Pieces("output", span.output);
  dump.Pieces("reasoning", span.reasoning);
  dump.Events(span.events);
  dump.Attributes("attributes", span.attributes);
  return dump.Finish();
}

}  // namespace pitot
