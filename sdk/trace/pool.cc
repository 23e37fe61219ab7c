#include "sdk/trace/pool.h"

#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

namespace pitot {
inline namespace sdk {

constinit std::atomic<SpanPool*> SpanPool::default_pool_{nullptr};

// Every pool there ever was. Without destructors: it is used by static objects.
struct PoolRegistry {
  std::mutex mutex;
  SpanPool* pools = nullptr;
  uint64_t ages = 0;

  // REQUIRES: mutex is held.
  void ChooseDefault() {
    SpanPool* newest = nullptr;
    for (SpanPool* pool = pools; pool != nullptr; pool = pool->next_pool_) {
      if (pool->age_ > (newest == nullptr ? 0 : newest->age_)) newest = pool;
    }
    SpanPool::default_pool_.store(newest, std::memory_order_release);
  }
  // REQUIRES: mutex is held.
  SpanPool* Unused() {
    for (SpanPool* pool = pools; pool != nullptr; pool = pool->next_pool_) {
      if (!pool->attached_ && pool->records_.load(std::memory_order_acquire) == 0) return pool;
    }
    SpanPool* pool = new SpanPool;
    pool->next_pool_ = pools;
    pools = pool;
    return pool;
  }

  static void PrepareFork();
  static void ParentAfterFork();
  static void ChildAfterFork();
};

namespace {

constinit PoolRegistry registry{};

void Unlink(SpanShard& shard, SpanRecord* record) {
  if (shard.unannounced == record) shard.unannounced = record->next;
  (record->previous == nullptr ? shard.open_first : record->previous->next) = record->next;
  (record->next == nullptr ? shard.open_last : record->next->previous) = record->previous;
  --shard.open;
}

}  // namespace

void PoolRegistry::PrepareFork() {
  registry.mutex.lock();
  for (SpanPool* pool = registry.pools; pool != nullptr; pool = pool->next_pool_) {
    pool->PrepareFork();
  }
}
void PoolRegistry::ParentAfterFork() {
  for (SpanPool* pool = registry.pools; pool != nullptr; pool = pool->next_pool_) {
    pool->ParentAfterFork();
  }
  registry.mutex.unlock();
}
void PoolRegistry::ChildAfterFork() {
  for (SpanPool* pool = registry.pools; pool != nullptr; pool = pool->next_pool_) {
    pool->ChildAfterFork();
  }
  registry.mutex.unlock();
}

bool SpanPool::Samples(const TraceId& trace_id) const {
  uint64_t random = 0;  // Big-endian, as W3C Trace Context level 2 reads it.
  for (size_t i = 9; i < 16; ++i) random = random << 8 | trace_id.bytes[i];
  return random < sampled_below_.load(std::memory_order_relaxed);
}

bool SpanPool::Charge(size_t bytes) {
  if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= bytes_max_) return true;
  Discharge(bytes);
  return false;
}

SpanRecord* SpanPool::Open(uint32_t shard_index, int64_t start_monotonic_ns) {
  SpanShard& shard = shards_[shard_index % kShards];
  SpanRecord* record = nullptr;
  {
    std::unique_lock lock(shard.mutex);
    if (!shard.accepting) return nullptr;
    ++shard.started;
    record = shard.free;
    if (record == nullptr) [[unlikely]] {
      records_.fetch_add(
          1, std::memory_order_relaxed);  // From here on the pool stays this collector's.
      lock.unlock();
      record = NewRecord(shard);
      if (record == nullptr) {
        WakeIfIdle();
        return nullptr;
      }
      lock.lock();
      if (!shard.accepting) {
        ++shard.closed;
        lock.unlock();
        Free(record);
        return nullptr;
      }
    } else {
      shard.free = record->next;
      if (shard.free == nullptr) {
        shard.has_free.store(false, std::memory_order_relaxed);
      } else {
        // The next span of this shard will want it; it was last touched by the collector's thread.
        __builtin_prefetch(shard.free, 1);
        __builtin_prefetch(reinterpret_cast<char*>(shard.free) + 64, 1);
        __builtin_prefetch(reinterpret_cast<char*>(shard.free) + 128, 1);
      }
    }
    record->shard = &shard;
    record->epoch = shard.epoch;
    record->start_monotonic_ns = start_monotonic_ns;
    record->next = nullptr;
    record->previous = shard.open_last;
    (shard.open_last == nullptr ? shard.open_first : shard.open_last->next) = record;
    shard.open_last = record;
    if (shard.unannounced == nullptr) shard.unannounced = record;
    ++shard.open;
  }
  return record;
}

// A record from elsewhere; null, counted: there is none. The caller has counted it in records_.
SpanRecord* SpanPool::NewRecord(SpanShard& shard) {
  SpanRecord* record = nullptr;
  if (records_.load(std::memory_order_relaxed) <= spans_max_ && Charge(kRecordBytes)) {
    record = new (std::nothrow) SpanRecord;
    if (record != nullptr) {
      record->pool = this;
      return record;
    }
    Discharge(kRecordBytes);
  }
  record = Steal(shard);
  if (record == nullptr) {
    std::lock_guard lock(shard.mutex);
    ++shard.queue_full;
  }
  records_.fetch_sub(1, std::memory_order_release);
  return record;
}

SpanRecord* SpanPool::Steal(const SpanShard& thief) {
  for (SpanShard& shard : shards_) {
    if (&shard == &thief || !shard.has_free.load(std::memory_order_relaxed)) continue;
    std::unique_lock lock(shard.mutex, std::try_to_lock);
    if (!lock.owns_lock() || shard.free == nullptr) continue;
    SpanRecord* record = shard.free;
    shard.free = record->next;
    if (shard.free == nullptr) shard.has_free.store(false, std::memory_order_relaxed);
    return record;
  }
  return nullptr;
}

void SpanPool::Filled(SpanRecord* record) {
  record->filled.store(true, std::memory_order_release);
  if (announcing_.load(std::memory_order_relaxed)) WakeIfIdle();
}

void SpanPool::End(SpanRecord* record) {
  SpanPool& pool = *record->pool;
  SpanShard& shard = *record->shard;
  bool full = false;
  {
    std::unique_lock lock(shard.mutex);
    if (record->epoch != shard.epoch) {
      lock.unlock();
      record->Clear();
      delete record;  // The parent's; here the pool no longer counts it.
      return;
    }
    Unlink(shard, record);
    shard.truncated += record->truncated;
    if (!shard.accepting) {
      ++shard.closed;
      lock.unlock();
      pool.Free(record);
      return;
    }
    ++shard.ended;
    record->next = nullptr;
    (shard.ended_last == nullptr ? shard.ended_first : shard.ended_last->next) = record;
    shard.ended_last = record;
    full = ++shard.queued == pool.wake_spans_;
  }
  if (full) {
    pool.Wake();
  } else {
    pool.WakeIfIdle();
  }
}

void SpanPool::Free(SpanRecord* record) {
  record->Clear();
  Discharge(kRecordBytes);
  delete record;
  records_.fetch_sub(1, std::memory_order_release);  // The last touch: another may get the pool.
}

// The collector's thread sets idle_ before it looks at the shards, whose mutexes then order it before
// what is put into them: either it sees that, or this sees idle_.
void SpanPool::WakeIfIdle() {
  if (!idle_.load(std::memory_order_relaxed) || !idle_.exchange(false, std::memory_order_relaxed)) {
    return;
  }
  std::lock_guard lock(wake_mutex_);
  stirred_ = true;
  if (start_thread_) start_thread_();
  wake_.notify_one();
}

void SpanPool::Wake() {
  std::lock_guard lock(wake_mutex_);
  woken_ = true;
  if (start_thread_) start_thread_();
  wake_.notify_one();
}

void SpanPool::ForgetStarter() {
  std::lock_guard lock(wake_mutex_);
  start_thread_ = nullptr;
}

bool SpanPool::Wait(Time until) {
  const bool forever = until == kNever;
  bool something = false;
  if (forever) {
    idle_.store(true, std::memory_order_relaxed);
    something = HasQueued() ||
                (announcing_.load(std::memory_order_relaxed) && OldestUnannounced() != INT64_MAX);
  }
  std::unique_lock lock(wake_mutex_);
  const auto happened = [this] { return woken_ || stirred_; };
  if (!forever) {
    wake_.wait_until(lock, until, happened);
  } else if (!something) {
    wake_.wait(lock, happened);
  }
  idle_.store(false, std::memory_order_relaxed);
  stirred_ = false;
  return std::exchange(woken_, false);
}

SpanRecord* SpanPool::Drain() {
  SpanRecord* first = nullptr;
  SpanRecord** last = &first;
  for (SpanShard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    if (shard.ended_first == nullptr) continue;
    *last = std::exchange(shard.ended_first, nullptr);
    last = &std::exchange(shard.ended_last, nullptr)->next;
    shard.queued = 0;
  }
  return first;
}

void SpanPool::Return(SpanRecord* list) {
  while (list != nullptr) {
    // Records of a shard come one after the other: take them back in one go.
    SpanShard& shard = *list->shard;
    SpanRecord* const first = list;
    SpanRecord* last = list;
    for (last->Clear(); last->next != nullptr && last->next->shard == &shard; last->Clear()) {
      last = last->next;
    }
    list = last->next;
    last->next = nullptr;
    {
      std::lock_guard lock(shard.mutex);
      if (shard.accepting) {
        last->next = shard.free;
        shard.free = first;
        shard.has_free.store(true, std::memory_order_relaxed);
        continue;
      }
    }
    for (SpanRecord* record = first; record != nullptr;) {
      Free(std::exchange(record, record->next));
    }
  }
}

void SpanPool::Announce(int64_t opened_until_ns, size_t spans_max, Announcements& announcements) {
  for (SpanShard& shard : shards_) {
    while (announcements.spans.size() < spans_max) {
      std::lock_guard lock(shard.mutex);  // For one span at a time: others want to open theirs.
      SpanRecord* record = shard.unannounced;
      if (record == nullptr || record->start_monotonic_ns > opened_until_ns ||
          !record->filled.load(std::memory_order_acquire)) {
        break;
      }
      announcements.spans.push_back(record->Running(announcements.memory));
      announcements.extras.push_back(record->extras);
      shard.unannounced = record->next;
    }
  }
}

int64_t SpanPool::OldestUnannounced() {
  int64_t oldest = INT64_MAX;
  for (SpanShard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    if (shard.unannounced == nullptr) continue;
    oldest = std::min(oldest, shard.unannounced->start_monotonic_ns);
  }
  return oldest;
}

bool SpanPool::HasQueued() {
  return std::any_of(std::begin(shards_), std::end(shards_), [](SpanShard& shard) {
    std::lock_guard lock(shard.mutex);
    return shard.ended_first != nullptr;
  });
}

PoolStats SpanPool::Stats() {
  PoolStats stats;
  for (SpanShard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    stats.started += shard.started;
    stats.ended += shard.ended;
    stats.unsampled += shard.unsampled.load(std::memory_order_relaxed);
    stats.queue_full += shard.queue_full;
    stats.closed += shard.closed;
    stats.truncated += shard.truncated;
    stats.open += shard.open;
    stats.queued += shard.queued;
  }
  return stats;
}

SpanPool* SpanPool::Attach(const PoolOptions& options, std::function<void()> start_thread) {
  static const int registered = pthread_atfork(
      &PoolRegistry::PrepareFork, &PoolRegistry::ParentAfterFork, &PoolRegistry::ChildAfterFork);
  static_cast<void>(registered);
  std::lock_guard lock(registry.mutex);
  SpanPool* pool = registry.Unused();
  pool->attached_ = true;
  pool->age_ = ++registry.ages;
  pool->Configure(options, std::move(start_thread));
  registry.ChooseDefault();
  return pool;
}

void SpanPool::Configure(const PoolOptions& options, std::function<void()> start_thread) {
  limits_ = options.limits;
  spans_max_ = options.spans_max;
  bytes_max_ = options.bytes_max;
  // Small queues must not run full before anybody looks.
  wake_spans_ = std::clamp<size_t>(options.spans_max / (2 * kShards), 1, options.batch_spans_max);
  sampled_below_.store(static_cast<uint64_t>(std::ldexp(options.sample_ratio, 56)),
                       std::memory_order_relaxed);
  announcing_.store(false, std::memory_order_relaxed);
  idle_.store(false, std::memory_order_relaxed);
  {
    std::lock_guard lock(wake_mutex_);
    woken_ = stirred_ = false;
    start_thread_ = std::move(start_thread);
  }
  for (SpanShard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    shard.started = shard.ended = shard.queue_full = shard.closed = shard.truncated = 0;
    shard.unsampled.store(0, std::memory_order_relaxed);
    shard.accepting = true;
  }
}

void SpanPool::Close() {
  {
    std::lock_guard lock(registry.mutex);
    age_ = 0;
    registry.ChooseDefault();
  }
  for (SpanShard& shard : shards_) {
    SpanRecord* record = nullptr;
    {
      std::lock_guard lock(shard.mutex);
      shard.accepting = false;
      record = std::exchange(shard.free, nullptr);
      shard.has_free.store(false, std::memory_order_relaxed);
    }
    while (record != nullptr) Free(std::exchange(record, record->next));
  }
}

void SpanPool::Detach() {
  Return(Drain());
  std::lock_guard lock(registry.mutex);
  attached_ = false;
}

void SpanPool::PrepareFork() {
  wake_mutex_.lock();
  for (SpanShard& shard : shards_) shard.mutex.lock();
}

void SpanPool::ParentAfterFork() {
  for (SpanShard& shard : shards_) shard.mutex.unlock();
  wake_mutex_.unlock();
}

void SpanPool::ChildAfterFork() {
  size_t records = 0;
  for (SpanShard& shard : shards_) {
    ++shard.epoch;
    // Open ones are left to the Spans that point to them: those of this thread. What other threads had
    // open or were exporting is never looked at again.
    for (SpanRecord* record = shard.open_first; record != nullptr; record = record->next) {
      record->memory.ForgetCharge();
    }
    shard.open_first = shard.open_last = shard.unannounced = nullptr;
    for (SpanRecord* record = std::exchange(shard.ended_first, nullptr); record != nullptr;) {
      SpanRecord* next = record->next;
      record->Clear();
      record->next = shard.free;
      shard.free = record;
      record = next;
    }
    shard.ended_last = nullptr;
    for (const SpanRecord* record = shard.free; record != nullptr; record = record->next) ++records;
    shard.has_free.store(shard.free != nullptr, std::memory_order_relaxed);
    shard.open = shard.queued = 0;
    shard.started = shard.ended = shard.queue_full = shard.closed = shard.truncated = 0;
    shard.unsampled.store(0, std::memory_order_relaxed);
    shard.mutex.unlock();
  }
  records_.store(records, std::memory_order_relaxed);
  bytes_.store(records * kRecordBytes, std::memory_order_relaxed);
  // Whoever waited is not in this process; a condition variable would wait for it when destroyed.
  new (&wake_) std::condition_variable();
  woken_ = stirred_ = false;
  // No thread: the first span must start one.
  idle_.store(true, std::memory_order_relaxed);
  wake_mutex_.unlock();
}

}  // namespace sdk
}  // namespace pitot
