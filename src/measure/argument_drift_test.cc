#include "measure/argument_drift.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(ArgumentDrift, Judges) {
  const auto drifted = [](int64_t hits1, int64_t trials1, int64_t hits2, int64_t trials2) {
    return ArgumentsDrifted({hits1, trials1}, {hits2, trials2});
  };
  EXPECT_TRUE(drifted(0, 100, 20, 100));
  EXPECT_TRUE(drifted(2, 200, 12, 40));
  EXPECT_FALSE(drifted(0, 19, 19, 19)) << "too few calls";
  EXPECT_FALSE(drifted(0, 100, 1, 20)) << "chance";
  EXPECT_FALSE(drifted(10, 1'000, 40, 1'000)) << "3 points";
  EXPECT_TRUE(drifted(1'000, 10'000, 2'000, 10'000)) << "exactly twice";
  EXPECT_FALSE(drifted(1'000, 10'000, 1'999, 10'000)) << "not twice the share";
  EXPECT_TRUE(drifted(500, 10'000, 1'000, 10'000)) << "exactly 5 points";
  EXPECT_FALSE(drifted(20, 100, 0, 100)) << "better";
  EXPECT_FALSE(drifted(0, 0, 0, 0));
}

}  // namespace
}  // namespace pitot
