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

constexpr size_t kWeek = 7;

// Of the newest days of a weekday; of all days when there is none of it.
double WeekdayMedian(std::span<const DaySpent> newest_first, int weekday) {
  std::vector<double> spent;
  for (const DaySpent& day : newest_first) {
    if (day.weekday == weekday && spent.size() < kWeekdayDaysMax) spent.push_back(day.spent);
  }
  if (spent.empty()) {
    for (const DaySpent& day : newest_first) spent.push_back(day.spent);
  }
  std::ranges::sort(spent);
  return QuantileOfSorted(spent, 0.5);
}

double Trend(std::span<const DaySpent> newest_first) {
  double spent = 0;
  double usual = 0;
  for (const DaySpent& day : newest_first.first(std::min(kWeek, newest_first.size()))) {
    spent += day.spent;
    usual += WeekdayMedian(newest_first, day.weekday);
  }
  return usual > 0 ? std::clamp(spent / usual, kTrendMin, kTrendMax) : 1;
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

std::optional<ProjectedSpend> JudgeProjection(const DayForecast& forecast, double budget,
                                              double threshold) {
  if (budget <= 0 || (!forecast.linear && !forecast.seasonal)) return std::nullopt;
  ProjectedSpend spend;
  spend.projected = forecast.linear.value_or(0);
  spend.method = "linear";
  if (forecast.seasonal && (!forecast.linear || forecast.seasonal->p50 > spend.projected)) {
    spend.projected = forecast.seasonal->p50;
    spend.method = "seasonal";
  }
  spend.share = spend.projected / budget;
  spend.over = spend.share >= threshold;
  spend.surely_over = forecast.seasonal && forecast.seasonal->p10 > budget;
  return spend;
}

std::optional<PeriodForecast> ForecastPeriod(const PeriodInput& input) {
  if (input.past.size() < kPeriodDaysMin) return std::nullopt;
  PeriodForecast forecast;
  forecast.days = input.past.size();
  forecast.trend = Trend(input.past);
  forecast.whole = input.so_far + input.today;
  for (const int weekday : input.to_come) {
    forecast.whole += forecast.trend * WeekdayMedian(input.past, weekday);
  }

  double sum = 0;
  size_t weeks = 0;
  // Each week needs as much before it as a forecast does.
  for (size_t week = 0; (week + 1) * kWeek + kPeriodDaysMin <= input.past.size(); ++week) {
    const std::span<const DaySpent> days = input.past.subspan(week * kWeek, kWeek);
    const std::span<const DaySpent> before = input.past.subspan((week + 1) * kWeek);
    const double trend = Trend(before);
    double told = 0;
    double spent = 0;
    for (const DaySpent& day : days) {
      told += trend * WeekdayMedian(before, day.weekday);
      spent += day.spent;
    }
    if (spent <= 0) continue;
    sum += std::abs(told - spent) / spent;
    ++weeks;
  }
  if (weeks > 0) forecast.mape = sum / static_cast<double>(weeks);
  return forecast;
}

}  // namespace pitot
