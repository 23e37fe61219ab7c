#include "normalize/usage_split.h"

#include <gtest/gtest.h>

#include <random>

namespace pitot {
namespace {

using enum UsageBucket;

struct Want {
  int64_t input = 0, read = 0, write_5m = 0, write_1h = 0, audio_in = 0, image_in = 0;
  int64_t output = 0, reasoning = 0, audio_out = 0, image_out = 0;
  UsageConvention convention = UsageConvention::kInclusive;
  uint8_t flags = 0;
};

void Expect(const char* why, const ReportedUsage& reported, const Want& want) {
  SCOPED_TRACE(why);
  const SplitUsage got = Split(reported);
  EXPECT_EQ(got.usage[kInput], want.input);
  EXPECT_EQ(got.usage[kCacheRead], want.read);
  EXPECT_EQ(got.usage[kCacheWrite5m], want.write_5m);
  EXPECT_EQ(got.usage[kCacheWrite1h], want.write_1h);
  EXPECT_EQ(got.usage[kInputAudio], want.audio_in);
  EXPECT_EQ(got.usage[kInputImage], want.image_in);
  EXPECT_EQ(got.usage[kOutput], want.output);
  EXPECT_EQ(got.usage[kReasoning], want.reasoning);
  EXPECT_EQ(got.usage[kOutputAudio], want.audio_out);
  EXPECT_EQ(got.usage[kOutputImage], want.image_out);
  EXPECT_EQ(got.convention, want.convention);
  EXPECT_EQ(got.flags, want.flags);
}

TEST(UsageSplit, EveryRule) {
  Expect("nothing cached", {.input = 10, .output = 5}, {.input = 10, .output = 5});
  Expect("inclusive by default", {.input = 100, .output = 5, .cache_read = 70},
         {.input = 30, .read = 70, .output = 5});
  Expect("less input than cached: exclusive, proven",
         {.input = 10, .output = 5, .cache_read = 70, .cache_write = 20},
         {.input = 10,
          .read = 70,
          .write_5m = 20,
          .output = 5,
          .convention = UsageConvention::kExclusive,
          .flags = kUsageCacheTtlAssumed});
  Expect("the total adds up only if exclusive",
         {.input = 100, .output = 5, .total = 175, .cache_read = 70},
         {.input = 100, .read = 70, .output = 5, .convention = UsageConvention::kExclusive});
  Expect("total = input + output proves nothing",
         {.input = 100, .output = 5, .total = 105, .cache_read = 70},
         {.input = 30, .read = 70, .output = 5});
  Expect("known to be exclusive",
         {.input = 100, .cache_read = 70, .convention = UsageConvention::kExclusive},
         {.input = 100, .read = 70, .convention = UsageConvention::kExclusive});
  Expect("exact", {.input = 100, .uncached = 25, .cache_read = 70},
         {.input = 25, .read = 70, .convention = UsageConvention::kExact});
  Expect("writes by lifetime",
         {.input = 100, .cache_write = 20, .cache_write_5m = 5, .cache_write_1h = 15},
         {.input = 80, .write_5m = 5, .write_1h = 15});
  Expect("only the split of writes", {.input = 100, .cache_write_1h = 15},
         {.input = 85, .write_1h = 15});
  Expect("a larger total of writes goes to 5m",
         {.input = 100, .cache_write = 30, .cache_write_1h = 10},
         {.input = 70, .write_5m = 20, .write_1h = 10});
  Expect("audio and image input, less their cached part",
         {.input = 100, .cache_read = 30, .input_audio = 40, .input_image = 10, .cached_audio = 25},
         {.input = 45, .read = 30, .audio_in = 15, .image_in = 10});
  Expect("more audio than input", {.input = 10, .input_audio = 40},
         {.audio_in = 10, .flags = kUsageInconsistent});
  Expect("reasoning within output", {.input = 1, .output = 50, .reasoning = 20},
         {.input = 1, .output = 30, .reasoning = 20});
  Expect("reasoning larger than output is beside it", {.output = 10, .reasoning = 20},
         {.output = 10, .reasoning = 20});
  Expect("the total says that reasoning is beside output",
         {.input = 10, .output = 50, .total = 80, .reasoning = 20},
         {.input = 10, .output = 50, .reasoning = 20});
  Expect("an emitter known to keep it beside",
         {.output = 50, .reasoning = 20, .reasoning_outside_output = true},
         {.output = 50, .reasoning = 20});
  Expect("audio and image output",
         {.output = 50, .reasoning = 10, .output_audio = 20, .output_image = 5},
         {.output = 15, .reasoning = 10, .audio_out = 20, .image_out = 5});
  Expect("only a total, of an embedding", {.total = 55, .is_embedding = true}, {.input = 55});
  Expect("only a total, of a model call", {.total = 55},
         {.convention = UsageConvention::kUnknown, .flags = kUsageTotalOnly});
  Expect("zero is a report", {.input = 0, .output = 0}, {});
}

// For honest reports the buckets sum to what the provider bills, in either convention.
TEST(UsageSplit, BucketsSumToTheProvidersTotal) {
  std::mt19937_64 random(11);
  const auto upto = [&](int64_t most) { return static_cast<int64_t>(random() % (most + 1)); };
  for (int i = 0; i < 50'000; ++i) {
    const int64_t uncached = upto(1000), read = upto(1000), w5 = upto(300), w1 = upto(300);
    const int64_t output = upto(2000);
    const bool inclusive = random() % 2 == 0;
    ReportedUsage r;
    r.input = inclusive ? uncached + read + w5 + w1 : uncached;
    r.output = output;
    r.cache_read = read;
    r.cache_write = w5 + w1;
    if (random() % 2 == 0) {
      r.cache_write_5m = w5;
      r.cache_write_1h = w1;
    }
    r.input_audio = upto(uncached / 2);
    r.input_image = upto(uncached / 2);
    r.reasoning = upto(output / 2);
    r.output_audio = upto(output / 4);
    r.output_image = upto(output / 4);
    r.convention = inclusive ? UsageConvention::kInclusive : UsageConvention::kExclusive;
    const SplitUsage split = Split(r);
    EXPECT_EQ(split.usage.input_total(), uncached + read + w5 + w1);
    EXPECT_EQ(split.usage.output_total(), output);
    EXPECT_EQ(split.flags & kUsageInconsistent, 0);
    for (const int64_t bucket : split.usage.tokens) EXPECT_GE(bucket, 0);
  }
}

// Nonsense never makes a bucket negative, and is marked when something was clamped.
TEST(UsageSplit, NonsenseIsClamped) {
  std::mt19937_64 random(12);
  const auto any = [&] { return static_cast<int64_t>(random() % 200); };
  for (int i = 0; i < 50'000; ++i) {
    ReportedUsage r;
    if (random() % 4 != 0) r.input = any();
    if (random() % 4 != 0) r.output = any();
    if (random() % 2 == 0) r.total = any();
    if (random() % 8 == 0) r.uncached = any();
    r.cache_read = any();
    r.cache_write = any();
    if (random() % 2 == 0) r.cache_write_1h = any();
    r.input_audio = any();
    r.cached_image = any();
    r.reasoning = any();
    r.output_image = any();
    for (const int64_t bucket : Split(r).usage.tokens) EXPECT_GE(bucket, 0);
  }
}

}  // namespace
}  // namespace pitot
