#include "cmd/view/alert_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "base/text.h"
#include "cmd/client.h"
#include "cmd/view/words.h"
#include "decode/instant.h"

namespace pitot {

namespace json = boost::json;

std::string UnitText(double value, std::string_view unit) {
  if (unit == "ms") return DurationText(value);
  if (unit == "usd") return UsdText(value);
  if (unit == "ratio") return fmt::format("{:.3g} %", value * 100);
  if (unit == "x") return fmt::format("{:.3g}x", value);
  return unit.empty() ? fmt::format("{:.6g}", value) : fmt::format("{:.6g} {}", value, unit);
}

std::string SpanOfTime(std::string_view from, std::string_view to) {
  const auto begin = ParseRfc3339(from);
  const auto end = ParseRfc3339(to);
  if (!begin || !end) return "";
  // To the second: what evaluations can tell.
  const int64_t seconds = std::max<int64_t>(*end - *begin, 0) / 1'000'000'000;
  if (seconds < 60) return fmt::format("{}s", seconds);
  if (seconds < 3600) return fmt::format("{}m", seconds / 60);
  if (seconds < 86'400) return fmt::format("{}h {:02}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string LabelsText(const json::value& labels, std::string_view hidden) {
  const json::object* members = labels.if_object();
  if (members == nullptr) return "";
  const std::vector<std::string_view> without = SplitText(hidden, ' ');
  std::string out;
  for (const auto& [name, value] : *members) {
    if (std::ranges::find(without, std::string_view(name)) != without.end()) continue;
    out += (out.empty() ? "" : " ") + CleanLine(std::string_view(name)) + "=" + Text(labels, name);
  }
  return out;
}

std::string ShortId(std::string_view fingerprint) { return CleanLine(fingerprint.substr(0, 8)); }

Style SeverityStyle(std::string_view severity) {
  if (severity == "page" || severity == "critical") return Style::kRed;
  return severity == "info" ? Style::kDim : Style::kYellow;
}

}  // namespace pitot
