#include "measure/exponential_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace pitot {
namespace {

TEST(ExponentialHistogram, PowersOfTwoEndTheBucketBelow) {
  for (int power = -1'022; power <= 1'023; ++power) {
    const double value = std::ldexp(1.0, power);
    for (int scale = kExponentialScaleMin; scale <= kExponentialScaleMax; ++scale) {
      const int32_t expected = scale >= 0 ? power * (1 << scale) - 1 : (power - 1) >> -scale;
      ASSERT_EQ(ExponentialIndex(value, scale), expected) << "2^" << power << ", scale " << scale;
    }
    // Their neighbours are on either side.
    const double above = std::nextafter(value, std::numeric_limits<double>::infinity());
    EXPECT_EQ(ExponentialIndex(above, 20), power * (1 << 20)) << power;
    EXPECT_EQ(ExponentialIndex(above, 0), power) << power;
    EXPECT_EQ(ExponentialIndex(std::nextafter(value, 0), 20), power * (1 << 20) - 1) << power;
  }
}

TEST(ExponentialHistogram, AValueLiesWithinItsBucketAtEveryScale) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> exponent(-300, 300);
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::exp2(exponent(random));
    const int32_t finest = ExponentialIndex(value, kExponentialScaleMax);
    for (const int scale : {-4, -1, 0, 1, 3, 5, 10}) {
      const int32_t index = ExponentialIndex(value, scale);
      EXPECT_LE(ExponentialBound(index, scale), value * (1 + 1e-12)) << value << ", " << scale;
      EXPECT_GE(ExponentialBound(index + 1, scale), value * (1 - 1e-12)) << value << ", " << scale;
      EXPECT_EQ(ExponentialDownscaled(finest, kExponentialScaleMax - scale), index)
          << value << ", scale " << scale;
    }
  }
}

TEST(ExponentialHistogram, TheErrorFollowsFromTheScale) {
  EXPECT_NEAR(ExponentialErrorBound(3), 0.0433, 1e-4);
  EXPECT_NEAR(ExponentialErrorBound(4), 0.0217, 1e-4);
  EXPECT_NEAR(ExponentialErrorBound(5), 0.0108, 1e-4);
  EXPECT_NEAR(ExponentialErrorBound(0), 1.0 / 3, 1e-12) << "base 2";
}

}  // namespace
}  // namespace pitot
