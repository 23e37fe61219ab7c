// query/trace_queries.h
//
// What traces.cc and span.cc share.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "query/scope.h"
#include "store/engine.h"

namespace pitot {

// When the spans of a trace were.
struct TraceBounds {
  uint64_t spans = 0;
  // Of all that was received of them, also before a span moved.
  int64_t start_min_ns = 0;
  int64_t start_max_ns = 0;
  int64_t end_max_ns = 0;
  int64_t start_ns = 0;  // Of the trace: of its spans as they are now.
};
// kNotFound: no span of that trace is stored.
absl::StatusOr<TraceBounds> FindTrace(Engine& engine, const std::string& project,
                                      const std::string& trace_id);

// A span's place in its trace, as a JSON object (sql/trace_spans.sql); empty: there is none.
absl::StatusOr<std::string> ReadStructure(const QueryContext& context, const std::string& project,
                                          const std::string& trace_id, const std::string& span_id,
                                          const TraceBounds& bounds);

// One JSON object of the file's query, or kNotFound.
absl::StatusOr<std::string> ReadObject(Engine& engine, std::string_view sql, QueryOptions options);

QueryOptions JsonLines(std::vector<SqlParam> params);

absl::Status CheckId(std::string_view what, std::string_view id, size_t bytes);

}  // namespace pitot
