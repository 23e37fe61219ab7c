// base/bounded_queue.h
//
// A queue that is bounded and can say no.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <utility>

#include "base/mutex.h"

namespace pitot {

// Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t items_max) : items_max_(items_max) {}

  // False when full or closed; `item` is then untouched. Never blocks.
  [[nodiscard]] bool TryPush(T& item) {
    MutexLock lock(&mutex_);
    if (closed_ || items_.size() >= items_max_) return false;
    items_.push_back(std::move(item));
    ready_.NotifyOne();
    return true;
  }

  // Waits until TryPush would find room; false when closed. For queues with one producer.
  [[nodiscard]] bool WaitForRoom() {
    MutexLock lock(&mutex_);
    while (!closed_ && items_.size() >= items_max_) taken_.Wait(mutex_);
    return !closed_;
  }

  // Blocks. Empty only once the queue is closed and drained.
  std::optional<T> Pop() {
    MutexLock lock(&mutex_);
    while (!closed_ && items_.empty()) ready_.Wait(mutex_);
    return TakeLocked();
  }

  // As Pop, but also empty once `wait` has passed.
  std::optional<T> PopFor(std::chrono::milliseconds wait) {
    const auto until = std::chrono::steady_clock::now() + wait;
    MutexLock lock(&mutex_);
    while (!closed_ && items_.empty() && ready_.WaitUntil(mutex_, until)) {
    }
    return TakeLocked();
  }

  void Close() {
    MutexLock lock(&mutex_);
    closed_ = true;
    ready_.NotifyAll();
    taken_.NotifyAll();
  }

  bool closed() const {
    MutexLock lock(&mutex_);
    return closed_;
  }
  size_t size() const {
    MutexLock lock(&mutex_);
    return items_.size();
  }

 private:
  std::optional<T> TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item = std::move(items_.front());
    items_.pop_front();
    taken_.NotifyOne();
    return item;
  }

  const size_t items_max_;
  mutable Mutex mutex_;
  CondVar ready_;  // An item came, or the end.
  CondVar taken_;  // An item went, or the end.
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace pitot
