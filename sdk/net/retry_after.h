// sdk/net/retry_after.h
//
// What an answer says about asking again. Sources: RFC 9110, 10.2.3 and 5.6.7; the providers' own
// clients (retry-after-ms, x-should-retry). Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sdk/net/http_client.h"

namespace pitot {
inline namespace sdk {

struct RetryHints {
  std::optional<bool> should_retry;                // x-should-retry
  std::optional<std::chrono::milliseconds> after;  // retry-after-ms, else Retry-After.
};

// `now_s`: Unix seconds, for a Retry-After that is a date. What cannot be read is as if absent.
RetryHints ReadRetryHints(const HeaderList& headers, int64_t now_s);

// "Sun, 06 Nov 1994 08:49:37 GMT" as Unix seconds: the one form of a date senders may still use.
std::optional<int64_t> ParseHttpDate(std::string_view text);

// The wait before attempt `attempt` (1: the first retry): doubled each time from `first` up to `max`,
// less up to a quarter at random, so that calls that failed together do not come back together.
// `random`: any 64 bits.
std::chrono::milliseconds Backoff(std::chrono::milliseconds first, std::chrono::milliseconds max,
                                  int attempt, uint64_t random);

}  // namespace sdk
}  // namespace pitot
