// The typed requests as bodies.
#include <utility>

#include "pitot/anthropic.h"
#include "pitot/openai.h"
#include "sdk/llm/json_body.h"

namespace pitot {
inline namespace sdk {

std::string AnthropicRequest::to_json() const {
  JsonBody body;
  body.Text("model", model).Whole("max_tokens", max_tokens);
  if (!system.empty()) body.Text("system", system);
  body.Messages("messages", "", messages);
  if (!tools.empty()) body.Json("tools", tools, '[', "tools");
  if (!tool_choice.empty()) body.Json("tool_choice", tool_choice, '{', "tool_choice");
  if (temperature) body.Number("temperature", *temperature);
  if (!stop_sequences.empty()) body.Texts("stop_sequences", stop_sequences);
  if (!user_id.empty()) {
    body.Json("metadata", JsonBody().Text("user_id", user_id).Take(), '{', "user_id");
  }
  return body.Members(extra, "extra").Take();
}

std::string ChatRequest::to_json() const {
  JsonBody body;
  body.Text("model", model).Messages("messages", system, messages);
  if (max_tokens) body.Whole("max_completion_tokens", *max_tokens);
  if (!tools.empty()) body.Json("tools", tools, '[', "tools");
  if (!tool_choice.empty()) body.Json("tool_choice", tool_choice, 0, "tool_choice");
  if (temperature) body.Number("temperature", *temperature);
  if (!stop.empty()) body.Texts("stop", stop);
  if (!user.empty()) body.Text("safety_identifier", user);
  return body.Members(extra, "extra").Take();
}

std::string ResponsesRequest::to_json() const {
  JsonBody body;
  body.Text("model", model);
  if (!instructions.empty()) body.Text("instructions", instructions);
  body.Messages("input", "", input);
  if (max_output_tokens) body.Whole("max_output_tokens", *max_output_tokens);
  if (!tools.empty()) body.Json("tools", tools, '[', "tools");
  if (!tool_choice.empty()) body.Json("tool_choice", tool_choice, 0, "tool_choice");
  if (temperature) body.Number("temperature", *temperature);
  if (!previous_response_id.empty()) body.Text("previous_response_id", previous_response_id);
  if (!user.empty()) body.Text("safety_identifier", user);
  return body.Members(extra, "extra").Take();
}

LlmMessage anthropic_tool_result(const LlmToolCall& call, std::string_view result, bool is_error) {
  JsonBody block;
  block.Text("type", "tool_result").Text("tool_use_id", call.id).Text("content", result);
  if (is_error) block.Json("is_error", "true", 0, "is_error");
  std::string content = "[";
  content += block.Take();
  content += ']';
  return LlmMessage::raw(
      JsonBody().Text("role", "user").Json("content", content, '[', "content").Take());
}

LlmMessage chat_tool_result(const LlmToolCall& call, std::string_view result) {
  return LlmMessage::raw(
      JsonBody().Text("role", "tool").Text("tool_call_id", call.id).Text("content", result).Take());
}

LlmMessage responses_tool_result(const LlmToolCall& call, std::string_view result) {
  return LlmMessage::raw(JsonBody()
                             .Text("type", "function_call_output")
                             .Text("call_id", call.id)
                             .Text("output", result)
                             .Take());
}

}  // namespace sdk
}  // namespace pitot
