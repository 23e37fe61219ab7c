#include "api/live_event.h"

#include <fmt/format.h>

#include "base/hex.h"
#include "base/text.h"
#include "http/message.h"

namespace pitot {
namespace {

class SpanObject {
 public:
  explicit SpanObject(std::string& out) : out_(out) { out_ += '{'; }

  void Text(std::string_view name, std::string_view value) {
    if (!value.empty()) Raw(name, QuoteJson(value));
  }
  void Raw(std::string_view name, std::string_view json) {
    out_ += out_.back() == '{' ? "\"" : ",\"";
    out_ += name;
    out_ += "\":";
    out_ += json;
  }
  void Number(std::string_view name, int64_t value) {
    if (value != 0) Raw(name, fmt::to_string(value));
  }

 private:
  std::string& out_;
};

}  // namespace

std::string LiveEventJson(const Span& span) {
  const bool running = span.status == SpanStatus::kRunning;
  std::string json = fmt::format("{{\"phase\":\"{}\",\"span\":", running ? "start" : "end");
  SpanObject object(json);
  object.Text("trace_id", ToHex(span.trace_id.view()));
  object.Text("span_id", ToHex(span.span_id.view()));
  if (!span.parent_span_id.empty()) {
    object.Text("parent_span_id", ToHex(span.parent_span_id.view()));
  }
  object.Text("name", span.name);
  object.Text("kind", Name(span.kind));
  object.Text("status", Name(span.status));
  object.Text("started_at", FormatTimeNanos(span.start_ns));
  if (!running) {
    object.Raw("duration_ms",
               fmt::to_string(static_cast<double>(span.end_ns - span.start_ns) / 1e6));
  }
  object.Text("service", span.service);
  object.Text("feature", span.feature.name);
  object.Text("workflow", span.workflow);
  object.Text("user_id", span.user_id);
  object.Text("session_id", span.session_id);
  object.Text("agent", span.agent);
  object.Text("provider", span.provider);
  object.Text("model", span.model);
  object.Number("input_tokens", span.usage.input_total());
  object.Number("output_tokens", span.usage.output_total());
  if (span.cost.has_value()) {
    object.Raw("cost_usd", fmt::to_string(static_cast<double>(span.cost->value) / 1e9));
  }
  object.Text("tool_name", span.tool_name);
  object.Text("tool_status", Name(span.tool_status));
  object.Text("finish_reason", Name(span.finish_reason));
  object.Text("error_category", Name(span.error_category));
  object.Text("status_message", span.status_message);
  object.Text("source", Name(span.source));
  json += "}}";
  return json;
}

}  // namespace pitot
