#include "sdk/llm/call_content.h"

#include <string>
#include <utility>

#include "wire/json_read.h"

namespace pitot {
inline namespace sdk {
namespace {

void SetJson(Span& span, std::string_view key, std::string_view json) {
  if (!json.empty()) span.set(key, AttributeValue::json(json));
}

// Responses takes a text in place of a list.
std::string AsMessages(std::string_view input) {
  if (IsString(input)) return R"([{"role":"user","content":)" + std::string(input) + "}]";
  return std::string(input);
}

}  // namespace

void SetRequestContent(std::string_view body, const WireRequest& request, Span& span) {
  std::string_view messages, input;
  VisitObject(body, [&](std::string_view key, std::string_view value) {
    if (key == "messages") messages = value;
    if (key == "input") input = value;
  });
  SetJson(span, "gen_ai.input.messages", messages.empty() ? AsMessages(input) : messages);
  SetJson(span, "gen_ai.system_instructions", request.system);
  SetJson(span, "gen_ai.tool.definitions", request.tools);
}

void SetAnswerContent(const WireResult& result, Span& span) {
  if (result.message_json.empty()) return;
  const bool is_list = IsArray(result.message_json);
  SetJson(span, "gen_ai.output.messages",
          is_list ? result.message_json : "[" + result.message_json + "]");
}

LlmReply MakeReply(WireResult result) {
  LlmReply reply;
  reply.text = std::move(result.text);
  reply.reasoning = std::move(result.reasoning);
  for (WireToolCall& call : result.tool_calls) {
    reply.tool_calls.push_back(
        {std::move(call.id), std::move(call.name), std::move(call.arguments)});
  }
  reply.message_json = std::move(result.message_json);
  return reply;
}

void PriceIterations(const std::vector<WireIteration>& iterations, LlmCallMetrics& call) {
  std::optional<NanoUsd> sum = NanoUsd{0};
  for (const WireIteration& iteration : iterations) {
    LlmCallMetrics part;
    part.provider = call.provider;
    part.model = iteration.model.empty() ? call.model : iteration.model;
    part.service_tier = call.service_tier;
    part.usage = iteration.usage;
    part.has_usage = true;
    price_call(part);
    if (!part.cost) sum.reset();
    if (sum) sum->value += part.cost->value;
    if (call.price_rule.empty()) call.price_rule = part.price_rule;
    call.estimated |= part.estimated;
  }
  call.cost = sum;
}

}  // namespace sdk
}  // namespace pitot
