// base/clock.h
//
// Time is an argument. Components take a Clock; pure code takes the time itself; SQL takes it as a
// parameter. Tests drive a FakeClock.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pitot {

using UnixNanos = int64_t;  // Nanoseconds since 1970-01-01T00:00:00Z, until the year 2262.

inline constexpr int64_t kNanosPerMilli = 1'000'000;
inline constexpr int64_t kNanosPerSecond = 1'000'000'000;
inline constexpr int64_t kNanosPerMinute = 60 * kNanosPerSecond;
inline constexpr int64_t kNanosPerDay = 86'400 * kNanosPerSecond;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixNanos Now() const = 0;           // Wall clock: may jump.
  virtual int64_t MonotonicNanos() const = 0;  // For intervals and deadlines.
};

class SystemClock final : public Clock {
 public:
  UnixNanos Now() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }
  int64_t MonotonicNanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

class FakeClock final : public Clock {
 public:
  explicit FakeClock(UnixNanos now) : now_(now) {}
  UnixNanos Now() const override { return now_.load(); }
  int64_t MonotonicNanos() const override { return now_.load(); }
  void Advance(std::chrono::nanoseconds by) { now_ += by.count(); }
  void Set(UnixNanos now) { now_ = now; }

 private:
  std::atomic<UnixNanos> now_;
};

}  // namespace pitot
