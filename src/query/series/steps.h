// query/series/steps.h
//
// Round steps of time for what is drawn: a chart's values stay the same while its window moves on,
// because steps begin at multiples of their length. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kPointsMin = 2;
inline constexpr int64_t kPointsMax = 1000;

struct Steps {
  int64_t step_ns = 0;
  int64_t first = 0;  // Of the first step: its start is first * step_ns since the Unix epoch.
  size_t count = 0;

  UnixNanos StartOf(size_t i) const { return (first + static_cast<int64_t>(i)) * step_ns; }
  // ["2026-11-20T10:00:00.000000000Z",...]
  std::string StartsJson() const;
};

// The shortest of 1s, 5s, 10s, 30s, 1m, 5m, 10m, 30m, 1h, 3h, 6h, 12h and whole days of which at most
// `points` cover the window. The first and the last may reach beyond it.
// REQUIRES: points >= kPointsMin, since_ns < until_ns.
Steps StepsOf(const Window& window, int64_t points);

}  // namespace pitot
