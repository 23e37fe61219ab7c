#include "http/memory_budget.h"

namespace pitot {

bool MemoryBudget::TryAcquire(int64_t bytes) {
  MutexLock lock(&mutex_);
  if (!waiters_.empty() || !FitsLocked(bytes)) return false;
  used_ += bytes;
  return true;
}

uint64_t MemoryBudget::AcquireOrWait(int64_t bytes, std::function<void()> granted) {
  MutexLock lock(&mutex_);
  if (waiters_.empty() && FitsLocked(bytes)) {
    used_ += bytes;
    return 0;
  }
  waiters_.push_back({++last_ticket_, bytes, std::move(granted)});
  return last_ticket_;
}

bool MemoryBudget::Cancel(uint64_t ticket) {
  std::list<Waiter> granted;
  bool found = false;
  {
    MutexLock lock(&mutex_);
    found = std::erase_if(waiters_, [&](const Waiter& w) { return w.ticket == ticket; }) > 0;
    granted = GrantLocked();  // Whoever stood behind it may fit.
  }
  for (const Waiter& waiter : granted) waiter.granted();
  return found;
}

void MemoryBudget::Release(int64_t bytes) {
  std::list<Waiter> granted;
  {
    MutexLock lock(&mutex_);
    used_ -= bytes;
    granted = GrantLocked();
  }
  for (const Waiter& waiter : granted) waiter.granted();
}

int64_t MemoryBudget::used() const {
  MutexLock lock(&mutex_);
  return used_;
}

std::list<MemoryBudget::Waiter> MemoryBudget::GrantLocked() {
  std::list<Waiter> granted;
  while (!waiters_.empty() && FitsLocked(waiters_.front().bytes)) {
    used_ += waiters_.front().bytes;
    granted.splice(granted.end(), waiters_, waiters_.begin());
  }
  return granted;
}

}  // namespace pitot
