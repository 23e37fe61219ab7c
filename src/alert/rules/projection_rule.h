// alert/rules/projection_rule.h
//
// BudgetProjectionHigh. Inside rules/: see spend_rules.h.
#pragma once

#include <memory>

#include "alert/rules/spend_rules.h"

namespace pitot {

// Reads how past days of a counter went at most every half hour, of at most kBudgetsReadMax counters.
inline constexpr size_t kBudgetsReadMax = 20;
std::unique_ptr<RuleEvaluator> MakeProjectionRule(RuleSpec spec, const SystemFigures& figures);

}  // namespace pitot
