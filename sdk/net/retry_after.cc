#include "sdk/net/retry_after.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "sdk/base/text.h"
#include "sdk/net/url.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> ReadNumber(std::string_view text, double unit_ms) {
  text = TrimBlanks(text);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) {
    return std::nullopt;
  }
  constexpr double kLongestMs = 1e12;
  return milliseconds(static_cast<int64_t>(std::ceil(std::min(value * unit_ms, kLongestMs))));
}

std::optional<int> Digits(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text[0] == '-') {
    return std::nullopt;
  }
  return value;
}

}  // namespace

std::optional<int64_t> ParseHttpDate(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  text = TrimBlanks(text);
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' ||
      text[16] != ' ' || text[19] != ':' || text[22] != ':' || text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const size_t month = kMonths.find(text.substr(8, 3));
  const std::optional<int> day = Digits(text.substr(5, 2));
  const std::optional<int> year = Digits(text.substr(12, 4));
  const std::optional<int> hour = Digits(text.substr(17, 2));
  const std::optional<int> minute = Digits(text.substr(20, 2));
  const std::optional<int> second = Digits(text.substr(23, 2));
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute ||
      !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86'400 + *hour * 3'600 + *minute * 60 + *second;
}

RetryHints ReadRetryHints(const HeaderList& headers, int64_t now_s) {
  RetryHints hints;
  std::optional<milliseconds> in_ms, in_s;
  for (const auto& [name, value] : headers) {
    if (EqualNoCase(name, "x-should-retry")) {
      if (TrimBlanks(value) == "true") hints.should_retry = true;
      if (TrimBlanks(value) == "false") hints.should_retry = false;
    } else if (EqualNoCase(name, "retry-after-ms")) {
      in_ms = ReadNumber(value, 1);
    } else if (EqualNoCase(name, "retry-after")) {
      in_s = ReadNumber(value, 1000);
      if (const std::optional<int64_t> date = ParseHttpDate(value); !in_s && date) {
        in_s = milliseconds(std::max<int64_t>(*date - now_s, 0) * 1000);
      }
    }
  }
  hints.after = in_ms ? in_ms : in_s;
  return hints;
}

milliseconds Backoff(milliseconds first, milliseconds max, int attempt, uint64_t random) {
  double full = static_cast<double>(first.count());
  for (int i = 1; i < attempt && full < static_cast<double>(max.count()); ++i) full *= 2;
  full = std::min(full, static_cast<double>(max.count()));
  const double share = static_cast<double>(random >> 11) * 0x1.0p-53;
  return milliseconds(static_cast<int64_t>(full * (1 - 0.25 * share)));
}

}  // namespace sdk
}  // namespace pitot
