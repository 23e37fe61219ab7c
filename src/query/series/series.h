// query/series/series.h
//
// Figures over time, by group: what charts are drawn from.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "query/scope.h"

namespace pitot {

inline constexpr size_t kSeriesKeysMax = 2;
inline constexpr int64_t kSeriesGroupsMax = 50;

struct SeriesRequest {
  Scope scope;
  std::string kind = "any";     // See query/figures/call_kind.h.
  std::vector<std::string> by;  // Groupable fields, no buckets of time: those are the steps.
  int64_t groups = 8;           // 1 to kSeriesGroupsMax.
  int64_t points = 120;         // kPointsMin to kPointsMax (query/series/steps.h).
  std::vector<std::string> measures = {"spans", "errors"};  // Of query/series/measures.h.
};

// {"window","step_s","of","by","measures","starts":[...],"groups":[{"key":{...},"other":false,
// "values":{"spans":[...],...}}]}: for each group and measure one value a step, of the spans that ended
// in it. Without `by` there is one group; with it, the `groups` largest, and of all others together one
// more, last, whose key has nulls. Groups consist of spans that a measure counts, and are ranked by the
// first measure that adds up, else by spans; ties by key.
//
// One statement. Errors: kInvalidArgument; those of the engine.
absl::StatusOr<std::string> ReadSeries(const QueryContext& context, const SeriesRequest& request);

}  // namespace pitot
