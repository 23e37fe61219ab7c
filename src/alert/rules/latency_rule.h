// alert/rules/latency_rule.h
//
// LatencyP99High: calls take several times as long as usual. Two judgements:
//
//   subject=model     of (provider, model, operation, streaming), the last five minutes: more than one
//                     in a hundred of at least a hundred calls took over `threshold` times the usual
//                     p99, more than the usual tail explains, and it goes on
//   subject=provider  of a provider, the last 20, 30 or 60 seconds: more than half of at least twenty
//                     calls took over `threshold` times the usual median of their model and feature.
//                     That needs no waiting: urgent, a page
//
// A provider that is slow makes all of its models slow: while the second fires, the first say nothing
// of that provider. Timeouts are slower than anything. docs/alerts.md.
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Pure: the two judgements. `slow_providers`: those about which an alert is active.
std::vector<Reading> JudgeLatency(const RuleSpec& spec, const TrafficTable& now,
                                  const UsualTraffic& usual,
                                  const std::vector<std::string>& slow_providers);

std::unique_ptr<RuleEvaluator> MakeLatencyRule(RuleSpec spec,
                                               std::shared_ptr<TrafficSource> traffic);

}  // namespace pitot
