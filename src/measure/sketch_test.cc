#include "measure/sketch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace pitot {
namespace {

std::vector<double> Latencies(size_t n, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::lognormal_distribution<double> distribution(7, 1.4);
  std::vector<double> values;
  for (size_t i = 0; i < n; ++i) values.push_back(distribution(random));
  return values;
}

void ExpectWithin(const Sketch& sketch, std::vector<double> values, const char* what) {
  std::ranges::sort(values);
  for (const double q : {0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double expected = values[static_cast<size_t>(q * static_cast<double>(values.size() - 1))];
    EXPECT_NEAR(sketch.Quantile(q).value(), expected, expected * sketch.accuracy() * (1 + 1e-9))
        << what << ", q = " << q;
  }
}

TEST(Sketch, EveryQuantileIsWithinItsAccuracy) {
  for (const size_t n : {1u, 2u, 10u, 1'000u, 20'000u}) {
    for (const double accuracy : {0.01, 0.05}) {
      Sketch sketch(accuracy);
      const std::vector<double> values = Latencies(n, n);
      double sum = 0;
      for (const double value : values) {
        sketch.Add(value);
        sum += value;
      }
      ExpectWithin(sketch, values, "lognormal");
      EXPECT_EQ(sketch.count(), n);
      EXPECT_NEAR(sketch.sum(), sum, sum * 1e-12);
      EXPECT_EQ(sketch.min(), *std::ranges::min_element(values));
      EXPECT_EQ(sketch.max(), *std::ranges::max_element(values));
    }
  }
}

TEST(Sketch, MergingIsAddingEverything) {
  // In any order and any pieces, also into an empty one and into itself.
  const std::vector<double> values = Latencies(3'000, 3);
  Sketch whole;
  for (const double value : values) whole.Add(value);
  for (const size_t pieces : {1u, 2u, 7u, 60u}) {
    std::vector<Sketch> parts(pieces);
    for (size_t i = 0; i < values.size(); ++i) parts[i % pieces].Add(values[i]);
    Sketch merged;
    for (size_t i = pieces; i-- > 0;) ASSERT_TRUE(merged.Merge(parts[i]));
    EXPECT_EQ(merged.count(), whole.count());
    for (const double q : {0.0, 0.1, 0.5, 0.99, 1.0}) {
      EXPECT_EQ(merged.Quantile(q), whole.Quantile(q)) << pieces << " pieces, q = " << q;
    }
  }
  ASSERT_TRUE(whole.Merge(whole));
  EXPECT_EQ(whole.count(), 2 * values.size());
  ExpectWithin(
      whole,
      [&] {
        std::vector<double> twice = values;
        twice.insert(twice.end(), values.begin(), values.end());
        return twice;
      }(),
      "merged into itself");
  EXPECT_FALSE(whole.Merge(Sketch(0.02))) << "another accuracy has other bins";
  EXPECT_EQ(whole.count(), 2 * values.size());
}

TEST(Sketch, WhatIsNoAmountIsRefusedAndCounted) {
  Sketch sketch;
  sketch.Add(-1);
  sketch.Add(std::numeric_limits<double>::quiet_NaN());
  sketch.Add(std::numeric_limits<double>::infinity());
  sketch.Add(-std::numeric_limits<double>::infinity(), 4);
  EXPECT_EQ(sketch.refused(), 7u);
  EXPECT_EQ(sketch.count(), 0u);
  EXPECT_FALSE(sketch.Quantile(0.5));
  sketch.Add(5, 0);
  EXPECT_EQ(sketch.count(), 0u);
}

TEST(Sketch, ZerosAreCountedAsZeros) {
  Sketch sketch;
  sketch.Add(0, 90);
  sketch.Add(10, 10);
  EXPECT_EQ(sketch.Quantile(0.5), 0);
  EXPECT_EQ(sketch.Quantile(1), 10);
  EXPECT_EQ(sketch.min(), 0);
  EXPECT_EQ(sketch.bins(), 1u);
}

TEST(Sketch, TheLowestBinsGiveWayAndTheHighOnesHold) {
  Sketch sketch;
  // 300 decades; 2048 bins hold 17 of them.
  for (int decade = -150; decade <= 150; ++decade) sketch.Add(std::pow(10.0, decade));
  EXPECT_LE(sketch.bins(), Sketch::kBinsMax);
  EXPECT_EQ(sketch.count(), 301u);
  EXPECT_NEAR(sketch.Quantile(1).value(), 1e150, 1e148);
  EXPECT_NEAR(sketch.Quantile(0.97).value(), 1e141, 1e139);
  // The same, added from above.
  Sketch downwards;
  for (int decade = 150; decade >= -150; --decade) downwards.Add(std::pow(10.0, decade));
  for (const double q : {0.0, 0.5, 0.97, 1.0}) {
    EXPECT_EQ(downwards.Quantile(q), sketch.Quantile(q)) << q;
  }
  sketch.Add(std::numeric_limits<double>::max());
  sketch.Add(std::numeric_limits<double>::denorm_min());
  EXPECT_LE(sketch.bins(), Sketch::kBinsMax);
}

TEST(Sketch, LowNSaysThatAQuantileIsTheMaximum) {
  Sketch sketch;
  sketch.Add(1, 99);
  EXPECT_TRUE(sketch.IsLowN(0.99));
  EXPECT_FALSE(sketch.IsLowN(0.95));
  sketch.Add(1);
  EXPECT_FALSE(sketch.IsLowN(0.99));
}

TEST(Sketch, BytesBringBackAllOfIt) {
  Sketch sketch(0.02);
  for (const double value : Latencies(500, 9)) sketch.Add(value);
  sketch.Add(0, 3);
  sketch.Add(1e-9);
  sketch.Add(-1, 2);
  const std::string bytes = sketch.Encode();
  const auto again = Sketch::Decode(bytes);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->Encode(), bytes);
  EXPECT_EQ(again->count(), sketch.count());
  EXPECT_EQ(again->refused(), 2u);
  for (const double q : {0.0, 0.5, 0.99, 1.0}) EXPECT_EQ(again->Quantile(q), sketch.Quantile(q));
  EXPECT_LT(bytes.size(), 1'000u);

  const auto empty = Sketch::Decode(Sketch().Encode());
  ASSERT_TRUE(empty);
  EXPECT_EQ(empty->count(), 0u);
}

TEST(Sketch, OtherBytesAreRefused) {
  Sketch sketch;
  for (const double value : Latencies(50, 11)) sketch.Add(value);
  const std::string bytes = sketch.Encode();
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_FALSE(Sketch::Decode(bytes.substr(0, cut))) << "cut at " << cut;
  }
  EXPECT_FALSE(Sketch::Decode(bytes + "x"));
  // Whatever a byte becomes, what is read is a sketch or nothing.
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (const int bit : {0, 3, 6, 7}) {
      std::string other = bytes;
      other[at] = static_cast<char>(other[at] ^ (1 << bit));
      const auto read = Sketch::Decode(other);
      if (read) {
        EXPECT_LE(read->bins(), Sketch::kBinsMax);
        EXPECT_TRUE(Sketch::Decode(read->Encode())) << at;
      }
    }
  }
}

}  // namespace
}  // namespace pitot
