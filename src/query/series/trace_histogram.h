// query/series/trace_histogram.h
//
// When the traces of a list started: what is drawn above it, to brush.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>

#include "query/scope.h"

namespace pitot {

struct TraceHistogramRequest {
  Scope scope;  // Traces that START within its window, of which one span satisfies the filter.
  int64_t points = 120;  // kPointsMin to kPointsMax (query/series/steps.h).
};

// {"window","step_s","starts":[...],"traces":[...],"errors":[...],"running":[...],"total"}: exact
// counts of the traces that ListTraces shows for the same window and filter. Errors:
// kInvalidArgument; those of the engine.
absl::StatusOr<std::string> ReadTraceHistogram(const QueryContext& context,
                                               const TraceHistogramRequest& request);

}  // namespace pitot
