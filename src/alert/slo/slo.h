// alert/slo/slo.h
//
// What a service level objective is: of the spans that are valid, which are good, how large a part
// must be, over how long. Read from the configuration (`slos:`) and from OpenSLO v1 files.
#pragma once

#include <absl/status/status.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "alert/alert.h"
#include "base/clock.h"

namespace pitot {

enum class SloKind : uint8_t {
  kRatio,           // `good` is a filter.
  kLatency,         // Good: duration <= threshold.
  kTtft,            // Good: time to first token <= threshold; valid: those that have one.
  kCostPerSuccess,  // Of traces: good: succeeded, and cost <= threshold USD.
  kScore,           // Of scores named `score`: good: value >= threshold.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(SloKind::kEnd)> kSloKindNames = {
    "ratio", "latency", "ttft", "cost_per_success", "score"};
inline std::string_view Name(SloKind v) { return kSloKindNames[static_cast<size_t>(v)]; }

// What SloSpec::exclude may name.
//   caller_errors  failed by invalid arguments, a context too long, or a credential (401, 403)
//   blocked        refused by Pitot itself: a budget or a loop; also runs that failed of that
//   cancelled      by whoever asked
//   probes         of an environment or feature called probe, probes or synthetic
//   judges         evaluator spans, and all of a trace whose root is one
inline constexpr std::array<std::string_view, 5> kSloExclusions = {"caller_errors", "blocked",
                                                                   "cancelled", "probes", "judges"};

// A burn rule of the configuration's own, beside the built-in ones or instead of them.
struct SloBurnRule {
  std::string name;
  AlertSeverity severity = AlertSeverity::kWarning;  // Also the tier: its name.
  double factor = 0;                                 // Fires while the burn is above it
  int64_t long_ns = 0;                               // over this
  int64_t short_ns = 0;                              // and over this; 0: a twelfth of it,
  int64_t hold_ns = 0;                               // and has been for this long; at most an hour.
};

struct SloSpec {
  std::string name;  // RFC 1123 label, at most 63: the label `slo`.
  std::string description;
  std::string project;  // Empty: every project, each with a budget of its own.
  SloKind kind = SloKind::kRatio;
  std::string filter;    // Valid: spans that match; docs/filter.md. Empty: model calls.
  std::string good;      // kRatio: a filter. Empty: did not fail.
  double threshold = 0;  // kLatency, kTtft: ms; kCostPerSuccess: USD; kScore: the score's own.
  std::string score;     // kScore
  double target = 0.99;  // (0, 1)
  int64_t window_ns = 30 * kNanosPerDay;
  // What does not count as valid, by name: caller_errors, blocked, cancelled, probes, judges. Default:
  // all of them.
  std::vector<std::string> exclude = {"caller_errors", "blocked", "cancelled", "probes", "judges"};
  // attempts: every call; outcomes: a call that was retried counts once, as it ended.
  std::string count = "outcomes";

  // Which burn rates alert; all by default.
  bool alert_fast_page = true;    // burn > 10 over 5m and 1m
  bool alert_fast_warn = true;    // burn > 2 over 1h and 5m
  bool alert_multiwindow = true;  // The four tiers, factors recomputed for the window.
  std::vector<SloBurnRule> alert_rules;
  // burn > 10 can never be at targets of 90 % and below, and so on: refused unless said so.
  bool allow_unreachable = false;
  std::map<std::string, std::string> labels;
  std::string runbook;  // "latency", "errors", "cost"; empty: by kind.
  std::string owner;
  std::string defined_in;  // "slos[0]", "openslo/chat.yaml"

  // `runbook`, or what goes with the kind; empty: none does.
  std::string_view Runbook() const;

  // Names field, value and what is accepted; an unreachable threshold is `burn_threshold_unreachable`
  // with what target would reach it.
  absl::Status Validate() const;
};

}  // namespace pitot
