// gateway/recorder.h
//
// Takes finished calls off the I/O threads and sees them into ingest: gathered for some milliseconds,
// made into spans on one of ingest's workers, kept until they are durable. While ingest takes none
// (the spool is full, the disk fails) they wait; above `queue_bytes` calls give up their contents and
// keep their figures, which is counted. No call is ever refused or delayed for it.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "gateway/call_record.h"
#include "ingest/ingest.h"

namespace pitot {

struct RecorderOptions {
  int64_t queue_bytes = 128 << 20;  // limits.gateway_queue_bytes
  // Beyond it even figures are given up: the oldest calls leave.
  size_t queue_calls = 200'000;
  std::chrono::milliseconds gather{10};
  std::chrono::milliseconds retry{1'000};  // After ingest refused.
};

struct RecorderStats {
  int64_t queued = 0;  // Not yet durable.
  int64_t queued_bytes = 0;
  uint64_t recorded = 0;
  uint64_t contents_dropped = 0;
  uint64_t calls_dropped = 0;
};

class CallRecorder {
 public:
  CallRecorder(RecorderOptions options, Ingest& ingest);
  ~CallRecorder();

  void Start();
  // Hands over what waits; waits up to `drain` for it to be durable. Safe to call twice.
  void Stop(std::chrono::milliseconds drain);

  void Add(std::unique_ptr<CallRecord> call);

  RecorderStats stats() const;

 private:
  struct Batch;

  void Run();
  void Send(std::shared_ptr<Batch> batch);
  void Done(const std::shared_ptr<Batch>& batch, const IngestReply& reply);
  void Pause(std::chrono::milliseconds time, size_t calls) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void MakeRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const RecorderOptions options_;
  Ingest& ingest_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::unique_ptr<CallRecord>> waiting_ ABSL_GUARDED_BY(mutex_);  // Oldest first.
  int64_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  int64_t in_flight_ ABSL_GUARDED_BY(mutex_) = 0;  // Calls handed to ingest.
  int64_t in_flight_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool backing_off_ ABSL_GUARDED_BY(mutex_) = false;  // Ingest refused; wait before the next.
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  RecorderStats stats_ ABSL_GUARDED_BY(mutex_);
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
