// store/day.h
//
// The partition day of a time: a UTC day as ClickHouse's Date, which covers 1970-01-01 to
// 2149-06-06. Earlier and later times belong to the first and the last day; whoever narrows a query
// by day must clamp with this same function. The time columns themselves keep every value.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace pitot {

constexpr uint16_t ClampDay(int64_t days_since_1970) {
  return static_cast<uint16_t>(std::clamp<int64_t>(days_since_1970, 0, 65'535));
}

constexpr uint16_t DayOf(UnixNanos time_ns) {
  return time_ns < 0 ? 0 : ClampDay(time_ns / kNanosPerDay);
}

}  // namespace pitot
