// gateway/budget/window.h
//
// Inside budget/: which stretch of time a call is charged to. Pure; any thread.
#pragma once

#include <absl/time/time.h>

#include <cstdint>
#include <limits>

#include "base/clock.h"
#include "gateway/budget/spec.h"

namespace pitot {

inline constexpr UnixNanos kNever = std::numeric_limits<int64_t>::max();
// A rolling window is counted in so many pieces, each of which leaves it as a whole: it holds for
// at most one piece longer than it says.
inline constexpr int64_t kRollingPieces = 60;

// What is charged together. Of a calendar window: all of it. Of a rolling one: a piece.
struct ChargePeriod {
  UnixNanos start = 0;
  UnixNanos end = kNever;     // Calls from then on are charged to another.
  UnixNanos leaves = kNever;  // What was charged to it counts until then.
};

struct WindowRule {
  BudgetWindow kind = BudgetWindow::kLifetime;
  int64_t length_ns = 0;  // Rolling.
  absl::TimeZone zone;    // Of calendar windows.
};

// REQUIRES: a validated spec.
WindowRule RuleOf(const BudgetSpec& spec);

// The period that holds `at`. Days, weeks and months follow the zone's calendar, in which a day may
// have 23 or 25 hours; an hour that the clocks repeat is two.
ChargePeriod PeriodAt(const WindowRule& rule, UnixNanos at);

}  // namespace pitot
