#include "cmd/view/words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"

namespace pitot {

namespace json = boost::json;

std::string ShortCount(double n) {
  if (n < 10'000) return fmt::format("{:.0f}", n);
  if (n < 999'950) return fmt::format("{:.1f}k", n / 1e3);
  if (n < 999'950'000) return fmt::format("{:.1f}M", n / 1e6);
  return fmt::format("{:.1f}G", n / 1e9);
}

std::string CountText(const json::value& object, std::string_view name) {
  return FormatCount(static_cast<uint64_t>(Number(object, name)));
}

std::string UsdText(double usd) { return FormatUsd(std::llround(usd * 1e9)); }

std::string CostText(const json::value& object) {
  return IsNull(object, "cost_usd") ? "unpriced" : UsdText(Number(object, "cost_usd"));
}

std::string MoneyText(const json::value& object) {
  const bool more = Number(object, "unpriced_calls") > 0 && !IsNull(object, "cost_usd");
  return CostText(object) + (more ? "+" : "");
}

std::string DurationText(double ms) { return FormatDuration(std::llround(ms * 1e6)); }

std::string MsText(const json::value& object, std::string_view name) {
  return IsNull(object, name) ? "" : DurationText(Number(object, name));
}

std::string PercentText(double share) {
  if (!(share > 0)) return "";
  if (share < 0.0005) return "<0.1 %";
  return share >= 0.9995 ? "100 %" : fmt::format("{:.1f} %", share * 100);
}

std::string TimeText(std::string_view rfc3339) {
  // 2026-11-20T07:00:43.820000000Z
  std::string text(rfc3339.substr(0, 19));
  if (text.size() == 19) text[10] = ' ';
  return text;
}

std::string ClockText(std::string_view rfc3339) {
  const std::string time = TimeText(rfc3339);
  return time.size() > 5 ? time.substr(5) : time;
}

std::string Plural(double n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", FormatCount(static_cast<uint64_t>(n)), n == 1 ? one : many);
}

std::string JoinedText(const json::value& object, std::string_view name) {
  std::vector<std::string> words;
  for (const json::value& one : List(object, name)) {
    if (one.is_string()) words.push_back(CleanLine(std::string_view(one.get_string())));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

std::string WindowText(const json::value& answer) {
  const json::value& window = Part(answer, "window");
  return fmt::format("{} to {} UTC", TimeText(Text(window, "since")),
                     TimeText(Text(window, "until")));
}

std::string GroupText(std::string_view field, const json::value& value) {
  if (value.is_bool()) return value.get_bool() ? "yes" : "no";
  if (value.is_number()) return fmt::format("{:g}", value.to_number<double>());
  const std::string text =
      value.is_string() ? CleanLine(std::string_view(value.get_string())) : std::string();
  if (!text.empty()) return text;
  return field == "user_id" ? "anonymous" : fmt::format("(no {})", field);
}

const json::value& Part(const json::value& object, std::string_view name) {
  static const json::value kNone;
  const json::object* members = object.if_object();
  const json::value* value = members == nullptr ? nullptr : members->if_contains(name);
  return value == nullptr ? kNone : *value;
}

std::string Wrapped(std::string_view text, size_t indent, size_t width) {
  std::string out;
  std::string line;
  for (const std::string_view word : SplitText(text, ' ')) {
    if (!line.empty() && indent + TextWidth(line) + 1 + TextWidth(word) > width) {
      out += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  return out + std::string(indent, ' ') + line + "\n";
}

}  // namespace pitot
