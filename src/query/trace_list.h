// query/trace_list.h
//
// The list of traces as the API shows it. Answers are JSON as the engine wrote it, put together here.
//
// Thread-safety: as the engine's. Errors: kInvalidArgument for a bad cursor, time or limit; otherwise
// the engine's.
#pragma once

#include <absl/status/statusor.h>

#include <string>

#include "base/clock.h"
#include "query/trace_queries.h"
#include "store/engine.h"

namespace pitot {

// Exact matches; empty ones are not asked for.
struct TraceListRequest {
  std::string project;
  std::string since = "24h";  // A duration back from now, or an RFC 3339 time.
  std::string until;          // The same; empty: now, and what starts later.
  std::string feature;
  std::string workflow;
  std::string user_id;
  std::string session_id;
  std::string status;
  std::string model;
  uint32_t limit = 50;
  std::string cursor;  // `next` of the page before; since and until are then the first page's.
};

// {"traces":[...],"next":"..."}, newest start first; next is null on the last page.
absl::StatusOr<std::string> ListTraces(Engine& engine, const TraceListRequest& request,
                                       UnixNanos now);

// One row of that list, as a JSON object. kNotFound: spans are stored and not yet resolved.
absl::StatusOr<std::string> ReadTraceRow(Engine& engine, const std::string& project,
                                         const std::string& trace_id, const TraceBounds& bounds);

}  // namespace pitot
