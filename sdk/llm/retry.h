// sdk/llm/retry.h
//
// Whether a failed attempt at a provider is made again, and when. Pure: time and randomness are
// arguments.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "pitot/llm_client.h"
#include "sdk/net/retry_after.h"

namespace pitot {
inline namespace sdk {

// How an attempt failed.
struct AttemptFailure {
  HttpOutcome::Error error = HttpOutcome::Error::kNone;
  int status = 0;                                 // 0: no answer came.
  bool content_came = false;                      // Some of the answer's own content.
  bool delivered = false;                         // Some of it was handed to the caller.
  ErrorCategory category = ErrorCategory::kNone;  // Of the provider's envelope.
  RetryHints hints;
};

struct RetryDecision {
  bool retry = false;
  std::chrono::milliseconds wait{0};
  std::string why;  // For the caller, when a retry was in order but is not made; else empty.
};

// `attempt`: how many were made (>= 1). `left`: of the whole call's time. `random`: any 64 bits.
RetryDecision DecideRetry(const LlmClientOptions& options, const AttemptFailure& failure,
                          int attempt, std::chrono::milliseconds left, uint64_t random);

}  // namespace sdk
}  // namespace pitot
