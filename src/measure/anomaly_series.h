// measure/anomaly_series.h
//
// Hour by hour: was the spending of each usual? Each hour is judged against comparable ones before it
// (measure/robust_z.h):
//
//   the same hour of the week, of the last 4 weeks        at least 3 of them
//   else the same hour of the day, of the last 14 days    at least 5
//   else the last 24 hours                                at least 20
//   else it is not judged: there is not enough history.
//
// The last 24 hours do not know when people work: a night would make each morning unusual, and a Sunday
// the first Monday. They are asked only once 20 hours of the same class are known (of working days, or
// of weekends, of the last week); and by them an hour is unusual only when it is also twice the most of
// any hour of that week.
//
// Hours found unusual are frozen: they are no history for later ones, or an incident that lasts would
// become what is usual. Unless it does: where more than half of the last 24 hours were unusual and the
// first of them is that long ago, or somebody accepted it, the new level is the usual one from its
// first hour on, and what was before is forgotten.
//
// Hours count from the Unix epoch, UTC. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "measure/robust_z.h"

namespace pitot {

enum class AnomalyBaseline : uint8_t { kNone, kHourOfWeek, kHourOfDay, kLastDay, kEnd };
inline constexpr std::array<std::string_view, static_cast<size_t>(AnomalyBaseline::kEnd)>
    kAnomalyBaselineNames = {"learning", "same_hour_of_week", "same_hour_of_day", "last_24_hours"};
inline std::string_view Name(AnomalyBaseline v) {
  return kAnomalyBaselineNames[static_cast<size_t>(v)];
}

inline constexpr int64_t kAnomalyHistoryHours = 28 * 24;

struct AnomalyHour {
  int64_t hour = 0;
  double value = 0;
  AnomalyBaseline baseline = AnomalyBaseline::kNone;
  AnomalyVerdict verdict;  // Of kNone: nothing in it holds.
  bool rebased = false;    // Here a new level became the usual one.
};

struct HourlySeries {
  int64_t first_hour = 0;
  std::span<const double> values;  // Of first_hour and on; 0 where nothing was spent.
  // Somebody said that the level of this hour is what it is meant to be.
  std::optional<int64_t> accepted_hour;
};

// One for each hour of the series. History begins with the first hour in which anything was spent: the
// emptiness before it is not known to be usual. The last hour may be one that is not over: it is only
// ever judged to be too much.
std::vector<AnomalyHour> ScanHours(const HourlySeries& series, const AnomalyLimits& limits = {});

// The hours that `hour` is compared with by a baseline, ascending; none by kNone.
std::vector<int64_t> ComparableHours(int64_t hour, AnomalyBaseline baseline);

// Which of these are found at a false discovery rate of `q`: Benjamini and Hochberg (1995). In the
// order of `p`.
std::vector<bool> FoundAmongMany(std::span<const double> p, double q = 0.05);

}  // namespace pitot
