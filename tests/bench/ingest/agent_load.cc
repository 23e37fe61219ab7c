#include "tests/bench/ingest/agent_load.h"

#include <algorithm>

#include "tests/bench/ingest/otlp_wire.h"

namespace pitot {
namespace {

constexpr std::string_view kModel = "claude-sonnet-4-5";
constexpr size_t kTools = 14;
constexpr size_t kBytesPerToken = 4;
constexpr uint64_t kNanosPerMs = 1'000'000;

// Text as generated holds letters and spaces only: nothing in it needs escaping.
std::string TextPart(const std::string& text) {
  return R"({"type":"text","content":")" + text + R"("})";
}

std::string Message(std::string_view role, const std::string& parts) {
  return R"({"role":")" + std::string(role) + R"(","parts":[)" + parts + "]}";
}

}  // namespace

AgentLoad::AgentLoad(const AgentLoadOptions& options) : options_(options), random_(options.seed) {
  AppendTextAttr(kResourceAttribute, "service.name", "coding-agent", resource_);
  AppendTextAttr(kResourceAttribute, "deployment.environment.name", "prod", resource_);
  AppendTextAttr(kResourceAttribute, "telemetry.sdk.language", "python", resource_);
  system_ = "[" + TextPart(prose_.Text(6000, random_)) + "]";
  for (size_t i = 0; i < kTools; ++i) {
    tool_names_.push_back("tool_" + std::to_string(i));
    // Drawn one by one: compilers differ in which operand of + they evaluate first.
    const std::string query = prose_.Text(80, random_);
    const std::string path = prose_.Text(80, random_);
    const std::string description = prose_.Text(500, random_);
    tools_ += (i == 0 ? R"([{"type":"function","name":")" : R"(,{"type":"function","name":")") +
              tool_names_.back() + R"(","description":")" + description +
              R"(","parameters":{"type":"object","properties":{"path":{"type":"string",)" +
              R"("description":")" + path + R"("},"query":{"type":"string","description":")" +
              query + R"("}},"required":["path"]}})";
  }
  tools_ += "]";
  conversations_.resize(options.conversations);
}

std::string AgentLoad::NextRequest() {
  if (turn_ == options_.turns) return "";
  Conversation& conversation = conversations_[next_];
  if (turn_ == 0) Start(conversation);
  const std::string spans = Turn(conversation, turn_ + 1 == options_.turns);
  if (++next_ == conversations_.size()) {
    next_ = 0;
    ++turn_;
  }
  std::string scope;
  AppendBytesField(1, "agent-instrumentation", scope);
  AppendBytesField(2, "1.2.0", scope);
  std::string scope_spans;
  AppendBytesField(kScopeSpansScope, scope, scope_spans);
  return TraceRequest(resource_, scope_spans + spans);
}

void AgentLoad::Start(Conversation& conversation) {
  conversation.trace_id = RandomBytes(16);
  conversation.root_id = RandomBytes(8);
  conversation.user = "user-" + std::to_string(random_() % 500);
  conversation.session = "sess-" + std::to_string(random_() % 1'000'000);
  conversation.start_ns = options_.base_unix_s * 1'000'000'000 + random_() % 60'000 * kNanosPerMs;
  conversation.time_ns = conversation.start_ns;
  conversation.history = Message("user", TextPart(prose_.Text(Between(200, 1500), random_)));
}

// The spans of one model call and of the tools it called, as fields of a ScopeSpans message.
std::string AgentLoad::Turn(Conversation& conversation, bool last) {
  const std::vector<ToolCall> calls = last ? std::vector<ToolCall>() : ToolCalls();
  std::string parts = TextPart(prose_.Text(Between(100, 700), random_));
  for (const ToolCall& call : calls) {
    parts += R"(,{"type":"tool_call","id":")" + call.id + R"(","name":")" + call.name +
             R"(","arguments":)" + call.arguments + "}";
  }
  const std::string answer = Message("assistant", parts);

  std::string spans;
  AppendBytesField(kScopeSpansSpan, CallSpan(conversation, answer, last ? "stop" : "tool_calls"),
                   spans);
  conversation.history += "," + answer;
  for (const ToolCall& call : calls) {
    AppendBytesField(kScopeSpansSpan, ToolSpan(conversation, call, conversation.root_id), spans);
    conversation.history +=
        "," + Message("tool", R"({"type":"tool_call_response","id":")" + call.id +
                                  R"(","response":")" + call.result + R"("})");
  }
  if (last) AppendBytesField(kScopeSpansSpan, RootSpan(conversation), spans);
  spans_ += 1 + calls.size() + (last ? 1 : 0);
  return spans;
}

std::string AgentLoad::CallSpan(Conversation& conversation, const std::string& answer,
                                const std::string& finish) {
  const uint64_t start = conversation.time_ns;
  conversation.time_ns += Between(800, 9000) * kNanosPerMs;
  std::string span =
      NewSpan(conversation, RandomBytes(8), conversation.root_id, "chat " + std::string(kModel),
              kSpanKindClient, start, conversation.time_ns);
  const auto text = [&span](std::string_view key, std::string_view value) {
    AppendTextAttr(kSpanAttribute, key, value, span);
  };
  const uint64_t input_tokens =
      (system_.size() + tools_.size() + conversation.history.size()) / kBytesPerToken;
  text("gen_ai.operation.name", "chat");
  text("gen_ai.provider.name", "anthropic");
  text("gen_ai.request.model", kModel);
  text("gen_ai.response.model", kModel);
  AppendTextAttr(kSpanAttribute, "gen_ai.response.id", "msg_" + std::to_string(random_()), span);
  AppendIntAttr(kSpanAttribute, "gen_ai.usage.input_tokens", input_tokens, span);
  AppendIntAttr(kSpanAttribute, "gen_ai.usage.cache_read.input_tokens", conversation.history_tokens,
                span);
  AppendIntAttr(kSpanAttribute, "gen_ai.usage.output_tokens", answer.size() / kBytesPerToken, span);
  AppendListAttr(kSpanAttribute, "gen_ai.response.finish_reasons", finish, span);
  text("gen_ai.system_instructions", system_);
  text("gen_ai.tool.definitions", tools_);
  text("gen_ai.input.messages", "[" + conversation.history + "]");
  text("gen_ai.output.messages",
       "[" + answer.substr(0, answer.size() - 1) + R"(,"finish_reason":")" + finish + "\"}]");
  conversation.history_tokens = input_tokens;
  return span;
}

std::string AgentLoad::ToolSpan(Conversation& conversation, const ToolCall& call,
                                const std::string& parent_id) {
  const uint64_t start = conversation.time_ns;
  conversation.time_ns += Between(5, 1500) * kNanosPerMs;
  std::string span = NewSpan(conversation, RandomBytes(8), parent_id, "execute_tool " + call.name,
                             kSpanKindInternal, start, conversation.time_ns);
  AppendTextAttr(kSpanAttribute, "gen_ai.operation.name", "execute_tool", span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.name", call.name, span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.call.id", call.id, span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.call.arguments", call.arguments, span);
  AppendTextAttr(kSpanAttribute, "gen_ai.tool.call.result", call.result, span);
  return span;
}

std::string AgentLoad::RootSpan(const Conversation& conversation) {
  std::string span = NewSpan(conversation, conversation.root_id, "", "invoke_agent coder",
                             kSpanKindInternal, conversation.start_ns, conversation.time_ns);
  AppendTextAttr(kSpanAttribute, "gen_ai.operation.name", "invoke_agent", span);
  AppendTextAttr(kSpanAttribute, "gen_ai.agent.name", "coder", span);
  return span;
}

std::string AgentLoad::NewSpan(const Conversation& conversation, const std::string& id,
                               const std::string& parent_id, const std::string& name, uint64_t kind,
                               uint64_t start_ns, uint64_t end_ns) {
  std::string span;
  AppendBytesField(kSpanTraceId, conversation.trace_id, span);
  AppendBytesField(kSpanId, id, span);
  if (!parent_id.empty()) AppendBytesField(kSpanParentId, parent_id, span);
  AppendBytesField(kSpanName, name, span);
  AppendVarintField(kSpanKind, kind, span);
  AppendFixed64Field(kSpanStart, start_ns, span);
  AppendFixed64Field(kSpanEnd, end_ns, span);
  AppendTextAttr(kSpanAttribute, "user.id", conversation.user, span);
  AppendTextAttr(kSpanAttribute, "session.id", conversation.session, span);
  return span;
}

std::vector<AgentLoad::ToolCall> AgentLoad::ToolCalls() {
  std::vector<ToolCall> calls(Between(1, 3));
  for (ToolCall& call : calls) {
    call.id = "toolu_" + std::to_string(random_());
    call.name = tool_names_[random_() % kTools];
    const std::string query = prose_.Text(Between(10, 250), random_);
    const std::string path = prose_.Text(Between(20, 80), random_);
    call.arguments = R"({"path":")" + path + R"(","query":")" + query + R"("})";
    const bool large = random_() % 12 == 0;
    call.result = prose_.Text(large ? Between(4000, 12'000) : Between(200, 2000), random_);
  }
  return calls;
}

std::string AgentLoad::RandomBytes(size_t bytes) {
  std::string out;
  while (out.size() < bytes) {
    const uint64_t draw = random_();
    out.append(reinterpret_cast<const char*>(&draw), std::min(sizeof draw, bytes - out.size()));
  }
  return out;
}

}  // namespace pitot
