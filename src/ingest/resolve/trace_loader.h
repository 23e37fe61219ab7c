// ingest/resolve/trace_loader.h
//
// What ActiveTraces reads back from the store. An interface, so that ingest's logic is tested
// against a model of the store in memory.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/facts.h"
#include "model/ids.h"
#include "model/span.h"

namespace pitot {

struct TraceRef {
  std::string_view project;
  TraceId trace_id;
};

// Receives what Load reads, in any order. `ref` is an index into Load's refs. Copies what it keeps.
class TraceSink {
 public:
  virtual ~TraceSink() = default;
  // Needs every field that TraceSpans::Put reads (span_core.h): all but contents, attributes, tags,
  // events, links, op and prices' details.
  virtual void OnSpan(uint32_t ref, const Span& span, uint64_t version, uint16_t keep_days) = 0;
  // Every field of the row.
  virtual void OnFact(uint32_t ref, const FactRow& row, uint16_t keep_days) = 0;
  virtual void OnTrace(uint32_t ref, const TraceRow& row, uint16_t keep_days) = 0;
};

// Errors of all: kUnavailable to be tried again. Whatever was inserted before a call is seen by it.
class TraceLoader {
 public:
  virtual ~TraceLoader() = default;

  // Appends to `existing` the indices of the refs that may have rows in `spans`. May name too many,
  // never too few. At most one call for each ActiveTraces::Resolve, mostly of few refs.
  virtual absl::Status FilterExisting(std::span<const TraceRef> refs,
                                      std::vector<uint32_t>& existing) = 0;

  // Everything `spans`, `facts` and `traces` hold of these traces (at most kLoadRefsMax). Of the
  // rows of one key only the newest is needed; of facts and traces tombstones (is_deleted) too:
  // their rev must be outdone.
  static constexpr size_t kLoadRefsMax = 256;
  virtual absl::Status Load(std::span<const TraceRef> refs, TraceSink& sink) = 0;

  // One page of all traces in the store; repeats are welcome. `cursor` is empty at first and the
  // loader's own from then on. False: this was the last page.
  virtual absl::StatusOr<bool> ListStored(std::string& cursor,
                                          const std::function<void(const TraceRef&)>& visit) = 0;

  // The traces that have a running span, and when the earliest of these started, or a time before
  // that: rows of `traces` whose status is running, and their start.
  virtual absl::Status ListOpen(
      const std::function<void(const TraceRef&, int64_t start_ns)>& visit) = 0;
};

}  // namespace pitot
