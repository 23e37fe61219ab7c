// ingest/resolve/active_traces.h
//
// The traces that spans are arriving for, in memory, and what was last written of each. Yields the
// rows of facts and traces that differ from those in the store.
//
// A flush: insert the spans into the store; Add each; Resolve; insert the changes; then the spool
// may forget the batches before oldest_pending_batch() (all of them, when there is none). A crash
// anywhere repeats the flush from the spool, and ends with the same rows: a row is a function of
// the trace's spans, and those already written are read back.
//
// Which traces are new. A trace that is not in the table is new, or was evicted, or is from before
// this process. A filter holds the evicted ones and, once Prime has read them all, those in the
// store at start; what it does not hold is new without asking. Until then, and for the few that the
// filter holds wrongly, the store is asked, once a Resolve. Correctness rests on no guess of time.
// One process must own a trace: spans of one trace sent to several programs over one store must be
// routed by trace id.
//
// Order of arrival cannot matter. Rows of one key: the newest rev wins; a row's rev is above that
// of any earlier row of its span, at any key.
//
// Memory: about bytes_max. Clean traces are evicted, least recently touched first; dirty ones are
// not, so one batch more is held for a while, and a large trace that waits is resolved early.
//
// Not thread-safe: one thread, the flusher's. `loader` is borrowed.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ingest/resolve/resolve.h"
#include "ingest/resolve/span_core.h"
#include "ingest/resolve/trace_loader.h"
#include "ingest/trace_filter.h"
#include "model/facts.h"
#include "model/span.h"

namespace pitot {

struct ActiveTracesOptions {
  size_t bytes_max = 150 << 20;     // limits.active_trace_bytes; a quarter at most is the filter.
  uint32_t at_once_spans = 10'000;  // limits.resolve_at_once_spans.
  int64_t large_interval_ns = 5 * kNanosPerSecond;  // Between resolutions of larger traces.
  int64_t open_timeout_ns = 15 * kNanosPerMinute;   // ingest.open_timeout.
  // Spans that the gateway announced before are unfinished: the process that would have ended them is
  // gone. Only where this is the store's only process.
  int64_t gateway_open_until_ns = std::numeric_limits<int64_t>::min();
};

struct FactChange {
  std::string_view project;
  uint16_t keep_days = 0;
  FactRow row;
};
struct TraceChange {
  std::string_view project;
  uint16_t keep_days = 0;
  TraceRow row;
};
// Rows to insert, tombstones among them. Texts are borrowed from ActiveTraces, until the next call
// of a function of it that is not const.
struct TraceChanges {
  std::vector<FactChange> facts;
  std::vector<TraceChange> traces;
  uint64_t unfinished = 0;  // Spans among them that ran until now and were given up.
};

class ActiveTraces {
 public:
  struct Stats {
    size_t traces = 0;
    size_t spans = 0;
    size_t bytes = 0;      // Traces, filter and the list of open spans.
    uint64_t evicted = 0;  // Traces, since start.
    uint64_t asked = 0;    // Traces the store was asked for.
    uint64_t loaded = 0;   // Traces read back.
  };

  ActiveTraces(const ActiveTracesOptions& options, TraceLoader& loader);
  ~ActiveTraces();
  ActiveTraces(const ActiveTraces&) = delete;
  ActiveTraces& operator=(const ActiveTraces&) = delete;

  // Learns what the store holds, one page a call; true when all is known. To be called between
  // flushes from the start on, until it says true.
  absl::StatusOr<bool> Prime();

  // Takes one delivered span. `version`: store/tables/spans_table.h. `batch`: the number of the spool's
  // batch it came in, rising. Adding a span again, or an older one, is harmless.
  TraceSpans::Outcome Add(std::string_view project, uint16_t keep_days, const Span& span,
                          uint64_t version, uint64_t batch);

  // Makes the traces due whose running spans started open_timeout before now: Resolve then calls
  // these spans unfinished. The number of such traces.
  size_t ExpireOpen(UnixNanos now_ns);

  // Resolves what changed, replaces `changes` by the rows to write and regards these as written:
  // the caller inserts them, again and again until the store took them. Traces over at_once_spans
  // wait until large_interval_ns after their last time, unless `all`. On an error, which is the
  // loader's, nothing is lost: call again.
  absl::Status Resolve(UnixNanos now_ns, TraceChanges& changes, bool all = false);

  // The first batch with a span that no Resolve has taken in yet.
  std::optional<uint64_t> oldest_pending_batch() const;

  // Removes a trace from memory without writing anything, also what of it waits to be resolved: for
  // deletion. What the store still holds is read again when a span comes.
  void Forget(std::string_view project, const TraceId& trace_id);

  // Makes the next Resolve read the trace from the store, anew, and write what differs: after rows of
  // it were changed there. Everything added must be in the store.
  void Reload(std::string_view project, const TraceId& trace_id);

  Stats stats() const;

 private:
  struct Key {
    uint32_t project = 0;  // Index into projects_.
    TraceId trace_id;
    bool operator==(const Key&) const = default;
    auto operator<=>(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Trace;
  class Sink;
  using Open = std::pair<int64_t, Key>;

  size_t bytes() const;
  void Remember(const TraceRef& ref);
  void SetOpen(const Key& key, int64_t start_ns);
  uint32_t ProjectIndex(std::string_view project);
  Trace& TraceOf(const Key& key);
  void MarkDirty(Trace& trace);
  void Touch(Trace& trace);
  void Unlink(Trace& trace);
  void Remove(Trace& trace);
  void Account(Trace& trace);
  void EvictIdle();
  TraceRef RefOf(const Trace& trace) const;
  absl::Status LoadMissing();
  absl::Status LoadChunk(std::span<Trace* const> traces);
  bool MayWait(const Trace& trace, UnixNanos now_ns) const;
  void ResolveOne(Trace& trace, UnixNanos now_ns, TraceChanges& changes);
  void WriteFacts(Trace& trace, uint64_t rev_min, TraceChanges& changes);
  void WriteTrace(Trace& trace, uint64_t rev_min, TraceChanges& changes);

  const ActiveTracesOptions options_;
  TraceLoader& loader_;

  absl::flat_hash_map<std::string, uint32_t> project_index_;  // Few: an operator makes them.
  std::vector<std::unique_ptr<const std::string>> projects_;
  uint32_t last_project_ = 0;
  absl::flat_hash_map<Key, std::unique_ptr<Trace>, KeyHash> traces_;
  Trace* oldest_ = nullptr;  // By last touch.
  Trace* newest_ = nullptr;
  std::vector<Trace*> dirty_;
  std::vector<Trace*> missing_;  // Dirty, and perhaps with more in the store.

  TraceFilter stored_;
  std::string prime_cursor_;
  bool open_listed_ = false;
  bool primed_ = false;

  // The traces with a running span, by the start of the earliest; and where each stands in there.
  std::set<Open> open_;
  absl::flat_hash_map<Key, int64_t, KeyHash> open_start_;
  bool gateway_expired_ = false;  // What was open at the start has been looked at.
  int64_t open_until_ns_ = std::numeric_limits<int64_t>::min();  // Never goes back.

  Stats stats_;
  ResolveScratch scratch_;
  ResolvedTrace resolved_;
};

}  // namespace pitot
