// measure/live/sliding_counts.h
//
// Good and bad events of a window that ends now. Pure: the clock is an argument.
//
// The window is cut into cells of a thousandth of it, of 1 ms at least. What is counted are all events
// of the window and at most one cell more: an event leaves between `window` and `window + cell` after
// it came. Both operations take constant time on average, and a thousand steps at most.
//
// A clock that goes back by up to the window counts events at the latest time it told before; one that
// goes back further was wrong before, and counting starts anew. One that jumps ahead leaves the window
// empty.
//
// Thread-safety: one thread at a time. Memory: 16 bytes a cell, 16 KB.
#pragma once

#include <cstdint>
#include <vector>

#include "measure/burn_rate.h"

namespace pitot {

class SlidingCounts {
 public:
  static constexpr int64_t kCells = 1'000;
  static constexpr int64_t kCellNsMin = 1'000'000;

  // REQUIRES: window_ns > 0.
  explicit SlidingCounts(int64_t window_ns);

  void Add(int64_t now_ns, bool good) {
    SliCount& cell = CellAt(now_ns);
    cell.good += good;
    ++cell.valid;
    sum_.good += good;
    ++sum_.valid;
  }

  // Of the window that ends at `now_ns`.
  SliCount At(int64_t now_ns) {
    CellAt(now_ns);
    return sum_;
  }

  int64_t cell_ns() const { return cell_ns_; }

 private:
  // The cell of that time, after what is older than the window before it has been dropped.
  SliCount& CellAt(int64_t now_ns);
  void Restart(int64_t cell);

  const int64_t cell_ns_;
  std::vector<SliCount> ring_;  // Oldest behind newest_at_.
  SliCount sum_;                // Of the ring.
  int64_t newest_ = 0;          // Cell.
  size_t newest_at_ = 0;        // Its place.
  bool empty_ = true;
};

}  // namespace pitot
