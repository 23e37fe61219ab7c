#include "measure/live/spend_days.h"

#include <algorithm>
#include <limits>

namespace pitot {
namespace {

constexpr int64_t kDaysBefore = 28;

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0); }
// What FloorDivide leaves: 0 to b - 1.
int64_t FloorRest(int64_t a, int64_t b) { return a % b + (a % b < 0 ? b : 0); }

// 1970-01-01 was a Thursday.
bool IsWeekend(int64_t day) { return FloorRest(day + 3, 7) >= 5; }

void AddTo(int64_t& sum, int64_t more) {
  if (__builtin_add_overflow(sum, more, &sum)) {
    sum = more < 0 ? std::numeric_limits<int64_t>::min() : std::numeric_limits<int64_t>::max();
  }
}

int64_t Distance(int64_t a, int64_t b) { return a < b ? b - a : a - b; }

}  // namespace

int64_t SpendDays::LocalNs(int64_t unix_ns) const {
  int64_t local = unix_ns;
  AddTo(local, offset_ns_);
  return local;
}

int64_t SpendDays::CellOf(int64_t unix_ns) const { return FloorDivide(LocalNs(unix_ns), kCellNs); }

int64_t SpendDays::DayOfCell(int64_t cell) { return FloorDivide(cell, kCellsPerDay); }

SpendDays::Day& SpendDays::At(int64_t day) {
  for (const std::unique_ptr<Day>& known : days_) {
    if (known->day == day) return *known;
  }
  if (days_.size() < kDaysMax) {
    days_.push_back(std::make_unique<Day>());
  } else {
    std::ranges::iter_swap(days_.end() - 1, std::ranges::max_element(days_, {}, [&](const auto& d) {
                             return Distance(d->day, day);
                           }));
    *days_.back() = {};
  }
  days_.back()->day = day;
  return *days_.back();
}

void SpendDays::Add(int64_t cell, int64_t nano_usd) {
  Day& day = At(DayOfCell(cell));
  AddTo(day.cells[static_cast<size_t>(cell - day.day * kCellsPerDay)], nano_usd);
  AddTo(day.whole, nano_usd);
}

int64_t SpendDays::SpentOnDayOf(int64_t unix_ns) const {
  const int64_t day = DayOfCell(CellOf(unix_ns));
  for (const std::unique_ptr<Day>& known : days_) {
    if (known->day == day) return known->whole;
  }
  return 0;
}

double SpendDays::HoursElapsed(int64_t unix_ns) const {
  return static_cast<double>(FloorRest(LocalNs(unix_ns), kDayNs)) / 3.6e12;
}

std::vector<PastDay> SpendDays::Comparable(int64_t unix_ns, int64_t since_ns) const {
  const int64_t local = LocalNs(unix_ns);
  const int64_t today = FloorDivide(local, kDayNs);
  const int64_t elapsed = FloorRest(local, kDayNs);
  const auto whole_cells = static_cast<size_t>(elapsed / kCellNs);
  const double part = static_cast<double>(elapsed % kCellNs) / static_cast<double>(kCellNs);
  const int64_t since = LocalNs(since_ns);
  const int64_t first = FloorDivide(since, kDayNs) + (FloorRest(since, kDayNs) != 0);

  std::vector<PastDay> past;
  for (const std::unique_ptr<Day>& day : days_) {
    if (day->day < first || day->day >= today || today - day->day > kDaysBefore) continue;
    if (IsWeekend(day->day) != IsWeekend(today)) continue;
    int64_t so_far = 0;
    for (size_t i = 0; i < whole_cells; ++i) AddTo(so_far, day->cells[i]);
    past.push_back({.so_far = static_cast<double>(so_far) +
                              part * static_cast<double>(day->cells[whole_cells]),
                    .whole = static_cast<double>(day->whole)});
  }
  return past;
}

}  // namespace pitot
