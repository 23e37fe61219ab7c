// alert/preflight/replay.h
//
// What would have been told? Runs rules over a stretch of time that is past or made up, through a
// lifecycle and a dispatcher of its own, with the configured thresholds. Nobody is notified and
// nothing is remembered. Implemented over the real parts by alert/replay.h.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/rule.h"
#include "alert/rules/system_figures.h"
#include "alert/slo/slo.h"
#include "base/clock.h"
#include "query/scope.h"

namespace pitot {

struct ReplayScript {
  std::string project;
  std::vector<std::string> rules;       // Ids of built-in rules: "latency_p99".
  std::vector<RuleEvaluator*> further;  // Beside those; borrowed.
  std::vector<SloSpec> slos;            // Instead of the configured ones.
  std::vector<BudgetFigure> budgets;    // What the rules are told of budgets.
  UnixNanos from = 0;                   // Of the first evaluation.
  UnixNanos to = 0;                     // The last one is not after it.
  int64_t step_ns = 30 * kNanosPerSecond;
};

// A reading of the last evaluation.
struct ReplayReading {
  std::string rule_id;
  Reading reading;
};

struct ReplayNotice {
  UnixNanos at = 0;
  NotifyReason reason = NotifyReason::kFirst;
  std::string alertname;  // Of its first alert.
  int64_t firing = 0;
  std::string summary;
};

// An alert that changed its state.
struct ReplayChange {
  UnixNanos at = 0;
  std::string rule_id;
  Labels labels;
  AlertState state = AlertState::kPending;
  std::optional<double> value;
  std::string summary;
};

struct ReplayResult {
  int64_t evaluations = 0;
  std::vector<ReplayNotice> notices;
  std::vector<ReplayChange> changes;
  std::vector<ReplayReading> last;

  // The first time an alert of this rule fired; nothing: never.
  const ReplayChange* Fired(std::string_view rule_id) const {
    for (const ReplayChange& change : changes) {
      if (change.rule_id == rule_id && change.state == AlertState::kFiring) return &change;
    }
    return nullptr;
  }
};

class AlertReplay {
 public:
  virtual ~AlertReplay() = default;
  // `query.now` is not used: the script's times are. kNotFound: a rule is not known or disabled.
  virtual absl::StatusOr<ReplayResult> Run(const ReplayScript& script,
                                           const QueryContext& query) = 0;
};

}  // namespace pitot
