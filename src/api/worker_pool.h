// api/worker_pool.h
//
// Threads for what must not run on I/O threads: queries that wait for the store.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace pitot {

// Thread-safe.
class WorkerPool {
 public:
  using Job = std::function<void()>;

  WorkerPool(size_t threads, size_t queued_max) : jobs_(queued_max) {
    for (size_t i = 0; i < threads; ++i) {
      threads_.emplace_back([this] {
        while (std::optional<Job> job = jobs_.Pop()) (*job)();
      });
    }
  }
  ~WorkerPool() { jobs_.Close(); }  // The threads end once the queue is drained.

  // False when full; `job` is then untouched.
  [[nodiscard]] bool TryRun(Job& job) { return jobs_.TryPush(job); }

 private:
  BoundedQueue<Job> jobs_;
  std::vector<std::jthread> threads_;  // Last: joined before the queue is gone.
};

}  // namespace pitot
