#include "tests/bench/ingest/span_load.h"

#include <algorithm>

#include "tests/bench/ingest/otlp_wire.h"

namespace pitot {
namespace {

constexpr size_t kServices = 12;

// Model and provider.
constexpr const char* kModels[][2] = {{"gpt-4o", "openai"},
                                      {"gpt-4o-mini", "openai"},
                                      {"claude-sonnet-4-5", "anthropic"},
                                      {"claude-haiku-4-5", "anthropic"},
                                      {"gemini-2.5-flash", "gcp.gemini"}};
constexpr const char* kUsualFinish[] = {"stop", "tool_calls"};
constexpr const char* kRareFinish[] = {"length", "content_filter"};

std::string ServiceResource(size_t service) {
  std::string resource;
  AppendTextAttr(kResourceAttribute, "service.name", "agent-svc-" + std::to_string(service),
                 resource);
  AppendTextAttr(kResourceAttribute, "deployment.environment.name", "prod", resource);
  AppendTextAttr(kResourceAttribute, "telemetry.sdk.language", "python", resource);
  return resource;
}

}  // namespace

SpanLoad::SpanLoad(const SpanLoadOptions& options)
    : options_(options),
      step_ns_(static_cast<uint64_t>(options.spread_s * 1e9 / options.spans)),
      random_(options.seed),
      time_ns_(options.base_unix_s * 1'000'000'000) {
  for (size_t i = 0; i < kServices; ++i) resources_.push_back(ServiceResource(i));
}

// The order of draws from random_ below is part of the load: moving one changes every byte.

std::string SpanLoad::NextRequest() {
  if (sent_ == options_.spans) return "";
  std::string scope;
  AppendBytesField(1, "agent-instrumentation", scope);
  AppendBytesField(2, "1.2.0", scope);
  std::string scope_spans;
  AppendBytesField(kScopeSpansScope, scope, scope_spans);
  for (uint64_t i = 0; i < options_.spans_per_request && sent_ < options_.spans; ++i, ++sent_) {
    AppendBytesField(kScopeSpansSpan, NextSpan(), scope_spans);
  }
  return TraceRequest(resources_[service_], scope_spans);
}

void SpanLoad::StartTrace() {
  trace_id_ = RandomBytes(16);
  parent_id_.clear();
  spans_left_ = 5 + random_() % 30;
  user_ = "user-" + std::to_string(random_() % 20'000);
  session_ = "sess-" + std::to_string(random_() % 100'000);
  feature_ = "feature-" + std::to_string(random_() % 25);
  workflow_ = "workflow-" + std::to_string(random_() % 15);
  service_ = random_() % kServices;
}

std::string SpanLoad::NextSpan() {
  if (spans_left_ == 0) StartTrace();
  --spans_left_;
  if (step_ns_ != 0) time_ns_ += random_() % (2 * step_ns_);
  const std::string span_id = RandomBytes(8);
  const bool root = parent_id_.empty();
  const uint64_t kind = random_() % 10;
  const bool call = !root && kind < 3;
  const bool tool = !root && kind >= 3 && kind < 6;
  const bool failed = random_() % 30 == 0;
  const char* const* model = kModels[random_() % std::size(kModels)];
  const std::string tool_name = "tool_" + std::to_string(random_() % 40);

  std::string span;
  AppendBytesField(kSpanTraceId, trace_id_, span);
  AppendBytesField(kSpanId, span_id, span);
  if (!root) AppendBytesField(kSpanParentId, parent_id_, span);
  const std::string name = root   ? "invoke_agent planner"
                           : call ? std::string("chat ") + model[0]
                           : tool ? "execute_tool " + tool_name
                                  : "step-" + std::to_string(random_() % 60);
  AppendBytesField(kSpanName, name, span);
  AppendVarintField(kSpanKind, call ? kSpanKindClient : kSpanKindInternal, span);
  AppendFixed64Field(kSpanStart, time_ns_, span);
  AppendFixed64Field(kSpanEnd, time_ns_ + 1'000'000 + random_() % 9'000'000'000, span);
  AppendTextAttr(kSpanAttribute, "user.id", user_, span);
  AppendTextAttr(kSpanAttribute, "session.id", session_, span);
  AppendTextAttr(kSpanAttribute, "feature", feature_, span);
  AppendTextAttr(kSpanAttribute, "workflow", workflow_, span);
  if (root) {
    AppendTextAttr(kSpanAttribute, "gen_ai.operation.name", "invoke_agent", span);
    AppendTextAttr(kSpanAttribute, "gen_ai.agent.name", "planner", span);
  }
  if (call) AppendCall(model, span);
  if (tool) AppendTool(tool_name, span);
  if (failed) {
    const bool timeout = random_() % 2 != 0;
    AppendTextAttr(kSpanAttribute, "error.type", timeout ? "timeout" : "rate_limit_error", span);
    std::string status;
    AppendBytesField(2, "upstream failed", status);
    AppendVarintField(3, 2, status);  // STATUS_CODE_ERROR
    AppendBytesField(kSpanStatus, status, span);
  }
  if (root || random_() % 4 == 0) parent_id_ = span_id;
  return span;
}

void SpanLoad::AppendCall(const char* const* model, std::string& span) {
  AppendTextAttr(kSpanAttribute, "gen_ai.operation.name", "chat", span);
  AppendTextAttr(kSpanAttribute, "gen_ai.provider.name", model[1], span);
  AppendTextAttr(kSpanAttribute, "gen_ai.request.model", model[0], span);
  AppendTextAttr(kSpanAttribute, "gen_ai.response.model", model[0], span);
  AppendIntAttr(kSpanAttribute, "gen_ai.usage.input_tokens", 50 + random_() % 8000, span);
  AppendIntAttr(kSpanAttribute, "gen_ai.usage.output_tokens", 1 + random_() % 1500, span);
  const bool usual = random_() % 20 != 0;
  const uint64_t which = random_() % 2;
  AppendListAttr(kSpanAttribute, "gen_ai.response.finish_reasons",
                 usual ? kUsualFinish[which] : kRareFinish[which], span);
  const uint64_t prompt_bytes = 600 + random_() % 1500;
  AppendTextAttr(kSpanAttribute, "gen_ai.input.messages",
                 R"([{"role":"user","parts":[{"type":"text","content":")" +
                     prose_.Text(prompt_bytes, random_) + R"("}]}])",
                 span);
  const uint64_t answer_bytes = 200 + random_() % 800;
  AppendTextAttr(kSpanAttribute, "gen_ai.output.messages",
                 R"([{"role":"assistant","parts":[{"type":"text","content":")" +
                     prose_.Text(answer_bytes, random_) + R"("}],"finish_reason":"stop"}])",
                 span);
}

void SpanLoad::AppendTool(const std::string& tool, std::string& span) {
  AppendTextAttr(kSpanAttribute, "gen_ai.operation.name", "execute_tool", span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.name", tool, span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.call.arguments",
                 R"({"q":")" + prose_.Text(60, random_) + R"("})", span);
  const uint64_t result_bytes = 100 + random_() % 800;
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.call.result", prose_.Text(result_bytes, random_),
                 span);
}

std::string SpanLoad::RandomBytes(size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    const uint64_t draw = random_();
    out.append(reinterpret_cast<const char*>(&draw), std::min(sizeof draw, bytes - out.size()));
  }
  return out;
}

}  // namespace pitot
