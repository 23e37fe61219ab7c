// alert/rules/system_rules.h
//
// Rules over figures that other parts hold in memory (system_figures.h), about Pitot itself and what it
// guards. Evaluated once, not by project:
//
//   budget_exhausted  BudgetExhausted    a budget refuses calls, or (a soft one) is passed. One alert a
//                                        counter; budgets with one counter a user, session, trace or
//                                        request: one alert a budget, whatever the number
//   spool             SpoolFilling       by how full it is; senders refused: a page
//   export            ExportBehind       by target: seconds behind
//   breaker           GatewayBreakerOpen by provider and model
//
// docs/alerts.md.
#pragma once

#include <memory>
#include <vector>

#include "alert/rule.h"
#include "alert/rules/system_figures.h"

namespace pitot {

// Pure.
std::vector<Reading> JudgeBudgets(const std::vector<BudgetFigure>& budgets);
std::vector<Reading> JudgeSpool(const RuleSpec& spec, const SpoolFigure& spool);
std::vector<Reading> JudgeExports(const RuleSpec& spec, const std::vector<ExportFigure>& exports);
std::vector<Reading> JudgeBreakers(const std::vector<BreakerFigure>& breakers);

// Borrow `figures`.
std::unique_ptr<RuleEvaluator> MakeBudgetExhaustedRule(RuleSpec spec, const SystemFigures& figures);
std::unique_ptr<RuleEvaluator> MakeSpoolRule(RuleSpec spec, const SystemFigures& figures);
std::unique_ptr<RuleEvaluator> MakeExportRule(RuleSpec spec, const SystemFigures& figures);
std::unique_ptr<RuleEvaluator> MakeBreakerRule(RuleSpec spec, const SystemFigures& figures);

}  // namespace pitot
