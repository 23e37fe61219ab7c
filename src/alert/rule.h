// alert/rule.h
//
// A rule says what is wrong and where; the lifecycle (lifecycle/) makes alerts of that. Built-in rules,
// burn rates of SLOs and rules of the configuration are all RuleEvaluators.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "base/clock.h"
#include "query/scope.h"

namespace pitot {

// What a measurement says.
enum class Verdict : uint8_t {
  kOk,
  kHold,  // Below the threshold, not by enough to clear what fires (clear threshold 0.9x).
  kBreach,
  kNoData,      // Could not be measured: what fires is held.
  kSuppressed,  // Over the threshold, and too little traffic to say so. Shown, does not fire.
  kLearning,    // There is no baseline yet.
  kEnd,
};
inline constexpr std::array<std::string_view, static_cast<size_t>(Verdict::kEnd)> kVerdictNames = {
    "ok", "hold", "breach", "no_data", "suppressed_low_traffic", "learning"};
inline std::string_view Name(Verdict v) { return kVerdictNames[static_cast<size_t>(v)]; }

struct RuleSpec {
  std::string id;         // "latency_p99": of the configuration (`alerts.rules.latency_p99`).
  std::string alertname;  // "LatencyP99High"
  std::string summary;    // What it watches for, one sentence.
  AlertSeverity severity = AlertSeverity::kWarning;  // Unless a reading says otherwise.
  int64_t for_ns = 2 * kNanosPerMinute;
  int64_t keep_firing_ns = 5 * kNanosPerMinute;
  int64_t interval_ns = 0;  // 0: at every evaluation.
  std::string runbook;      // "latency", "errors", "cost" or empty.
  std::string unit;         // Of values and threshold.
  double threshold = 0;
  bool enabled = true;
  // About Pitot itself: evaluated once, with an empty project.
  bool system = false;
  // A series that readings no longer mention: over (events), or not measurable (true).
  bool absent_is_no_data = false;
  std::string defined_in;  // "built in", "slos", or the configuration file.
};

// One measured series of a rule.
struct Reading {
  Labels labels;  // Beside alertname, severity and project, which are added.
  std::optional<AlertSeverity> severity;
  Verdict verdict = Verdict::kOk;
  std::optional<double> value;
  std::optional<double> threshold;  // Where it differs from the rule's.
  // The evidence is such that waiting would add nothing: fires at once, whatever `for` says.
  bool urgent = false;
  Annotations annotations;  // `summary`: one line with numbers; `description`: more.
  std::vector<std::string> exemplar_trace_ids;  // Hex.
  std::string reason;                           // Of kSuppressed, kLearning and kNoData, in words.
  std::string runbook;                          // Of this series; empty: the rule's.
};

// [from, to); `to` 0: it lasts.
struct ActiveInterval {
  UnixNanos from = 0;
  UnixNanos to = 0;
};

// When alerts of a rule were pending or firing: baselines leave those times out. Thread-safe.
class AlertHistory {
 public:
  virtual ~AlertHistory() = default;
  // Of the alerts of `rule_id` whose labels contain all of `labels`; oldest first, merged.
  virtual std::vector<ActiveInterval> Active(std::string_view rule_id, const Labels& labels,
                                             UnixNanos since) const = 0;
};

// Of one evaluation of one rule in one project.
struct EvalContext {
  const QueryContext& query;  // query.now is the time of the evaluation, also in event time.
  std::string project;        // Empty for `system` rules.
  const AlertHistory& history;
};

// Borrows what it reads. One evaluation at a time; the time is query.now, never a clock.
class RuleEvaluator {
 public:
  virtual ~RuleEvaluator() = default;
  virtual const RuleSpec& spec() const = 0;
  // Every series that it measures now, breaching or not. An error leaves the rule's alerts as they are.
  virtual absl::StatusOr<std::vector<Reading>> Evaluate(const EvalContext& context) = 0;
};

using RuleSet = std::vector<std::unique_ptr<RuleEvaluator>>;

}  // namespace pitot
