#include "gateway/call_spans.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/message.h"
#include "normalize/messages.h"
#include "normalize/words.h"

namespace pitot {
namespace {

constexpr std::string_view kScope = "pitot.gateway";

class SpanMaker {
 public:
  SpanMaker(const CallRecord& call, MadeSpans& out)
      : call_(call), arena_(out.arena), reader_(out.arena), out_(out) {}

  void Agents() {
    for (const RunAgent& agent : call_.run.agents) {
      Span span = Start(Kind::kAgent, agent.span_id, agent.parent_span_id);
      span.name = Copy(agent.name);
      span.op = "invoke_agent";
      span.agent = Copy(agent.agent);
      span.agent_id = Copy(agent.agent_id);
      span.start_ns = agent.start_ns;
      span.end_ns = std::max(agent.start_ns, call_.end_ns);
      span.status = call_.running ? SpanStatus::kRunning : SpanStatus::kUnset;
      out_.spans.push_back(span);
    }
  }

  void Tools() {
    for (const SeenTool& tool : call_.run.tools) {
      Span span = Start(Kind::kTool, tool.span_id, tool.parent);
      span.name = Copy(fmt::format("execute_tool {}", tool.name));
      span.op = "execute_tool";
      span.tool_name = Copy(tool.name);
      span.tool_call_id = Copy(tool.call_id);
      span.start_ns = tool.start_ns;
      span.end_ns = tool.end_ns;
      span.input = Value(tool.arguments);
      span.output = Value(tool.result);
      if (tool.is_error) {
        span.error_category = ErrorCategoryOf(
            {.error_type = "", .exception_type = "", .http_status = 0, .message = tool.result});
        if (span.error_category == ErrorCategory::kUnknown) {
          span.error_category = ErrorCategory::kTool;
        }
        span.tool_status = ToolStatusOfError(span.error_category);
        span.status = SpanStatus::kError;
        span.status_message = Copy(std::string_view(tool.result).substr(0, kMessageBytes));
      } else {
        span.tool_status = ToolStatus::kSuccess;
      }
      out_.spans.push_back(span);
    }
  }

  void Call() {
    const WireResult& result = call_.result;
    const bool embeds =
        call_.api == WireApi::kOpenAiEmbeddings || call_.api == WireApi::kGeminiEmbed;
    const Kind kind = call_.api == WireApi::kOther && !call_.cost.has_usage ? Kind::kSpan
                      : embeds                                              ? Kind::kEmbedding
                                                                            : Kind::kLlm;
    Span span = Start(kind, call_.run.span_id, call_.run.parent_span_id);
    span.op = Copy(call_.op);
    span.name = call_.model.empty() ? span.op : Copy(fmt::format("{} {}", call_.op, call_.model));
    span.start_ns = call_.start_ns;
    span.end_ns = call_.running ? call_.start_ns : call_.end_ns;
    span.status = call_.running ? SpanStatus::kRunning : call_.status;
    span.status_message = Copy(call_.status_message);
    span.error_type = Copy(call_.error_type);
    span.error_category = call_.error;
    span.provider = CanonicalProvider(call_.provider, arena_);
    span.model_requested = Copy(call_.model);
    span.model = result.model.empty() ? span.model_requested : Copy(result.model);
    span.response_id = Copy(result.response_id);
    span.service_tier = Copy(result.service_tier);
    span.finish_reason = result.finish;
    span.finish_raw = Copy(result.finish_raw);
    span.ttft_ns = call_.ttft_ns;
    if (call_.request.valid) span.streaming = call_.request.streamed;
    span.temperature = call_.request.temperature;
    span.max_tokens = call_.request.max_tokens;
    Money(span);
    if (!call_.running) Content(span);
    span.attributes = Attributes();
    out_.spans.push_back(span);
  }

 private:
  static constexpr size_t kMessageBytes = 1024;

  std::string_view Copy(std::string_view text) { return arena_.Copy(text); }

  Span Start(Kind kind, const SpanId& id, const SpanId& parent) {
    const Attribution& who = call_.who;
    Span span;
    span.trace_id = call_.run.trace_id;
    span.span_id = id;
    span.parent_span_id = parent;
    span.kind = kind;
    span.source = Source::kGateway;
    span.scope = kScope;
    span.emitter = "gateway";
    span.service = Copy(who.service);
    span.environment = Copy(who.environment);
    span.release = Copy(who.release);
    if (!who.feature.empty()) span.feature = {Copy(who.feature), true};
    span.workflow = Copy(who.workflow);
    span.user_id = Copy(who.user);
    span.session_id = Copy(call_.run.session.empty() ? who.session : call_.run.session);
    span.prompt_name = Copy(who.prompt);
    span.prompt_version = Copy(who.prompt_version);
    span.agent = Copy(call_.run.agent);
    span.agent_id = Copy(call_.run.agent_id);
    std::vector<JsonAttr> tags;
    for (const auto& [key, value] : who.tags) tags.push_back({Copy(key), Copy(value)});
    span.tags = arena_.CopyArray(tags);
    return span;
  }

  void Money(Span& span) {
    const CallCost& cost = call_.cost;
    span.has_usage = cost.has_usage;
    span.usage = cost.usage;
    span.usage_flags = cost.usage_flags;
    span.usage_convention = cost.has_usage ? UsageConvention::kExact : UsageConvention::kNone;
    span.raw_input_tokens = call_.result.raw_input_tokens;
    span.raw_output_tokens = call_.result.raw_output_tokens;
    span.raw_total_tokens = call_.result.raw_total_tokens;
    span.cost = cost.cost;
    span.cost_by_bucket = cost.by_bucket;
    span.cost_reported = cost.reported;
    span.price_source = cost.source;
    span.price_confidence = cost.confidence;
    span.price_rule = Copy(cost.rule);
    span.price_version = Copy(cost.version);
    span.estimated = cost.estimated;
  }

  void Content(Span& span) {
    const WireRequest& request = call_.request;
    std::vector<Piece> pieces;
    for (const WireMessage& message : request.messages) {
      reader_.ReadMessages({.type = AttrType::kJson, .text = message.raw}, message.role, pieces,
                           nullptr);
    }
    span.input = arena_.CopyArray(pieces);
    if (!request.system.empty()) {
      pieces.clear();
      reader_.ReadParts(JsonOrText(request.system), "system", pieces);
      span.system = arena_.CopyArray(pieces);
    }
    if (!request.tools.empty()) {
      pieces.clear();
      reader_.ReadValue({.type = AttrType::kJson, .text = request.tools}, pieces);
      span.tool_definitions = arena_.CopyArray(pieces);
    }
    if (!call_.result.message_json.empty()) {
      pieces.clear();
      reader_.ReadMessages({.type = AttrType::kJson, .text = call_.result.message_json},
                           "assistant", pieces, nullptr);
      span.output = arena_.CopyArray(pieces);
    }
  }

  // A JSON string is taken out of its quotes by the reader when it is told that it is JSON.
  static AttrValue JsonOrText(std::string_view json) {
    return {.type = AttrType::kJson, .text = json};
  }

  std::span<Piece> Value(std::string_view text) {
    if (text.empty()) return {};
    std::vector<Piece> pieces;
    reader_.ReadValue({.type = AttrType::kString, .text = text}, pieces);
    return arena_.CopyArray(pieces);
  }

  std::span<const JsonAttr> Attributes() {
    std::vector<JsonAttr> attrs;
    const auto text = [&](std::string_view key, std::string_view value) {
      if (!value.empty()) attrs.push_back({key, Copy(QuoteJson(value))});
    };
    text("pitot.upstream", call_.upstream);
    text("pitot.key", call_.who.key_name);
    if (call_.http_status != 0) {
      attrs.push_back({"http.response.status_code", Copy(std::to_string(call_.http_status))});
    }
    if (!call_.result.usage_json.empty()) {
      attrs.push_back({"gen_ai.usage", Copy(call_.result.usage_json)});
    }
    if (call_.run.step > 0) attrs.push_back({"pitot.step", Copy(std::to_string(call_.run.step))});
    for (const LoopFinding& finding : call_.run.findings) {
      text(finding.level == LoopLevel::kBlock ? "pitot.loop.block" : "pitot.loop.warn",
           fmt::format("{}: {}", Name(finding.detector), finding.reason));
    }
    for (const auto& [key, value] : call_.notes) text(key, value);
    return arena_.CopyArray(attrs);
  }

  const CallRecord& call_;
  Arena& arena_;
  MessageReader reader_;
  MadeSpans& out_;
};

}  // namespace

void MakeCallSpans(const CallRecord& call, MadeSpans& out) {
  SpanMaker maker(call, out);
  maker.Agents();
  maker.Tools();
  maker.Call();
  for (size_t i = 0; i < kDropCount; ++i) out.drops.counts[i] += call.drops.counts[i];
}

}  // namespace pitot
