#include "measure/live/latency_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <deque>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

namespace pitot {
namespace {

TEST(RankOf, IsTheCeilingOfTheProduct) {
  const auto check = [](std::string_view why, double q, size_t n, size_t rank) {
    EXPECT_EQ(RankOf(q, n), rank) << why;
  };
  check("one value is every quantile", 0.01, 1, 1);
  check("the largest", 1, 10, 10);
  check("never below the first", 1e-9, 10, 1);
  check("between two", 0.5, 3, 2);
  check("the lower median", 0.5, 4, 2);
  check("p99 of 100", 0.99, 100, 99);
  check("p99 of 101", 0.99, 101, 100);
  check("p95 of 20", 0.95, 20, 19);
  check("a product above 7 by rounding only", 0.07, 100, 7);
  check("p99 of a million", 0.99, 1'000'000, 990'000);
  check("one beyond", 0.990001, 1'000'000, 990'001);
}

// Per cent and per mille, told in integers.
TEST(RankOf, AgreesWithIntegers) {
  for (size_t mille = 1; mille <= 1'000; ++mille) {
    for (const size_t n :
         {1, 2, 3, 7, 10, 99, 100, 101, 1'000, 1'001, 65'536, 999'999, 1'000'000}) {
      ASSERT_EQ(RankOf(static_cast<double>(mille) / 1'000, n), (mille * n + 999) / 1'000)
          << mille << " of a thousand of " << n;
    }
  }
}

TEST(LatencyWindow, TellsWhatASortedCopyOfTheLastValuesWould) {
  std::mt19937_64 random(11);
  for (const size_t size : {1, 2, 3, 10, 100, 1'000}) {
    LatencyWindow window(size);
    std::deque<int64_t> last;
    for (int step = 0; step < 4'000; ++step) {
      // Ties are as likely as not.
      const auto value =
          static_cast<int64_t>(random() % 3 == 0 ? random() % 5 : random() % 1'000'000);
      window.Record(value);
      last.push_back(value);
      if (last.size() > size) last.pop_front();
      if (step % 37 != 0) continue;

      std::vector<int64_t> sorted(last.begin(), last.end());
      std::ranges::sort(sorted);
      std::vector<int64_t> values = window.Values();
      for (const double q : {0.001, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0}) {
        const auto rank = std::max<size_t>(
            1, static_cast<size_t>(std::ceil(q * static_cast<double>(sorted.size()) - 1e-9)));
        ASSERT_EQ(OrderStatistic(values, q), sorted[rank - 1])
            << q << " of " << sorted.size() << ", window " << size;
      }
      const OrderSummary summary = SummarizeOrder(values);
      const auto at = [&](double q) { return sorted[RankOf(q, sorted.size()) - 1]; };
      ASSERT_EQ(summary.min, sorted.front());
      ASSERT_EQ(summary.p50, at(0.5));
      ASSERT_EQ(summary.p90, at(0.9));
      ASSERT_EQ(summary.p95, at(0.95));
      ASSERT_EQ(summary.p99, at(0.99));
      ASSERT_EQ(summary.max, sorted.back());
      std::ranges::sort(values);
      ASSERT_EQ(values, sorted);
    }
    EXPECT_EQ(window.recorded(), 4'000u);
  }
}

TEST(LatencyWindow, NothingWasRecorded) {
  const LatencyWindow window(10);
  EXPECT_EQ(window.recorded(), 0u);
  EXPECT_TRUE(window.Values().empty());
  std::vector<int64_t> none;
  EXPECT_EQ(SummarizeOrder(none).max, 0);
}

TEST(LatencyWindow, ANegativeValueCountsAsZero) {
  LatencyWindow window(10);
  window.Record(-5);
  EXPECT_EQ(window.Values(), std::vector<int64_t>{0});
}

TEST(LatencyWindow, ForgetsAndGoesOn) {
  LatencyWindow window(4);
  for (int i = 0; i < 6; ++i) window.Record(i);
  window.Reset();
  EXPECT_EQ(window.recorded(), 0u);
  EXPECT_TRUE(window.Values().empty());
  for (int i = 10; i < 13; ++i) window.Record(i);
  std::vector<int64_t> values = window.Values();
  std::ranges::sort(values);
  EXPECT_EQ(values, (std::vector<int64_t>{10, 11, 12}));
  EXPECT_EQ(window.recorded(), 3u);
  for (int i = 13; i < 16; ++i) window.Record(i);
  values = window.Values();
  std::ranges::sort(values);
  EXPECT_EQ(values, (std::vector<int64_t>{12, 13, 14, 15}));
}

TEST(LatencyWindow, ThreadsLoseNothing) {
  constexpr size_t kThreads = 4;
  constexpr int64_t kEach = 20'000;
  LatencyWindow window(kThreads * kEach);
  {
    std::vector<std::jthread> threads;
    for (size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&window, t] {
        for (int64_t i = 0; i < kEach; ++i) window.Record(static_cast<int64_t>(t) * kEach + i);
      });
    }
    // Read meanwhile: never more than there is, never a value that nobody recorded.
    for (int i = 0; i < 5; ++i) {
      for (const int64_t value : window.Values()) {
        ASSERT_GE(value, 0);
        ASSERT_LT(value, static_cast<int64_t>(kThreads) * kEach);
      }
    }
  }
  std::vector<int64_t> values = window.Values();
  ASSERT_EQ(values.size(), kThreads * kEach);
  std::ranges::sort(values);
  for (size_t i = 0; i < values.size(); ++i) ASSERT_EQ(values[i], static_cast<int64_t>(i));
}

}  // namespace
}  // namespace pitot
