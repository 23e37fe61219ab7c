// measure/minute_counts.h
//
// Good and valid events by minute, over a window of up to 90 days, from which any shorter window is
// summed: the ring beneath a burn rate. A minute may be set again at any time, so that late events
// count.
//
// Cost: Sum reads at most some 250 cells, whatever the window (minutes at its ends, then hours, then
// days). Memory: 12 KB for each day that has events, so 350 KB for 30 busy days and 1.1 MB for 90; days
// without cost 8 bytes. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "measure/burn_rate.h"

namespace pitot {

// A minute is counted from the Unix epoch: UnixNanos / 60e9.
class MinuteCounts {
 public:
  static constexpr int64_t kMinutesPerDay = 1'440;
  static constexpr int64_t kWindowMinutesMax = 90 * kMinutesPerDay;

  // Keeps at least the last `window_minutes` (1 to kWindowMinutesMax; others are clamped).
  explicit MinuteCounts(int64_t window_minutes);

  // Replaces what the minute had. A minute later than any before moves the window, and drops what falls
  // out of it: REQUIRES minute not to be of a clock gone wrong. False, and nothing done, when the
  // minute is before the window. A cell holds up to 2^32 - 1 events; more are taken as that many.
  bool Set(int64_t minute, const SliCount& cell);

  // Empties [from, to): before a range is read again of which only minutes with events are told.
  void Clear(int64_t from_minute, int64_t to_minute);

  // Of the minutes [until_minute - minutes, until_minute). What is outside of the window counts nothing.
  SliCount Sum(int64_t until_minute, int64_t minutes) const;

  SliCount At(int64_t minute) const { return Sum(minute + 1, 1); }

  // The latest minute ever set; -1 before the first.
  int64_t newest() const { return newest_; }
  // The first minute that is kept, given newest(); -1 before the first.
  int64_t oldest() const;

  size_t Bytes() const;

 private:
  struct Cell {
    uint32_t good = 0;
    uint32_t valid = 0;
  };
  struct Day {
    std::array<Cell, kMinutesPerDay> minutes;
    std::array<SliCount, 24> hours;
    SliCount all;
  };

  bool Holds(int64_t day) const;
  std::unique_ptr<Day>& Slot(int64_t day) { return days_[static_cast<size_t>(day) % days_.size()]; }
  const Day* Find(int64_t day) const;
  SliCount SumOfDay(int64_t day, int64_t from, int64_t to) const;

  std::vector<std::unique_ptr<Day>> days_;  // Ring, by day modulo its size; null: no events.
  int64_t newest_ = -1;
};

}  // namespace pitot
