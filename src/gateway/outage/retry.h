// gateway/outage/retry.h
//
// Whether a failed attempt may be made again, and when: only where the provider cannot have done the
// work, or says that it did not. Clients retry too; their attempts times ours stay under a cap.
// Sources: RFC 9110, 9.2.2 and 10.2.3; openai 6.49.0 and @anthropic-ai/sdk 1.10.0 (retry-after-ms,
// x-should-retry, x-stainless-retry-count).
// Pure: time and randomness are arguments.
#pragma once

#include <absl/status/status.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "http/headers.h"

namespace pitot {

struct RetryOptions {
  // Attempts at one target, the first included. 1: never retry.
  int attempts = 3;
  // Calls at one target for one call of the program, its own retries counted (it says how many it has
  // made in x-stainless-retry-count; each is taken for `attempts` of ours). Beyond it the client's
  // retries are passed on one to one. Both SDKs make three attempts; three times three would be nine
  // calls at a provider that is down.
  int attempts_with_client = 4;
  // The wait doubles from `backoff` up to `backoff_max`; up to a quarter of it is taken off at random.
  std::chrono::milliseconds backoff{250};
  std::chrono::milliseconds backoff_max{8'000};
  // A provider that asks for more is not waited for: its answer goes to the client, who is told the
  // same.
  std::chrono::milliseconds retry_after_max{10'000};

  absl::Status Validate() const;
};

// What the head of an answer says about trying again.
struct RetryHints {
  std::optional<bool> should_retry;                      // x-should-retry
  std::optional<std::chrono::milliseconds> retry_after;  // retry-after-ms, else Retry-After.
};
// `now` for a Retry-After that is a date. What cannot be read is as if absent.
RetryHints ReadRetryHints(const HttpHeaders& answer, UnixNanos now);

// x-stainless-retry-count; 0 without one or when it is not a number. At most 100.
int ClientRetries(const HttpHeaders& request);

// How one attempt failed.
struct AttemptOutcome {
  // No answer came (status 0): the connection failed. `nothing_sent`: before any byte went out.
  bool nothing_sent = false;
  bool timed_out = false;
  // Of the answer's head; 0: none came. Below 400: the answer began well and then failed (it broke off,
  // or an error event stood in it before anything meaningful), after work that may have to be paid.
  int status = 0;
  RetryHints hints;
  std::string_view error_type;  // Of the answer's envelope: WireError.
  std::string_view error_code;
  bool idempotent = false;  // GET, HEAD, OPTIONS, or a path that only reads (count_tokens, models).
  bool forwarded = false;   // Bytes of this answer went to the client: never again.
  bool client_gone = false;
  // Until the call's own deadline. None: no deadline.
  std::optional<std::chrono::milliseconds> time_left;
};

struct RetryDecision {
  bool retry = false;
  std::chrono::milliseconds wait{0};
  std::string_view why;  // In words, for the span; static.
};

// `attempt`: how many were made at this target, this one included (>= 1). `random`: any 64 bits.
RetryDecision DecideRetry(const RetryOptions& options, const AttemptOutcome& outcome, int attempt,
                          int client_retries, uint64_t random);

// Whether another target may answer in its place: the failure is the provider's (connection, time,
// 429, 5xx, its quota), not the request's, and nothing of it was forwarded.
bool MayFallBack(const AttemptOutcome& outcome);

// The provider says that its owner's money is used up: no retry will help, another target may.
bool IsQuotaError(std::string_view error_type, std::string_view error_code);

}  // namespace pitot
