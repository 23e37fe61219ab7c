// gateway/outage/refusal.h
//
// What a caller gets when the gateway itself says no: an error in the envelope of the provider whose
// API was called, so that its SDK raises what its programs already catch.
// Sources: error classes of @anthropic-ai/sdk 1.10.0, openai 6.49.0 and @google/genai 2.32.0; the
// providers' error references. Both Stainless SDKs obey `x-should-retry` before the status; Gemini's
// retries, where switched on, 408, 429, 500, 502, 503 and 504.
// Pure; any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"
#include "wire/api.h"

namespace pitot {

enum class RefusalReason : uint8_t {
  kBadRequest,          // A header or path of ours that cannot be read.
  kMissingAttribution,  // The key requires what the request does not say.
  kInputUnbounded,      // A hard budget cannot bound what the request may cost.
  kUnknownPrice,        // A hard budget cannot price the model.
  kBudgetExceeded,      // Nothing is left until the window ends or a person raises it.
  kBudgetTooSmall,      // The call alone may cost more than the whole limit.
  kBudgetUnavailable,   // The counter cannot be reached or written: hard budgets do not guess.
  kKeyMissing,          // No key, and one is needed.
  kKeyInvalid,          // Unknown, revoked or expired.
  kScopeDenied,         // The key may not use the gateway.
  kModelNotAllowed,     // Not one of the key's models.
  kCrossSite,           // A web page of somebody else, without a key.
  kLoopDetected,        // A runaway detector, enforced.
  kRunLimit,            // A run's cap of steps, depth or spend.
  kUpstreamUnknown,     // No such /up/NAME.
  kTooLarge,            // limits.gateway_request_bytes.
  kTooManyCalls,        // limits.gateway_calls.
  kShuttingDown,
  kUpstreamKeyMissing,  // The provider's key is configured, and not there.
  kUpstreamConnect,     // Name, connection or TLS failed: nothing was sent.
  kUpstreamReset,       // The connection ended before an answer.
  kUpstreamInvalid,     // The answer was not HTTP, or not what its headers say.
  kUpstreamTimeout,     // No first byte, or none for too long.
  kDeadline,            // The call's total time is over.
  kBreakerOpen,         // Every target's circuit breaker is open.
  kStopped,             // An operator, or a runbook, stopped this run, feature, user or key.
  kCallCap,             // The call may cost more than an operator's cap.
  kThrottled,           // More calls a minute than an operator allows.
  kEnd,
};

struct RefusalRow {
  RefusalReason reason;
  std::string_view code;  // In every envelope: "budget_exceeded".
  int status;
  bool final;                       // The same request again would be refused again: do not retry.
  std::string_view anthropic_type;  // error.type
  std::string_view openai_type;     // error.type
  std::string_view gemini_status;   // error.status, a google.rpc.Code
};

const RefusalRow& RowOf(RefusalReason reason);
inline std::string_view Name(RefusalReason reason) { return RowOf(reason).code; }

struct Refusal {
  RefusalReason reason = RefusalReason::kBadRequest;
  // For a person: what was refused, which limit, what to do. Also the only thing most programs log.
  std::string message;
  // For a program: members of the `pitot` object, which stands in `error` in every dialect, in this
  // order. Values are JSON text (QuoteJson for words). `code` is put there by itself.
  //   budget: budget, scope, counter, limit_usd, spent_usd, reserved_usd, needed_usd, resets_at
  //   loop:   detector, step;   run: limit, value;   attribution: missing
  //   upstream: upstream, model, targets (what was tried, and why it failed)
  std::vector<std::pair<std::string, std::string>> details;
  // Retry-After (rounded up to seconds) and retry-after-ms. None: no header.
  std::optional<std::chrono::milliseconds> retry_after;
  // x-should-retry. None: "false" when the row is final, else left to the client.
  std::optional<bool> should_retry;
  std::string
      request_id;  // Under the name the dialect uses; the trace id is a good one. May be empty.
  HttpHeaders headers;  // Further ones (x-pitot-*), as they are.
};

// The whole reply to a call of which nothing was answered yet.
HttpResponse Refuse(Dialect dialect, const Refusal& refusal);

// The same inside a stream whose head has gone out: one SSE event at which the SDK raises its error.
// Without `sse` (Gemini's JSON array) there is no place for one: empty, and the stream is to be cut.
std::string RefuseInStream(WireApi api, bool sse, const Refusal& refusal);

// The envelope alone. `members` is the text between the braces of the `pitot` object, may be empty.
std::string ErrorEnvelope(Dialect dialect, int status, std::string_view type, std::string_view code,
                          std::string_view message, std::string_view members,
                          std::string_view request_id);

// Whose conventions an API follows.
Dialect DialectOf(WireApi api, Dialect otherwise);

}  // namespace pitot
