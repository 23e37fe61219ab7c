#include "measure/forecast.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace pitot {
namespace {

std::vector<double> SortedRatios(std::span<const PastDay> days, size_t but = SIZE_MAX) {
  std::vector<double> ratios;
  for (size_t i = 0; i < days.size(); ++i) {
    if (i != but) ratios.push_back(days[i].whole / days[i].so_far);
  }
  std::ranges::sort(ratios);
  return ratios;
}

std::string WhyGated(const DayInput& input) {
  char text[96];
  if (input.hours_elapsed < kLinearHoursMin) {
    std::snprintf(text, sizeof(text), "too early: %.2f of %.0f hour has passed",
                  input.hours_elapsed, kLinearHoursMin);
    return text;
  }
  if (input.so_far < kLinearBudgetShareMin * input.budget) {
    std::snprintf(text, sizeof(text), "too early: less than %.0f %% of the budget is spent",
                  100 * kLinearBudgetShareMin);
    return text;
  }
  return "";
}

}  // namespace

double LinearDay(double so_far, double hours_elapsed, double day_hours) {
  return so_far / hours_elapsed * day_hours;
}

double QuantileOfSorted(std::span<const double> sorted, double p) {
  if (sorted.empty()) return 0;
  const double rank = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(rank);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (rank - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

DayForecast ForecastDay(const DayInput& input) {
  std::vector<PastDay> days;
  for (const PastDay& day : input.past) {
    if (day.so_far > 0 && day.whole > 0) days.push_back(day);
  }

  DayForecast forecast;
  forecast.gated = WhyGated(input);
  if (forecast.gated.empty()) {
    forecast.linear = LinearDay(input.so_far, input.hours_elapsed, input.day_hours);
  }
  if (days.size() >= kSeasonalDaysMin) {
    const std::vector<double> ratios = SortedRatios(days);
    forecast.seasonal = DayForecast::Seasonal{
        input.so_far * QuantileOfSorted(ratios, 0.1), input.so_far * QuantileOfSorted(ratios, 0.5),
        input.so_far * QuantileOfSorted(ratios, 0.9), days.size()};
  }
  if (days.empty() || (!forecast.seasonal && !forecast.linear)) return forecast;

  double sum = 0;
  for (size_t i = 0; i < days.size(); ++i) {
    const double told = forecast.seasonal
                            ? days[i].so_far * QuantileOfSorted(SortedRatios(days, i), 0.5)
                            : LinearDay(days[i].so_far, input.hours_elapsed, days[i].hours);
    sum += std::abs(told - days[i].whole) / days[i].whole;
  }
  forecast.mape = sum / static_cast<double>(days.size());
  return forecast;
}

}  // namespace pitot
