// alert/slo/slo_status.h
//
// From counts by minute to what an objective's state is. Pure.
#pragma once

#include <string_view>
#include <vector>

#include "alert/slo/burn_rules.h"
#include "alert/slo/slo_book.h"
#include "measure/minute_counts.h"

namespace pitot {

// Windows that are shown, as far as the objective's own is longer: 5m to 3d.
inline constexpr int64_t kBurnMinutes[] = {5, 30, 60, 120, 360, 1'440, 4'320};

// A rule below its factor by less than this keeps what fires.
inline constexpr double kClearShare = 0.9;

// Events of the whole minutes of `window_ns` before `now` and of the minute that runs.
SliCount CountOver(const MinuteCounts& counts, int64_t window_ns, UnixNanos now);

SloRuleState JudgeBurn(const BurnRule& rule, double target, const MinuteCounts& counts,
                       UnixNanos now);

// Fills the figures of `status`, whose spec and project are set, as of `now`: all but state, error and
// loading.
void FillFigures(const MinuteCounts& counts, UnixNanos now, SloStatus& status);

// What the rules of one tier say together.
//
//   breach      one of them does
//   hold, suppressed  one of them is, in this order
//   no_data     one is over its factor in the long window and has nothing valid in the short one, or
//               nothing valid came within the longest of the tier's short windows
//   ok          otherwise
struct TierVerdict {
  std::string_view tier;
  AlertSeverity severity = AlertSeverity::kWarning;
  Verdict verdict = Verdict::kOk;
  const SloRuleState* rule = nullptr;  // That decides; when all is well the one nearest to firing.
};
// One a tier, in the order of `rules`, which it points into.
std::vector<TierVerdict> JudgeTiers(const std::vector<SloRuleState>& rules);

// "1h", "3d", "30m"
std::string WindowName(int64_t window_ns);

}  // namespace pitot
