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
// Quantiles interpolate linearly (Hyndman and Fan's type 7).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

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

double LinearDay(double so_far, double hours_elapsed, double day_hours);

// Past days without spending so far bear no ratio and are left out.
DayForecast ForecastDay(const DayInput& input);

// Of sorted values; 0 <= p <= 1. 0 without values.
double QuantileOfSorted(std::span<const double> sorted, double p);

}  // namespace pitot
