// pitot/llm_client.h
//
// What the observable clients have in common: options, answers, errors. See anthropic.h and openai.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/exporters.h"
#include "pitot/llm_metrics.h"

namespace pitot {
inline namespace sdk {

struct LlmClientOptions {
  std::string api_key =
      {};  // Empty: the provider's environment variable (ANTHROPIC_API_KEY, OPENAI_API_KEY).
  std::string base_url =
      {};  // Empty: ANTHROPIC_BASE_URL, OPENAI_BASE_URL, else the provider's own. A Pitot
           // gateway's URL works too.
  HeaderList headers = {};  // Beside the provider's own.
  Tags tags = {};           // Of every call, over those of the context.
  Recorders recorders = {};

  // Attempts beyond the first, on network errors, 408, 409, 429 and 5xx; never after content has come.
  int retries_max = 2;
  std::chrono::milliseconds backoff_first{500};
  std::chrono::milliseconds backoff_max{8'000};
  // Of the whole call, its retries included; of connecting; between two pieces of a stream.
  std::chrono::milliseconds timeout{600'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{120'000};
  size_t response_bytes_max = size_t{64} << 20;

  bool capture_content = true;  // Messages on spans; figures alone otherwise.
  // Told when an answer was cut off at max_tokens. Unset: a line on stderr, once a feature and model
  // an hour.
  std::function<void(const LlmCallMetrics&)> on_length = {};
};

struct LlmToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text as the model wrote it.
};

struct LlmReply {
  std::string text;       // Of the first choice.
  std::string reasoning;  // As far as the provider shows it.
  std::vector<LlmToolCall> tool_calls;
  std::string message_json;  // The answer as a message of the provider's, to be sent back.
  std::string body;          // As it came; of a stream: empty.
  LlmCallMetrics metrics;
  Context context;  // Of the call's span.
};

// A call that failed for good. What was measured of it is in metrics(): it was recorded everywhere.
class LlmError : public std::runtime_error {
 public:
  LlmError(const std::string& message, LlmCallMetrics metrics)
      : std::runtime_error(message), metrics_(std::move(metrics)) {}

  const LlmCallMetrics& metrics() const { return metrics_; }
  int http_status() const { return metrics_.http_status; }  // 0: no answer came.
  ErrorCategory category() const { return metrics_.error; }
  const std::string& type() const { return metrics_.error_type; }  // "overloaded_error"

 private:
  LlmCallMetrics metrics_;
};

// Told of a stream's pieces as they come. What it throws ends the call and is thrown on.
struct StreamHandlers {
  std::function<void(std::string_view text)> on_text = {};
  std::function<void(std::string_view reasoning)> on_reasoning = {};
  // Each server-sent event's data, unread: for whatever the above do not say.
  std::function<void(std::string_view event, std::string_view data)> on_event = {};
};

}  // namespace sdk
}  // namespace pitot
