// query/trace_stretch.h
//
// Traces that start within a stretch of time, and of these the ones of which a span satisfies a
// filter: what the list of traces and its histogram share.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "query/filter/filter.h"
#include "query/scope.h"
#include "store/engine.h"

namespace pitot {

// Binds traces that start within [from, to): project, from_day, to_day, min_hour, max_hour, from_ns,
// to_ns.
std::vector<SqlParam> StretchParams(const std::string& project, UnixNanos from, UnixNanos to);

struct TraceStretch {
  uint64_t traces = 0;        // Superseded rows may count too.
  UnixNanos last_end_ns = 0;  // No span of them ended later.
};
absl::StatusOr<TraceStretch> MeasureStretch(const QueryContext& context, const std::string& project,
                                            UnixNanos from, UnixNanos to);

// `sql`, a SELECT ... FROM traces AS t FINAL WHERE ..., of only those traces of which one span that
// ended within [since_ns, last_end_ns] satisfies the filter. `project` is bound by StretchParams.
SqlPiece OfMatchingTraces(std::string_view sql, const std::string& project, const Filter& filter,
                          UnixNanos since_ns, UnixNanos last_end_ns);

}  // namespace pitot
