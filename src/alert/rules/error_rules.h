// alert/rules/error_rules.h
//
// Rules about how calls and runs end:
//
//   error_rate       ErrorRateHigh    subject=calls by (provider, model), subject=runs (roots of traces)
//                                     by (feature, environment): over `threshold` of at least 20 failed in
//                                     five minutes, at least 3, more than chance makes of what is usual,
//                                     and it goes on. A page from ten minutes on
//   provider_outage  ProviderOutage   by provider: over `threshold` of at least 20 calls in 90 seconds or
//                                     five minutes failed by its fault. Urgent, a page
//
// What a caller cancelled is no error. docs/alerts.md.
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Pure.
std::vector<Reading> JudgeErrorRate(const RuleSpec& spec, const TrafficTable& now,
                                    const UsualTraffic& usual);
std::vector<Reading> JudgeProviderOutage(const RuleSpec& spec, const TrafficTable& now);

std::unique_ptr<RuleEvaluator> MakeErrorRateRule(RuleSpec spec,
                                                 std::shared_ptr<TrafficSource> traffic);
std::unique_ptr<RuleEvaluator> MakeProviderOutageRule(RuleSpec spec,
                                                      std::shared_ptr<TrafficSource> traffic);

}  // namespace pitot
