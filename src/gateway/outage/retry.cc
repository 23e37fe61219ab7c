#include "gateway/outage/retry.h"

#include <absl/time/time.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "base/status.h"
#include "base/text.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

// A number of `unit` milliseconds, whole or with a fraction, as the SDKs read it.
std::optional<milliseconds> ReadNumber(std::string_view text, double unit) {
  text = TrimOws(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!(value >= 0)) return std::nullopt;
  constexpr double kLongestMs = 1e12;
  return milliseconds(static_cast<int64_t>(std::ceil(std::min(value * unit, kLongestMs))));
}

std::optional<milliseconds> ReadDate(std::string_view text, UnixNanos now) {
  absl::Time time;
  // The one form that senders may still use (RFC 9110, 5.6.7).
  if (!absl::ParseTime("%a, %d %b %Y %H:%M:%S GMT", std::string(TrimOws(text)), &time, nullptr)) {
    return std::nullopt;
  }
  return milliseconds(std::max<int64_t>(absl::ToUnixMillis(time) - now / kNanosPerMilli, 0));
}

bool IsServerFault(int status) { return status >= 500 && status <= 599; }

// The provider did not do the work, or says that it may be asked again.
std::string_view WhyNot(const AttemptOutcome& outcome) {
  if (outcome.client_gone) return "the caller is gone";
  if (outcome.forwarded) return "part of the answer went to the caller";
  if (outcome.status == 0) {
    if (outcome.nothing_sent || outcome.idempotent) return "";
    return "the request may have been done: it was sent, and no answer came";
  }
  if (outcome.status < 400 && !outcome.idempotent) {
    return "the request may have been done: its answer had begun";
  }
  if (IsQuotaError(outcome.error_type, outcome.error_code)) {
    return "the provider's quota is used up";
  }
  if (outcome.hints.should_retry == false) return "the provider says not to";
  if (outcome.hints.should_retry == true) return "";
  if (outcome.status < 400) return "";
  if (outcome.status == 408 || outcome.status == 429 || IsServerFault(outcome.status)) return "";
  return "the answer is final";
}

milliseconds Backoff(const RetryOptions& options, int attempt, uint64_t random) {
  const int doublings = std::min(attempt - 1, 20);
  const int64_t full =
      std::min<int64_t>(options.backoff.count() << doublings, options.backoff_max.count());
  // Up to a quarter off, so that calls that failed together do not return together.
  const double share = static_cast<double>(random >> 11) * 0x1.0p-53;
  return milliseconds(full - static_cast<int64_t>(static_cast<double>(full) * 0.25 * share));
}

}  // namespace

absl::Status RetryOptions::Validate() const {
  if (attempts < 1 || attempts > 10) {
    return InvalidArgument("retries.attempts is {}; it must be 1 (never retry) to 10", attempts);
  }
  if (attempts_with_client < attempts || attempts_with_client > 30) {
    return InvalidArgument(
        "retries.attempts_with_client is {}; it must be retries.attempts ({}) to 30",
        attempts_with_client, attempts);
  }
  if (backoff < milliseconds(1) || backoff > milliseconds(60'000)) {
    return InvalidArgument("retries.backoff is {} ms; it must be 1 ms to 60 s", backoff.count());
  }
  if (backoff_max < backoff || backoff_max > milliseconds(600'000)) {
    return InvalidArgument("retries.backoff_max is {} ms; it must be retries.backoff to 600 s",
                           backoff_max.count());
  }
  if (retry_after_max < milliseconds(0) || retry_after_max > milliseconds(600'000)) {
    return InvalidArgument("retries.retry_after_max is {} ms; it must be 0 to 600 s",
                           retry_after_max.count());
  }
  return absl::OkStatus();
}

RetryHints ReadRetryHints(const HttpHeaders& answer, UnixNanos now) {
  RetryHints hints;
  const std::string_view should = TrimOws(answer.Get("x-should-retry"));
  if (should == "true") hints.should_retry = true;
  if (should == "false") hints.should_retry = false;
  hints.retry_after = ReadNumber(answer.Get("retry-after-ms"), 1);
  if (!hints.retry_after.has_value()) {
    hints.retry_after = ReadNumber(answer.Get("retry-after"), 1000);
  }
  if (!hints.retry_after.has_value()) {
    hints.retry_after = ReadDate(answer.Get("retry-after"), now);
  }
  return hints;
}

int ClientRetries(const HttpHeaders& request) {
  const std::string_view text = TrimOws(request.Get("x-stainless-retry-count"));
  int count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) return 0;
  return std::clamp(count, 0, 100);
}

bool IsQuotaError(std::string_view error_type, std::string_view error_code) {
  // Anthropic's monthly cap and billing errors; OpenAI's quota and billing codes.
  constexpr std::string_view kWords[] = {
      "enforced_spend_limit_reached", "billing_error",      "insufficient_quota",
      "credit_balance_exhausted",     "billing_not_active", "billing_hard_limit_reached"};
  return std::any_of(std::begin(kWords), std::end(kWords), [&](std::string_view word) {
    return word == error_type || word == error_code;
  });
}

RetryDecision DecideRetry(const RetryOptions& options, const AttemptOutcome& outcome, int attempt,
                          int client_retries, uint64_t random) {
  if (const std::string_view why = WhyNot(outcome); !why.empty()) return {.why = why};
  if (attempt >= options.attempts) return {.why = "no attempts left"};
  // Each attempt that the client made before may have been as many of ours as we make.
  if (client_retries * options.attempts + attempt >= options.attempts_with_client) {
    return {.why = "no attempts left, the client's own counted"};
  }
  milliseconds wait = Backoff(options, attempt, random);
  if (outcome.hints.retry_after.has_value()) {
    if (*outcome.hints.retry_after > options.retry_after_max) {
      return {.why = "the provider asks for a longer wait than retries.retry_after_max"};
    }
    wait = *outcome.hints.retry_after;
  }
  if (outcome.time_left.has_value() && wait >= *outcome.time_left) {
    return {.why = "the call's deadline comes first"};
  }
  return {
      .retry = true,
      .wait = wait,
      .why = outcome.status < 400 ? "the connection failed" : "the provider may be asked again"};
}

bool MayFallBack(const AttemptOutcome& outcome) {
  if (outcome.client_gone || outcome.forwarded) return false;
  if (outcome.status < 400 || IsServerFault(outcome.status)) return true;
  if (outcome.status == 402 || outcome.status == 408 || outcome.status == 429) return true;
  return IsQuotaError(outcome.error_type, outcome.error_code);
}

}  // namespace pitot
