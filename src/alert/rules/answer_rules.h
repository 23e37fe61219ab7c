// alert/rules/answer_rules.h
//
// Rules about what models answer, and what it costs:
//
//   answers_cut  AnswersCutOff   by (provider, model): answers that end for their length rose by
//                                `threshold` of all, and doubled at least, against what is usual for the
//                                features that ask
//   unpriced     UnpricedModel   by (provider, model): calls whose price is not known
//
// docs/alerts.md.
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/traffic.h"

namespace pitot {

// Pure.
std::vector<Reading> JudgeAnswersCut(const RuleSpec& spec, const TrafficTable& now,
                                     const UsualTraffic& usual);
std::vector<Reading> JudgeUnpriced(const RuleSpec& spec, const TrafficTable& now);

std::unique_ptr<RuleEvaluator> MakeAnswersCutRule(RuleSpec spec,
                                                  std::shared_ptr<TrafficSource> traffic);
std::unique_ptr<RuleEvaluator> MakeUnpricedRule(RuleSpec spec,
                                                std::shared_ptr<TrafficSource> traffic);

}  // namespace pitot
