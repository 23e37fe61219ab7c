// query/figures/projection.h
//
// What today will have cost, from the spending so far and the days before (measure/forecast.h).
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/scope.h"

namespace pitot {

// {"timezone","day","day_hours","hours_elapsed","spent_usd","linear_usd","gated","seasonal","mape"} of
// the day of `context.now` in `timezone`, a name CheckTimezone knows. Counts spans of the scope's
// project and filter; its window is not used. Comparable are those of the 28 days before that are
// working days when today is one, else days of a weekend.
absl::StatusOr<std::string> ProjectionJson(const QueryContext& context, const Scope& scope,
                                           const std::string& timezone);

}  // namespace pitot
