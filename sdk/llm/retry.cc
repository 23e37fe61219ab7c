#include "sdk/llm/retry.h"

namespace pitot {
inline namespace sdk {
namespace {

using Error = HttpOutcome::Error;

bool NetworkMayMend(Error error) {
  return error == Error::kResolve || error == Error::kConnect || error == Error::kClosed ||
         error == Error::kTimeout;
}

// An error event in a stream that began well.
bool EventMayMend(ErrorCategory category) {
  return category == ErrorCategory::kOverloaded || category == ErrorCategory::kRateLimit ||
         category == ErrorCategory::kInternal || category == ErrorCategory::kTimeout ||
         category == ErrorCategory::kNetwork;
}

bool MayMend(const AttemptFailure& failure) {
  if (failure.content_came || failure.delivered) return false;
  // Waiting does not bring back credit that is spent, whatever the status says.
  if (failure.category == ErrorCategory::kQuota) return false;
  if (failure.error != Error::kNone) return NetworkMayMend(failure.error);
  if (failure.status / 100 == 2) return EventMayMend(failure.category);
  if (failure.hints.should_retry) return *failure.hints.should_retry;
  return failure.status == 408 || failure.status == 409 || failure.status == 429 ||
         failure.status >= 500;
}

}  // namespace

RetryDecision DecideRetry(const LlmClientOptions& options, const AttemptFailure& failure,
                          int attempt, std::chrono::milliseconds left, uint64_t random) {
  if (!MayMend(failure) || attempt > options.retries_max) return {};
  const auto seconds = [](std::chrono::milliseconds time) {
    return std::to_string((time.count() + 999) / 1000) + " s";
  };
  std::chrono::milliseconds wait =
      Backoff(options.backoff_first, options.backoff_max, attempt, random);
  if (failure.hints.after) {
    wait = *failure.hints.after;
    if (wait > options.retry_after_max) {
      return {.why = "not tried again: it asks to wait " + seconds(wait) + ", the limit is " +
                     seconds(options.retry_after_max)};
    }
  }
  if (wait >= left) {
    return {.why = "not tried again: " + seconds(wait) + " to wait, " + seconds(left) +
                   " left of the call's time"};
  }
  return {.retry = true, .wait = wait};
}

}  // namespace sdk
}  // namespace pitot
