#include "base/text.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace pitot {
namespace {

TEST(Text, NearestNameOnlyWhenNear) {
  constexpr std::string_view kKnown[] = {"retention", "redaction", "listen"};
  EXPECT_EQ(NearestName("retenton", kKnown), "retention");
  EXPECT_EQ(NearestName("lisen", kKnown), "listen");
  EXPECT_EQ(NearestName("gateway", kKnown), "");
  EXPECT_EQ(DidYouMean("lisen", kKnown), " (did you mean \"listen\"?)");
  // Without comparing it letter by letter, which would take seconds.
  EXPECT_EQ(NearestName(std::string(64 << 20, 'l'), kKnown), "");
}

TEST(Text, ParseBytes) {
  EXPECT_EQ(*ParseBytes("4096"), 4096);
  EXPECT_EQ(*ParseBytes("64MiB"), 64 << 20);
  EXPECT_EQ(*ParseBytes(" 1.5 KiB "), 1536);
  EXPECT_FALSE(ParseBytes("64 potatoes").ok());
  EXPECT_FALSE(ParseBytes("-1").ok());
  EXPECT_FALSE(ParseBytes("").ok());
  EXPECT_FALSE(ParseBytes("99999999TiB").ok());
}

TEST(Text, ParseDuration) {
  EXPECT_EQ(*ParseDurationNs("500ms", kNanosPerSecond), 500 * kNanosPerMilli);
  EXPECT_EQ(*ParseDurationNs("15", kNanosPerSecond), 15 * kNanosPerSecond);
  EXPECT_EQ(*ParseDurationNs("7d", kNanosPerSecond), 7 * kNanosPerDay);
  EXPECT_FALSE(ParseDurationNs("soon", 1).ok());
}

TEST(Text, Formats) {
  EXPECT_EQ(FormatBytes(999), "999 B");
  EXPECT_EQ(FormatBytes(1536), "1.5 KiB");
  EXPECT_EQ(FormatDuration(850'000), "850 us");
  EXPECT_EQ(FormatDuration(12'340'000), "12.3 ms");
  EXPECT_EQ(FormatDuration(1'234'567'890), "1.23 s");
  EXPECT_EQ(FormatDuration(125 * kNanosPerSecond), "2m 05s");
  EXPECT_EQ(FormatUsd(0), "$0");
  EXPECT_EQ(FormatUsd(4'200'000), "$0.0042");
  EXPECT_EQ(FormatUsd(12'500'000'000), "$12.50");
  EXPECT_EQ(FormatUsd(1), "$0.000000001");
  EXPECT_EQ(FormatCount(1234567), "1,234,567");
  EXPECT_EQ(FormatCount(12), "12");
  EXPECT_EQ(FormatTime(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(FormatTime(-1), "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace pitot
