// measure/live/spend_days.h
//
// What was spent on each of the last days, in cells of five minutes: today's budget, and how past days
// went on from the same time of day, by which today is told ahead (forecast.h). Pure: the clock is an
// argument.
//
// A day begins at midnight of a fixed offset from UTC and has 24 hours. Today and 28 days before it are
// kept; when there is no more room the day farthest from the one being added to is dropped, so that a
// clock that was wrong for a while costs at most one day.
//
// Thread-safety: one thread at a time. Memory: 2.3 KB for each day on which something was spent.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "measure/forecast.h"

namespace pitot {

class SpendDays {
 public:
  static constexpr int64_t kCellNs = 300'000'000'000;
  static constexpr int64_t kDayNs = 86'400'000'000'000;
  static constexpr int64_t kCellsPerDay = kDayNs / kCellNs;
  static constexpr size_t kDaysMax = 29;

  // REQUIRES: within a day, either way.
  explicit SpendDays(int64_t utc_offset_minutes)
      : offset_ns_(utc_offset_minutes * 60'000'000'000) {}

  // Cells and days are counted from the epoch, in local time. Of any Unix time in nanoseconds.
  int64_t CellOf(int64_t unix_ns) const;
  static int64_t DayOfCell(int64_t cell);

  void Add(int64_t cell, int64_t nano_usd);

  // Of the day that `unix_ns` is in.
  int64_t SpentOnDayOf(int64_t unix_ns) const;
  double HoursElapsed(int64_t unix_ns) const;

  // The days before, of the 28, that are comparable with today (both working days, or both of a weekend)
  // and began after `since_ns`, as they were when as much of them had passed; within a cell, evenly. In
  // nano-USD.
  std::vector<PastDay> Comparable(int64_t unix_ns, int64_t since_ns) const;

 private:
  struct Day {
    int64_t day = 0;
    int64_t whole = 0;
    std::array<int64_t, kCellsPerDay> cells = {};
  };

  Day& At(int64_t day);
  int64_t LocalNs(int64_t unix_ns) const;

  const int64_t offset_ns_;
  std::vector<std::unique_ptr<Day>> days_;  // In no order.
};

}  // namespace pitot
