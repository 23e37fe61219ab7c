// query/figures/heatmap.h
//
// How durations are spread over time: exact counts by column of time and row of duration, rows on a
// fixed logarithmic scale, so that two heat maps can be laid over each other.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <vector>

#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kHeatmapColumnsMax = 500;

struct HeatmapRequest {
  Scope scope;
  std::string kind = "llm";          // See call_kind.h.
  std::string measure = "duration";  // Or ttft: of the calls whose is known.
  int64_t columns = 60;              // 1 to kHeatmapColumnsMax.
};

// Where rows begin and end, in nanoseconds: 1 us * 10^(k/8), from 1 us to 100,000 s. What is smaller
// counts in the first row, what is larger in the last.
const std::vector<int64_t>& HeatmapEdges();

// {"window","step_ms","of","measure","times":[...],"edges_ms":[...],"counts":[[...]]}: rows from the
// lowest to the highest in use. Errors: kInvalidArgument; those of the engine.
absl::StatusOr<std::string> ReadHeatmap(const QueryContext& context, const HeatmapRequest& request);

}  // namespace pitot
