// decode/instant.h
//
// Points in time as people and programs write them. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace pitot {

// RFC 3339 (a space may stand for T, lower case is fine, no zone means UTC, digits beyond
// nanoseconds are cut) to Unix nanoseconds; empty when it is none or beyond 64 bits.
std::optional<int64_t> ParseRfc3339(std::string_view text);

// A Unix time whose magnitude tells its unit: below 1e11 seconds (until the year 5138), below 1e14
// milliseconds, below 1e17 microseconds, else nanoseconds. Empty when negative.
std::optional<int64_t> UnixNanosOf(int64_t number);
// The same; rounded to a microsecond, as fine as a double holds today's seconds.
std::optional<int64_t> UnixNanosOf(double number);

}  // namespace pitot
