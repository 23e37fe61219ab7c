// base/text.h
//
// Small helpers over words people type and read: nearest known name, sizes and durations with
// units.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

// The known name nearest to `word` by edit distance, or empty when none is near enough to be what
// was meant (more than a third of the letters differ).
std::string_view NearestName(std::string_view word, std::span<const std::string_view> known);

// " (did you mean \"x\"?)", or empty.
std::string DidYouMean(std::string_view word, std::span<const std::string_view> known);

// "4096", "64KiB", "8 GiB", "1.5MB" in bytes. kInvalidArgument with the accepted units otherwise.
absl::StatusOr<int64_t> ParseBytes(std::string_view text);
// "500ms", "15m", "24h", "7d", "2s"; a bare number is in `bare_unit_ns`. Nanoseconds.
absl::StatusOr<int64_t> ParseDurationNs(std::string_view text, int64_t bare_unit_ns);

// 1536 -> "1.5 KiB".
std::string FormatBytes(uint64_t bytes);
// 1234567890 ns -> "1.23 s"; "850 us", "12.3 ms", "2m 05s", "3h 10m".
std::string FormatDuration(int64_t ns);
// Nano-USD as dollars with as many digits as the figure needs: "$0.0042", "$12.50", "$0".
std::string FormatUsd(int64_t nano_usd);
// 1234567 -> "1,234,567".
std::string FormatCount(uint64_t n);
// RFC 3339 in UTC with milliseconds: "2026-11-20T07:00:43.820Z".
std::string FormatTime(int64_t unix_ns);
// The same to the nanosecond, as the API shows times: "2026-11-20T07:00:43.820000000Z".
std::string FormatTimeNanos(int64_t unix_ns);

std::vector<std::string_view> SplitText(std::string_view text, char separator);
// Without regard to ASCII case.
bool EqualsIgnoreCase(std::string_view a, std::string_view b);
std::string_view TrimText(std::string_view text);

}  // namespace pitot
