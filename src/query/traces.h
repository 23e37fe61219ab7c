// query/traces.h
//
// Traces as the API shows them: the list page, one trace's structure, one span in whole. Answers are
// JSON as the engine wrote it, put together here.
//
// Thread-safety: as the engine's. Errors: kNotFound; kInvalidArgument for a bad id, cursor or time;
// otherwise the engine's.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "base/clock.h"
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

// {"trace":{...},"spans":[...]} is `head`, `spans`, `tail` one after the other: the middle may be
// large and is handed on as it is. Empty fields of spans are left out, but for cost_usd, which is
// null when unknown.
struct TraceStructure {
  std::string head;
  std::string spans;
  std::string tail;
};
// `trace_id`: 32 hex digits.
absl::StatusOr<TraceStructure> ReadTrace(Engine& engine, const std::string& project,
                                         const std::string& trace_id);

// One span with contents, attributes, events, links and where its price comes from. Contents that
// are JSON objects or arrays are given as such, others as text; one that the store has not (any
// more) is {"missing_payload":"hash"}.
absl::StatusOr<std::string> ReadSpan(Engine& engine, const std::string& project,
                                     const std::string& trace_id, const std::string& span_id);

// A moment as since and until give it: "15m", "24h", "7d" before `now`, or RFC 3339.
absl::StatusOr<UnixNanos> ParseMoment(std::string_view text, UnixNanos now);

}  // namespace pitot
