#include "measure/anomaly_series.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace pitot {
namespace {

constexpr int64_t kFirst = 494'040;  // A Tuesday's first hour.

// A daily wave between `low` and `high` with 10 % of noise.
std::vector<double> Wave(int64_t hours, double low, double high, uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> noise(1, 0.1);
  std::vector<double> values;
  for (int64_t i = 0; i < hours; ++i) {
    const double of_day = std::sin(2 * M_PI * static_cast<double>(i % 24) / 24);
    values.push_back((low + (high - low) * (1 + of_day) / 2) * std::max(0.5, noise(random)));
  }
  return values;
}

std::vector<AnomalyHour> Scan(const std::vector<double>& values,
                              std::optional<int64_t> accepted = std::nullopt) {
  return ScanHours({.first_hour = kFirst, .values = values, .accepted_hour = accepted});
}

int64_t Fired(const std::vector<AnomalyHour>& hours) {
  return std::ranges::count_if(hours, [](const AnomalyHour& at) { return at.verdict.fires; });
}

TEST(AnomalySeries, NoisyDaysAreQuiet) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(Fired(Scan(Wave(40 * 24, 2, 30, seed))), 0) << "seed " << seed;
  }
}

TEST(AnomalySeries, OfficeHoursAreQuietFromTheFirstDayOn) {
  // Nothing at night and on weekends but some cents; begun at any hour of a week.
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise(1, 0.15);
  constexpr int64_t kMonday = 494'016;
  for (int64_t start = 0; start < 168; start += 5) {
    std::vector<double> values;
    for (int64_t i = start; i < start + 30 * 24; ++i) {
      const bool office = i / 24 % 7 < 5 && i % 24 >= 9 && i % 24 < 18;
      values.push_back((office ? 30 : 0.2) * std::max(0.4, noise(random)));
    }
    const auto scan = [&] { return ScanHours({.first_hour = kMonday + start, .values = values}); };
    EXPECT_EQ(Fired(scan()), 0) << "begun at hour " << start << " of the week";
    // What is far above a working hour is found after a day of the same class, whatever the hour.
    const auto later = static_cast<size_t>(start < 84 ? 30 : 100);
    values[later] = 150;
    EXPECT_TRUE(scan()[later].verdict.fires) << "begun at hour " << start << " of the week";
  }
}

TEST(AnomalySeries, TheBaselineGrowsWithTheHistory) {
  const std::vector<AnomalyHour> hours = Scan(Wave(30 * 24, 5, 6));
  EXPECT_EQ(hours[0].baseline, AnomalyBaseline::kNone);
  EXPECT_EQ(hours[19].baseline, AnomalyBaseline::kNone);
  EXPECT_EQ(hours[20].baseline, AnomalyBaseline::kLastDay);
  EXPECT_EQ(hours[5 * 24 - 1].baseline, AnomalyBaseline::kLastDay);
  EXPECT_EQ(hours[5 * 24].baseline, AnomalyBaseline::kHourOfDay);
  EXPECT_EQ(hours[21 * 24].baseline, AnomalyBaseline::kHourOfWeek);
}

TEST(AnomalySeries, HoursBeforeTheFirstSpendingAreNoHistory) {
  std::vector<double> values(28 * 24, 0.0);
  values.insert(values.end(), 30, 5.0);
  const std::vector<AnomalyHour> hours = Scan(values);
  EXPECT_EQ(Fired(hours), 0) << "a program that starts is no anomaly";
  EXPECT_EQ(hours[28 * 24].baseline, AnomalyBaseline::kNone);
  EXPECT_EQ(hours.back().baseline, AnomalyBaseline::kLastDay);
}

TEST(AnomalySeries, ASpikeIsFoundAndFrozen) {
  std::vector<double> values = Wave(25 * 24, 5, 6);
  const size_t spike = 24 * 24;
  values[spike] = 60;
  const std::vector<AnomalyHour> hours = Scan(values);
  EXPECT_EQ(Fired(hours), 1);
  EXPECT_TRUE(hours[spike].verdict.fires);
  EXPECT_NEAR(hours[spike].verdict.score.median, 5.5, 0.7);
  // A second one a week later, of an hour whose history the first would be.
  std::vector<double> longer = Wave(32 * 24, 5, 6);
  longer[spike] = 60;
  longer[spike + 168] = 60;
  const std::vector<AnomalyHour> both = Scan(longer);
  EXPECT_TRUE(both[spike + 168].verdict.fires);
  EXPECT_NEAR(both[spike + 168].verdict.score.median, 5.5, 0.7);
}

TEST(AnomalySeries, ANewLevelIsUsualAfterADay) {
  // Ten times as much from one hour on.
  std::vector<double> values = Wave(40 * 24, 5, 6);
  const size_t step = 30 * 24 + 5;
  for (size_t i = step; i < values.size(); ++i) values[i] *= 10;
  const std::vector<AnomalyHour> hours = Scan(values);
  EXPECT_TRUE(hours[step].verdict.fires);
  EXPECT_TRUE(hours[step + 23].verdict.fires);
  for (size_t i = step + 24; i < hours.size(); ++i) {
    EXPECT_FALSE(hours[i].verdict.fires) << "hour " << i - step << " of the new level";
  }
  EXPECT_TRUE(hours[step + 24].rebased);
  EXPECT_EQ(hours[step + 25].baseline, AnomalyBaseline::kLastDay);
  // And what is far above the new level is found again.
  values.back() = 600;
  EXPECT_TRUE(Scan(values).back().verdict.fires);
}

TEST(AnomalySeries, SpikesOnDifferentDaysAreNoNewLevel) {
  std::vector<double> values = Wave(40 * 24, 5, 6);
  for (size_t day = 25; day < 40; ++day) values[day * 24 + day % 20] = 80;
  const std::vector<AnomalyHour> hours = Scan(values);
  EXPECT_EQ(Fired(hours), 15) << "each of them";
  EXPECT_TRUE(std::ranges::none_of(hours, &AnomalyHour::rebased));
}

TEST(AnomalySeries, WhatSomebodyAcceptedIsUsualAtOnce) {
  std::vector<double> values = Wave(31 * 24, 5, 6);
  const size_t step = 30 * 24 + 2;
  for (size_t i = step; i < values.size(); ++i) values[i] *= 10;
  const std::vector<AnomalyHour> hours = Scan(values, kFirst + static_cast<int64_t>(step) + 3);
  EXPECT_TRUE(hours[step + 2].verdict.fires);
  for (size_t i = step + 3; i < hours.size(); ++i) EXPECT_FALSE(hours[i].verdict.fires) << i;
  // Accepted before there was anything: of no effect.
  EXPECT_TRUE(Scan(values, kFirst + static_cast<int64_t>(step) - 3)[step + 3].verdict.fires);
}

TEST(AnomalySeries, BaselinesNameTheirHours) {
  EXPECT_EQ(ComparableHours(1'000, AnomalyBaseline::kHourOfWeek),
            (std::vector<int64_t>{328, 496, 664, 832}));
  EXPECT_EQ(ComparableHours(1'000, AnomalyBaseline::kHourOfDay).size(), 14u);
  EXPECT_EQ(ComparableHours(1'000, AnomalyBaseline::kLastDay).front(), 976);
  EXPECT_EQ(ComparableHours(1'000, AnomalyBaseline::kLastDay).back(), 999);
  EXPECT_TRUE(ComparableHours(1'000, AnomalyBaseline::kNone).empty());
}

TEST(FoundAmongMany, RejectsAsBenjaminiAndHochbergDo) {
  // Their own example of 1995: four of fifteen.
  const std::vector<double> p = {0.0201, 0.0001, 0.0004, 0.0019, 0.0095, 0.0278, 0.0298, 0.0344,
                                 0.0459, 0.324,  0.4262, 0.5719, 0.6528, 0.759,  1.0};
  const std::vector<bool> found = FoundAmongMany(p);
  for (size_t i = 0; i < p.size(); ++i) EXPECT_EQ(found[i], i >= 1 && i <= 4) << p[i];
  EXPECT_TRUE(FoundAmongMany({}).empty());
}

}  // namespace
}  // namespace pitot
