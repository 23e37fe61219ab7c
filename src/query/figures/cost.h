// query/figures/cost.h
//
// Who and what the money is spent on.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "query/scope.h"

namespace pitot {

struct CostRequest {
  Scope scope;
  std::vector<std::string> by = {"feature"};  // Names of Grouping; empty: the total only.
  std::string timezone = "UTC";
  uint32_t limit = 50;
  bool projection = false;  // Of today (query/figures/projection.h).
};

// {"window","by","groups","groups_total","other","total","total_usd","projection"}. Groups are of
// spans that are a call or count; largest cost first (time buckets oldest first, then cost), ties by
// key; an unknown cost stands where 0 does. `other` is what the groups beyond the limit sum to.
absl::StatusOr<std::string> CostJson(const QueryContext& context, const CostRequest& request);

// {"window","by","tree","leaves","pruned"}: cost by path, each name of `by` (up to kCostTreeDepthMax)
// one level. The `limit` leaves of largest cost are shown, `pruned` is how many are not: those are
// summed as one child {"name":null,"other":true} of the deepest node on their path that has a leaf
// shown, so that every node is the sum of its children.
inline constexpr size_t kCostTreeDepthMax = 8;
absl::StatusOr<std::string> CostTreeJson(const QueryContext& context, const CostRequest& request);

}  // namespace pitot
