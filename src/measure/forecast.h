// measure/forecast.h
//
// What a day will have cost, from what it cost so far. Pure; amounts are in any one unit.
//
//   linear    so_far / hours_elapsed * day_hours. Wrong early in the day and on days that are not
//             even: gated.
//   seasonal  chain ladder: r_d = whole_d / so_far_d(h) of past days that are comparable, where h is
//             the time that has passed today; so_far * quantile(r). Source: Mack (1993),
//             "Distribution-free calculation of the standard error of chain ladder reserve estimates",
//             the development factor of a single period, taken as quantiles instead of a mean.
//
//   month     what the days so far cost, what today will have cost, and for each day to come the
//             median of the last days of its weekday, times the trend of the last week.
//
// Quantiles interpolate linearly (Hyndman and Fan's type 7).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pitot {

// A day that is over and comparable: for seasonal figures of the same class (a working day, or of a
// weekend).
struct PastDay {
  double so_far = 0;  // Until as much time had passed as has today.
  double whole = 0;
  double hours = 24;  // Its length: 23 or 25 where clocks change.
};

struct DayInput {
  double so_far = 0;
  double hours_elapsed = 0;  // Above 0.
  double day_hours = 24;
  double budget = 0;  // 0: none. Below a tenth of it the linear figure is gated.
  std::span<const PastDay> past;
};

struct DayForecast {
  struct Seasonal {
    double p10 = 0;
    double p50 = 0;
    double p90 = 0;
    size_t days = 0;  // That it rests on.
  };

  std::optional<double> linear;
  std::string gated;                 // Why there is no linear figure, in words.
  std::optional<Seasonal> seasonal;  // From kSeasonalDaysMin comparable days on.
  // Mean absolute error as a share of the day's whole: how far off the figure (p50, else linear) would
  // have been on each past day, told from the others.
  std::optional<double> mape;
};

inline constexpr double kLinearHoursMin = 1;
inline constexpr double kLinearBudgetShareMin = 0.1;
inline constexpr size_t kSeasonalDaysMin = 7;

// What an alert is told by: the larger of the linear figure, when it is not gated, and p50.
struct ProjectedSpend {
  double projected = 0;
  double share = 0;  // Of the budget; from `threshold` on it is over.
  bool over = false;
  bool surely_over = false;  // p10 is above the whole budget: nine days of ten would exceed it.
  std::string_view method;   // "linear" or "seasonal", whichever is larger.
};
inline constexpr double kProjectedShareMax = 0.8;

// Nothing: it is too early to tell, or there is no budget.
std::optional<ProjectedSpend> JudgeProjection(const DayForecast& forecast, double budget,
                                              double threshold = kProjectedShareMax);

// Several days: a month, or a week.
struct DaySpent {
  int weekday = 0;  // 1 Monday to 7 Sunday.
  double spent = 0;
};
struct PeriodInput {
  double so_far = 0;  // Of the days of the period that are over.
  double today = 0;   // What today will have cost: ForecastDay's figure, else what it did.
  std::span<const int> to_come;    // Weekdays of the days after today.
  std::span<const DaySpent> past;  // Days that are over, newest first, of this period and before.
};
struct PeriodForecast {
  double whole = 0;
  double trend = 1;  // The last 7 days against the medians of their weekdays, within [0.5, 2].
  size_t days = 0;   // Past days that it rests on.
  // How far off, as a share, each of the last weeks would have been told from the days before it.
  std::optional<double> mape;
};
inline constexpr size_t kPeriodDaysMin = 7;
inline constexpr double kTrendMin = 0.5;
inline constexpr double kTrendMax = 2;
// Medians are of at most so many days of a weekday.
inline constexpr size_t kWeekdayDaysMax = 4;

// Nothing with fewer than kPeriodDaysMin past days.
std::optional<PeriodForecast> ForecastPeriod(const PeriodInput& input);

double LinearDay(double so_far, double hours_elapsed, double day_hours);

// Past days without spending so far bear no ratio and are left out.
DayForecast ForecastDay(const DayInput& input);

// Of sorted values; 0 <= p <= 1. 0 without values.
double QuantileOfSorted(std::span<const double> sorted, double p);

}  // namespace pitot
