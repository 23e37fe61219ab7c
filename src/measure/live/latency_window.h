// measure/live/latency_window.h
//
// The last N values, and exact order statistics of them. Pure: neither lock nor clock.
//
// Record is one atomic increment and one store into a ring: it waits for nobody. A reader copies the
// ring while others write: a value that is being recorded just then may be missing, the one that it
// replaces being told instead. Once writers have stopped, or are known to be done, the copy is exact.
// A writer that sleeps between its two steps for as long as N others record leaves its value in the
// place of a newer one.
//
// Thread-safety: any thread, Reset too.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace pitot {

class LatencyWindow {
 public:
  // REQUIRES: 1 <= size < 2^32. 8 bytes a value.
  explicit LatencyWindow(size_t size);

  // A negative value counts as 0.
  void Record(int64_t value) {
    const uint64_t turn = next_.fetch_add(1, std::memory_order_relaxed);
    slots_[turn % size_].store(value < 0 ? 0 : value, std::memory_order_relaxed);
  }

  // Since the beginning, or the last Reset.
  uint64_t recorded() const;
  size_t size() const { return size_; }

  // The values, in no order.
  std::vector<int64_t> Values() const;

  // Forgets all. A value that is being recorded at the same time may stay.
  void Reset();

 private:
  static constexpr int64_t kNone = -1;

  const size_t size_;
  const std::unique_ptr<std::atomic<int64_t>[]> slots_;
  std::atomic<uint64_t> reset_at_{0};
  // Every writer changes it, so it shares its cache line with nothing that is only read.
  alignas(64) std::atomic<uint64_t> next_{0};
};

// The rank of quantile q among n values, from 1: ceil(q * n), where a product that is whole but for an
// error of rounding is taken as whole (0.07 * 100 is 7.000000000000001).
// REQUIRES: 0 < q <= 1, n >= 1.
size_t RankOf(double q, size_t n);

// The value of rank RankOf(q, size). Reorders `values`. REQUIRES: not empty.
int64_t OrderStatistic(std::span<int64_t> values, double q);

struct OrderSummary {
  int64_t min = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0, max = 0;
};
// All 0 without values. Reorders `values`; linear in their number.
OrderSummary SummarizeOrder(std::span<int64_t> values);

}  // namespace pitot
