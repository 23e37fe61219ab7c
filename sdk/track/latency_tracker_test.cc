#include "pitot/latency_tracker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <thread>
#include <vector>

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

TEST(LatencyTracker, TellsNothingOfNothing) {
  const LatencyTracker latency;
  EXPECT_EQ(latency.percentile(0.5), std::nullopt);
  EXPECT_EQ(latency.summary().count, 0u);
  EXPECT_EQ(latency.summary().to_string(), "no calls");
}

TEST(LatencyTracker, PercentilesAreOfTheLast) {
  LatencyTracker latency(100);
  for (int i = 1; i <= 250; ++i) latency.record(milliseconds(i));
  EXPECT_EQ(latency.percentile(0.01), milliseconds(151));
  EXPECT_EQ(latency.percentile(0.5), milliseconds(200));
  EXPECT_EQ(latency.percentile(0.99), milliseconds(249));
  EXPECT_EQ(latency.percentile(1), milliseconds(250));

  const LatencySummary summary = latency.summary();
  EXPECT_EQ(summary.recorded, 250u);
  EXPECT_EQ(summary.count, 100u);
  EXPECT_EQ(summary.min, milliseconds(151));
  EXPECT_EQ(summary.p90, milliseconds(240));
  EXPECT_EQ(summary.max, milliseconds(250));
  EXPECT_FALSE(summary.low_n);
  EXPECT_EQ(summary.to_string(),
            "last 100 of 250 calls: p50 200 ms, p95 245 ms, p99 249 ms, max 250 ms");
  EXPECT_EQ(summary.to_json(),
            R"({"recorded":250,"count":100,"min_ms":151,"p50_ms":200,"p90_ms":240,"p95_ms":245,)"
            R"("p99_ms":249,"max_ms":250,"low_n":false})");
}

TEST(LatencyTracker, SaysThatFewAreFew) {
  LatencyTracker latency;
  latency.record(milliseconds(1'900));
  EXPECT_TRUE(latency.summary().low_n);
  EXPECT_EQ(latency.summary().to_string(),
            "1 call: p50 1.90 s, p95 1.90 s, p99 1.90 s, max 1.90 s (few: p99 is the slowest)");
}

TEST(LatencyTracker, ForgetsOnReset) {
  LatencyTracker latency;
  latency.record(milliseconds(5));
  latency.reset();
  EXPECT_EQ(latency.percentile(0.5), std::nullopt);
  EXPECT_EQ(latency.summary().recorded, 0u);
  latency.record(nanoseconds(-1));
  EXPECT_EQ(latency.percentile(0.5), nanoseconds(0)) << "negative: 0";
}

TEST(LatencyTracker, RefusesWhatItCannotDo) {
  EXPECT_THROW(LatencyTracker(0), std::invalid_argument);
  EXPECT_THROW(LatencyTracker(1'000'001), std::invalid_argument);
  EXPECT_NO_THROW(LatencyTracker(1'000'000));
  const LatencyTracker latency;
  for (const double q : {0.0, -0.5, 1.01, std::nan("")}) {
    EXPECT_THROW(latency.percentile(q), std::invalid_argument) << q;
  }
  try {
    latency.percentile(99);
    FAIL() << "99 was taken for a quantile";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(
        error.what(),
        "LatencyTracker::percentile: q = 99, must be above 0 and at most 1 (0.99 for p99)");
  }
}

TEST(LatencyTracker, ThreadsMayRecordAndRead) {
  LatencyTracker latency(4'000);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 1; i <= 5'000; ++i) latency.record(nanoseconds(i));
      });
    }
    for (int i = 0; i < 20; ++i) {
      const LatencySummary summary = latency.summary();
      EXPECT_LE(summary.max, nanoseconds(5'000));
      EXPECT_LE(summary.p50, summary.p99);
      EXPECT_GE(summary.recorded, summary.count);
    }
  }
  EXPECT_EQ(latency.summary().recorded, 20'000u);
  EXPECT_EQ(latency.summary().count, 4'000u);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
