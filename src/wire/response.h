// wire/response.h
//
// What a provider answered: usage in disjoint buckets, finish reason, tool calls, text, errors; read
// from whole bodies and from streams cut anywhere. Usage counts as soon as the frame that carries it
// is complete, and fields are overwritten, never added (cumulative counts). Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/kinds.h"
#include "model/money.h"
#include "model/usage.h"
#include "wire/api.h"
#include "wire/request.h"

namespace pitot {

// Anthropic's usage.iterations: priced each by its own model, instead of the top level.
struct WireIteration {
  std::string type;   // "message", "compaction", "advisor_message", "fallback_message"
  std::string model;  // Empty: the call's.
  Usage usage;
};

struct WireError {
  std::string type;  // As the provider names it: "overloaded_error", "rate_limit_exceeded".
  std::string code;  // "enforced_spend_limit_reached", "insufficient_quota"; may be empty.
  std::string message;
  ErrorCategory category = ErrorCategory::kNone;
  bool any() const { return category != ErrorCategory::kNone; }
};

struct WireResult {
  bool has_usage = false;    // The provider reported some.
  bool usage_final = false;  // What it reported is the whole call's.
  Usage usage;
  uint8_t usage_flags = 0;                  // UsageFlag bits.
  std::optional<int64_t> raw_input_tokens;  // As reported, for the span's attributes.
  std::optional<int64_t> raw_output_tokens;
  std::optional<int64_t> raw_total_tokens;
  std::string usage_json;  // The last usage object, as it came.
  // When there are any, `usage` is their sum, and not what the top level reports.
  std::vector<WireIteration> iterations;
  std::optional<NanoUsd> cost_reported;  // OpenRouter's usage.cost.

  std::string model;
  std::string response_id;
  std::string service_tier;  // That was served: "flex", "priority", "fast" ...
  std::string finish_raw;
  FinishReason finish = FinishReason::kNone;

  // Content is put together by Finish. Calls of the provider's own tools stand among tool_calls too:
  // their results are in the same answer.
  std::vector<WireToolCall> tool_calls;
  std::string text;       // Of choice 0, as far as captured.
  std::string reasoning;  // As far as shown and captured.
  // The answer as a message in the provider's own shape, to be read by normalize/messages.h:
  // {"role":"assistant","content":[...]}, a choice's message, Responses' output array, a Gemini
  // content.
  std::string message_json;

  int64_t output_bytes =
      0;  // Of text, arguments and reasoning seen, captured or not: for estimates.
  bool capture_cut = false;
  WireError error;  // Of an error body, or an error event inside a stream.
  // The API's own sign that the answer is complete came: message_stop, [DONE], response.completed,
  // finishReason; for a whole body: it parsed.
  bool terminal = false;
};

// One answer. Thread-safety: none; one thread at a time.
class ResponseReader {
 public:
  struct Options {
    // What was asked for. What came (events, Gemini's JSON array, a whole answer after all) is told by
    // the first byte; these two decide where that says nothing.
    bool streamed = false;
    bool sse = true;   // False: Gemini without alt=sse.
    int status = 200;  // 400 and above: the body is an error envelope.
    int64_t capture_bytes = 16 << 20;
    bool want_content = true;    // False: no text, calls or message_json: figures only.
    std::string_view cache_ttl;  // WireRequest::cache_ttl, for writes that name no ttl.
  };

  ResponseReader(WireApi api, Options options);
  ~ResponseReader();
  ResponseReader(ResponseReader&&) noexcept;

  // Bytes of the body as they arrive, content coding undone. Never fails.
  void Put(std::string_view bytes);
  // No more will come. Safe to call twice.
  void Finish();

  // Figures are valid at any time, content after Finish.
  const WireResult& result() const;
  WireResult Take();  // After Finish.

  // A byte of text, reasoning or tool arguments has arrived, or the answer is complete: what a caller
  // would call the first token. Not comments, pings, role-only chunks, response.created.
  bool meaningful() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Words of a provider -> ours. Unknown words are kOther.
FinishReason FinishOf(WireApi api, std::string_view word);
ErrorCategory CategoryOf(Dialect dialect, int status, std::string_view type, std::string_view code,
                         std::string_view message);

}  // namespace pitot
