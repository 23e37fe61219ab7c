#include "price/charge.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>
#include <random>

namespace pitot {
namespace {

PriceBand Band(int64_t input, int64_t output) {
  std::array<int64_t, kUsageBuckets> own;
  own.fill(-1);
  own[static_cast<size_t>(UsageBucket::kInput)] = input;
  own[static_cast<size_t>(UsageBucket::kOutput)] = output;
  return {-1, FillPrices(own)};
}

int64_t Sum(const Charge& charge) {
  return std::accumulate(charge.by_bucket.begin(), charge.by_bucket.end(), charge.fees);
}

TEST(ComputeCharge, RoundsTheTotalOnceHalfUp) {
  const auto total = [](const char* what, int64_t in, int64_t out, int64_t pico, int64_t want) {
    Usage usage;
    usage[UsageBucket::kInput] = in;
    usage[UsageBucket::kOutput] = out;
    const std::optional<Charge> charge = ComputeCharge(usage, Band(pico, pico), {}, {});
    ASSERT_TRUE(charge) << what;
    EXPECT_EQ(charge->total.value, want) << what;
    EXPECT_EQ(Sum(*charge), want) << what;
  };
  total("nothing", 0, 0, 150'000, 0);
  total("whole nano-USD", 1200, 0, 150'000, 180'000);
  total("below half", 1, 0, 499, 0);
  total("half goes up", 1, 0, 500, 1);
  total("two halves are one, not two", 1, 1, 500, 1);
  total("three thirds of a nano", 1, 2, 333, 1);
  total("a free model", 1'000'000, 5, 0, 0);
}

TEST(ComputeCharge, SharesGoToTheLargestRemainders) {
  Usage usage;
  usage[UsageBucket::kInput] = 7;       // 700 pico
  usage[UsageBucket::kCacheRead] = 16;  // 1600
  usage[UsageBucket::kOutput] = 2;      // 200
  const std::optional<Charge> charge = ComputeCharge(usage, Band(100, 100), {}, {});
  ASSERT_TRUE(charge);
  EXPECT_EQ(charge->total.value, 3);  // 2.5
  EXPECT_EQ(charge->by_bucket[0], 1);
  EXPECT_EQ(charge->by_bucket[1], 2);
  EXPECT_EQ(charge->by_bucket[6], 0);
}

TEST(ComputeCharge, BucketsSumToTheTotalAndMoreTokensNeverCostLess) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Usage usage;
    PriceBand band;
    for (size_t i = 0; i < kUsageBuckets; ++i) {
      if (random() % 3 == 0) continue;
      usage.tokens[i] = static_cast<int64_t>(random() % (uint64_t{1} << (random() % 31)));
      band.pico[i] = static_cast<int64_t>(random() % (uint64_t{1} << (random() % 32)));
    }
    usage.web_searches = static_cast<int64_t>(random() % 4);
    const CallFees fees{10'000'000'001, kFeeUnknown, static_cast<int64_t>(random() % 5000)};
    const Times times{static_cast<int64_t>(random() % 20 + 1),
                      static_cast<int64_t>(random() % 20 + 1),
                      static_cast<uint32_t>(random() % (1 << kUsageBuckets))};
    const std::optional<Charge> charge = ComputeCharge(usage, band, fees, times);
    ASSERT_TRUE(charge) << "round " << round;
    ASSERT_EQ(Sum(*charge), charge->total.value) << "round " << round;
    for (size_t i = 0; i < kUsageBuckets; ++i) {
      ASSERT_GE(charge->by_bucket[i], 0);
      ASSERT_TRUE(usage.tokens[i] > 0 || charge->by_bucket[i] == 0) << "round " << round;
      Usage more = usage;
      ++more.tokens[i];
      ASSERT_GE(ComputeCharge(more, band, fees, times)->total.value, charge->total.value);
    }
  }
}

TEST(ComputeCharge, TimesScaleTokensButNeitherFeesNorExemptBuckets) {
  Usage usage;
  usage[UsageBucket::kInput] = 1000;
  usage[UsageBucket::kCacheRead] = 1000;
  usage.web_searches = 1;
  const std::optional<Charge> charge =
      ComputeCharge(usage, Band(3000, 0), {5000, 0, 0}, {1, 2, 1u << 1});
  ASSERT_TRUE(charge);
  EXPECT_EQ(charge->by_bucket[0], 1500);
  EXPECT_EQ(charge->by_bucket[1], 3000);
  EXPECT_EQ(charge->fees, 5);
  EXPECT_EQ(charge->total.value, 4505);
}

TEST(ComputeCharge, AnUnknownFeeIsMarkedOnlyWhenTheToolWasCalled) {
  Usage usage;
  usage[UsageBucket::kInput] = 10;
  EXPECT_FALSE(ComputeCharge(usage, Band(1000, 0), {}, {})->fee_unknown);
  usage.file_searches = 2;
  const std::optional<Charge> charge = ComputeCharge(usage, Band(1000, 0), {}, {});
  EXPECT_TRUE(charge->fee_unknown);
  EXPECT_EQ(charge->total.value, 10);
}

TEST(ComputeCharge, RefusesWhatIsNoCountOrNoMoney) {
  const auto refused = [](const char* why, int64_t tokens, int64_t searches, int64_t pico) {
    Usage usage;
    usage[UsageBucket::kInput] = tokens;
    usage.web_searches = searches;
    EXPECT_FALSE(ComputeCharge(usage, Band(pico, 0), {pico, 0, 0}, {})) << why;
  };
  refused("negative tokens", -1, 0, 1);
  refused("negative searches", 1, -1, 1);
  refused("more tokens than there can be", kChargeTokensMax + 1, 0, 1);
  refused("any int64", std::numeric_limits<int64_t>::max(), 0, 1);
  refused("more than nine billion dollars", kChargeTokensMax, 0, kPicoPerTokenMax);
}

TEST(FillPrices, FallsBackToTheKind) {
  std::array<int64_t, kUsageBuckets> own;
  own.fill(-1);
  own[static_cast<size_t>(UsageBucket::kInput)] = 3;
  own[static_cast<size_t>(UsageBucket::kCacheWrite5m)] = 4;
  own[static_cast<size_t>(UsageBucket::kInputAudio)] = 0;
  own[static_cast<size_t>(UsageBucket::kOutput)] = 15;
  EXPECT_EQ(FillPrices(own),
            (std::array<int64_t, kUsageBuckets>{3, 3, 4, 4, 0, 3, 15, 15, 15, 15}));
}

}  // namespace
}  // namespace pitot
