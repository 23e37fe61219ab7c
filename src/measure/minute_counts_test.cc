#include "measure/minute_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pitot {
namespace {

constexpr int64_t kDay = MinuteCounts::kMinutesPerDay;

TEST(MinuteCounts, SumsEveryWindowAsAPlainSumWould) {
  // Random sets, some of them late, against a map.
  std::mt19937_64 random(7);
  const auto below = [&](int64_t limit) {
    return std::uniform_int_distribution<int64_t>(0, limit - 1)(random);
  };
  for (const int64_t window : {1L, 60L, kDay - 1, kDay, 3 * kDay + 17, 30 * kDay}) {
    MinuteCounts counts(window);
    std::map<int64_t, SliCount> plain;
    int64_t now = 20'000 * kDay + 77;
    for (int step = 0; step < 3'000; ++step) {
      now += below(5) == 0 ? below(window + 300) / 20 : below(3);
      const int64_t minute = now - (below(4) == 0 ? below(window) : 0);
      const int64_t valid = below(5) == 0 ? 0 : below(1'000);
      const SliCount cell = {valid == 0 ? 0 : below(valid + 1), valid};
      const bool kept = counts.Set(minute, cell);
      if (minute >= counts.newest() - window + 1) {
        EXPECT_TRUE(kept);
      }
      if (kept) plain[minute] = cell;
      if (step % 10 != 0) continue;
      const int64_t until = counts.newest() + 1 - below(window);
      const int64_t minutes = 1 + below(counts.newest() + 1 - window < until ? window : 1);
      if (until - minutes < counts.newest() + 1 - window) continue;
      SliCount expected;
      for (auto at = plain.lower_bound(until - minutes); at != plain.end() && at->first < until;
           ++at) {
        expected += at->second;
      }
      ASSERT_EQ(counts.Sum(until, minutes), expected)
          << "window " << window << ", " << minutes << " minutes until " << until;
    }
  }
}

TEST(MinuteCounts, SettingAMinuteAgainReplacesIt) {
  MinuteCounts counts(60);
  EXPECT_TRUE(counts.Set(1'000, {5, 10}));
  EXPECT_TRUE(counts.Set(1'000, {6, 7}));
  EXPECT_EQ(counts.Sum(1'001, 60), (SliCount{6, 7}));
  EXPECT_EQ(counts.At(1'000), (SliCount{6, 7}));
  EXPECT_TRUE(counts.Set(1'000, {}));
  EXPECT_EQ(counts.Sum(1'001, 60), SliCount{});
}

TEST(MinuteCounts, ClearEmptiesARangeOnly) {
  MinuteCounts counts(3 * kDay);
  const int64_t start = 500 * kDay;
  for (int64_t minute = start; minute < start + 2 * kDay; minute += 10) counts.Set(minute, {1, 2});
  const SliCount before = counts.Sum(start + 2 * kDay, 3 * kDay);
  counts.Clear(start + 100, start + 200);
  EXPECT_EQ(counts.Sum(start + 2 * kDay, 3 * kDay),
            (SliCount{before.good - 10, before.valid - 20}));
  counts.Clear(0, start + 9 * kDay);
  EXPECT_EQ(counts.Sum(start + 2 * kDay, 3 * kDay), SliCount{});
}

TEST(MinuteCounts, WhatIsBeforeTheWindowIsRefused) {
  MinuteCounts counts(kDay);
  EXPECT_EQ(counts.newest(), -1);
  EXPECT_EQ(counts.Sum(1'000'000, kDay), SliCount{});
  EXPECT_TRUE(counts.Set(100 * kDay, {1, 1}));
  EXPECT_TRUE(counts.Set(100 * kDay - kDay + 1, {1, 1}));
  EXPECT_FALSE(counts.Set(90 * kDay, {1, 1}));
  EXPECT_FALSE(counts.Set(-1, {1, 1}));
  EXPECT_EQ(counts.Sum(100 * kDay + 1, kDay), (SliCount{2, 2}));
}

TEST(MinuteCounts, AGapForgetsWhatFellOutOfTheWindow) {
  MinuteCounts counts(2 * kDay);
  counts.Set(100 * kDay, {1, 1});
  counts.Set(100 * kDay + 90 * kDay, {3, 4});
  EXPECT_EQ(counts.Sum(200 * kDay, 200 * kDay), (SliCount{3, 4}));
  EXPECT_LT(counts.Bytes(), 20'000u);
}

TEST(MinuteCounts, MemoryIsOfBusyDaysOnly) {
  MinuteCounts counts(MinuteCounts::kWindowMinutesMax);
  EXPECT_LT(counts.Bytes(), 1'000u);
  for (int64_t day = 1'000; day < 1'090; ++day) counts.Set(day * kDay, {1, 1});
  EXPECT_LT(counts.Bytes(), 1'200'000u);
  EXPECT_EQ(counts.Sum(1'090 * kDay, 90 * kDay), (SliCount{90, 90}));
  counts.Clear(0, 2'000 * kDay);
  EXPECT_EQ(counts.Sum(1'090 * kDay, 90 * kDay), SliCount{});
}

TEST(MinuteCounts, CountsBeyondACellAreTakenAsItsMost) {
  MinuteCounts counts(60);
  counts.Set(5, {int64_t{1} << 40, int64_t{1} << 41});
  EXPECT_EQ(counts.At(5), (SliCount{4'294'967'295, 4'294'967'295}));
  counts.Set(6, {9, 4});
  EXPECT_EQ(counts.At(6), (SliCount{4, 4})) << "no more good ones than valid ones";
}

}  // namespace
}  // namespace pitot
