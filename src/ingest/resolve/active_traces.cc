#include "ingest/resolve/active_traces.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "base/status.h"
#include "ingest/resolve/row_hash.h"
#include "ingest/resolve/text_hash.h"

namespace pitot {
namespace {

constexpr int64_t kNeverNanos = std::numeric_limits<int64_t>::max();
constexpr int64_t kNanosPerHour = 60 * kNanosPerMinute;

// A row as it was last written: enough to tell whether it must be written again, and where.
struct Written {
  uint64_t hash = 0;
  uint64_t rev = 0;    // Of the newest row of this span (or trace) at any key; 0: none.
  int32_t period = 0;  // Of facts the minute of the end, of traces the hour of the start.
  uint16_t keep_days = 0;
  bool is_call : 1 = false;
  bool unfinished : 1 = false;
  bool live : 1 = false;  // There is such a row, and it is no tombstone.

  bool SameKey(const Written& other) const {
    return period == other.period && keep_days == other.keep_days && is_call == other.is_call;
  }
};
static_assert(sizeof(Written) == 24);

// A row in the store. Traces have an absent span_id.
struct StoredRow {
  SpanId span_id;
  Written written;

  auto key() const {
    return std::tuple(span_id, written.is_call, written.period, written.keep_days);
  }
};

Written KeyOf(const FactRow& row, uint16_t keep_days) {
  return {.rev = row.rev,
          .period = static_cast<int32_t>(row.end_ns / kNanosPerMinute),
          .keep_days = keep_days,
          .is_call = row.is_call,
          .unfinished = row.status == SpanStatus::kUnfinished,
          .live = !row.is_deleted};
}

Written KeyOf(const TraceRow& row, uint16_t keep_days) {
  return {.rev = row.rev,
          .period = static_cast<int32_t>(row.start_ns / kNanosPerHour),
          .keep_days = keep_days,
          .live = !row.is_deleted};
}

}  // namespace

struct ActiveTraces::Trace {
  Key key;
  TraceSpans spans;
  std::vector<Written> written;  // By index of span.
  Written trace_written;
  std::vector<StoredRow> stale;  // Rows to be deleted: of spans and keys that are no more.
  uint64_t newest_version = 0;   // Of what was added since the last resolution.
  std::optional<uint64_t> pending_batch;
  UnixNanos resolved_ns = std::numeric_limits<int64_t>::min();
  size_t bytes = 0;
  uint32_t counted_spans = 0;  // Of stats_.spans.
  bool dirty = false;
  bool missing = false;    // In missing_.
  bool must_load = false;  // Known to be in the store.
  Trace* older = nullptr;
  Trace* newer = nullptr;
};

// Collects what the store has of some traces.
class ActiveTraces::Sink final : public TraceSink {
 public:
  explicit Sink(std::span<Trace* const> traces) : traces_(traces), rows_(traces.size()) {}

  void OnSpan(uint32_t ref, const Span& span, uint64_t version, uint16_t keep_days) override {
    // What was just added and is in the store already is the same record.
    traces_[ref]->spans.Put(span, version, keep_days);
  }
  void OnFact(uint32_t ref, const FactRow& row, uint16_t keep_days) override {
    Written written = KeyOf(row, keep_days);
    written.hash = FactHash(row);
    rows_[ref].push_back({row.span_id, written});
  }
  void OnTrace(uint32_t ref, const TraceRow& row, uint16_t keep_days) override {
    Written written = KeyOf(row, keep_days);
    written.hash = TraceHash(row);
    rows_[ref].push_back({SpanId{}, written});
  }

  // Once everything was read. After a crash amid writing one span may have several live rows: the
  // newest is the one last written, the others are to be deleted.
  void Finish() {
    for (size_t n = 0; n < traces_.size(); ++n) {
      Trace& trace = *traces_[n];
      std::vector<StoredRow>& rows = rows_[n];
      trace.written.assign(trace.spans.size(), Written{});
      trace.trace_written = {};
      trace.stale.clear();
      std::sort(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) {
        return a.key() != b.key() ? a.key() < b.key() : a.written.rev > b.written.rev;
      });
      rows.erase(std::unique(rows.begin(), rows.end(),
                             [](const auto& a, const auto& b) { return a.key() == b.key(); }),
                 rows.end());
      std::stable_sort(rows.begin(), rows.end(), [](const StoredRow& a, const StoredRow& b) {
        return a.written.rev > b.written.rev;
      });
      for (const StoredRow& row : rows) Take(trace, row);
    }
  }

 private:
  // Rows come newest first.
  static void Take(Trace& trace, const StoredRow& row) {
    Written* to = &trace.trace_written;
    if (!row.span_id.empty()) {
      const uint32_t span = trace.spans.Find(row.span_id);
      to = span == TraceSpans::kNone ? nullptr : &trace.written[span];
    }
    if (to != nullptr && !to->live) {
      const uint64_t rev = std::max(to->rev, row.written.rev);
      if (row.written.live) *to = row.written;
      to->rev = rev;
    } else if (row.written.live) {
      trace.stale.push_back(row);
    }
  }

  std::span<Trace* const> traces_;
  std::vector<std::vector<StoredRow>> rows_;
};

size_t ActiveTraces::KeyHash::operator()(const Key& key) const {
  return Mix(IdHash<16>()(key.trace_id), key.project);
}

ActiveTraces::ActiveTraces(const ActiveTracesOptions& options, TraceLoader& loader)
    : options_(options), loader_(loader), stored_(options.bytes_max / 4) {}

ActiveTraces::~ActiveTraces() = default;

uint32_t ActiveTraces::ProjectIndex(std::string_view project) {
  // Neighbouring spans are mostly of one project.
  if (last_project_ < projects_.size() && *projects_[last_project_] == project) {
    return last_project_;
  }
  const auto [at, added] =
      project_index_.try_emplace(std::string(project), static_cast<uint32_t>(projects_.size()));
  if (added) projects_.push_back(std::make_unique<const std::string>(project));
  last_project_ = at->second;
  return last_project_;
}

TraceRef ActiveTraces::RefOf(const Trace& trace) const {
  return {*projects_[trace.key.project], trace.key.trace_id};
}

// The filter's hash must not depend on the order in which projects were met.
static uint64_t FilterHash(const TraceRef& ref) {
  return HashText(ref.project, HashText(ref.trace_id.view()));
}

// What the filter says yes to already takes no more room in it.
void ActiveTraces::Remember(const TraceRef& ref) {
  const uint64_t hash = FilterHash(ref);
  if (!stored_.MayContain(hash)) stored_.Insert(hash);
}

ActiveTraces::Trace& ActiveTraces::TraceOf(const Key& key) {
  std::unique_ptr<Trace>& slot = traces_[key];
  if (slot == nullptr) {
    slot = std::make_unique<Trace>();
    slot->key = key;
    slot->missing = true;
    missing_.push_back(slot.get());
  }
  return *slot;
}

void ActiveTraces::Unlink(Trace& trace) {
  (trace.older != nullptr ? trace.older->newer : oldest_) = trace.newer;
  (trace.newer != nullptr ? trace.newer->older : newest_) = trace.older;
  trace.older = trace.newer = nullptr;
}

void ActiveTraces::Touch(Trace& trace) {
  if (newest_ == &trace) return;
  if (oldest_ == &trace || trace.older != nullptr) Unlink(trace);
  trace.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &trace;
  newest_ = &trace;
}

void ActiveTraces::MarkDirty(Trace& trace) {
  Touch(trace);
  if (trace.dirty) return;
  trace.dirty = true;
  dirty_.push_back(&trace);
}

void ActiveTraces::Account(Trace& trace) {
  constexpr size_t kMapBytes = 48;  // Of its slot in traces_.
  const size_t bytes = sizeof(Trace) + kMapBytes + trace.spans.bytes() +
                       trace.written.capacity() * sizeof(Written) +
                       trace.stale.capacity() * sizeof(StoredRow);
  stats_.bytes += bytes - trace.bytes;
  stats_.spans += trace.spans.size() - trace.counted_spans;
  trace.bytes = bytes;
  trace.counted_spans = trace.spans.size();
}

void ActiveTraces::Remove(Trace& trace) {
  Unlink(trace);
  stats_.bytes -= trace.bytes;
  stats_.spans -= trace.counted_spans;
  if (trace.dirty) std::erase(dirty_, &trace);
  if (trace.missing) std::erase(missing_, &trace);
  traces_.erase(Key(trace.key));
}

void ActiveTraces::EvictIdle() {
  Trace* trace = oldest_;
  while (trace != nullptr && bytes() > options_.bytes_max) {
    Trace* next = trace->newer;
    if (!trace->dirty) {
      Remember(RefOf(*trace));
      ++stats_.evicted;
      Remove(*trace);
    }
    trace = next;
  }
}

absl::StatusOr<bool> ActiveTraces::Prime() {
  if (primed_) return true;
  if (!open_listed_) {
    RETURN_IF_ERROR(loader_.ListOpen([&](const TraceRef& ref, int64_t start_ns) {
      SetOpen({ProjectIndex(ref.project), ref.trace_id}, start_ns);
    }));
    open_listed_ = true;
  }
  ASSIGN_OR_RETURN(const bool more,
                   loader_.ListStored(prime_cursor_, [&](const TraceRef& ref) { Remember(ref); }));
  primed_ = !more;
  return primed_;
}

TraceSpans::Outcome ActiveTraces::Add(std::string_view project, uint16_t keep_days,
                                      const Span& span, uint64_t version, uint64_t batch) {
  Trace& trace = TraceOf({ProjectIndex(project), span.trace_id});
  const TraceSpans::Outcome outcome = trace.spans.Put(span, version, keep_days);
  trace.newest_version = std::max(trace.newest_version, version);
  if (!trace.pending_batch) trace.pending_batch = batch;
  MarkDirty(trace);
  return outcome;
}

size_t ActiveTraces::ExpireOpen(UnixNanos now_ns) {
  open_until_ns_ = std::max(open_until_ns_, now_ns - options_.open_timeout_ns);
  size_t due = 0;
  int64_t until = open_until_ns_;
  if (!std::exchange(gateway_expired_, true)) {
    until = std::max(until, options_.gateway_open_until_ns);
  }
  while (!open_.empty() && open_.begin()->first <= until) {
    const Key key = open_.begin()->second;
    SetOpen(key, kNeverNanos);  // Resolving lists it again if another span still runs.
    Trace& trace = TraceOf(key);
    if (trace.spans.size() == 0) trace.must_load = true;
    MarkDirty(trace);
    ++due;
  }
  return due;
}

// Where `open_` has the trace; kNeverNanos: nowhere.
void ActiveTraces::SetOpen(const Key& key, int64_t start_ns) {
  const auto at = open_start_.find(key);
  if (at == open_start_.end() ? start_ns == kNeverNanos : start_ns == at->second) return;
  if (at != open_start_.end()) open_.erase({at->second, key});
  if (start_ns == kNeverNanos) {
    open_start_.erase(at);
    return;
  }
  open_.emplace(start_ns, key);
  open_start_[key] = start_ns;
}

size_t ActiveTraces::bytes() const {
  constexpr size_t kOpenBytes = 160;  // A node of the tree and a slot of the map.
  return stats_.bytes + stored_.bytes() + open_.size() * kOpenBytes;
}

absl::Status ActiveTraces::LoadMissing() {
  if (missing_.empty()) return absl::OkStatus();
  std::vector<Trace*> load;
  std::vector<Trace*> ask;
  std::vector<TraceRef> refs;
  for (Trace* trace : missing_) {
    const TraceRef ref = RefOf(*trace);
    if (trace->must_load) {
      load.push_back(trace);
    } else if (!primed_ || stored_.MayContain(FilterHash(ref))) {
      ask.push_back(trace);
      refs.push_back(ref);
    }
  }
  if (!ask.empty()) {
    std::vector<uint32_t> existing;
    stats_.asked += ask.size();
    RETURN_IF_ERROR(loader_.FilterExisting(refs, existing));
    for (const uint32_t index : existing) load.push_back(ask[index]);
  }
  // A failure below leaves those loaded so far to be loaded again, which does no harm.
  for (size_t at = 0; at < load.size(); at += TraceLoader::kLoadRefsMax) {
    const size_t count = std::min(load.size() - at, TraceLoader::kLoadRefsMax);
    RETURN_IF_ERROR(LoadChunk(std::span(load).subspan(at, count)));
  }
  for (Trace* trace : missing_) trace->missing = false;
  missing_.clear();
  return absl::OkStatus();
}

absl::Status ActiveTraces::LoadChunk(std::span<Trace* const> traces) {
  std::vector<TraceRef> refs;
  for (const Trace* trace : traces) refs.push_back(RefOf(*trace));
  Sink sink(traces);
  RETURN_IF_ERROR(loader_.Load(refs, sink));
  sink.Finish();
  stats_.loaded += traces.size();
  return absl::OkStatus();
}

// Memory goes before delay.
bool ActiveTraces::MayWait(const Trace& trace, UnixNanos now_ns) const {
  return trace.spans.size() > options_.at_once_spans &&
         trace.resolved_ns != std::numeric_limits<int64_t>::min() && now_ns >= trace.resolved_ns &&
         now_ns - trace.resolved_ns < options_.large_interval_ns && bytes() <= options_.bytes_max;
}

absl::Status ActiveTraces::Resolve(UnixNanos now_ns, TraceChanges& changes, bool all) {
  changes.facts.clear();
  changes.traces.clear();
  changes.unfinished = 0;
  EvictIdle();
  RETURN_IF_ERROR(LoadMissing());
  open_until_ns_ = std::max(open_until_ns_, now_ns - options_.open_timeout_ns);
  std::vector<Trace*> dirty;
  dirty.swap(dirty_);
  std::vector<Trace*> gone;
  for (Trace* trace : dirty) {
    Account(*trace);
    if (!all && MayWait(*trace, now_ns)) {
      dirty_.push_back(trace);
      continue;
    }
    trace->dirty = false;
    ResolveOne(*trace, now_ns, changes);
    if (trace->spans.size() == 0) gone.push_back(trace);
  }
  for (Trace* trace : gone) Remove(*trace);
  return absl::OkStatus();
}

void ActiveTraces::ResolveOne(Trace& trace, UnixNanos now_ns, TraceChanges& changes) {
  ResolveTrace(
      trace.spans, trace.key.trace_id,
      {.open_until_ns = open_until_ns_, .gateway_open_until_ns = options_.gateway_open_until_ns},
      scratch_, resolved_);
  WriteFacts(trace, trace.newest_version, changes);
  WriteTrace(trace, trace.newest_version, changes);
  SetOpen(trace.key, resolved_.first_running_ns);
  trace.newest_version = 0;
  trace.pending_batch.reset();
  trace.resolved_ns = now_ns;
  trace.stale.clear();
  trace.spans.ShrinkToFit();
  trace.written.shrink_to_fit();
  Account(trace);
}

void ActiveTraces::WriteFacts(Trace& trace, uint64_t rev_min, TraceChanges& changes) {
  const std::string_view project = *projects_[trace.key.project];
  const auto bury = [&](const SpanId& span_id, const Written& old, uint64_t rev) {
    FactChange& change = changes.facts.emplace_back();
    change.project = project;
    change.keep_days = old.keep_days;
    change.row.is_call = old.is_call;
    change.row.start_ns = change.row.end_ns = int64_t{old.period} * kNanosPerMinute;
    change.row.trace_id = trace.key.trace_id;
    change.row.span_id = span_id;
    change.row.rev = rev;
    change.row.is_deleted = true;
  };
  trace.written.resize(trace.spans.size());
  for (uint32_t i = 0; i < trace.spans.size(); ++i) {
    FactRow& row = resolved_.facts[i];
    Written& old = trace.written[i];
    Written now = KeyOf(row, trace.spans.span(i).keep_days);
    now.hash = FactHash(row);
    const bool same_key = old.live && old.SameKey(now);
    if (same_key && old.hash == now.hash) continue;
    now.rev = row.rev = std::max(old.rev + 1, rev_min);
    if (old.live && !same_key) bury(row.span_id, old, now.rev);
    if (now.unfinished && !old.unfinished) ++changes.unfinished;
    old = now;
    changes.facts.push_back({project, now.keep_days, row});
  }
  for (const StoredRow& row : trace.stale) {
    if (row.span_id.empty()) continue;
    // Unless the span's row went to that very key just now.
    const uint32_t span = trace.spans.Find(row.span_id);
    if (span != TraceSpans::kNone && trace.written[span].SameKey(row.written)) continue;
    bury(row.span_id, row.written, std::max(row.written.rev + 1, rev_min));
  }
}

void ActiveTraces::WriteTrace(Trace& trace, uint64_t rev_min, TraceChanges& changes) {
  const std::string_view project = *projects_[trace.key.project];
  const auto bury = [&](const Written& old, uint64_t rev) {
    TraceChange& change = changes.traces.emplace_back();
    change.project = project;
    change.keep_days = old.keep_days;
    change.row.trace_id = trace.key.trace_id;
    change.row.start_ns = change.row.end_ns = int64_t{old.period} * kNanosPerHour;
    change.row.rev = rev;
    change.row.is_deleted = true;
  };
  Written& old = trace.trace_written;
  const auto bury_stale = [&] {
    for (const StoredRow& row : trace.stale) {
      if (!row.span_id.empty() || (old.live && old.SameKey(row.written))) continue;
      bury(row.written, std::max(row.written.rev + 1, rev_min));
    }
  };
  if (trace.spans.size() == 0) {
    if (old.live) bury(old, std::max(old.rev + 1, rev_min));
    old.live = false;
    bury_stale();
    return;
  }
  // A trace's row lives as long as its longest-kept span.
  uint16_t keep_days = 0;
  for (uint32_t i = 0; i < trace.spans.size(); ++i) {
    keep_days = std::max(keep_days, trace.spans.span(i).keep_days);
  }
  TraceRow& row = resolved_.trace;
  Written now = KeyOf(row, keep_days);
  now.hash = TraceHash(row);
  const bool same_key = old.live && old.SameKey(now);
  if (!same_key || old.hash != now.hash) {
    now.rev = row.rev = std::max(old.rev + 1, rev_min);
    if (old.live && !same_key) bury(old, now.rev);
    old = now;
    changes.traces.push_back({project, keep_days, std::move(row)});
  }
  bury_stale();
}

std::optional<uint64_t> ActiveTraces::oldest_pending_batch() const {
  std::optional<uint64_t> oldest;
  for (const Trace* trace : dirty_) {
    if (!trace->pending_batch) continue;
    oldest = std::min(oldest.value_or(*trace->pending_batch), *trace->pending_batch);
  }
  return oldest;
}

void ActiveTraces::Forget(std::string_view project, const TraceId& trace_id) {
  const auto at = traces_.find(Key{ProjectIndex(project), trace_id});
  if (at == traces_.end()) return;
  Remember(RefOf(*at->second));
  SetOpen(at->first, kNeverNanos);
  Remove(*at->second);
}

void ActiveTraces::Reload(std::string_view project, const TraceId& trace_id) {
  const Key key{ProjectIndex(project), trace_id};
  std::optional<uint64_t> pending_batch;
  uint64_t newest_version = 0;
  if (const auto at = traces_.find(key); at != traces_.end()) {
    pending_batch = at->second->pending_batch;
    newest_version = at->second->newest_version;
    Forget(project, trace_id);
  }
  Trace& trace = TraceOf(key);
  trace.must_load = true;
  trace.pending_batch = pending_batch;
  trace.newest_version = newest_version;
  MarkDirty(trace);
}

ActiveTraces::Stats ActiveTraces::stats() const {
  Stats stats = stats_;
  stats.traces = traces_.size();
  stats.bytes = bytes();
  return stats;
}

}  // namespace pitot
