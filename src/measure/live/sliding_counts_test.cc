#include "measure/live/sliding_counts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace pitot {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDay = 86'400 * kSecond;

using Event = std::pair<int64_t, bool>;

// Of events after `from` and until `until`.
SliCount Count(const std::vector<Event>& events, int64_t from, int64_t until) {
  SliCount count;
  for (const auto& [at, good] : events) {
    if (at > from && at <= until) count += {good, 1};
  }
  return count;
}

TEST(SlidingCounts, CellsAreAThousandthOfTheWindow) {
  EXPECT_EQ(SlidingCounts(kSecond).cell_ns(), 1'000'000);
  EXPECT_EQ(SlidingCounts(60 * kSecond).cell_ns(), 60'000'000);
  EXPECT_EQ(SlidingCounts(90 * kDay).cell_ns(), 90 * kDay / 1'000);
  EXPECT_EQ(SlidingCounts(5).cell_ns(), 1'000'000) << "never below a millisecond";
}

// All events of the window, and of those that left it less than a cell ago.
TEST(SlidingCounts, CountsWhatAListOfEventsWouldToACell) {
  std::mt19937_64 random(5);
  const auto below = [&](int64_t limit) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(limit));
  };
  for (const int64_t window : {kSecond, 7 * kSecond, 3'600 * kSecond + 1, kDay, 90 * kDay}) {
    SlidingCounts counts(window);
    std::vector<Event> events;
    int64_t now = 1'700'000'000 * kSecond + below(window);
    for (int step = 0; step < 3'000; ++step) {
      const int64_t kind = below(50);
      now += kind == 0 ? below(2 * window) : kind < 10 ? below(window / 20) : below(window / 1'000);
      const bool good = below(4) != 0;
      counts.Add(now, good);
      events.emplace_back(now, good);
      if (below(4) != 0) continue;
      now += below(window / 500);

      const SliCount told = counts.At(now);
      const SliCount least = Count(events, now - window, now);
      const SliCount most = Count(events, now - window - counts.cell_ns(), now);
      ASSERT_GE(told.good, least.good) << "window " << window << ", step " << step;
      ASSERT_LE(told.good, most.good) << "window " << window << ", step " << step;
      ASSERT_GE(told.bad(), least.bad()) << "window " << window << ", step " << step;
      ASSERT_LE(told.bad(), most.bad()) << "window " << window << ", step " << step;
    }
  }
}

TEST(SlidingCounts, AnEventLeavesWithinACellOfTheWindowsEnd) {
  SlidingCounts counts(10 * kSecond);
  const int64_t start = 1'700'000'000 * kSecond;
  counts.Add(start, false);
  EXPECT_EQ(counts.At(start), (SliCount{0, 1}));
  EXPECT_EQ(counts.At(start + 10 * kSecond), (SliCount{0, 1}));
  EXPECT_EQ(counts.At(start + 10 * kSecond + counts.cell_ns()), SliCount{});
}

TEST(SlidingCounts, AClockThatGoesBackALittleWaitsForItself) {
  SlidingCounts counts(10 * kSecond);
  const int64_t start = 1'700'000'000 * kSecond;
  counts.Add(start, true);
  counts.Add(start - 5 * kSecond, false);
  EXPECT_EQ(counts.At(start - 5 * kSecond), (SliCount{1, 2}));
  EXPECT_EQ(counts.At(start + 10 * kSecond), (SliCount{1, 2}));
  EXPECT_EQ(counts.At(start + 11 * kSecond), SliCount{});
}

TEST(SlidingCounts, AClockThatWasWrongIsForgotten) {
  SlidingCounts counts(10 * kSecond);
  const int64_t start = 1'700'000'000 * kSecond;
  counts.Add(start, true);
  // Ten years ahead: what was counted has left the window.
  counts.Add(start + 3'650 * kDay, false);
  EXPECT_EQ(counts.At(start + 3'650 * kDay), (SliCount{0, 1}));
  // And back: ten years must not pass before events leave again.
  counts.Add(start + kSecond, true);
  EXPECT_EQ(counts.At(start + kSecond), (SliCount{1, 1}));
  EXPECT_EQ(counts.At(start + 12 * kSecond), SliCount{});
}

TEST(SlidingCounts, TakesTimesBeforeTheEpochAndFarOnes) {
  SlidingCounts counts(10 * kSecond);
  counts.Add(-1, true);
  counts.Add(0, true);
  EXPECT_EQ(counts.At(1), (SliCount{2, 2})) << "no gap at the epoch";
  for (const int64_t now : {INT64_MAX, INT64_MIN, INT64_MAX, int64_t{0}}) {
    counts.Add(now, true);
    EXPECT_EQ(counts.At(now), (SliCount{1, 1})) << now;
  }
}

}  // namespace
}  // namespace pitot
