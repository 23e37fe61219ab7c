// query/figures/latency.h
//
// How long calls take, by group, and how that compares with the same hour of other days.
//
// Percentiles are nearest rank (quantiles.h). The baseline is the median of the 5-minute p99s of the
// same hour of day over the 7 days before the window's first hour; without any, of the 24 hours before
// the window; without those, it is being learnt.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/figures/grouping.h"
#include "query/scope.h"

namespace pitot {

struct LatencyRequest {
  Scope scope;
  std::string kind = "llm";  // See call_kind.h.
  std::vector<std::string> by;
  std::string timezone = "UTC";  // An IANA name.
  uint32_t limit = 50;           // Groups.
};

// {"window","by","of","groups":[...],"groups_total","total"}. Errors: kInvalidArgument for kind, by
// and timezone; those of the engine.
absl::StatusOr<std::string> ReadLatency(const QueryContext& context, const LatencyRequest& request);

}  // namespace pitot
