#include "sdk/track/thread_number.h"

#include <atomic>

namespace pitot {
inline namespace sdk {

size_t ThreadNumber() {
  static std::atomic<size_t> next{0};
  // Constant initialization: reading it needs no guard.
  thread_local size_t number = 0;
  if (number == 0) number = next.fetch_add(1, std::memory_order_relaxed) + 1;
  return number;
}

}  // namespace sdk
}  // namespace pitot
