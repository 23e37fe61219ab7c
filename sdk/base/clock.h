// sdk/base/clock.h
//
// Time for spans, from one clock: a span's start and end, and those of its children, are readings of the
// monotonic clock plus one offset to Unix time for the whole process. So no span ends before it starts
// and none costs more than two clock readings.
//
// Thread-safety: all of it.
#pragma once

#include <cstdint>
#include <ctime>

namespace pitot {
inline namespace sdk {

// Of CLOCK_MONOTONIC.
inline int64_t MonotonicNanos() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// What to add to `monotonic_ns`, a reading just made, to get Unix nanoseconds. Compared with the wall
// clock once a second and changed when they differ by a millisecond or more (the clock was set, the
// machine slept); smaller steps would only disturb the order of spans.
int64_t UnixOffsetNanos(int64_t monotonic_ns);

// Unix nanoseconds by the same offset.
inline int64_t UnixNow() {
  const int64_t monotonic_ns = MonotonicNanos();
  return monotonic_ns + UnixOffsetNanos(monotonic_ns);
}

}  // namespace sdk
}  // namespace pitot
