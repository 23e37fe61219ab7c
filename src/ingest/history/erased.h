// ingest/history/erased.h
//
// Which records must not come in (again), because what they tell was erased: those of new requests
// (refused) and those in the spool (left out).
// Thread-safe. Nearly always empty, which costs one load.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "model/ids.h"

namespace pitot {

class ErasedRecords {
 public:
  // No new record of the trace is taken.
  void Refuse(std::string_view project, const TraceId& trace_id) {
    MutexLock lock(&mutex_);
    RowOf(project, trace_id, SpanId{}).refused = true;
  }

  // What was received until `received_until` (Unix nanoseconds) is not written any more. `span_id`
  // absent: all of the trace.
  void Add(std::string_view project, const TraceId& trace_id, const SpanId& span_id,
           uint64_t received_until) {
    MutexLock lock(&mutex_);
    Row& row = RowOf(project, trace_id, span_id);
    row.received_until = std::max(row.received_until, received_until);
  }

  bool any() const { return any_.load(std::memory_order_relaxed); }

  bool Refuses(std::string_view project, const TraceId& trace_id) const {
    return Has(trace_id, [&](const Row& row) { return row.project == project && row.refused; });
  }

  bool Covers(std::string_view project, const TraceId& trace_id, const SpanId& span_id,
              uint64_t received_ns) const {
    return Has(trace_id, [&](const Row& row) {
      return row.project == project && (row.span_id.empty() || row.span_id == span_id) &&
             received_ns <= row.received_until;
    });
  }

 private:
  struct Row {
    std::string project;
    SpanId span_id;
    uint64_t received_until = 0;
    bool refused = false;
  };

  Row& RowOf(std::string_view project, const TraceId& trace_id, const SpanId& span_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    any_ = true;
    std::vector<Row>& rows = traces_[trace_id];
    for (Row& row : rows) {
      if (row.project == project && row.span_id == span_id) return row;
    }
    return rows.emplace_back(Row{std::string(project), span_id});
  }

  template <typename Condition>
  bool Has(const TraceId& trace_id, const Condition& condition) const {
    if (!any()) return false;
    MutexLock lock(&mutex_);
    const auto found = traces_.find(trace_id);
    return found != traces_.end() && std::ranges::any_of(found->second, condition);
  }

  std::atomic<bool> any_{false};
  mutable Mutex mutex_;
  absl::flat_hash_map<TraceId, std::vector<Row>, IdHash<16>> traces_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace pitot
