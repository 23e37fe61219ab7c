#include "query/series/steps.h"

#include <gtest/gtest.h>

#include <random>

namespace pitot {
namespace {

constexpr UnixNanos kAt = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z
constexpr int64_t kS = kNanosPerSecond;
constexpr int64_t kMin = kNanosPerMinute;
constexpr int64_t kH = 60 * kNanosPerMinute;

TEST(Steps, AreTheShortestRoundOnesThatFit) {
  struct Case {
    int64_t width;
    int64_t points;
    int64_t step;
  };
  const Case cases[] = {
      {1, 2, kS},
      {kMin, 120, kS},
      {15 * kMin, 120, 10 * kS},
      {kH, 120, kMin},  // 120 steps of 30 s would cover it only if it began on one.
      {24 * kH, 120, 30 * kMin},
      {24 * kH, 300, 5 * kMin},
      {7 * kNanosPerDay, 120, 3 * kH},
      {30 * kNanosPerDay, 120, 12 * kH},
      {30 * kNanosPerDay, 40, kNanosPerDay},
      {90 * kNanosPerDay, 40, 3 * kNanosPerDay},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(StepsOf({kAt - one.width, kAt}, one.points).step_ns, one.step)
        << one.width / 1e9 << " s in " << one.points;
  }
  EXPECT_EQ(StepsOf({kAt / kH * kH - kH, kAt / kH * kH}, 120).step_ns, 30 * kS)
      << "a whole hour needs no step more";
}

TEST(Steps, CoverTheWindowAndNoMore) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const auto points = static_cast<int64_t>(2 + random() % 999);
    const auto width = static_cast<int64_t>(1 + random() % (1ULL << (1 + random() % 62)));
    const auto since = static_cast<int64_t>(random() % 7'000'000'000'000'000'000ULL);
    if (since > 7'258'118'400 * kS - width) continue;
    const Window window{since, since + width};
    const Steps steps = StepsOf(window, points);
    ASSERT_LE(steps.count, static_cast<size_t>(points)) << since << " + " << width;
    ASSERT_LE(steps.StartOf(0), since) << since << " + " << width;
    ASSERT_GT(steps.StartOf(1), since) << since << " + " << width;
    ASSERT_GE(steps.StartOf(steps.count), window.until_ns) << since << " + " << width;
    ASSERT_LT(steps.StartOf(steps.count - 1), window.until_ns) << since << " + " << width;
    ASSERT_EQ(steps.StartOf(0) % steps.step_ns, 0);
  }
}

TEST(Steps, AreShownAsTimes) {
  EXPECT_EQ(StepsOf({kAt, kAt + 3 * kMin}, 4).StartsJson(),
            R"(["2026-11-18T11:06:00.000000000Z","2026-11-18T11:07:00.000000000Z",)"
            R"("2026-11-18T11:08:00.000000000Z","2026-11-18T11:09:00.000000000Z"])");
}

}  // namespace
}  // namespace pitot
