// http/memory_budget.h
//
// A bound on the memory of all request bodies together, shared by listeners. Waiters are served in
// order, so that a large request is not starved by small ones.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>

#include "base/mutex.h"

namespace pitot {

// Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(int64_t bytes_max) : bytes_max_(bytes_max) {}

  // False when that much is not free, or others wait already. A request larger than the whole
  // budget is granted while nothing else is held: one at a time instead of never.
  [[nodiscard]] bool TryAcquire(int64_t bytes);

  // As TryAcquire; when it says no, `granted` is called once, from the thread that releases, when
  // the bytes are acquired. Returns a ticket for Cancel; 0 when acquired at once (`granted`
  // unused).
  [[nodiscard]] uint64_t AcquireOrWait(int64_t bytes, std::function<void()> granted);

  // Stops waiting. False when the grant came first: the bytes are acquired.
  [[nodiscard]] bool Cancel(uint64_t ticket);

  void Release(int64_t bytes);

  int64_t used() const;
  int64_t bytes_max() const { return bytes_max_; }

 private:
  struct Waiter {
    uint64_t ticket;
    int64_t bytes;
    std::function<void()> granted;
  };

  bool FitsLocked(int64_t bytes) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return used_ == 0 || used_ + bytes <= bytes_max_;
  }
  // Grants from the front; returns the callbacks to run without the lock.
  std::list<Waiter> GrantLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const int64_t bytes_max_;
  mutable Mutex mutex_;
  int64_t used_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t last_ticket_ ABSL_GUARDED_BY(mutex_) = 0;
  std::list<Waiter> waiters_ ABSL_GUARDED_BY(mutex_);
};

// What one request holds. Not thread-safe.
class MemoryLease {
 public:
  MemoryLease() = default;
  explicit MemoryLease(std::shared_ptr<MemoryBudget> budget) : budget_(std::move(budget)) {}
  ~MemoryLease() { Reset(); }
  MemoryLease(const MemoryLease&) = delete;
  MemoryLease& operator=(const MemoryLease&) = delete;

  // Notes bytes that were acquired for this lease.
  void Add(int64_t bytes) { bytes_ += bytes; }
  void Reset() {
    if (bytes_ > 0) budget_->Release(bytes_);
    bytes_ = 0;
  }
  MemoryBudget& budget() { return *budget_; }
  int64_t bytes() const { return bytes_; }

 private:
  std::shared_ptr<MemoryBudget> budget_;
  int64_t bytes_ = 0;
};

}  // namespace pitot
