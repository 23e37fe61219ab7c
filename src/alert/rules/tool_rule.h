// alert/rules/tool_rule.h
//
// ToolArgumentsInvalid: the calls of a tool are refused for their arguments more often than they were.
// By (tool, environment), of the last one, one and a half or five minutes: the share rose by
// `threshold`, doubled at least, in at least three traces, and chance is out of the question. When it is
// beyond doubt it fires at once.
//
// The alert says since when: with which version of which prompt it began, when that is what changed
// (query/figures/prompt_change.h).
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Pure.
std::vector<Reading> JudgeToolArguments(const RuleSpec& spec, const TrafficTable& now,
                                        const UsualTraffic& usual);

std::unique_ptr<RuleEvaluator> MakeToolArgumentsRule(RuleSpec spec,
                                                     std::shared_ptr<TrafficSource> traffic);

}  // namespace pitot
