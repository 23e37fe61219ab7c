// query/figures/spend_hours.h
//
// What was spent hour by hour: the rows that anomalies and budgets are judged by. Counted spans by the
// time they ended; an unknown cost is nothing.
#pragma once

#include <absl/status/statusor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "measure/forecast.h"
#include "query/scope.h"

namespace pitot {

inline constexpr int64_t kSpendHourNs = 60 * kNanosPerMinute;

// US dollars of the hours [first_hour, first_hour + usd.size()), counted from the Unix epoch.
struct SpendHours {
  int64_t first_hour = 0;
  std::vector<double> usd;

  int64_t end_hour() const { return first_hour + static_cast<int64_t>(usd.size()); }
};

// Of the scope's project and filter, from `first_hour` until the hour of context.now, which is not over.
// REQUIRES: first_hour is not after it. Its window is not used.
absl::StatusOr<SpendHours> ReadSpendHours(const QueryContext& context, Scope scope,
                                          int64_t first_hour);

// A day of a time zone, hour by hour from its midnight.
struct SpendDay {
  std::string date;
  int weekday = 0;  // 1 Monday to 7 Sunday.
  UnixNanos start = 0;
  UnixNanos end = 0;
  std::vector<double> usd;  // 23 to 25 hours.

  double hours() const { return static_cast<double>(end - start) / double(kSpendHourNs); }
  double whole() const;
  // Until so many hours had passed; within an hour, evenly.
  double Until(double hours) const;
  bool weekend() const { return weekday >= 6; }
};

// Today and the `past_days` days before, newest first. `timezone`: a name CheckTimezone knows.
absl::StatusOr<std::vector<SpendDay>> ReadSpendDays(const QueryContext& context, Scope scope,
                                                    const std::string& timezone, int past_days);

// Those of the 28 days before `days[0]` that are comparable with it (both working days, or both of a
// weekend), as they were when `hours` of them had passed.
std::vector<PastDay> ComparableDays(const std::vector<SpendDay>& days, double hours);

}  // namespace pitot
