#include "measure/json_schema/decimal.h"

#include <gtest/gtest.h>

#include <random>

namespace pitot {
namespace {

TEST(Decimal, ComparesByValue) {
  const auto order = [](std::string_view text1, std::string_view text2) {
    const std::strong_ordering forth = Decimal(text1) <=> Decimal(text2);
    EXPECT_EQ(Decimal(text2) <=> Decimal(text1), 0 <=> forth) << text1 << " and " << text2;
    EXPECT_EQ(Decimal(text1) == Decimal(text2), forth == 0) << text1 << " and " << text2;
    return forth < 0 ? -1 : forth > 0 ? 1 : 0;
  };
  EXPECT_EQ(order("1", "1.0"), 0);
  EXPECT_EQ(order("100", "1e2"), 0);
  EXPECT_EQ(order("0.001", "1E-3"), 0);
  EXPECT_EQ(order("-0", "0"), 0);
  EXPECT_EQ(order("0e5", "0.000"), 0);
  EXPECT_EQ(order("-1", "1"), -1);
  EXPECT_EQ(order("-2", "-1"), -1);
  EXPECT_EQ(order("0", "0.1"), -1);
  EXPECT_EQ(order("-0.1", "0"), -1);
  EXPECT_EQ(order("9", "10"), -1);
  EXPECT_EQ(order("0.1", "0.12"), -1);
  EXPECT_EQ(order("-0.1", "-0.12"), 1);
  EXPECT_EQ(order("9007199254740992", "9007199254740993"), -1);
  EXPECT_EQ(order("1e400", "1e399"), 1);
  EXPECT_EQ(order("1e-400", "0"), 1);
  EXPECT_EQ(order("1e99999999999999999999", "2e99999999999999999999"), -1);
}

TEST(Decimal, KnowsWhole) {
  for (const char* text : {"0", "-3", "1.0", "1e2", "12.50e1", "1e400"}) {
    EXPECT_TRUE(Decimal(text).whole()) << text;
  }
  for (const char* text : {"0.5", "-1.01", "1e-1", "12.55e1", "1e-400"}) {
    EXPECT_FALSE(Decimal(text).whole()) << text;
  }
}

TEST(Decimal, MultiplesAreExact) {
  const auto multiple = [](std::string_view number, std::string_view of) {
    return Decimal(number).MultipleOf(Decimal(of));
  };
  EXPECT_TRUE(multiple("0", "7"));
  EXPECT_TRUE(multiple("21", "7"));
  EXPECT_FALSE(multiple("22", "7"));
  EXPECT_TRUE(multiple("-21", "7"));
  EXPECT_TRUE(multiple("0.3", "0.1"));
  EXPECT_TRUE(multiple("19.99", "0.01"));
  EXPECT_FALSE(multiple("19.995", "0.01"));
  EXPECT_TRUE(multiple("4.5", "1.5"));
  EXPECT_TRUE(multiple("100", "0.5"));
  EXPECT_TRUE(multiple("1e300", "3e-2") == false);
  EXPECT_TRUE(multiple("3e300", "3e-2"));
  EXPECT_TRUE(multiple("30", "20") == false);
  EXPECT_TRUE(multiple("40", "20"));
  EXPECT_TRUE(multiple("123456789012345678901234567890", "10"));
  EXPECT_TRUE(multiple("999999999999999999999999999999999999", "999999999999999999"));
}

TEST(Decimal, AgreesWithIntegers) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20'000; ++i) {
    const auto a = static_cast<int64_t>(random() % 2'000'001) - 1'000'000;
    const auto b = static_cast<int64_t>(random() % 1'000) + 1;
    // In hundredths, written with a point.
    const auto text = [](int64_t hundredths) {
      const int64_t size = hundredths < 0 ? -hundredths : hundredths;
      const int64_t rest = size % 100;
      std::string out = hundredths < 0 ? "-" : "";
      out.append(std::to_string(size / 100)).append(rest < 10 ? ".0" : ".");
      return out.append(std::to_string(rest));
    };
    EXPECT_EQ(Decimal(text(a)) <=> Decimal(text(b)), a <=> b) << text(a) << " " << text(b);
    EXPECT_EQ(Decimal(text(a)).MultipleOf(Decimal(text(b))), a % b == 0)
        << text(a) << " " << text(b);
    EXPECT_EQ(Decimal(text(a)).whole(), a % 100 == 0) << text(a);
  }
}

}  // namespace
}  // namespace pitot
