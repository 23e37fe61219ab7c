#include "pitot/money.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string_view>

#include "sdk/track/text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Money, Formats) {
  const auto check = [](int64_t nano_usd, std::string_view text) {
    EXPECT_EQ(format_usd({nano_usd}), text);
  };
  check(0, "$0.00");
  check(4'213'000, "$0.004213");
  check(12'400'000'000, "$12.40");
  check(1, "$0.000000001");
  check(100'000'000, "$0.10");
  check(1'234'567'890'123, "$1234.567890123");
  check(-500'000'000, "-$0.50");
  check(kMax, "$9223372036.854775807");
  check(std::numeric_limits<int64_t>::min(), "-$9223372036.854775808");
}

TEST(Money, Parses) {
  const auto check = [](std::string_view text, int64_t nano_usd) {
    const std::optional<NanoUsd> parsed = parse_usd(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->value, nano_usd) << text;
  };
  check("0.004", 4'000'000);
  check("0", 0);
  check("50", 50'000'000'000);
  check("007.50", 7'500'000'000);
  check("0.000000001", 1);
  check("9223372036.854775807", kMax);
}

TEST(Money, RefusesToParse) {
  const auto bad = [](std::string_view why, std::string_view text) {
    EXPECT_FALSE(parse_usd(text)) << why;
  };
  bad("empty", "");
  bad("negative", "-1");
  bad("a plus", "+1");
  bad("a sign of the currency", "$1");
  bad("white space", " 1");
  bad("an exponent", "1e3");
  bad("no digit before the point", ".5");
  bad("none after it", "5.");
  bad("the point alone", ".");
  bad("two points", "1.2.3");
  bad("a comma", "1,000");
  bad("ten decimals", "0.0000000001");
  bad("one beyond 64 bits", "9223372036.854775808");
  bad("far beyond", "99999999999999999999");
  bad("not a number", "nan");
}

TEST(Money, ParsesWhatItFormats) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto value = static_cast<int64_t>(random() >> (1 + random() % 63));
    EXPECT_EQ(parse_usd(format_usd({value}).substr(1)), NanoUsd{value});
  }
}

TEST(Money, TakesFiguresFromCode) {
  EXPECT_EQ(usd(0.05).value, 50'000'000);
  EXPECT_EQ(usd(50).value, 50'000'000'000);
  EXPECT_EQ(usd(0.1).value, 100'000'000);
  EXPECT_EQ(usd(-1.5).value, -1'500'000'000);
  EXPECT_EQ(usd(1e-10).value, 0);
  EXPECT_EQ(usd(6e-10).value, 1);
  EXPECT_EQ(usd(1234567.123456789).value, 1'234'567'123'456'789);
  EXPECT_EQ(usd(9.2e9).value, 9'200'000'000'000'000'000);
  for (const double bad : {9.3e9, -9.3e9, std::nan(""), HUGE_VAL}) {
    EXPECT_THROW(usd(bad), std::invalid_argument) << bad;
  }
}

TEST(Text, ShortUsd) {
  const auto check = [](int64_t nano_usd, std::string_view text) {
    EXPECT_EQ(ShortUsd({nano_usd}), text);
  };
  check(0, "$0.00");
  check(12'404'999'999, "$12.40");
  check(12'405'000'000, "$12.41");
  check(999'990'000'000, "$999.99");
  check(123'450'000, "$0.1235");
  check(500'000'000, "$0.50");
  check(4'213'000, "$0.004213");
  check(-12'400'000'000, "-$12.40");
}

TEST(Text, Counts) {
  EXPECT_EQ(WithThousands(0), "0");
  EXPECT_EQ(WithThousands(999), "999");
  EXPECT_EQ(WithThousands(1'204), "1,204");
  EXPECT_EQ(WithThousands(1'000'000), "1,000,000");
  EXPECT_EQ(Compact(9'999'999), "9,999,999");
  EXPECT_EQ(Compact(12'345'678), "12.3 M");
  EXPECT_EQ(Compact(999'400'000), "999 M");
  EXPECT_EQ(Compact(999'600'000), "1.00 G");
  EXPECT_EQ(Compact(std::numeric_limits<uint64_t>::max()), "18.4 E");
}

TEST(Text, Durations) {
  EXPECT_EQ(FormatDuration(0), "0 ns");
  EXPECT_EQ(FormatDuration(999), "999 ns");
  EXPECT_EQ(FormatDuration(1'900), "1.90 us");
  EXPECT_EQ(FormatDuration(412'000'000), "412 ms");
  EXPECT_EQ(FormatDuration(999'700'000), "1.00 s");
  EXPECT_EQ(FormatDuration(99'960'000'000), "100 s");
  EXPECT_EQ(FormatDuration(750'000'000'000), "12.5 min");
  EXPECT_EQ(FormatDuration(10'000'000'000'000), "2.78 h");
}

TEST(Text, FitsNames) {
  EXPECT_EQ(FitText("checkout", 8), "checkout");
  EXPECT_EQ(FitText("checkouts", 8), "check...");
  EXPECT_EQ(FitText("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
  EXPECT_EQ(FitText("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 4), "\xc3\xa9...");
  EXPECT_EQ(FitText("a\x1b[2Jb", 10), "a?[2Jb") << "what a terminal would act on";
  EXPECT_EQ(FitText("a\nb\xff", 10), "a?b?");
  EXPECT_EQ(FitText("a\xc2\x9b"
                    "b",
                    10),
            "a??b")
      << "a control of ISO 8859";
  EXPECT_EQ(FitText("a\xe2\x80\xae"
                    "b",
                    10),
            "a???b")
      << "what turns the text around";
  EXPECT_EQ(FitText("\xe2\x82", 10), "??") << "cut off";
  EXPECT_EQ(PadLeft("\xc3\xa9", 3), "  \xc3\xa9");
  EXPECT_EQ(PadRight("abcd", 3), "abcd");
}

TEST(Text, Doubles) {
  EXPECT_EQ(FormatDouble(0), "0");
  EXPECT_EQ(FormatDouble(0.999), "0.999");
  EXPECT_EQ(FormatDouble(100'000), "100000");
  EXPECT_EQ(FormatDouble(1e300), "1e+300");
  EXPECT_EQ(FormatDouble(std::nan("")), "null");
  EXPECT_EQ(FormatDouble(-HUGE_VAL), "null");
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
