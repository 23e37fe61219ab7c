#include "alert/slo/slo.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "alert/slo/burn_rules.h"
#include "base/status.h"
#include "base/text.h"
#include "measure/burn_rate.h"
#include "query/filter/filter.h"

namespace pitot {
namespace {

constexpr size_t kNameBytesMax = 63;
constexpr int64_t kWindowMax = 90 * kNanosPerDay;
constexpr int64_t kWindowMin = 60 * kNanosPerMinute;
constexpr std::array<std::string_view, 3> kRunbooks = {"latency", "errors", "cost"};
constexpr std::array<std::string_view, 2> kCounts = {"outcomes", "attempts"};

// RFC 1123: letters, digits and "-", lower case, beginning and ending with a letter or digit.
bool IsName(std::string_view name) {
  const auto alnum = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kNameBytesMax && alnum(name.front()) &&
         alnum(name.back()) &&
         std::ranges::all_of(name, [&](char c) { return alnum(c) || c == '-'; });
}

absl::Status CheckFilter(std::string_view field, const std::string& text) {
  return Annotate(ParseFilter(text).status(), field);
}

absl::Status CheckWord(std::string_view field, std::string_view word,
                       std::span<const std::string_view> known) {
  if (std::ranges::find(known, word) != known.end()) return absl::OkStatus();
  return InvalidArgument("{}: \"{}\" is not one of {}{}", field, word, fmt::join(known, ", "),
                         DidYouMean(word, known));
}

absl::Status CheckKind(const SloSpec& spec) {
  const std::string_view kind = Name(spec.kind);
  if (spec.kind != SloKind::kRatio && !spec.good.empty()) {
    return InvalidArgument("good: kind {} decides by its threshold; a filter is for kind ratio",
                           kind);
  }
  if (spec.kind != SloKind::kScore && !spec.score.empty()) {
    return InvalidArgument("score: it is for kind score, and this one is {}", kind);
  }
  if (spec.kind == SloKind::kScore && spec.score.empty()) {
    return InvalidArgument("score: it is missing: the name of the scores that are judged");
  }
  if (!std::isfinite(spec.threshold)) return InvalidArgument("threshold: it is not a number");
  const bool positive = spec.kind == SloKind::kLatency || spec.kind == SloKind::kTtft ||
                        spec.kind == SloKind::kCostPerSuccess;
  if (positive && spec.threshold <= 0) {
    return InvalidArgument("threshold: it is missing or not above 0; kind {} needs {}", kind,
                           spec.kind == SloKind::kCostPerSuccess
                               ? "the most that a success may cost, in USD"
                               : "the longest time that is good, in ms");
  }
  if (spec.kind == SloKind::kRatio && spec.threshold != 0) {
    return InvalidArgument(
        "threshold: kind ratio has none: say what is good as a filter in `good`");
  }
  return absl::OkStatus();
}

// Of what alerts have beside the labels that are ours.
absl::Status CheckLabels(const SloSpec& spec) {
  constexpr std::array<std::string_view, 5> kOurs = {"alertname", "severity", "project", "slo",
                                                     "tier"};
  for (const auto& [name, value] : spec.labels) {
    const auto word = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    };
    if (name.empty() || (name[0] >= '0' && name[0] <= '9') || !std::ranges::all_of(name, word)) {
      return InvalidArgument("labels: \"{}\" is no label name: letters, digits and \"_\"", name);
    }
    if (std::ranges::find(kOurs, name) != kOurs.end()) {
      return InvalidArgument("labels: \"{}\" is set by Pitot", name);
    }
    if (value.empty()) return InvalidArgument("labels: \"{}\" has no value", name);
  }
  return absl::OkStatus();
}

absl::Status CheckRules(const SloSpec& spec) {
  constexpr int64_t kHoldMax = 60 * kNanosPerMinute;
  for (size_t i = 0; i < spec.alert_rules.size(); ++i) {
    const SloBurnRule& rule = spec.alert_rules[i];
    const auto bad = [&](std::string_view what) {
      return InvalidArgument("alert.rules[{}]: {}", i, what);
    };
    if (rule.name.empty()) return bad("name is missing");
    if (!(rule.factor > 0) || !std::isfinite(rule.factor)) return bad("factor is not above 0");
    if (rule.long_ns < kNanosPerMinute || rule.long_ns > spec.window_ns) {
      return bad("window is not between 1m and the objective's own");
    }
    if (rule.short_ns < 0 || rule.short_ns > rule.long_ns) {
      return bad("short_window is longer than window");
    }
    if (rule.hold_ns < 0 || rule.hold_ns > kHoldMax) return bad("for is longer than 1h");
    if (rule.long_ns % kNanosPerMinute != 0 || rule.short_ns % kNanosPerMinute != 0 ||
        rule.hold_ns % kNanosPerMinute != 0) {
      return bad("window, short_window and for must be whole minutes");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckReachable(const SloSpec& spec) {
  std::string cannot;
  double target = 0;
  for (const BurnRule& rule : BurnRulesOf(spec)) {
    if (rule.reachable) continue;
    cannot +=
        fmt::format("{}{} (burn > {:.4g})", cannot.empty() ? "" : ", ", rule.name, rule.factor);
    target = std::max(target, TargetReaching(rule.factor));
  }
  if (cannot.empty() || spec.allow_unreachable) return absl::OkStatus();
  return InvalidArgument(
      "burn_threshold_unreachable: at target {} even a total outage burns at {:.4g} only, so these "
      "can never fire: {}. They can above a target of {:.6g}. Raise the target, turn them off "
      "(alert: {{fast_page: false}} and so on), or say allow_unreachable: true to do without them",
      spec.target, MaxBurn(spec.target), cannot, target);
}

}  // namespace

absl::Status SloSpec::Validate() const {
  if (!IsName(name)) {
    return InvalidArgument(
        "name: \"{}\" is not a name: lower-case letters, digits and \"-\", at most {}, beginning "
        "and "
        "ending with a letter or digit",
        name, kNameBytesMax);
  }
  if (!(target > 0 && target < 1)) {
    return InvalidArgument(
        "target: {} is not between 0 and 1 (0.99 is 99 %); at 1 there is no "
        "budget to burn",
        target);
  }
  if (window_ns < kWindowMin || window_ns > kWindowMax || window_ns % kNanosPerMinute != 0) {
    return InvalidArgument("window: {} is not whole minutes between 1h and 90d",
                           FormatDuration(window_ns));
  }
  RETURN_IF_ERROR(CheckKind(*this));
  RETURN_IF_ERROR(CheckFilter("filter", filter));
  RETURN_IF_ERROR(CheckFilter("good", good));
  for (const std::string& what : exclude) {
    RETURN_IF_ERROR(CheckWord("exclude", what, kSloExclusions));
  }
  RETURN_IF_ERROR(CheckWord("count", count, kCounts));
  if (!runbook.empty()) RETURN_IF_ERROR(CheckWord("runbook", runbook, kRunbooks));
  RETURN_IF_ERROR(CheckLabels(*this));
  RETURN_IF_ERROR(CheckRules(*this));
  return CheckReachable(*this);
}

std::string_view SloSpec::Runbook() const {
  if (!runbook.empty()) return runbook;
  switch (kind) {
    case SloKind::kLatency:
    case SloKind::kTtft:
      return "latency";
    case SloKind::kCostPerSuccess:
      return "cost";
    case SloKind::kRatio:
      return "errors";
    default:
      return "";
  }
}

}  // namespace pitot
