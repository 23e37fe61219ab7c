// query/figures/projection.h
//
// What today, and this month, will have cost, from the spending so far and the days before
// (measure/forecast.h).
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>

#include "query/scope.h"

namespace pitot {

// {"timezone","day","day_hours","hours_elapsed","spent_usd","linear_usd","gated","seasonal","mape"} of
// the day of `context.now` in `timezone`, a name CheckTimezone knows. Counts spans of the scope's
// project and filter; its window is not used. Comparable are those of the 28 days before that are
// working days when today is one, else days of a weekend.
absl::StatusOr<std::string> ProjectionJson(const QueryContext& context, const Scope& scope,
                                           const std::string& timezone);

struct ForecastRequest {
  Scope scope;  // Its window is not used.
  std::string timezone = "UTC";
  double budget_usd = 0;  // Of a day; 0: none.
  double month_budget_usd = 0;
};

// {"day": as ProjectionJson, with the "budget" that a day has; "month": {...}}:
//   budget   null, or {"limit_usd","projected_usd","of_limit","method","verdict"}, verdict one of
//            too_early, within, over (from 80 % of the limit on: what BudgetProjectionHigh goes by)
//            and surely_over (nine days of ten would exceed it)
//   month    {"month","days","days_left","spent_usd","projected_usd","trend","past_days","mape",
//            "gated","budget"}; projected_usd is null with fewer than a week of past days. Past days are
//            at most the 63 before today, from the first on that anything was spent on.
absl::StatusOr<std::string> ForecastJson(const QueryContext& context,
                                         const ForecastRequest& request);

}  // namespace pitot
