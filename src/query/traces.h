// query/traces.h
//
// A trace as the API shows it: its structure, or one span in whole. Answers are JSON as the engine
// wrote it, put together here. query/trace_list.h has the list of traces.
//
// Thread-safety: as the engine's. Errors: kNotFound; kInvalidArgument for a bad id; otherwise the
// engine's.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

#include "base/clock.h"
#include "store/engine.h"

namespace pitot {

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

}  // namespace pitot
