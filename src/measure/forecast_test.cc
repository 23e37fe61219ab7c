// The vectors cost-1 and cost-2 of the statistics' worked examples, and what they do not cover.
#include "measure/forecast.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

namespace pitot {
namespace {

constexpr double kTolerance = 1e-9;

// So far at nine o'clock, and whole.
const std::vector<PastDay> kWeek = {{22, 95}, {25, 102}, {18, 90}, {30, 110},
                                    {24, 99}, {20, 88},  {27, 104}};

TEST(Forecast, Linear) {
  EXPECT_NEAR(LinearDay(30, 9, 24), 80, kTolerance);
  EXPECT_NEAR(LinearDay(2, 1 / 12.0, 24), 576, kTolerance) << "why there is a gate";
  EXPECT_NEAR(LinearDay(80, 24, 24), 80, kTolerance);
  EXPECT_NEAR(LinearDay(30, 9, 23), 30 / 9.0 * 23, kTolerance) << "clocks went forward";
  EXPECT_NEAR(LinearDay(50, 25, 25), 50, kTolerance) << "clocks went back";
}

TEST(Forecast, LinearIsGated) {
  const DayForecast early = ForecastDay({.so_far = 2, .hours_elapsed = 1 / 12.0});
  EXPECT_FALSE(early.linear);
  EXPECT_EQ(early.gated, "too early: 0.08 of 1 hour has passed");
  const DayForecast little = ForecastDay({.so_far = 4.9, .hours_elapsed = 9, .budget = 50});
  EXPECT_FALSE(little.linear);
  EXPECT_EQ(little.gated, "too early: less than 10 % of the budget is spent");
  const DayForecast enough = ForecastDay({.so_far = 5, .hours_elapsed = 1, .budget = 50});
  EXPECT_NEAR(enough.linear.value(), 120, kTolerance);
  EXPECT_EQ(enough.gated, "");
  EXPECT_FALSE(enough.mape) << "no day to compare with";
}

TEST(Forecast, SeasonalIsAChainLadder) {
  const DayForecast forecast = ForecastDay({.so_far = 40, .hours_elapsed = 9, .past = kWeek});
  ASSERT_TRUE(forecast.seasonal);
  EXPECT_EQ(forecast.seasonal->days, 7u);
  EXPECT_NEAR(forecast.seasonal->p10, 151.11111111111111, kTolerance);
  EXPECT_NEAR(forecast.seasonal->p50, 165, kTolerance);
  EXPECT_NEAR(forecast.seasonal->p90, 185.60000000000002, kTolerance);
  EXPECT_NEAR(forecast.linear.value(), 106.66666666666667, kTolerance);
}

TEST(Forecast, SeasonalNeedsSevenDaysWithSpending) {
  std::vector<PastDay> days = kWeek;
  days[3].so_far = 0;
  const DayForecast forecast = ForecastDay({.so_far = 40, .hours_elapsed = 9, .past = days});
  EXPECT_FALSE(forecast.seasonal);
  EXPECT_TRUE(forecast.linear);
  EXPECT_TRUE(forecast.mape) << "of the linear figure then";
}

TEST(Forecast, ErrorIsToldFromTheOtherDays) {
  // Every day alike: each is told exactly.
  const std::vector<PastDay> alike(8, PastDay{10, 40});
  EXPECT_NEAR(ForecastDay({.so_far = 5, .hours_elapsed = 6, .past = alike}).mape.value(), 0,
              kTolerance);
  // One of eight ends at half: the others tell 40 where 20 was, an error of 1 in 8 days.
  std::vector<PastDay> days = alike;
  days[0].whole = 20;
  EXPECT_NEAR(ForecastDay({.so_far = 5, .hours_elapsed = 6, .past = days}).mape.value(), 1 / 8.0,
              kTolerance);
  // Linear: a day of 10 after 6 of 24 hours tells 40; one of 25 hours 41.67.
  const std::vector<PastDay> two = {{10, 40, 24}, {10, 40, 25}};
  EXPECT_NEAR(ForecastDay({.so_far = 5, .hours_elapsed = 6, .past = two}).mape.value(),
              (10 / 6.0 * 25 - 40) / 40 / 2, kTolerance);
}

TEST(Forecast, NothingSpent) {
  const DayForecast forecast = ForecastDay({.so_far = 0, .hours_elapsed = 2, .past = kWeek});
  EXPECT_EQ(forecast.linear.value(), 0);
  EXPECT_EQ(forecast.seasonal->p90, 0);
}

TEST(Forecast, AnAlertGoesByTheLargerFigure) {
  struct Case {
    const char* what;
    DayForecast forecast;
    double budget;
    std::optional<double> projected;
    bool over;
    bool surely;
  };
  const auto seasonal = [](double p10, double p50) {
    return DayForecast::Seasonal{p10, p50, 2 * p50, 10};
  };
  const Case cases[] = {
      {"too early, no history", {}, 100, std::nullopt, false, false},
      {"no budget", {.linear = 80}, 0, std::nullopt, false, false},
      {"linear alone, below", {.linear = 79}, 100, 79, false, false},
      {"linear alone, exactly 80 %", {.linear = 80}, 100, 80, true, false},
      {"a day whose light comes late",
       {.linear = 60, .seasonal = seasonal(70, 95)},
       100,
       95,
       true,
       false},
      {"a busy morning", {.linear = 130, .seasonal = seasonal(60, 75)}, 100, 130, true, false},
      {"gated, and sure", {.seasonal = seasonal(101, 150)}, 100, 150, true, true},
      {"p10 is exactly the budget", {.seasonal = seasonal(100, 150)}, 100, 150, true, false},
  };
  for (const Case& c : cases) {
    const auto spend = JudgeProjection(c.forecast, c.budget);
    ASSERT_EQ(spend.has_value(), c.projected.has_value()) << c.what;
    if (!spend) continue;
    EXPECT_NEAR(spend->projected, *c.projected, kTolerance) << c.what;
    EXPECT_NEAR(spend->share, *c.projected / c.budget, kTolerance) << c.what;
    EXPECT_EQ(spend->over, c.over) << c.what;
    EXPECT_EQ(spend->surely_over, c.surely) << c.what;
  }
}

// `weeks` whole weeks, newest day (a Sunday) first: 10 on working days, 2 on others, times `growth`
// from each week to the next.
std::vector<DaySpent> Weeks(int weeks, double growth = 1) {
  std::vector<DaySpent> days;
  double factor = 1;
  for (int week = 0; week < weeks; ++week, factor /= growth) {
    for (int weekday = 7; weekday >= 1; --weekday) {
      days.push_back({weekday, (weekday >= 6 ? 2 : 10) * factor});
    }
  }
  return days;
}

TEST(Forecast, AMonthIsItsDays) {
  const std::vector<DaySpent> past = Weeks(4);
  const std::vector<int> to_come = {2, 3, 4, 5, 6, 7};
  const auto forecast =
      ForecastPeriod({.so_far = 120, .today = 11, .to_come = to_come, .past = past});
  ASSERT_TRUE(forecast);
  EXPECT_NEAR(forecast->whole, 120 + 11 + 4 * 10 + 2 * 2, kTolerance);
  EXPECT_NEAR(forecast->trend, 1, kTolerance);
  EXPECT_NEAR(forecast->mape.value(), 0, kTolerance) << "every week alike";
  EXPECT_EQ(forecast->days, 28u);
}

TEST(Forecast, AMonthFollowsTheTrendWithinBounds) {
  const std::vector<int> monday = {1};
  // Medians of weeks of 1, 1/1.2, 1/1.44, 1/1.728: the trend brings them to the level of the last.
  const auto growing = ForecastPeriod({.to_come = monday, .past = Weeks(4, 1.2)});
  EXPECT_NEAR(growing->trend, 1 / ((1 / 1.2 + 1 / 1.44) / 2), kTolerance);
  EXPECT_NEAR(growing->whole, 10, 0.1);
  EXPECT_GT(growing->mape.value(), 0.1) << "who grows by a fifth each week is told too little";
  std::vector<DaySpent> jump = Weeks(5);
  for (size_t i = 0; i < 7; ++i) jump[i].spent *= 10;
  EXPECT_EQ(ForecastPeriod({.to_come = monday, .past = jump})->trend, kTrendMax);
  for (size_t i = 0; i < 7; ++i) jump[i].spent = 0;
  EXPECT_EQ(ForecastPeriod({.to_come = monday, .past = jump})->trend, kTrendMin);
}

TEST(Forecast, AMonthNeedsAWeek) {
  const std::vector<DaySpent> past = Weeks(1);
  EXPECT_FALSE(ForecastPeriod({.past = std::span(past).first(6)}));
  const auto forecast = ForecastPeriod({.past = past});
  ASSERT_TRUE(forecast);
  EXPECT_FALSE(forecast->mape) << "no week that could have been told from one before it";
  EXPECT_TRUE(ForecastPeriod({.past = Weeks(2)})->mape);
  const std::vector<DaySpent> nothing(10, DaySpent{1, 0});
  EXPECT_EQ(ForecastPeriod({.past = nothing})->whole, 0);
}

TEST(Forecast, QuantilesInterpolate) {
  const std::vector<double> values = {1, 2, 4};
  EXPECT_EQ(QuantileOfSorted({}, 0.5), 0);
  EXPECT_EQ(QuantileOfSorted(values, 0), 1);
  EXPECT_EQ(QuantileOfSorted(values, 0.5), 2);
  EXPECT_EQ(QuantileOfSorted(values, 0.75), 3);
  EXPECT_EQ(QuantileOfSorted(values, 1), 4);
}

}  // namespace
}  // namespace pitot
