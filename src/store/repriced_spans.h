// store/repriced_spans.h
//
// Reads what the price of stored spans depends on, and writes spans anew with another price.
//
// A repriced span is a row like the one before, with a version one higher: above every copy of the
// old delivery, below any later one, since receive times are kRecvStepNanos apart.
//
// Thread-safety: as the engine's. Errors: the engine's.
#pragma once

#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/arena.h"
#include "model/ids.h"
#include "model/span.h"
#include "store/engine.h"

namespace pitot {

// Between the receive times of two requests; so a span can be repriced one time less than that.
inline constexpr int64_t kRecvStepNanos = 1024;

struct SpanRef {
  TraceId trace_id;
  SpanId span_id;
};

// A stored span's identity, and of its fields those that PriceSpan reads and sets
// (ingest/price_span.h).
struct PricedSpan {
  uint64_t version = 0;
  Span span;
};

// Those of `refs` that exist and have usage or a reported cost. Texts are copied into `arena`.
absl::StatusOr<std::vector<PricedSpan>> ReadPricedSpans(Engine& engine, std::string_view project,
                                                        std::span<const SpanRef> refs, Arena& arena,
                                                        std::chrono::milliseconds deadline);

// Writes these spans, whose version is that of the row that was read, with the money they have now.
// What a span cost before is kept in it, if that differs. At most kRepricedSpansMax a call.
inline constexpr size_t kRepricedSpansMax = 1000;
absl::Status WriteRepricedSpans(Engine& engine, std::string_view project,
                                std::span<const PricedSpan> spans, UnixNanos at_ns,
                                std::chrono::milliseconds deadline);

}  // namespace pitot
