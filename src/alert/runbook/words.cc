#include "alert/runbook/words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

#include "base/text.h"
#include "query/filter/lexer.h"

namespace pitot {

std::string PercentWords(double share) {
  const double percent = share * 100;
  if (percent >= 10 || percent <= 0) return fmt::format("{:.0f} %", std::max(percent, 0.0));
  if (percent < 0.01) return "under 0.01 %";
  std::string digits = fmt::format("{:.{}f}", percent, percent < 0.1 ? 2 : 1);
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits + " %";
}

std::string TimesText(double ratio) {
  return ratio >= 9.95 ? fmt::format("{:.0f}x", ratio) : fmt::format("{:.1f}x", ratio);
}

std::string SecondsText(double ns) {
  const auto whole = static_cast<int64_t>(std::clamp(ns, 0.0, 9e18));
  if (whole >= kNanosPerSecond && whole < kNanosPerMinute) {
    const double seconds = ns / kNanosPerSecond;
    return fmt::format("{:.{}f} s", seconds, seconds < 9.95 ? 1 : 0);
  }
  if (whole >= kNanosPerMilli && whole < kNanosPerSecond) {
    return fmt::format("{:.0f} ms", ns / kNanosPerMilli);
  }
  return FormatDuration(whole);
}

std::string SpanText(int64_t ns) {
  if (ns % (60 * kNanosPerMinute) == 0) return CountWords(ns / (60 * kNanosPerMinute), "hour");
  if (ns % kNanosPerMinute == 0) return CountWords(ns / kNanosPerMinute, "minute");
  return FormatDuration(ns);
}

std::string DollarsText(double usd) {
  const double whole = std::abs(usd);
  const std::string_view sign = usd < 0 ? "-" : "";
  if (whole >= 100) {
    return fmt::format("{}${}", sign, FormatCount(static_cast<uint64_t>(std::llround(whole))));
  }
  if (whole >= 0.995 || whole == 0) return fmt::format("{}${:.2f}", sign, whole);
  return fmt::format("{}{}", sign, FormatUsd(std::llround(whole * 1e4) * 100'000));
}

std::string FigureText(double value) {
  if (value >= 99.5 || value == std::floor(value)) {
    return FormatCount(static_cast<uint64_t>(std::llround(std::max(value, 0.0))));
  }
  return fmt::format("{:.{}f}", value, value < 9.95 ? 1 : 0);
}

std::string CountWords(int64_t n, std::string_view noun) {
  return fmt::format("{} {}{}", FormatCount(static_cast<uint64_t>(std::max<int64_t>(n, 0))), noun,
                     n == 1 ? "" : "s");
}

std::string ClockWords(UnixNanos at, UnixNanos now) {
  const std::string text = FormatTime(at);
  const std::string clock = text.substr(11, 5);
  if (text.substr(0, 10) == FormatTime(now).substr(0, 10)) return clock + " UTC";
  return fmt::format("{} {} UTC", text.substr(0, 10), clock);
}

std::string AgoText(UnixNanos at, UnixNanos now) {
  const int64_t passed = now - at;
  if (passed < kNanosPerMinute) return "now";
  if (passed < 120 * kNanosPerMinute)
    return CountWords(passed / kNanosPerMinute, "minute") + " ago";
  if (passed < 2 * kNanosPerDay) return fmt::format("{} h ago", passed / (60 * kNanosPerMinute));
  return fmt::format("{} days ago", passed / kNanosPerDay);
}

std::string ShortTrace(std::string_view hex) { return std::string(hex.substr(0, 8)); }

std::string ListText(const std::vector<std::string>& items, size_t most) {
  std::string out;
  const size_t shown = items.size() <= most + 1 ? items.size() : most;
  for (size_t i = 0; i < shown; ++i) {
    const bool last = i + 1 == items.size();
    out += i == 0 ? "" : last ? " and " : ", ";
    out += items[i];
  }
  if (shown < items.size()) out += fmt::format(" and {} others", items.size() - shown);
  return out;
}

std::string PromptText(std::string_view name, std::string_view version) {
  if (version.empty()) return fmt::format("{} without a version", name);
  const bool number = std::isdigit(static_cast<unsigned char>(version.front())) != 0 &&
                      version.find('-') == std::string_view::npos;
  return fmt::format("{} {}{}", name, number ? "v" : "", version);
}

std::string ModelText(std::string_view provider, std::string_view model) {
  if (model.empty()) return provider.empty() ? "an unknown model" : std::string(provider);
  return provider.empty() ? std::string(model) : fmt::format("{} {}", provider, model);
}

std::string FilterValue(std::string_view value) {
  constexpr std::array<std::string_view, 5> kKeywords = {"and", "or", "not", "in", "null"};
  const bool keyword =
      std::ranges::any_of(kKeywords, [&](auto word) { return EqualsIgnoreCase(word, value); });
  const bool bare = !value.empty() && !keyword && std::ranges::all_of(value, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
           std::string_view("_.:/@-").find(c) != std::string_view::npos;
  });
  return bare ? std::string(value) : QuoteFilterText(value);
}

}  // namespace pitot
