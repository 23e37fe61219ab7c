// pitot/latency_tracker.h
//
// Exact percentiles of the last N durations.
//
//   pitot::LatencyTracker latency;                // The last 1,000.
//   latency.record(std::chrono::milliseconds(412));
//   std::cout << latency.summary().to_string();   // "1,000 calls: p50 412 ms, p95 1.90 s, p99 4.21 s, ..."
//
// Thread-safety: all of it, from any thread. record() neither locks nor allocates. A figure taken while
// others record may miss what is being recorded just then; what was recorded before it is in it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace pitot {
inline namespace sdk {

struct LatencySummary {
  uint64_t recorded = 0;  // Ever, or since reset().
  size_t count = 0;       // In the window; the figures below are of these. 0: all are zero.
  std::chrono::nanoseconds min{0}, p50{0}, p90{0}, p95{0}, p99{0}, max{0};
  bool low_n = false;  // Fewer than 100: p99 is the slowest.

  // "1,000 calls: p50 412 ms, p95 1.90 s, p99 4.21 s, max 6.02 s"; "last 1,000 of 24,310 calls: ..."
  // once older ones have left the window; "no calls".
  std::string to_string() const;
  // recorded, count, min_ms, p50_ms, p90_ms, p95_ms, p99_ms, max_ms (milliseconds, 0 without samples),
  // low_n.
  std::string to_json() const;
};

class LatencyTracker {
 public:
  static constexpr size_t kWindow = 1'000;

  // REQUIRES: 1 <= window <= 1'000'000; throws std::invalid_argument otherwise. 8 bytes a sample.
  explicit LatencyTracker(size_t window = kWindow);
  ~LatencyTracker();
  LatencyTracker(const LatencyTracker&) = delete;
  LatencyTracker& operator=(const LatencyTracker&) = delete;

  // A negative duration counts as 0.
  void record(std::chrono::nanoseconds duration);

  // Of the window, exact: the sample of rank ceil(q * count). Nothing without samples.
  // REQUIRES: 0 < q <= 1; throws std::invalid_argument otherwise. Copies the window: microseconds for
  // 1,000 samples, milliseconds for a million.
  std::optional<std::chrono::nanoseconds> percentile(double q) const;
  LatencySummary summary() const;
  void reset();  // Forgets all samples.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
