// alert/rules/absent_rule.h
//
// TelemetryAbsent: a service from which spans are to be expected sends none. Expected: in the same hour
// last week there were at least `threshold` in five minutes on average, and some in each five minutes of
// it. Where there is no last week yet, the same of yesterday, and some within the last six hours: a
// service that falls silent on its first weekend is not missed.
//
// Says nothing for ten minutes after the start (nobody knows what came meanwhile), and while spans
// wait in the spool.
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/system_figures.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Pure. `missed`: services about which an alert is active; they need not have been seen lately.
std::vector<Reading> JudgeAbsent(const RuleSpec& spec, const TrafficTable& now,
                                 const UsualTraffic& usual, const std::vector<std::string>& missed);

// Borrows `figures`.
std::unique_ptr<RuleEvaluator> MakeAbsentRule(RuleSpec spec, std::shared_ptr<TrafficSource> traffic,
                                              const SystemFigures& figures);

}  // namespace pitot
