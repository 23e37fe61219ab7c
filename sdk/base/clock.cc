#include "sdk/base/clock.h"

#include <atomic>

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kCompareEveryNanos = 1'000'000'000;
constexpr int64_t kStepNanos = 1'000'000;

// Two threads that compare at once both write what they measured: either is right.
std::atomic<int64_t> offset_ns{0};
std::atomic<int64_t> compared_at_ns{INT64_MIN};  // By the monotonic clock.

int64_t Compare(int64_t monotonic_ns, int64_t compared_at) {
  timespec wall;
  clock_gettime(CLOCK_REALTIME, &wall);
  const int64_t unix_ns = int64_t{wall.tv_sec} * 1'000'000'000 + wall.tv_nsec;
  // The reading handed in may be old when the thread was held up since.
  const int64_t measured = unix_ns - MonotonicNanos();
  const int64_t known = offset_ns.load(std::memory_order_relaxed);
  const int64_t differ = measured > known ? measured - known : known - measured;
  const bool first = compared_at == INT64_MIN;
  if (first || differ >= kStepNanos) offset_ns.store(measured, std::memory_order_relaxed);
  compared_at_ns.store(monotonic_ns, std::memory_order_release);
  return offset_ns.load(std::memory_order_relaxed);
}

}  // namespace

int64_t UnixOffsetNanos(int64_t monotonic_ns) {
  const int64_t compared_at = compared_at_ns.load(std::memory_order_acquire);
  if (compared_at == INT64_MIN || monotonic_ns - compared_at > kCompareEveryNanos) [[unlikely]] {
    return Compare(monotonic_ns, compared_at);
  }
  return offset_ns.load(std::memory_order_relaxed);
}

}  // namespace sdk
}  // namespace pitot
