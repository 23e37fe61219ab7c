// ingest/history/gate.h
//
// Lets somebody wait until everything that is under way now is through, while new work goes on.
// Thread-safe.
#pragma once

#include <cstdint>
#include <utility>

#include "base/mutex.h"

namespace pitot {

class Gate {
 public:
  // One piece of work under way, until it is destroyed. Move-only. The gate must outlive it.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(&gate), side_(gate.Enter()) {}
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), side_(other.side_) {}
    Pass& operator=(Pass&&) = delete;
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave(side_);
    }

   private:
    Gate* gate_;
    int side_;
  };

  // Returns when every pass made before is gone. One caller at a time waits; others queue.
  void Drain() {
    MutexLock lock(&mutex_);
    while (draining_) changed_.Wait(mutex_);
    draining_ = true;
    const int old = side_;
    side_ = 1 - side_;
    while (inside_[old] > 0) changed_.Wait(mutex_);
    draining_ = false;
    changed_.NotifyAll();
  }

 private:
  int Enter() {
    MutexLock lock(&mutex_);
    ++inside_[side_];
    return side_;
  }
  void Leave(int side) {
    MutexLock lock(&mutex_);
    if (--inside_[side] == 0) changed_.NotifyAll();
  }

  Mutex mutex_;
  CondVar changed_;
  int side_ ABSL_GUARDED_BY(mutex_) = 0;  // New passes count here.
  int64_t inside_[2] ABSL_GUARDED_BY(mutex_) = {0, 0};
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace pitot
