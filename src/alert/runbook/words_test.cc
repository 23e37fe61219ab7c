#include "alert/runbook/words.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(WordsTest, FiguresAreShort) {
  EXPECT_EQ(PercentWords(0.384), "38 %");
  EXPECT_EQ(PercentWords(0.015), "1.5 %");
  EXPECT_EQ(PercentWords(0.02), "2 %");
  EXPECT_EQ(PercentWords(0.00003), "under 0.01 %");
  EXPECT_EQ(PercentWords(0), "0 %");
  EXPECT_EQ(TimesText(5.08), "5.1x");
  EXPECT_EQ(TimesText(12.4), "12x");
  EXPECT_EQ(SecondsText(8.24e9), "8.2 s");
  EXPECT_EQ(SecondsText(41.2e9), "41 s");
  EXPECT_EQ(SecondsText(850.4e6), "850 ms");
  EXPECT_EQ(SecondsText(125e9), "2m 05s");
  EXPECT_EQ(SpanText(30 * kNanosPerMinute), "30 minutes");
  EXPECT_EQ(SpanText(60 * kNanosPerMinute), "1 hour");
  EXPECT_EQ(SpanText(90 * kNanosPerSecond), "1m 30s");
  EXPECT_EQ(DollarsText(0), "$0.00");
  EXPECT_EQ(DollarsText(12.5), "$12.50");
  EXPECT_EQ(DollarsText(1234.4), "$1,234");
  EXPECT_EQ(DollarsText(0.0123), "$0.0123");
  EXPECT_EQ(FigureText(1204), "1,204");
  EXPECT_EQ(FigureText(61.53), "62");
  EXPECT_EQ(FigureText(1.53), "1.5");
  EXPECT_EQ(CountWords(1, "call"), "1 call");
  EXPECT_EQ(CountWords(1200, "call"), "1,200 calls");
}

TEST(WordsTest, TimesNameTheDayWhenItIsAnother) {
  const UnixNanos now = 1'795'000'000'000'000'000;  // 2026-11-18T11:06:40Z
  EXPECT_EQ(ClockWords(now, now), "11:06 UTC");
  EXPECT_EQ(ClockWords(now - kNanosPerDay, now), "2026-11-17 11:06 UTC");
  EXPECT_EQ(AgoText(now - 4 * kNanosPerMinute, now), "4 minutes ago");
  EXPECT_EQ(AgoText(now - 5 * kNanosPerSecond, now), "now");
}

TEST(WordsTest, ListsSayHowManyMore) {
  EXPECT_EQ(ListText({"a"}), "a");
  EXPECT_EQ(ListText({"a", "b"}), "a and b");
  EXPECT_EQ(ListText({"a", "b", "c", "d"}), "a, b, c and d");
  EXPECT_EQ(ListText({"a", "b", "c", "d", "e"}), "a, b, c and 2 others");
}

TEST(WordsTest, PromptsModelsAndFilterValues) {
  EXPECT_EQ(PromptText("planner", "5"), "planner v5");
  EXPECT_EQ(PromptText("planner", "2026-01-31"), "planner 2026-01-31");
  EXPECT_EQ(PromptText("planner", "beta"), "planner beta");
  EXPECT_EQ(ModelText("openai", "gpt-5"), "openai gpt-5");
  EXPECT_EQ(ModelText("", ""), "an unknown model");
  EXPECT_EQ(FilterValue("gpt-5.1"), "gpt-5.1");
  EXPECT_EQ(FilterValue("a \"b\""), R"("a \"b\"")");
  EXPECT_EQ(FilterValue("not"), R"("not")");
  EXPECT_EQ(FilterValue(""), R"("")");
}

}  // namespace
}  // namespace pitot
