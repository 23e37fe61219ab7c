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
#include "query/scope.h"
#include "store/engine.h"

namespace pitot {

// {"trace":{...},"spans":[...]}, handed on in pieces, in bounded memory whatever the number of spans,
// which come in the order of their starts. Empty fields of spans are left out, but for cost_usd, which
// is null when unknown. On an error what the sink got is incomplete; before the first piece it got
// nothing. `trace_id`: 32 hex digits.
absl::Status StreamTrace(const QueryContext& context, const std::string& project,
                         const std::string& trace_id, const ResultSink& sink);

// One span with contents, attributes, events, links and where its price comes from. Contents that
// are JSON objects or arrays are given as such, others as text; one that the store has not (any
// more) is {"missing_payload":"hash"}.
absl::StatusOr<std::string> ReadSpan(const QueryContext& context, const std::string& project,
                                     const std::string& trace_id, const std::string& span_id);

}  // namespace pitot
