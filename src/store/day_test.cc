#include "store/day.h"

#include <gtest/gtest.h>

#include <limits>

namespace pitot {
namespace {

TEST(DayOf, RoundsDownAndClampsToWhatDateHolds) {
  EXPECT_EQ(DayOf(0), 0) << "1970-01-01";
  EXPECT_EQ(DayOf(kNanosPerDay - 1), 0);
  EXPECT_EQ(DayOf(kNanosPerDay), 1);
  EXPECT_EQ(DayOf(1'763'600'000 * kNanosPerSecond), 20'412) << "2025-11-20";
  EXPECT_EQ(DayOf(-1), 0) << "before 1970 belongs to its first day";
  EXPECT_EQ(DayOf(std::numeric_limits<int64_t>::min()), 0);
  EXPECT_EQ(DayOf(65'535 * kNanosPerDay), 65'535) << "2149-06-06, the last Date";
  EXPECT_EQ(DayOf(84'006 * kNanosPerDay), 65'535) << "2200-01-01 belongs to the last day";
  EXPECT_EQ(DayOf(std::numeric_limits<int64_t>::max()), 65'535);
}

}  // namespace
}  // namespace pitot
