// store/read_traces.h
//
// Reads whole traces back for the resolver: the spans as received, and what was last made of them.
//
// Thread-safety: as the engine's. Ownership: text of the results is copied into `arena`.
// Errors: the engine's; kInternal when its answer cannot be read.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/arena.h"
#include "model/facts.h"
#include "model/ids.h"
#include "model/span.h"
#include "store/engine.h"

namespace pitot {

// A span as last received, as far as resolving needs it: everything but tags, agent_id,
// service_tier, finish_raw, temperature, max_tokens, raw token counts, cost by bucket, what a price
// came from, tool_call_id,
// mcp_server, error_type, content, events, links and attributes, which are empty here.
struct StoredSpan {
  uint16_t keep_days = 0;
  uint64_t recv_ns = 0;
  Span span;
};

// Every span of the given traces, each once, in no order.
absl::StatusOr<std::vector<StoredSpan>> ReadTraceSpans(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       Arena& arena,
                                                       std::chrono::milliseconds deadline);

// Facts as last written under one key; tombstones (is_deleted) too, for a later row must outdo
// their rev. A key that lies in two retention classes is returned once for each: both would be
// counted.
struct StoredFact {
  uint16_t keep_days = 0;
  FactRow row;
};

// The facts of the given traces whose end lies in [end_min_ns, end_max_ns], to the minute: the
// narrower, the fewer parts of the table are read.
absl::StatusOr<std::vector<StoredFact>> ReadTraceFacts(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       UnixNanos end_min_ns, UnixNanos end_max_ns,
                                                       Arena& arena,
                                                       std::chrono::milliseconds deadline);

// As StoredFact, of the table `traces`.
struct StoredTrace {
  uint16_t keep_days = 0;
  TraceRow row;
};

// The rows of the given traces whose start lies in [start_min_ns, start_max_ns], to the hour.
absl::StatusOr<std::vector<StoredTrace>> ReadTraceRows(Engine& engine, std::string_view project,
                                                       std::span<const TraceId> trace_ids,
                                                       UnixNanos start_min_ns,
                                                       UnixNanos start_max_ns, Arena& arena,
                                                       std::chrono::milliseconds deadline);

}  // namespace pitot
