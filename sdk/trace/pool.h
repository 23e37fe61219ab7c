// sdk/trace/pool.h
//
// The spans of one collector, from opening until they are exported: what the hot path and the collector
// (collect/) have between them. A bounded number of records (record.h) moves in a circle:
//
//   free -> open (its Span fills it) -> ended (waits for the collector's thread) -> free
//
// in one of several shards, each with a mutex that is held for a few instructions: threads spread over
// them, and a record goes home to the shard it was opened in. A shard that has no free record left takes
// a new one, while the bounds allow it, or one of another shard's; else the span is not recorded.
//
// Lifetime: pools are never freed, only used again by another collector, once every record of the old
// one has come back. So a thread may look at the pool it has found without holding anything, a Span may
// end after its collector, and static destructors may trace. A closed pool frees its records.
// Fork: handlers of the registry hold every mutex while the process is copied. The child's pools are
// empty; a Span copied from the parent belongs to an earlier epoch and frees its record when it ends.
// Thread-safety: all of it, as said with each.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "model/arena.h"
#include "sdk/trace/record.h"

namespace pitot {
inline namespace sdk {

struct PoolOptions {
  size_t spans_max = 16'384;
  size_t bytes_max = size_t{64} << 20;
  size_t batch_spans_max = 512;  // So many ended spans of a shard wake the collector.
  double sample_ratio = 1;
  SpanLimits limits = {};
};

struct PoolStats {
  uint64_t started = 0;
  uint64_t ended = 0;
  uint64_t unsampled = 0;
  uint64_t queue_full = 0;
  uint64_t closed = 0;
  uint64_t truncated = 0;
  uint64_t open = 0;
  uint64_t queued = 0;  // Ended, not drained.
};

struct alignas(64) SpanShard {
  std::mutex mutex;  // Guards everything below but for the atomics.
  SpanRecord* free = nullptr;
  SpanRecord* ended_first = nullptr;
  SpanRecord* ended_last = nullptr;
  SpanRecord* open_first = nullptr;  // In order of opening.
  SpanRecord* open_last = nullptr;
  SpanRecord* unannounced = nullptr;  // This one and those opened after it.
  uint32_t epoch = 0;                 // Counts forks.
  bool accepting = false;
  uint64_t open = 0;
  uint64_t queued = 0;
  uint64_t started = 0;
  uint64_t ended = 0;
  uint64_t queue_full = 0;
  uint64_t closed = 0;
  uint64_t truncated = 0;
  std::atomic<uint64_t> unsampled{0};
  std::atomic<bool> has_free{false};  // A hint, for shards that look for a record here.
};

// What is told of open spans.
struct Announcements {
  Arena memory{16 * 1024};
  std::vector<ContextAccess::Extras> extras;
  std::vector<SpanData> spans;

  void Clear() {
    spans.clear();
    extras.clear();
    memory.Clear();
  }
};

class SpanPool {
 public:
  // --- For spans -------------------------------------------------------------------------------------

  // Of the newest collector that lives; null without one.
  static SpanPool* Default() { return default_pool_.load(std::memory_order_acquire); }

  // Whether a new trace is to be recorded.
  bool Samples(const TraceId& trace_id) const;
  void CountUnsampled(uint32_t shard) {
    shards_[shard % kShards].unsampled.fetch_add(1, std::memory_order_relaxed);
  }
  // A record of the caller's, with start_monotonic_ns set and nothing else. Null: closed, or full,
  // counted. The caller fills it and calls Filled.
  SpanRecord* Open(uint32_t shard, int64_t start_monotonic_ns);
  void Filled(SpanRecord* record);
  // The caller gives the record up.
  static void End(SpanRecord* record);
  const SpanLimits& limits() const { return limits_; }

  // Takes `bytes` of bytes_max. False: they are not left.
  bool Charge(size_t bytes);
  void Discharge(size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  // --- For the collector -----------------------------------------------------------------------------

  // A pool of the caller's, which becomes the default one. `start_thread` is called when there is
  // something to do, from any thread, with a mutex held: it may start a thread and nothing else.
  static SpanPool* Attach(const PoolOptions& options, std::function<void()> start_thread);
  // No longer the default one; spans that are still open are dropped at their end.
  void Close();
  // The collector's last call, after Close and ForgetStarter, when its thread has ended.
  void Detach();

  // Tells whether spans are to be announced: then opening one wakes the collector, too.
  void SetAnnouncing(bool announcing) { announcing_.store(announcing, std::memory_order_relaxed); }
  // Waits until `until`; with kNever until anything happens: a span ended (or was opened, when
  // announcing). Returns before that, with true, when a shard is full of ended spans, and on Wake. One
  // thread.
  using Time = std::chrono::steady_clock::time_point;
  static constexpr Time kNever = Time::max();
  bool Wait(Time until);
  void Wake();
  // Nobody is called to start a thread any more.
  void ForgetStarter();

  // Takes the ended spans: a list by `next`, in order of their ends in each shard.
  SpanRecord* Drain();
  // Takes a list back that Drain gave.
  void Return(SpanRecord* list);
  // Appends what is to be told of spans open since `opened_until_ns` (monotonic) or longer that were not
  // announced before, at most `spans_max`.
  void Announce(int64_t opened_until_ns, size_t spans_max, Announcements& announcements);
  // When the oldest span that was not announced was opened (monotonic); INT64_MAX: there is none.
  int64_t OldestUnannounced();
  bool HasQueued();
  PoolStats Stats();

 private:
  friend struct PoolRegistry;

  static constexpr uint32_t kShards = 16;
  static constexpr size_t kRecordBytes = 2048;  // Charged for each.

  SpanRecord* NewRecord(SpanShard& shard);
  SpanRecord* Steal(const SpanShard& thief);
  void Free(SpanRecord* record);
  void WakeIfIdle();
  void Configure(const PoolOptions& options, std::function<void()> start_thread);
  void PrepareFork();
  void ParentAfterFork();
  void ChildAfterFork();

  static std::atomic<SpanPool*> default_pool_;

  // Changed between collectors only, while nothing is open.
  SpanLimits limits_;
  size_t spans_max_ = 0;
  size_t bytes_max_ = 0;
  size_t wake_spans_ = 0;

  std::atomic<uint64_t> sampled_below_{0};  // Of the last 7 bytes of a trace id.
  std::atomic<bool> announcing_{false};
  std::atomic<bool> idle_{false};  // The collector's thread waits for anything to happen.
  std::atomic<size_t> records_{0};
  std::atomic<size_t> bytes_{0};

  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool woken_ = false;                  // Guarded by wake_mutex_.
  bool stirred_ = false;                // Woken from waiting forever; guarded by wake_mutex_.
  std::function<void()> start_thread_;  // Guarded by wake_mutex_.

  // Of the registry, guarded by its mutex.
  SpanPool* next_pool_ = nullptr;
  bool attached_ = false;  // From Attach to Detach.
  uint64_t age_ = 0;       // Order of Attach; 0: closed.

  SpanShard shards_[kShards];
};
static_assert(sizeof(SpanRecord) <= 2048);

}  // namespace sdk
}  // namespace pitot
