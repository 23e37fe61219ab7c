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
