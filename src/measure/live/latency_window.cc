#include "measure/live/latency_window.h"

#include <algorithm>
#include <cmath>

namespace pitot {

LatencyWindow::LatencyWindow(size_t size)
    : size_(size), slots_(std::make_unique<std::atomic<int64_t>[]>(size)) {
  for (size_t i = 0; i < size_; ++i) slots_[i].store(kNone, std::memory_order_relaxed);
}

uint64_t LatencyWindow::recorded() const {
  // In this order: a Reset in between must not make it negative.
  const uint64_t from = reset_at_.load(std::memory_order_acquire);
  return next_.load(std::memory_order_relaxed) - from;
}

std::vector<int64_t> LatencyWindow::Values() const {
  std::vector<int64_t> values;
  values.reserve(static_cast<size_t>(std::min<uint64_t>(size_, recorded())) + 1);
  for (size_t i = 0; i < size_; ++i) {
    const int64_t value = slots_[i].load(std::memory_order_relaxed);
    if (value != kNone) values.push_back(value);
  }
  return values;
}

void LatencyWindow::Reset() {
  reset_at_.store(next_.load(std::memory_order_relaxed), std::memory_order_release);
  for (size_t i = 0; i < size_; ++i) slots_[i].store(kNone, std::memory_order_relaxed);
}

size_t RankOf(double q, size_t n) {
  // Finer than any q that means something, coarser than what a product of doubles is off by.
  constexpr double kRounding = 1e-12;
  const double rank = std::ceil(q * static_cast<double>(n) * (1 - kRounding));
  return std::clamp<size_t>(static_cast<size_t>(rank), 1, n);
}

int64_t OrderStatistic(std::span<int64_t> values, double q) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(RankOf(q, values.size()) - 1);
  std::ranges::nth_element(values, at);
  return *at;
}

OrderSummary SummarizeOrder(std::span<int64_t> values) {
  OrderSummary summary;
  if (values.empty()) return summary;
  const auto [min, max] = std::ranges::minmax(values);
  summary.min = min;
  summary.max = max;
  // What is below one of them need not be looked at for the next.
  size_t done = 0;
  const auto at = [&](double q) {
    const size_t rank = RankOf(q, values.size()) - 1;
    const std::span<int64_t> rest = values.subspan(done);
    std::ranges::nth_element(rest, rest.begin() + static_cast<std::ptrdiff_t>(rank - done));
    done = rank;
    return values[rank];
  };
  summary.p50 = at(0.5);
  summary.p90 = at(0.9);
  summary.p95 = at(0.95);
  summary.p99 = at(0.99);
  return summary;
}

}  // namespace pitot
