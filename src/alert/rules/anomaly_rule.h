// alert/rules/anomaly_rule.h
//
// CostAnomaly. Inside rules/: see spend_rules.h.
#pragma once

#include <memory>

#include "alert/rules/spend_rules.h"

namespace pitot {

// Keeps the hours of 28 days of each project: 6 KB. They are read once an hour, the last two at each
// evaluation.
std::unique_ptr<RuleEvaluator> MakeAnomalyRule(RuleSpec spec, AnomalyAcknowledged acknowledged);

}  // namespace pitot
