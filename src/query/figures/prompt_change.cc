#include "query/figures/prompt_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <numeric>

#include "base/text.h"
#include "measure/argument_drift.h"
#include "measure/proportions.h"

namespace pitot {
namespace {

constexpr int64_t kCallsMin = kDriftCallsMin;
constexpr double kSignificance = 0.01;
// Differences below it are of no consequence, however certain.
constexpr int kMarginPercentMin = 2;

// Shares are compared as fractions: 0.15 - 0.1 is less than 0.05 in binary ones. Fits: 100 times the
// square of all calls ever.
using Wide = __int128;

// (after - before) * 100 * (trials of both).
Wide RisePercent(const Proportion& before, const Proportion& after) {
  return 100 * (Wide{after.hits} * before.trials - Wide{before.hits} * after.trials);
}
Wide OfBoth(int64_t times, const Proportion& before, const Proportion& after) {
  return Wide{times} * before.trials * after.trials;
}

// "2 %", "1.5 %", "0.04 %".
std::string Percent(double share) {
  const double percent = share * 100;
  if (percent >= 10 || percent == 0) return fmt::format("{:.0f} %", percent);
  std::string digits = fmt::format("{:.{}f}", percent, percent < 0.1 ? 2 : 1);
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits.empty() || digits == "0" ? "under 0.01 %" : digits + " %";
}

// "planner v4": versions are often bare numbers.
std::string PromptAt(const PromptChange& change, const std::string& version) {
  const bool number = std::isdigit(static_cast<unsigned char>(version.front())) != 0;
  return fmt::format("{} {}{}", change.prompt_name, number ? "v" : "", version);
}

std::string FirstSeen(const PromptChange& change, UnixNanos now) {
  const std::string at = FormatTime(change.since);
  const std::string clock = at.substr(11, 5);
  if (at.substr(0, 10) == FormatTime(now).substr(0, 10)) return clock + " UTC";
  return fmt::format("{} {} UTC", at.substr(0, 10), clock);
}

// Of the failures after the change, the most frequent kind.
std::string_view MostFrequentFailure(const ToolCounts& counts) {
  const auto first = counts.by_status.begin() + static_cast<int>(ToolStatus::kError);
  return kToolStatusNames[static_cast<size_t>(std::max_element(first, counts.by_status.end()) -
                                              counts.by_status.begin())];
}

}  // namespace

int64_t ToolCounts::calls() const {
  return std::accumulate(by_status.begin(), by_status.end(), int64_t{0});
}

int64_t ToolCounts::failed() const {
  return calls() - of(ToolStatus::kNone) - of(ToolStatus::kSuccess);
}

std::string_view Name(ChangeVerdict verdict) {
  constexpr std::array<std::string_view, 5> kNames = {"low_n", "schema_drift", "worse", "better",
                                                      "same"};
  return kNames[static_cast<size_t>(verdict)];
}

ChangeVerdict JudgeChange(const ToolCounts& before, const ToolCounts& after) {
  const int64_t n1 = before.calls();
  const int64_t n2 = after.calls();
  if (std::min(n1, n2) < kCallsMin) return ChangeVerdict::kLowN;
  const Proportion refused1{before.of(ToolStatus::kInvalidArgs), n1};
  const Proportion refused2{after.of(ToolStatus::kInvalidArgs), n2};
  if (ArgumentsDrifted(refused1, refused2)) return ChangeVerdict::kSchemaDrift;
  const Proportion failed1{before.failed(), n1};
  const Proportion failed2{after.failed(), n2};
  const Wide rise = RisePercent(failed1, failed2);
  if ((rise < 0 ? -rise : rise) < OfBoth(kMarginPercentMin, failed1, failed2) ||
      TwoProportionP(failed1, failed2) > kSignificance) {
    return ChangeVerdict::kSame;
  }
  return rise > 0 ? ChangeVerdict::kWorse : ChangeVerdict::kBetter;
}

std::string DescribeChange(const PromptChange& change, ChangeVerdict verdict, UnixNanos now) {
  const ToolCounts& before = change.before;
  const ToolCounts& after = change.after;
  const auto share = [](int64_t hits, const ToolCounts& of) {
    return Percent(Proportion{hits, of.calls()}.share());
  };
  const std::string to = PromptAt(change, change.to_version);
  const std::string since = fmt::format("{} (first seen {})", to, FirstSeen(change, now));
  const std::string failed1 = share(before.failed(), before);
  const std::string failed2 = share(after.failed(), after);
  switch (verdict) {
    case ChangeVerdict::kLowN:
      return fmt::format("{}: too few calls to compare {} ({}) with {} ({}); {} of each are needed",
                         change.tool, PromptAt(change, change.from_version), before.calls(), to,
                         after.calls(), kCallsMin);
    case ChangeVerdict::kSchemaDrift:
      return fmt::format(
          "{}: invalid_args rose from {} to {} of calls since {}: the tool's schema or its "
          "description drifted",
          change.tool, share(before.of(ToolStatus::kInvalidArgs), before),
          share(after.of(ToolStatus::kInvalidArgs), after), since);
    case ChangeVerdict::kWorse:
      return fmt::format("{}: failures rose from {} to {} of calls since {}, most often {}",
                         change.tool, failed1, failed2, since, MostFrequentFailure(after));
    case ChangeVerdict::kBetter:
      return fmt::format("{}: failures fell from {} to {} of calls since {}", change.tool, failed1,
                         failed2, since);
    case ChangeVerdict::kSame:
      break;
  }
  return fmt::format("{}: no clear change since {}: {} of calls failed before, {} after",
                     change.tool, since, failed1, failed2);
}

}  // namespace pitot
