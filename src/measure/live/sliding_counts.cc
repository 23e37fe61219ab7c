#include "measure/live/sliding_counts.h"

#include <algorithm>

namespace pitot {
namespace {

int64_t CellNs(int64_t window_ns) {
  const int64_t cell = window_ns / SlidingCounts::kCells + (window_ns % SlidingCounts::kCells != 0);
  return std::max(cell, SlidingCounts::kCellNsMin);
}

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }

}  // namespace

// One cell more than the window has: the one of now has only begun.
SlidingCounts::SlidingCounts(int64_t window_ns)
    : cell_ns_(CellNs(window_ns)),
      ring_(static_cast<size_t>(window_ns / cell_ns_ + (window_ns % cell_ns_ != 0) + 1)) {}

void SlidingCounts::Restart(int64_t cell) {
  std::ranges::fill(ring_, SliCount{});
  sum_ = {};
  newest_ = cell;
  newest_at_ = 0;
  empty_ = false;
}

SliCount& SlidingCounts::CellAt(int64_t now_ns) {
  const int64_t cell = FloorDivide(now_ns, cell_ns_);
  const auto cells = static_cast<int64_t>(ring_.size());
  // Differences of cells cannot overflow: a cell is a million nanoseconds or more.
  if (empty_ || cell - newest_ >= cells || newest_ - cell >= cells) {
    Restart(cell);
  }
  for (; newest_ < cell; ++newest_) {
    newest_at_ = newest_at_ + 1 == ring_.size() ? 0 : newest_at_ + 1;
    sum_ -= ring_[newest_at_];
    ring_[newest_at_] = {};
  }
  return ring_[newest_at_];
}

}  // namespace pitot
