// base/cancel.h
//
// Tells work on other threads that nobody waits for it any more.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/mutex.h"

namespace pitot {

// Thread-safe. Shared by who cancels and who works.
class CancelToken {
 public:
  // Idempotent. Runs the callbacks registered, here.
  void Cancel() {
    std::map<uint64_t, std::function<void()>> callbacks;
    {
      MutexLock lock(&mutex_);
      if (cancelled_.exchange(true)) return;
      callbacks.swap(callbacks_);
    }
    for (auto& [id, callback] : callbacks) callback();
  }

  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

  // Runs `callback` once on Cancel, on the thread that cancels; at once when that has happened. Gives
  // a number for Forget, 0 when it ran already.
  uint64_t OnCancel(std::function<void()> callback) {
    {
      MutexLock lock(&mutex_);
      if (!cancelled_.load()) {
        callbacks_.emplace(++last_id_, std::move(callback));
        return last_id_;
      }
    }
    callback();
    return 0;
  }

  // A callback that is running in another thread may still run when this returns: it must own what
  // it uses.
  void Forget(uint64_t id) {
    MutexLock lock(&mutex_);
    callbacks_.erase(id);
  }

 private:
  std::atomic<bool> cancelled_{false};
  Mutex mutex_;
  uint64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<uint64_t, std::function<void()>> callbacks_ ABSL_GUARDED_BY(mutex_);
};

using CancelTokenPtr = std::shared_ptr<CancelToken>;

}  // namespace pitot
