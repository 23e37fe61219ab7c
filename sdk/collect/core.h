// sdk/collect/core.h
//
// A collector at work: one background thread that takes ended spans out of the pool in batches, hands
// them to each exporter, and tells exporters that want to know of spans that have been open for long.
//
// Lifetime: shared by the TraceCollector and the thread. The thread of a collector whose SpanSink does
// not return is let go: it ends, and frees the core, when the sink has returned.
// Locks, in the order they are taken: mutex_, those of exporters and problems, the pool's. StartThread
// runs under one of the pool's and takes none. None is held while an exporter takes spans.
// Thread-safety: Flush, Stats: any thread. Close: once.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "pitot/collector.h"
#include "sdk/base/problems.h"
#include "sdk/export/exporter.h"
#include "sdk/trace/pool.h"

namespace pitot {
inline namespace sdk {

class CollectorCore : public std::enable_shared_from_this<CollectorCore> {
 public:
  // `exporters` come beside those of the options. Throws std::invalid_argument.
  static std::shared_ptr<CollectorCore> Make(const CollectorOptions& options,
                                             std::vector<std::unique_ptr<Exporter>> exporters = {});
  ~CollectorCore();

  bool Flush(Deadline deadline);
  // What the collector's destructor does.
  void Close();
  CollectorStats Stats();
  std::chrono::milliseconds flush_timeout() const { return options_.flush_timeout; }

 private:
  friend struct CoreRegistry;

  struct Target {
    std::unique_ptr<Exporter> exporter;
    std::atomic<uint64_t> threw{0};  // Spans of announcements among them.
  };
  // What the thread keeps from one round to the next.
  struct Round;

  explicit CollectorCore(const CollectorOptions& options);
  void StartThread();
  void Run();
  SpanPool::Time NextWork(Round& round);
  void Announce(Round& round);
  void ExportQueued(Round& round);
  void Hand(Target& target, std::span<const SpanData> spans);
  void ReportLosses(Round& round);
  bool WantsRunning() const;
  bool StopThread(Deadline deadline);
  void SayLastWords(bool ended);
  void PrepareFork();
  void ParentAfterFork();
  void ChildAfterFork();

  const CollectorOptions options_;
  Problems problems_;
  std::vector<std::unique_ptr<Target>> targets_;
  SpanPool* pool_ = nullptr;
  std::atomic<uint64_t> in_hand_{0};    // Spans taken out of the pool, not yet handed to all.
  std::atomic<bool> abandoned_{false};  // The thread hands nothing on any more.

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t flush_wanted_ = 0;  // Guarded by mutex_, and so are the next ones.
  uint64_t flush_done_ = 0;
  bool stop_ = false;
  bool ended_ = false;  // The thread has done its work.

  std::atomic<bool> started_{false};
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;  // Guarded by the pool's wake mutex until Close.
};

}  // namespace sdk
}  // namespace pitot
