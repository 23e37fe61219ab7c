// pitot/openai.h
//
// A client of OpenAI's Chat Completions and Responses APIs, and of the many servers that speak them
// (base_url), that measures every call.
//
//   pitot::ObservableOpenAiClient client;                 // Key: OPENAI_API_KEY.
//   auto reply = client.chat({.model = "gpt-5-mini", .messages = {{"user", "Hi"}}});
//   std::cout << reply.text;                              // reply.metrics: tokens, cost, latency, ...
//
//   pitot::ObservableOpenAiClient local({.base_url = "http://127.0.0.1:8000/v1", .provider = "vllm"});
//
// A streamed chat tells its usage only when asked to: stream_options.include_usage is set unless the
// body says something about it.
// Source: OpenAI's API reference; types of its client, openai 6.49.
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

struct ChatRequest {
  std::string model = {};
  std::string system = {};  // Sent as the first message; empty: none.
  std::vector<LlmMessage> messages = {};
  std::optional<int64_t> max_tokens = {};  // max_completion_tokens: of output with reasoning.
  std::string tools = {};                  // JSON array of tool definitions; empty: none.
  std::string tool_choice = {};            // JSON value; empty: the model chooses.
  std::optional<double> temperature = {};
  std::vector<std::string> stop = {};
  std::string user = {};  // Pseudonymous, for abuse detection.
  // JSON object whose members are added to the body: R"({"reasoning_effort":"low"})".
  std::string extra = {};

  // The body that is sent. Throws std::invalid_argument when a JSON member is not of its form.
  std::string to_json() const;
};

struct ResponsesRequest {
  std::string model = {};
  std::string instructions = {};  // The system prompt; empty: none.
  std::vector<LlmMessage> input = {};
  std::optional<int64_t> max_output_tokens = {};
  std::string tools = {};        // JSON array of tool definitions; empty: none.
  std::string tool_choice = {};  // JSON value; empty: the model chooses.
  std::optional<double> temperature = {};
  std::string previous_response_id = {};
  std::string user = {};   // safety_identifier: pseudonymous, for abuse detection.
  std::string extra = {};  // JSON object whose members are added to the body.

  std::string to_json() const;  // As above.
};

// The result of a tool, to be sent after the message that asked for it. `result`: text.
LlmMessage chat_tool_result(const LlmToolCall& call, std::string_view result);
LlmMessage responses_tool_result(const LlmToolCall& call, std::string_view result);

class ObservableOpenAiClient {
 public:
  explicit ObservableOpenAiClient(LlmClientOptions options = {});
  ~ObservableOpenAiClient();  // REQUIRES: no call is running.
  ObservableOpenAiClient(ObservableOpenAiClient&&) noexcept;
  ObservableOpenAiClient& operator=(ObservableOpenAiClient&&) noexcept;

  // POST /chat/completions. Blocks until the answer is there, at most LlmClientOptions::timeout.
  LlmReply chat(const ChatRequest& request, const LlmCallOptions& call = {});
  // The same with a body of one's own, sent as it is.
  LlmReply chat_json(std::string_view body, const LlmCallOptions& call = {});
  // Streamed: `handlers` get the pieces, the reply has the whole. "stream": true is added to the body.
  LlmReply chat_stream(const ChatRequest& request, const StreamHandlers& handlers,
                       const LlmCallOptions& call = {});
  LlmReply chat_stream_json(std::string_view body, const StreamHandlers& handlers,
                            const LlmCallOptions& call = {});

  // POST /responses.
  LlmReply responses(const ResponsesRequest& request, const LlmCallOptions& call = {});
  LlmReply responses_json(std::string_view body, const LlmCallOptions& call = {});
  LlmReply responses_stream(const ResponsesRequest& request, const StreamHandlers& handlers,
                            const LlmCallOptions& call = {});
  LlmReply responses_stream_json(std::string_view body, const StreamHandlers& handlers,
                                 const LlmCallOptions& call = {});

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
