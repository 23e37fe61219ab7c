// alert/rules/spend_rules.h
//
// Rules about money that is going to be spent, or is being spent as never before:
//
//   budget_projection  BudgetProjectionHigh  by budget (of a day, a week or a month) and counter: what
//                                            the window will have cost reaches `threshold` of the limit.
//                                            A page when nine days of ten would exceed it. Budgets with
//                                            one counter a user or session: one alert a budget
//   cost_anomaly       CostAnomaly           by project: the running hour, or the one before, cost so
//                                            much more than comparable hours (z from `threshold` on);
//                                            says which features and models did it
//
// What a budget has spent is told by the budget itself; facts tell how past days went. An hour that is
// not over yet is only ever judged to be too much. docs/alerts.md.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "alert/options.h"
#include "alert/rule.h"
#include "alert/rules/system_figures.h"
#include "query/figures/spend_hours.h"

namespace pitot {

// When somebody acknowledged that a project's spending rose, most recently: what they saw is usual from
// then on, without waiting for a day to pass.
using AnomalyAcknowledged = std::function<std::optional<UnixNanos>(std::string_view project)>;

// Both, each with its overrides (`alerts.rules`); disabled ones too. Borrows `figures`.
RuleSet SpendRules(const AlertOptions& options, const SystemFigures& figures,
                   AnomalyAcknowledged acknowledged = nullptr);

// Pure. `days`: of the budget's calls, today first, in its time zone; empty: not known, then the pace of
// the window alone tells. REQUIRES: the budget has a limit, and a window of a day, a week or a month.
Reading JudgeBudgetProjection(const RuleSpec& spec, const BudgetFigure& budget,
                              const std::vector<SpendDay>& days, UnixNanos now);

// The filter that selects the calls which a budget's counter counts; nothing: facts cannot tell (keys).
std::optional<std::string> BudgetFilterText(const BudgetFigure& budget);

}  // namespace pitot
