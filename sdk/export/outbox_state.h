// sdk/export/outbox_state.h
//
// What an Outbox and its thread share. Internal to outbox*.cc.
//
// Thread-safety: the members under `mutex`, as said; `queue`'s first batch may be read without it by the
// thread, which alone removes batches.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sdk/base/problems.h"
#include "sdk/export/outbox.h"

namespace pitot {
inline namespace sdk {

struct Outbox::State {
  State(const OutboxOptions& outbox_options, Problems& outbox_problems)
      : options(outbox_options), problems(&outbox_problems), transport(options.make_transport()) {
    stats.name = options.name;
  }

  // The thread's own function.
  void Run();

  // Counts `spans` as lost and says so. The lock is not held while saying.
  void Drop(std::unique_lock<std::mutex>& lock, DropReason reason, uint64_t spans);
  void Tell(std::unique_lock<std::mutex>& lock, std::string_view reason, std::string_view message);
  void Add(SpanBatch batch);
  // Takes the first batch out.
  SpanBatch Pop();

  const OutboxOptions options;  // Its own: it may outlive the Outbox.

  std::mutex mutex;
  std::condition_variable work;     // For the thread.
  std::condition_variable changed;  // For who waits for the thread.

  // All guarded by mutex.
  Problems* problems;  // Null once the Outbox is gone.
  int telling = 0;     // Threads that are using it without the lock.
  std::deque<SpanBatch> queue;
  size_t queue_bytes = 0;
  uint64_t queue_spans = 0;
  uint64_t last_number = 0;  // Of the batch that came last.
  bool ended = false;        // The thread is through.
  bool stopping = false;     // Nothing more is taken; the thread ends when the queue is empty.
  bool abandon = false;      // The thread ends as soon as it can.
  bool hurry = false;        // Do not wait for a backoff once.
  std::optional<bool> takes_running;
  int failures = 0;  // Requests in a row.
  std::chrono::steady_clock::time_point not_before;
  bool asked_to_wait = false;  // not_before is what the receiver asked for.
  ExporterStats stats;

  const std::unique_ptr<Transport> transport;

 private:
  bool Due(std::unique_lock<std::mutex>& lock);
  void SendFirst(std::unique_lock<std::mutex>& lock);
  void Retry(std::unique_lock<std::mutex>& lock, const Verdict& verdict);
  void TooLarge(std::unique_lock<std::mutex>& lock);
};

}  // namespace sdk
}  // namespace pitot
