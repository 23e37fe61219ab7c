#include "decode/instant.h"

#include <charconv>
#include <chrono>
#include <cmath>

namespace pitot {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Takes `digits` digits off the front.
bool TakeNumber(std::string_view& text, size_t digits, int& out) {
  if (text.size() < digits) return false;
  const char* end = text.data() + digits;
  const auto result = std::from_chars(text.data(), end, out);
  if (result.ec != std::errc() || result.ptr != end || text[0] == '-') return false;
  text.remove_prefix(digits);
  return true;
}

bool TakeAny(std::string_view& text, std::string_view chars) {
  if (text.empty() || chars.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// ".123" to nanoseconds; absent is zero.
bool TakeFraction(std::string_view& text, int64_t& nanos) {
  nanos = 0;
  if (!TakeAny(text, ".,")) return true;
  size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits) {
    if (digits < 9) nanos = nanos * 10 + (text[digits] - '0');
  }
  for (size_t i = digits; i < 9; ++i) nanos *= 10;
  text.remove_prefix(digits);
  return digits > 0;
}

// "Z", "+02:00", "-0530" or nothing, to seconds east of UTC.
bool TakeZone(std::string_view& text, int64_t& seconds) {
  seconds = 0;
  if (text.empty() || TakeAny(text, "Zz")) return text.empty();
  const bool west = text[0] == '-';
  int hours = 0;
  int minutes = 0;
  if (!TakeAny(text, "+-") || !TakeNumber(text, 2, hours)) return false;
  TakeAny(text, ":");
  if (!text.empty() && !TakeNumber(text, 2, minutes)) return false;
  if (!text.empty() || hours > 23 || minutes > 59) return false;
  seconds = (hours * 60 + minutes) * 60 * (west ? -1 : 1);
  return true;
}

}  // namespace

std::optional<int64_t> ParseRfc3339(std::string_view text) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  int64_t nanos = 0;
  int64_t zone = 0;
  const bool form = TakeNumber(text, 4, year) && TakeAny(text, "-") && TakeNumber(text, 2, month) &&
                    TakeAny(text, "-") && TakeNumber(text, 2, day) && TakeAny(text, "Tt ") &&
                    TakeNumber(text, 2, hour) && TakeAny(text, ":") &&
                    TakeNumber(text, 2, minute) && TakeAny(text, ":") &&
                    TakeNumber(text, 2, second) && TakeFraction(text, nanos) &&
                    TakeZone(text, zone);
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  // Second 60 is a leap second: the first one of the next minute, as Unix time has it.
  if (!form || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - zone;
  int64_t out = 0;
  if (__builtin_mul_overflow(seconds, kNanosPerSecond, &out) ||
      __builtin_add_overflow(out, nanos, &out)) {
    return std::nullopt;
  }
  return out;
}

std::optional<int64_t> UnixNanosOf(int64_t number) {
  if (number < 0) return std::nullopt;
  int64_t scale = 1;
  if (number < 100'000'000'000) {
    scale = kNanosPerSecond;
  } else if (number < 100'000'000'000'000) {
    scale = 1'000'000;
  } else if (number < 100'000'000'000'000'000) {
    scale = 1000;
  }
  int64_t out = 0;
  if (__builtin_mul_overflow(number, scale, &out)) return std::nullopt;
  return out;
}

std::optional<int64_t> UnixNanosOf(double number) {
  if (!(number >= 0) || number >= 9.2e18) return std::nullopt;
  double micros_per_unit = 1e-3;
  if (number < 1e11) {
    micros_per_unit = 1e6;
  } else if (number < 1e14) {
    micros_per_unit = 1e3;
  } else if (number < 1e17) {
    micros_per_unit = 1;
  }
  // The whole part apart, so that multiplying rounds only the fraction.
  const double whole = std::floor(number);
  const std::optional<int64_t> nanos = UnixNanosOf(static_cast<int64_t>(whole));
  if (!nanos) return std::nullopt;
  const int64_t micros = std::llround((number - whole) * micros_per_unit);
  int64_t out = 0;
  if (__builtin_add_overflow(*nanos, micros * 1000, &out)) return std::nullopt;
  return out;
}

}  // namespace pitot
