#include "measure/proportions.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(TwoProportion, ZEqualsPublishedExamples) {
  const auto check = [](const char* source, Proportion before, Proportion after, double z,
                        double p) {
    EXPECT_NEAR(TwoProportionZ(before, after), z, 1e-9) << source;
    EXPECT_NEAR(TwoProportionP(before, after), p, 1e-9) << source;
    EXPECT_NEAR(TwoProportionZ(after, before), -z, 1e-9) << source << ", the other way round";
    EXPECT_NEAR(TwoProportionP(after, before), p, 1e-9) << source << ", the other way round";
  };
  check("R: prop.test(c(15,25), c(50,50), correct=FALSE)", {15, 50}, {25, 50}, 2.041241452319315,
        0.0412268333371637);
  check("Newcombe 1998, method 10", {48, 80}, {56, 70}, 2.6501719512585327, 0.008045081368196585);
}

TEST(TwoProportion, FewExpectedCountsAreTestedExactly) {
  // Expected values by enumeration of all tables in exact integers.
  const auto check = [](Proportion before, Proportion after, double p) {
    EXPECT_NEAR(FisherExactP(before, after), p, 1e-12)
        << before.hits << "/" << before.trials << " against " << after.hits << "/" << after.trials;
    EXPECT_NEAR(FisherExactP(after, before), p, 1e-12);
  };
  check({1, 10}, {9, 10}, 0.001093333910671372);
  check({3, 10}, {7, 10}, 0.1788954079975752);
  check({0, 5}, {5, 5}, 0.007936507936507936);
  check({2, 50}, {9, 40}, 0.010023176483211452);
  check({0, 20}, {3, 60}, 0.5691333982473223);
  check({49, 50}, {40, 50}, 0.007780391262791977);
  check({1, 2000}, {6, 1500}, 0.047125884218665676);

  // 30 * 5 / 55 = 2.7 hits expected before: the exact test is chosen.
  EXPECT_NEAR(TwoProportionP({0, 30}, {5, 25}), 0.01527267897967121, 1e-12);
}

TEST(TwoProportion, NothingToTellApart) {
  const auto same = [](const char* why, Proportion before, Proportion after) {
    EXPECT_EQ(TwoProportionP(before, after), 1) << why;
  };
  same("no trials before", {0, 0}, {3, 10});
  same("no trials after", {3, 10}, {0, 0});
  same("nothing at all", {0, 0}, {0, 0});
  same("never", {0, 10}, {0, 1000});
  same("always", {10, 10}, {1000, 1000});
  EXPECT_NEAR(TwoProportionP({10, 100}, {100, 1000}), 1, 1e-12) << "equal shares";
  EXPECT_EQ(Proportion{}.share(), 0);
}

TEST(TwoProportion, LargeSamplesAreBoundedAndFinite) {
  const int64_t many = 30'000'000;
  EXPECT_LT(TwoProportionP({0, many}, {many, many}), 1e-300);
  const double rare = TwoProportionP({2, many}, {2, 1000});
  EXPECT_GT(rare, 0);
  EXPECT_LT(rare, 1e-6);
}

}  // namespace
}  // namespace pitot
