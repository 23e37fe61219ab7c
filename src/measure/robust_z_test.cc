#include "measure/robust_z.h"

#include <gtest/gtest.h>

#include <vector>

namespace pitot {
namespace {

TEST(RobustZ, FloorsKeepAFlatHistoryFromCallingCentsAnomalies) {
  const std::vector<double> flat(24, 10.0);
  EXPECT_NEAR(RobustZ(flat, 11).value().scale, 0.5, 1e-12) << "5 % of the median";
  EXPECT_NEAR(RobustZ(flat, 11).value().z, 2, 1e-12);
  const std::vector<double> nothing(24, 0.0);
  EXPECT_NEAR(RobustZ(nothing, 0.02).value().scale, 0.01, 1e-12) << "a cent";
  EXPECT_FALSE(RobustZ({}, 1));
}

TEST(RobustZ, ASpikeInThePastHidesNothing) {
  std::vector<double> history = {10.2, 11.0, 9.8, 10.5, 10.1, 10.9, 9.9, 10.4};
  const double without = RobustZ(history, 40).value().z;
  history.push_back(400);
  EXPECT_GT(RobustZ(history, 40).value().z, without / 2);
}

TEST(RobustZ, SkewedHistoriesAreJudgedByLogarithms) {
  const std::vector<double> skewed = {1, 1.1, 1.2, 1.3, 1.5, 2, 6, 9, 14, 20};
  EXPECT_TRUE(IsSkewed(skewed));
  EXPECT_FALSE(IsSkewed(std::vector<double>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_FALSE(IsSkewed(std::vector<double>{0, 1.1, 1.2, 1.3, 1.5, 2, 6, 9, 14, 20}))
      << "an hour without spending has no logarithm";
  EXPECT_FALSE(IsSkewed(std::vector<double>{1, 1.1, 20})) << "too few to say";
  // 25 is 11 MADs above the median, and a value such as such a history has now and then.
  EXPECT_GT(RobustZ(skewed, 25).value().z, 10);
  const AnomalyVerdict verdict = JudgeAnomaly(skewed, 25, true).value();
  EXPECT_TRUE(verdict.score.log_scale);
  EXPECT_NEAR(verdict.score.median, 1.7320508, 1e-6) << "the median is in dollars again";
  EXPECT_FALSE(verdict.unusual);
  EXPECT_TRUE(JudgeAnomaly(skewed, 25'000, false).value().fires);
}

TEST(JudgeAnomaly, AllConditionsHold) {
  struct Case {
    const char* what;
    double usual;
    double x;
    bool before;
    bool unusual;
    bool fires;
  };
  const Case cases[] = {
      {"as usual", 10, 10, false, false, false},
      {"z of 20, not twice the median", 10, 19.9, true, false, false},
      {"twice, and so far above that one hour tells", 10, 20, false, true, true},
      {"ten times, of cents", 0.05, 0.5, true, false, false},
      {"a dollar above cents", 0.05, 1.05, false, true, true},
      {"less than usual", 10, 0, true, false, false},
      {"where nothing was spent", 0, 0.99, true, false, false},
      {"where nothing was spent, a dollar", 0, 1, false, true, true},
  };
  for (const Case& c : cases) {
    const std::vector<double> history(24, c.usual);
    const auto verdict = JudgeAnomaly(history, c.x, c.before);
    ASSERT_TRUE(verdict) << c.what;
    EXPECT_EQ(verdict->unusual, c.unusual) << c.what;
    EXPECT_EQ(verdict->fires, c.fires) << c.what;
  }
}

TEST(JudgeAnomaly, BetweenFiveAndTenItTakesTwoHours) {
  // Median 10, MAD 2, scale 2.9652: 30 has a z of 6.7.
  const std::vector<double> history = {8, 12, 8, 12, 8, 12, 10, 8, 12};
  const AnomalyVerdict first = JudgeAnomaly(history, 30, false).value();
  EXPECT_GT(first.score.z, 5);
  EXPECT_LT(first.score.z, 10);
  EXPECT_TRUE(first.unusual);
  EXPECT_FALSE(first.fires);
  EXPECT_TRUE(JudgeAnomaly(history, 30, true).value().fires);
  EXPECT_TRUE(JudgeAnomaly(history, 45, false).value().fires) << "z of 11.8";
}

TEST(UpperTailP, IsTheNormalTail) {
  EXPECT_NEAR(UpperTailP(0), 0.5, 1e-15);
  EXPECT_NEAR(UpperTailP(1.959963984540054), 0.025, 1e-15);
  EXPECT_NEAR(UpperTailP(5) / 2.866515718791939e-7, 1, 1e-12);
}

}  // namespace
}  // namespace pitot
