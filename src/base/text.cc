#include "base/text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>

#include "base/clock.h"
#include "base/status.h"

namespace pitot {
namespace {

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

constexpr Unit kByteUnits[] = {
    {"", 1},          {"B", 1},         {"KB", 1'000},    {"MB", 1'000'000}, {"GB", 1'000'000'000},
    {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1LL << 40}};

constexpr Unit kTimeUnits[] = {{"ns", 1},
                               {"us", 1'000},
                               {"ms", kNanosPerMilli},
                               {"s", kNanosPerSecond},
                               {"m", kNanosPerMinute},
                               {"h", 60 * kNanosPerMinute},
                               {"d", kNanosPerDay}};

absl::StatusOr<int64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units,
                                      int64_t bare, std::string_view what) {
  const std::string_view trimmed = TrimText(text);
  double number = 0;
  const auto [end, error] =
      std::from_chars(trimmed.data(), trimmed.data() + trimmed.size(), number);
  const std::string_view unit = TrimText(trimmed.substr(static_cast<size_t>(end - trimmed.data())));
  if (error == std::errc() && number >= 0) {
    const auto row = std::ranges::find(units, unit, &Unit::name);
    const bool known = unit.empty() || row != units.end();
    const double value = number * static_cast<double>(unit.empty() ? bare
                                                      : known      ? row->factor
                                                                   : 1);
    if (known && value < 9.2e18) return static_cast<int64_t>(std::llround(value));
  }
  std::string names;
  for (const Unit& row : units) {
    if (!row.name.empty()) names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return InvalidArgument("\"{}\" is not {}: a number and one of {}", text, what, names);
}

}  // namespace

std::string_view NearestName(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : known) {
    // A distance is at least the difference of lengths: what somebody sends may be very long.
    const size_t apart = std::max(word.size(), name.size()) - std::min(word.size(), name.size());
    if (apart >= best_distance) continue;
    const size_t distance = EditDistance(word, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

std::string DidYouMean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view nearest = NearestName(word, known);
  return nearest.empty() ? "" : fmt::format(" (did you mean \"{}\"?)", nearest);
}

absl::StatusOr<int64_t> ParseBytes(std::string_view text) {
  return ParseWithUnit(text, kByteUnits, 1, "a size");
}

absl::StatusOr<int64_t> ParseDurationNs(std::string_view text, int64_t bare_unit_ns) {
  return ParseWithUnit(text, kTimeUnits, bare_unit_ns, "a duration");
}

std::string FormatBytes(uint64_t bytes) {
  constexpr std::string_view kNames[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kNames)) {
    value /= 1024;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format(fmt::runtime(value < 10 ? "{:.1f} {}" : "{:.0f} {}"), value, kNames[unit]);
}

std::string FormatDuration(int64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 0) return "-" + FormatDuration(-ns);
  if (ns < 1'000) return fmt::format("{} ns", ns);
  if (ns < kNanosPerMilli) return fmt::format("{:.0f} us", value / 1e3);
  if (ns < 100 * kNanosPerMilli) return fmt::format("{:.1f} ms", value / 1e6);
  if (ns < kNanosPerSecond) return fmt::format("{:.0f} ms", value / 1e6);
  if (ns < 60 * kNanosPerSecond) return fmt::format("{:.2f} s", value / 1e9);
  const int64_t seconds = ns / kNanosPerSecond;
  if (seconds < 3600) return fmt::format("{}m {:02}s", seconds / 60, seconds % 60);
  if (seconds < 86'400) return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {:02}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string FormatUsd(int64_t nano_usd) {
  if (nano_usd == 0) return "$0";
  if (nano_usd < 0) return "-" + FormatUsd(-nano_usd);
  const double usd = static_cast<double>(nano_usd) / 1e9;
  if (usd >= 1) return fmt::format("${:.2f}", usd);
  // Below a dollar three significant digits say more than cents do.
  const int digits = std::min(9, 2 - static_cast<int>(std::floor(std::log10(usd))));
  std::string text = fmt::format("${:.{}f}", usd, digits);
  while (text.back() == '0') text.pop_back();
  return text;
}

std::string FormatCount(uint64_t n) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

namespace {

// "2026-11-20T07:00:43"; what is left of the second in `rest_ns`.
std::string FormatSeconds(int64_t unix_ns, int64_t& rest_ns) {
  int64_t seconds = unix_ns / kNanosPerSecond;
  rest_ns = unix_ns % kNanosPerSecond;
  if (rest_ns < 0) {
    rest_ns += kNanosPerSecond;
    --seconds;
  }
  const time_t whole = seconds;
  struct tm parts {};
  gmtime_r(&whole, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

std::string FormatTime(int64_t unix_ns) {
  int64_t rest_ns = 0;
  const std::string seconds = FormatSeconds(unix_ns, rest_ns);
  return fmt::format("{}.{:03}Z", seconds, rest_ns / kNanosPerMilli);
}

std::string FormatTimeNanos(int64_t unix_ns) {
  int64_t rest_ns = 0;
  const std::string seconds = FormatSeconds(unix_ns, rest_ns);
  return fmt::format("{}.{:09}Z", seconds, rest_ns);
}

std::vector<std::string_view> SplitText(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool EqualsIgnoreCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view TrimText(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace pitot
