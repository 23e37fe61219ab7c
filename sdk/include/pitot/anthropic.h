// pitot/anthropic.h
//
// A client of Anthropic's Messages API, and of whatever speaks it, that measures every call.
//
//   pitot::ObservableAnthropicClient client;              // Key: ANTHROPIC_API_KEY.
//   auto reply = client.messages({.model = "claude-sonnet-4-5", .max_tokens = 512,
//                                 .messages = {{"user", "Hi"}}});
//   std::cout << reply.text;                              // reply.metrics: tokens, cost, latency, ...
//
//   client.messages_stream(request, {.on_text = [](std::string_view text) { std::cout << text; }});
//
// Source: Anthropic's API reference, version 2023-06-01.
// Errors, thread-safety, spans: see llm_client.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/llm_client.h"

namespace pitot {
inline namespace sdk {

struct AnthropicRequest {
  std::string model = {};
  int64_t max_tokens = 1'024;  // Of output, thinking included.
  std::string system = {};     // Empty: none.
  std::vector<LlmMessage> messages = {};
  std::string tools = {};        // JSON array of tool definitions; empty: none.
  std::string tool_choice = {};  // JSON object; empty: the model chooses.
  std::optional<double> temperature = {};
  std::vector<std::string> stop_sequences = {};
  std::string user_id = {};  // metadata.user_id: pseudonymous, for abuse detection.
  // JSON object whose members are added to the body: R"({"thinking":{"type":"enabled",...}})".
  std::string extra = {};

  // The body that is sent. Throws std::invalid_argument when a JSON member is not of its form.
  std::string to_json() const;
};

// The result of a tool, to be sent after the message that asked for it. `result`: text.
LlmMessage anthropic_tool_result(const LlmToolCall& call, std::string_view result,
                                 bool is_error = false);

class ObservableAnthropicClient {
 public:
  explicit ObservableAnthropicClient(LlmClientOptions options = {});
  ~ObservableAnthropicClient();  // REQUIRES: no call is running.
  ObservableAnthropicClient(ObservableAnthropicClient&&) noexcept;
  ObservableAnthropicClient& operator=(ObservableAnthropicClient&&) noexcept;

  // POST /v1/messages. Blocks until the answer is there, at most LlmClientOptions::timeout.
  LlmReply messages(const AnthropicRequest& request, const LlmCallOptions& call = {});
  // The same with a body of one's own, sent as it is.
  LlmReply messages_json(std::string_view body, const LlmCallOptions& call = {});

  // Streamed: `handlers` get the pieces, the reply has the whole. "stream": true is added to the body.
  LlmReply messages_stream(const AnthropicRequest& request, const StreamHandlers& handlers,
                           const LlmCallOptions& call = {});
  LlmReply messages_stream_json(std::string_view body, const StreamHandlers& handlers,
                                const LlmCallOptions& call = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
