#include "measure/burn_rate.h"

#include <gtest/gtest.h>

#include "measure/binomial.h"

namespace pitot {
namespace {

TEST(BurnRate, IsTheShareOfErrorsInUnitsOfTheBudget) {
  struct Case {
    const char* what;
    SliCount count;
    double target;
    double burn;
  };
  const Case cases[] = {
      {"no error", {500, 500}, 0.999, 0},
      {"exactly the budget", {9'990, 10'000}, 0.999, 1},
      {"half of the budget", {995, 1'000}, 0.99, 0.5},
      {"an outage", {0, 10}, 0.9, 10},
      {"one of ten at three nines", {9, 10}, 0.999, 100},
  };
  for (const Case& c : cases) {
    const auto burn = BurnRate(c.count, c.target);
    ASSERT_TRUE(burn) << c.what;
    EXPECT_NEAR(*burn, c.burn, 1e-9) << c.what;
  }
  EXPECT_FALSE(BurnRate({0, 0}, 0.99)) << "no data is not a burn of 0";
}

TEST(BurnRate, ExactlyTheFactorIsNotAboveIt) {
  // 20 of 1000 at 99 %: 2.0000000000000018 in doubles.
  EXPECT_FALSE(BurnExceeds({980, 1'000}, 0.99, 2));
  EXPECT_TRUE(BurnExceeds({979, 1'000}, 0.99, 2));
  EXPECT_FALSE(BurnExceeds({0, 10}, 0.9, 10)) << "a total outage at 90 % burns at 10, not above";
  EXPECT_FALSE(BurnExceeds({0, 0}, 0.9, 0));
  EXPECT_TRUE(BurnExceeds({999'999'999, 1'000'000'000}, 0.99, 0)) << "one in a billion is above 0";
}

TEST(BurnRate, ReachabilityFollowsTheTarget) {
  EXPECT_FALSE(IsReachable(0.9, 10)) << "the most that can be is exactly 10";
  EXPECT_TRUE(IsReachable(0.91, 10));
  EXPECT_FALSE(IsReachable(0.5, 2));
  EXPECT_TRUE(IsReachable(0.95, 14.4));
  EXPECT_FALSE(IsReachable(0.93, 14.4));
  for (const double factor : {1.5, 2.0, 6.0, 10.0, 14.4}) {
    const double target = TargetReaching(factor);
    EXPECT_FALSE(IsReachable(target, factor)) << factor;
    EXPECT_TRUE(IsReachable(target + 1e-3, factor)) << factor;
  }
  // 14.4 at 95 % needs 72 % errors.
  EXPECT_NEAR(ThresholdErrorRatio(0.95, 14.4), 0.72, 1e-9);
  EXPECT_NEAR(TargetReaching(14.4, 0.72), 0.95, 1e-9);
}

TEST(BurnRate, TiersSpendTheirShareWithinTheirLongWindow) {
  constexpr double kPeriodMinutes = 30 * 1'440;
  for (const BurnTier& tier : kBurnTiers) {
    const double factor =
        TierFactor(tier.budget_share, kPeriodMinutes, static_cast<double>(tier.long_minutes));
    EXPECT_NEAR(factor, tier.factor_30d, 1e-9) << tier.name;
    EXPECT_NEAR(BudgetConsumed(factor, static_cast<double>(tier.long_minutes), kPeriodMinutes),
                tier.budget_share, 1e-12)
        << tier.name;
    EXPECT_EQ(tier.long_minutes, 12 * tier.short_minutes) << tier.name;
  }
}

TEST(BurnRate, TheRestOfTheBudgetLastsUntilItsEnd) {
  EXPECT_NEAR(BudgetLeft({9'995, 10'000}, 0.999), 0.5, 1e-9);
  EXPECT_NEAR(BudgetLeft({9'980, 10'000}, 0.999), -1, 1e-9) << "spent twice over";
  EXPECT_EQ(BudgetLeft({0, 0}, 0.999), 1);
  EXPECT_NEAR(TimeToExhaust(0.5, 720, 2).value(), 180, 1e-9) << "hours, at twice the even pace";
  EXPECT_NEAR(TimeToExhaust(1, 720, 1).value(), 720, 1e-9);
  EXPECT_EQ(TimeToExhaust(-0.1, 720, 3), 0);
  EXPECT_FALSE(TimeToExhaust(0.5, 720, 0)) << "nothing burns";
}

TEST(BurnRate, LooseTargetsAreFoundLate) {
  // A total outage at 95 % pages through the quick tier after 43 minutes; half an outage never does.
  EXPECT_NEAR(DetectionTime(0.95, 1, 60, 14.4).value(), 43.2, 1e-9);
  EXPECT_FALSE(DetectionTime(0.95, 0.5, 60, 14.4));
  EXPECT_FALSE(ResetTime(0.95, 0.5, 5, 14.4));
  EXPECT_NEAR(DetectionTime(0.99, 1, 60, 14.4).value(), 8.64, 1e-9);
  EXPECT_NEAR(ResetTime(0.99, 1, 5, 14.4).value(), 4.28, 1e-9);
  EXPECT_EQ(AbsentFor(0.99, 14, 3'600, 120), 600) << "10.4 minutes";
  EXPECT_EQ(AbsentFor(0.95, 14, 3'600, 120), 2'640);
  EXPECT_EQ(AbsentFor(0.999, 14, 3'600, 0), 60) << "50 seconds";
}

TEST(BurnRate, FewEventsAreNoEvidence) {
  EXPECT_FALSE(IsEvidence({9, 10}, 0.999)) << "one failure of ten, though a burn of 100";
  EXPECT_FALSE(IsEvidence({8, 10}, 0.999)) << "two: not by chance, but fewer than three";
  EXPECT_TRUE(IsEvidence({7, 10}, 0.999));
  EXPECT_FALSE(IsEvidence({188, 200}, 0.95)) << "12 of 200 where 10 are expected";
  EXPECT_FALSE(IsEvidence({180, 200}, 0.95)) << "20: happens in 3 of 1000 windows";
  EXPECT_TRUE(IsEvidence({175, 200}, 0.95));
  EXPECT_FALSE(IsEvidence({0, 10}, 0.99, /*valid_min=*/20));
  EXPECT_FALSE(IsEvidence({0, 0}, 0.99, 0, 0)) << "no data is no evidence";
}

TEST(BinomialUpperTail, AgreesWithSumsOfHighPrecision) {
  struct Case {
    int64_t k;
    int64_t n;
    double p;
    double tail;  // Summed with 60 digits.
  };
  const Case cases[] = {
      {1, 10, 0.001, 0.0099551197902517903},
      {3, 200, 0.01, 0.32332130546434298},
      {20, 200, 0.05, 0.0026645795498294488},
      {25, 200, 0.05, 2.6067531298912171e-5},
      {10, 10, 0.5, 0.0009765625},
      {5, 10, 0.5, 0.623046875},
      {1, 1, 0.25, 0.25},
      {3, 16, 0.1, 0.21075066030384552},
      {12000, 1000000, 0.01, 7.4596078504951108e-85},
      {10500, 1000000, 0.01, 3.158565879247263e-7},
      {9000, 1000000, 0.01, 1.0},
      {1010000, 1000000000, 0.001, 8.5937530518982744e-24},
      {1000000, 1000000000, 0.001, 0.5001331803484541},
      {500300000, 1000000000, 0.5, 1.4086742319925639e-80},
      {500500000, 1000000000, 0.5, 8.9874075678786291e-220},
      {10, 1000000000, 1e-09, 1.1142547428361232e-7},
      {999, 1000, 0.99, 0.0004792444535789195},
      {600, 100000, 0.001, 1.0088482406415536e-252},
      {9990, 10000, 0.99, 7.5627733291510546e-31},
  };
  for (const Case& c : cases) {
    const double tail = BinomialUpperTail(c.k, c.n, c.p);
    EXPECT_LE(std::abs(tail - c.tail), 1e-12 * c.tail)
        << "P(X >= " << c.k << " | " << c.n << ", " << c.p << ") = " << tail << ", not " << c.tail;
  }
}

TEST(BinomialUpperTail, HasItsEdges) {
  EXPECT_EQ(BinomialUpperTail(0, 10, 0.5), 1);
  EXPECT_EQ(BinomialUpperTail(-1, 10, 0.5), 1);
  EXPECT_EQ(BinomialUpperTail(11, 10, 0.5), 0);
  EXPECT_EQ(BinomialUpperTail(1, 10, 0), 0);
  EXPECT_EQ(BinomialUpperTail(10, 10, 1), 1);
  EXPECT_EQ(BinomialUpperTail(1, 0, 0.5), 0);
  EXPECT_EQ(BinomialUpperTail(900'000'000, 1'000'000'000, 0.5), 0) << "below any double";
}

TEST(BinomialUpperTail, FallsWithEachHitAndSumsToOneWithItsMirror) {
  for (const int64_t n : {1, 2, 7, 100, 5'000}) {
    for (const double p : {0.001, 0.05, 0.5, 0.97}) {
      double last = 1;
      for (int64_t k = 0; k <= n; k += std::max<int64_t>(1, n / 50)) {
        const double tail = BinomialUpperTail(k, n, p);
        EXPECT_LE(tail, last * (1 + 1e-12)) << k << " of " << n << " at " << p;
        last = tail;
        if (p == 0.5) {  // P(X >= k) = P(n - X <= n - k); 1 - p is exact.
          EXPECT_NEAR(tail + BinomialUpperTail(n - k + 1, n, p), 1, 1e-12) << k << " of " << n;
        }
      }
    }
  }
}

}  // namespace
}  // namespace pitot
