// query/trace_list.h
//
// The list of traces as the API shows it. Answers are JSON as the engine wrote it, put together here.
//
// Thread-safety: as the engine's. Errors: kInvalidArgument for a bad cursor or time; otherwise the
// engine's.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "query/filter/filter.h"
#include "query/scope.h"
#include "query/trace_queries.h"
#include "store/engine.h"

namespace pitot {

struct TraceListRequest {
  std::string project;
  std::string since = "24h";  // A duration back from now, or an RFC 3339 time.
  std::string until;          // The same; empty: now, and what starts later.
  Filter filter;              // Traces of which one span satisfies all of it.
  uint32_t limit = 50;        // >= 1
  std::string cursor;  // `next` of the page before; since and until are then the first page's.
};

// {"traces":[...],"next":"..."}, newest start first, of traces that start within [since, until);
// next is null on the last page.
//
// The newest hour is searched first, then ever more, until a page is full: a page costs the same however
// much is stored. A filter that matches little reads the facts of the whole window.
absl::StatusOr<std::string> ListTraces(const QueryContext& context,
                                       const TraceListRequest& request);

// One row of that list, as a JSON object. kNotFound: spans are stored and not yet resolved.
absl::StatusOr<std::string> ReadTraceRow(Engine& engine, const std::string& project,
                                         const std::string& trace_id, const TraceBounds& bounds);

}  // namespace pitot
