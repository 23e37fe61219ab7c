#include "measure/minute_counts.h"

#include <algorithm>
#include <limits>

namespace pitot {
namespace {

uint32_t Narrow(int64_t count) {
  return static_cast<uint32_t>(std::clamp<int64_t>(count, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace

MinuteCounts::MinuteCounts(int64_t window_minutes) {
  const int64_t minutes = std::clamp<int64_t>(window_minutes, 1, kWindowMinutesMax);
  // The window may begin and end within a day: one more than it has whole days, and the part.
  days_.resize(static_cast<size_t>((minutes + kMinutesPerDay - 1) / kMinutesPerDay + 1));
}

bool MinuteCounts::Holds(int64_t day) const {
  if (newest_ < 0) return false;
  const int64_t newest_day = newest_ / kMinutesPerDay;
  return day <= newest_day && day > newest_day - static_cast<int64_t>(days_.size());
}

const MinuteCounts::Day* MinuteCounts::Find(int64_t day) const {
  return Holds(day) ? days_[static_cast<size_t>(day) % days_.size()].get() : nullptr;
}

int64_t MinuteCounts::oldest() const {
  if (newest_ < 0) return -1;
  const int64_t day = newest_ / kMinutesPerDay - static_cast<int64_t>(days_.size()) + 1;
  return std::max<int64_t>(0, day) * kMinutesPerDay;
}

bool MinuteCounts::Set(int64_t minute, const SliCount& cell) {
  if (minute < 0) return false;
  const int64_t day = minute / kMinutesPerDay;
  if (newest_ >= 0 && day <= newest_ / kMinutesPerDay && !Holds(day)) return false;
  if (minute > newest_) {
    const int64_t size = static_cast<int64_t>(days_.size());
    const int64_t last = newest_ < 0 ? day - size : newest_ / kMinutesPerDay;
    for (int64_t next = std::max(last + 1, day - size + 1); next <= day; ++next) {
      if (next >= 0) Slot(next).reset();
    }
    newest_ = minute;
  }
  std::unique_ptr<Day>& slot = Slot(day);
  if (slot == nullptr) {
    if (cell.valid == 0) return true;
    slot = std::make_unique<Day>();
  }
  const int64_t of_day = minute % kMinutesPerDay;
  Cell& at = slot->minutes[static_cast<size_t>(of_day)];
  const Cell next = {Narrow(std::min(cell.good, cell.valid)), Narrow(cell.valid)};
  const SliCount change = {int64_t{next.good} - int64_t{at.good},
                           int64_t{next.valid} - int64_t{at.valid}};
  at = next;
  slot->hours[static_cast<size_t>(of_day / 60)] += change;
  slot->all += change;
  return true;
}

void MinuteCounts::Clear(int64_t from_minute, int64_t to_minute) {
  if (newest_ < 0) return;
  const int64_t to = std::min(to_minute, newest_ + 1);
  for (int64_t minute = std::max(from_minute, oldest()); minute < to; ++minute) {
    if (Find(minute / kMinutesPerDay) == nullptr) {
      minute += kMinutesPerDay - 1 - minute % kMinutesPerDay;
    } else {
      Set(minute, {});
    }
  }
}

SliCount MinuteCounts::SumOfDay(int64_t day, int64_t from, int64_t to) const {
  SliCount sum;
  const Day* found = Find(day);
  if (found == nullptr) return sum;
  if (from == 0 && to == kMinutesPerDay) return found->all;
  while (from < to) {
    if (from % 60 == 0 && from + 60 <= to) {
      sum += found->hours[static_cast<size_t>(from / 60)];
      from += 60;
    } else {
      const Cell& cell = found->minutes[static_cast<size_t>(from)];
      sum += {cell.good, cell.valid};
      ++from;
    }
  }
  return sum;
}

SliCount MinuteCounts::Sum(int64_t until_minute, int64_t minutes) const {
  SliCount sum;
  if (newest_ < 0 || minutes <= 0) return sum;
  const int64_t to = std::min(until_minute, newest_ + 1);
  int64_t from = std::max(until_minute - minutes, oldest());
  while (from < to) {
    const int64_t day = from / kMinutesPerDay;
    const int64_t start = day * kMinutesPerDay;
    const int64_t end = std::min(start + kMinutesPerDay, to);
    sum += SumOfDay(day, from - start, end - start);
    from = end;
  }
  return sum;
}

size_t MinuteCounts::Bytes() const {
  size_t bytes = sizeof(*this) + days_.capacity() * sizeof(days_[0]);
  for (const auto& day : days_) bytes += day == nullptr ? 0 : sizeof(Day);
  return bytes;
}

}  // namespace pitot
