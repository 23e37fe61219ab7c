// alert/rules/custom.h
//
// Rules of the configuration (`alerts.custom`): an aggregate over the spans that a filter matches,
// grouped by fields, compared with a number.
//
//   - {id: refunds-slow, filter: 'kind = tool AND tool_name = refund', aggregate: p95, field: duration,
//      by: [feature], op: ">", threshold: 2000, window: 10m, min_count: 20}
//
// Spans count in the window in which they ended. Percentiles are those of `pitot latency`
// (query/figures/quantiles.h). Groups without a span are no series: they are over, not zero; but a rule
// without `by` always has its one series, so that `count < 1` can fire.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <memory>
#include <span>
#include <string_view>

#include "alert/options.h"
#include "alert/rule.h"

namespace pitot {

// Names key, value and what is accepted, with the nearest known name: filter, of, aggregate, field, by,
// op, window (1m to 24h), count_min.
absl::Status Validate(const CustomRule& rule);

// kInvalidArgument: as Validate.
absl::StatusOr<std::unique_ptr<RuleEvaluator>> MakeCustomRule(const CustomRule& rule);

// All of `options.custom`. kInvalidArgument: as Validate, or an id that is used twice or is one of
// `taken`.
absl::StatusOr<RuleSet> CustomRules(const AlertOptions& options,
                                    std::span<const std::string_view> taken = {});

}  // namespace pitot
