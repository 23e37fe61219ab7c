#include "gateway/budget/window.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace pitot {
namespace {

UnixNanos At(std::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, {text.data(), text.size()}, &time, &error))
      << text << ": " << error;
  return absl::ToUnixNanos(time);
}

WindowRule Rule(BudgetWindow kind, std::string zone, int64_t length_ns = 0) {
  BudgetSpec spec;
  spec.window = kind;
  spec.timezone = std::move(zone);
  spec.length_ns = length_ns;
  return RuleOf(spec);
}

TEST(BudgetWindow, Calendar) {
  struct Case {
    const char* name;
    BudgetWindow window;
    const char* zone;
    const char* at;
    const char* start;
    const char* end;
  };
  constexpr Case kCases[] = {
      {"minute", BudgetWindow::kMinute, "UTC", "2026-11-20T13:05:59.9Z", "2026-11-20T13:05:00Z",
       "2026-11-20T13:06:00Z"},
      {"its first moment", BudgetWindow::kMinute, "UTC", "2026-11-20T13:06:00Z",
       "2026-11-20T13:06:00Z", "2026-11-20T13:07:00Z"},
      {"hour where clocks are half an hour off", BudgetWindow::kHour, "Asia/Kolkata",
       "2026-11-20T13:05:00Z", "2026-11-20T12:30:00Z", "2026-11-20T13:30:00Z"},
      {"an hour before clocks go back", BudgetWindow::kHour, "Europe/Berlin",
       "2026-10-25T00:30:00Z", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
      {"the same hour again", BudgetWindow::kHour, "Europe/Berlin", "2026-10-25T01:30:00Z",
       "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
      {"day in Berlin", BudgetWindow::kDay, "Europe/Berlin", "2026-11-20T23:30:00Z",
       "2026-11-20T23:00:00Z", "2026-11-21T23:00:00Z"},
      {"day of 23 hours", BudgetWindow::kDay, "Europe/Berlin", "2026-03-29T12:00:00Z",
       "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
      {"day of 25 hours", BudgetWindow::kDay, "Europe/Berlin", "2026-10-25T12:00:00Z",
       "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
      {"a midnight that clocks skip", BudgetWindow::kDay, "Africa/Cairo", "2026-04-24T12:00:00Z",
       "2026-04-23T22:00:00Z", "2026-04-24T21:00:00Z"},
      {"midnight that comes twice: the day before ends late", BudgetWindow::kDay,
       "America/Santiago", "2026-04-05T03:30:00Z", "2026-04-04T03:00:00Z", "2026-04-05T04:00:00Z"},
      {"week from Monday", BudgetWindow::kWeek, "UTC", "2026-11-22T23:59:59Z",
       "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"},
      {"its Monday", BudgetWindow::kWeek, "UTC", "2026-11-16T00:00:00Z", "2026-11-16T00:00:00Z",
       "2026-11-23T00:00:00Z"},
      {"month", BudgetWindow::kMonth, "America/New_York", "2026-12-01T04:59:59Z",
       "2026-11-01T04:00:00Z", "2026-12-01T05:00:00Z"},
      {"February of a leap year", BudgetWindow::kMonth, "UTC", "2028-02-29T12:00:00Z",
       "2028-02-01T00:00:00Z", "2028-03-01T00:00:00Z"},
  };
  for (const Case& c : kCases) {
    const ChargePeriod period = PeriodAt(Rule(c.window, c.zone), At(c.at));
    EXPECT_EQ(FormatTime(period.start), FormatTime(At(c.start))) << c.name;
    EXPECT_EQ(FormatTime(period.end), FormatTime(At(c.end))) << c.name;
    EXPECT_EQ(period.leaves, period.end) << c.name;
  }
}

TEST(BudgetWindow, RollingPiecesLeaveAsAWhole) {
  const WindowRule rule = Rule(BudgetWindow::kRolling, "UTC", 60 * kNanosPerMinute);
  const ChargePeriod period = PeriodAt(rule, At("2026-11-20T13:05:30Z"));
  EXPECT_EQ(FormatTime(period.start), FormatTime(At("2026-11-20T13:05:00Z")));
  EXPECT_EQ(FormatTime(period.end), FormatTime(At("2026-11-20T13:06:00Z")));
  EXPECT_EQ(FormatTime(period.leaves), FormatTime(At("2026-11-20T14:06:00Z")))
      << "its last call counts for a whole hour";
}

// Windows of a zone follow each other without a gap, and none is opened twice.
TEST(BudgetWindow, CoverTimeOnce) {
  constexpr const char* kZones[] = {"UTC",          "Europe/Berlin",       "America/Santiago",
                                    "Africa/Cairo", "Australia/Lord_Howe", "America/St_Johns",
                                    "Asia/Tehran",  "Pacific/Apia"};
  for (const char* zone : kZones) {
    for (const BudgetWindow kind :
         {BudgetWindow::kHour, BudgetWindow::kDay, BudgetWindow::kWeek, BudgetWindow::kMonth}) {
      const WindowRule rule = Rule(kind, zone);
      // From 2011, when Samoa left out a day, in steps that meet every change of clocks.
      UnixNanos at = At("2011-12-01T00:00:00Z");
      UnixNanos last_start = 0;
      for (int i = 0; i < 3000; ++i, at += 29 * kNanosPerMinute) {
        const ChargePeriod period = PeriodAt(rule, at);
        ASSERT_LE(period.start, at) << zone << ' ' << Name(kind) << ' ' << FormatTime(at);
        ASSERT_GT(period.end, at) << zone << ' ' << Name(kind) << ' ' << FormatTime(at);
        ASSERT_GE(period.start, last_start) << zone << ' ' << Name(kind) << ' ' << FormatTime(at);
        last_start = period.start;
      }
    }
  }
}

}  // namespace
}  // namespace pitot
