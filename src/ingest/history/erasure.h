// ingest/history/erasure.h
//
// Deletion of traces and of users (what that is: store/erase.h), one after the other, each step once
// or again after a crash:
//
//   1. recorded in the state log, durable: from here on no read shows it, and a restart resumes it
//   2. what was received before is written, so that what is to be erased is in the tables; no payload
//      counts as known, so that requests from now on bring theirs
//   3. listed in the table `erased`: the spool and senders cannot bring it back
//   4. payloads, facts, traces, scores, logs and spans deleted, partition by partition, while the
//      flusher waits
//   5. counted: nothing is left; traces that lost some of their spans are resolved anew
//   6. recorded as done, with an audit event
//
// Thread-safe. Its thread does the work.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "ingest/ingest.h"
#include "store/erase.h"
#include "store/erase_event.h"
#include "store/state.h"
#include "store/store.h"

namespace pitot {

struct ErasureProgress {
  uint64_t done = 0;  // Steps.
  uint64_t total = 0;
  bool ended = false;   // This is the last call.
  absl::Status status;  // Of the end. kUnavailable: it goes on when the store is back.
  uint64_t traces = 0;  // Of the end: what is gone.
  uint64_t spans = 0;
  uint64_t payloads = 0;
};
// On the eraser's thread: must not block for long.
using ErasureWatcher = std::function<void(const ErasureProgress&)>;

class Eraser {
 public:
  // Borrows all. Hides at once what a server before did not finish. `keep_days`: how long a trace
  // stays refused (the retention).
  Eraser(Store& store, StateLog& state, Ingest& ingest, uint16_t keep_days);
  ~Eraser();

  // Goes on with what is not finished.
  void Start();
  // Call it when ingest has stopped. Safe to call twice. What is not finished is resumed at the next
  // start.
  void Stop();

  // Durable, and hidden from every read, when it returns OK; the rest follows, and `watch` is told.
  // kInvalidArgument: no trace id, an empty user id. kResourceExhausted: many wait already.
  absl::Status Begin(Erasure::What what, std::string_view project, std::string_view subject,
                     std::string_view actor, ErasureWatcher watch);

  // Not finished yet.
  size_t pending() const;

 private:
  struct Job : ErasureEvent {
    bool hides = true;
    std::string actor;
    ErasureWatcher watch;  // Null after a restart, or once it was told of a failure.
  };

  void Resume();
  void Refuse(const Erasure& erasure);
  void HideAll() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run();
  absl::Status Execute(Job& job);
  absl::Status Mark(Job& job);
  absl::Status DeletePayloadsOf(Job& job, ErasureProgress& progress);
  absl::Status DeleteRowsOf(Job& job, ErasureProgress& progress);
  absl::Status ResolveRest(const Job& job);
  // Between two flushes.
  absl::Status Alone(const std::function<absl::Status()>& work);
  bool Pause(std::chrono::milliseconds wait);

  Store& store_;
  Engine& engine_;
  StateLog& state_;
  Ingest& ingest_;
  const uint16_t keep_days_;

  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<std::shared_ptr<Job>> jobs_ ABSL_GUARDED_BY(mutex_);  // The first is under way.
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
