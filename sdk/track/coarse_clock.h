// sdk/track/coarse_clock.h
//
// The time of the last timer tick: up to 4 ms late, and some 5 ns to read instead of 25. Fine enough for
// windows of a second or more. Any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace pitot {
inline namespace sdk {

inline int64_t ReadCoarseClock(clockid_t id) {
  timespec now = {};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Unix nanoseconds.
inline int64_t CoarseUnixNs() { return ReadCoarseClock(CLOCK_REALTIME_COARSE); }
// Nanoseconds since some moment; nobody sets it.
inline int64_t CoarseSteadyNs() { return ReadCoarseClock(CLOCK_MONOTONIC_COARSE); }

}  // namespace sdk
}  // namespace pitot
