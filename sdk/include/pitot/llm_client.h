// pitot/llm_client.h
//
// What the observable clients have in common: options, messages, answers, errors. See anthropic.h and
// openai.h.
//
// Every call becomes a span of kind llm, "chat MODEL", below the current context: with its messages
// (LlmClientOptions::capture_content) and its figures, which also go to the Recorders, whether it
// succeeds or not. API keys stand in no span, error or message.
//
// Errors: std::invalid_argument from constructors, naming option, value and limit; LlmError for a call
// that failed for good; BudgetExceeded for one that a hard budget refused (nothing was sent); what a
// stream's handlers throw.
// Thread-safety: clients from any thread; each call has a connection of its own while it runs.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pitot/exporters.h"
#include "pitot/llm_metrics.h"

namespace pitot {
inline namespace sdk {

struct LlmClientOptions {
  // Empty: the provider's environment variable (ANTHROPIC_API_KEY, OPENAI_API_KEY). White space at its
  // end is cut off. Needed unless base_url or `headers` (authorization, api-key) makes do without.
  std::string api_key = {};
  // Empty: ANTHROPIC_BASE_URL, OPENAI_BASE_URL, else the provider's own. A Pitot gateway's URL works
  // too, and any server that speaks the same API. OpenAI's ends in /v1, Anthropic's does not.
  std::string base_url = {};
  // How spans, prices and reports name who answers: "groq", "openrouter". Empty: "anthropic", "openai".
  std::string provider = {};
  HeaderList headers = {};  // Over the client's own of the same name.
  Tags tags = {};           // Of every call, over those of the context.
  Recorders recorders = {};

  // Attempts beyond the first, 0 to 10: on network errors, 408, 409, 429 and 5xx, or as x-should-retry
  // says; never once content has come, nor when the account's credit is spent.
  int retries_max = 2;
  // Waits between attempts double from the first to the largest, less up to a quarter at random. An
  // answer that names a time (Retry-After, retry-after-ms) is obeyed instead, and given up when it asks
  // for more than retry_after_max or than is left of `timeout`.
  std::chrono::milliseconds backoff_first{500};
  std::chrono::milliseconds backoff_max{8'000};
  std::chrono::milliseconds retry_after_max{60'000};
  // Of the whole call, its retries and waits included; of connecting; while nothing comes (a first
  // token may take long). 1 ms to 24 h.
  std::chrono::milliseconds timeout{600'000};
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds idle_timeout{120'000};
  size_t response_bytes_max = size_t{64} << 20;  // Of one answer.

  bool capture_content = true;  // Messages on spans; figures alone otherwise.
  // Send feature, user, session, workflow, agent and prompt to base_url as x-pitot-* headers, and tags
  // and baggage as `baggage`: for a Pitot gateway, which then counts and limits by them.
  //
  // Apart from that, `traceparent` goes to every base_url but the providers' own hosts, and `baggage`
  // to those in one's own network only (loopback, private addresses, names without a dot or under
  // .internal, .local, .lan, .cluster.local): no provider learns who the users are.
  bool gateway_headers = false;
  // PEM file of certificate authorities to trust instead of the system's.
  std::string ca_file = {};
  // Told when an answer was cut off at max_tokens, from the calling thread, after all was recorded; what
  // it throws is dropped. Unset: a line on stderr, once a feature and model an hour.
  std::function<void(const LlmCallMetrics&)> on_length = {};
};

// What differs from call to call.
struct LlmCallOptions {
  Tags tags = {};  // Over those of the client and of the context.
  HeaderList headers = {};
  std::optional<std::chrono::milliseconds> timeout = {};  // Instead of LlmClientOptions::timeout.
  // A stop request from another thread ends the call: LlmError with ErrorCategory::kCancelled.
  std::stop_token stop = {};
};

// {"user", "Hi"}, or any message in the provider's own JSON.
struct LlmMessage {
  std::string role = {};  // "user", "assistant", "system" (OpenAI), "developer" (OpenAI)
  std::string text = {};
  // Instead: a message object; an array stands for its elements.
  std::string json = {};

  static LlmMessage raw(std::string json) { return {{}, {}, std::move(json)}; }
};

struct LlmToolCall {
  std::string id;
  std::string name;
  std::string arguments;  // JSON text as the model wrote it: check it before using it (tool.h).
};

struct LlmReply {
  std::string text;       // Of the first choice.
  std::string reasoning;  // As far as the provider shows it.
  // Those of the provider's own tools too, which it has run itself.
  std::vector<LlmToolCall> tool_calls;
  // The answer as a message of the provider's (Responses: an array of items), to be sent back:
  // LlmMessage::raw(reply.message_json).
  std::string message_json;
  std::string body;        // As it came; of a stream: empty.
  std::string request_id;  // That the provider's support asks for.
  LlmCallMetrics metrics;
  Context context;  // Of the call's span.
};

// A call that failed for good. What was measured of it is in metrics(): it was recorded everywhere. Of a
// stream that broke off, usage is what was reported so far, completed by an estimate.
class LlmError : public std::runtime_error {
 public:
  LlmError(const std::string& message, LlmCallMetrics metrics)
      : std::runtime_error(message), metrics_(std::move(metrics)) {}

  const LlmCallMetrics& metrics() const { return metrics_; }
  int http_status() const { return metrics_.http_status; }  // 0: no answer came.
  ErrorCategory category() const { return metrics_.error; }
  // "overloaded_error"; of errors that are no provider's: "network", "timeout", "cancelled", "parse".
  const std::string& type() const { return metrics_.error_type; }

 private:
  LlmCallMetrics metrics_;
};

// Told of a stream's pieces as they come, in the calling thread. What it throws ends the call and is
// thrown on.
struct StreamHandlers {
  std::function<void(std::string_view text)> on_text = {};
  std::function<void(std::string_view reasoning)> on_reasoning = {};
  // Each server-sent event's data, unread: for whatever the above do not say. Once one was handed over,
  // the call is not tried again.
  std::function<void(std::string_view event, std::string_view data)> on_event = {};
};

}  // namespace sdk
}  // namespace pitot
