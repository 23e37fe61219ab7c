#include "query/figures/prompt_change.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

// Calls: so many succeeded, had invalid arguments, failed otherwise (a timeout), are unknown.
ToolCounts Counts(int64_t success, int64_t invalid_args, int64_t timeout = 0, int64_t unknown = 0) {
  ToolCounts counts;
  counts.by_status[static_cast<size_t>(ToolStatus::kSuccess)] = success;
  counts.by_status[static_cast<size_t>(ToolStatus::kInvalidArgs)] = invalid_args;
  counts.by_status[static_cast<size_t>(ToolStatus::kTimeout)] = timeout;
  counts.by_status[static_cast<size_t>(ToolStatus::kNone)] = unknown;
  return counts;
}

TEST(ToolCounts, UnknownIsNoFailure) {
  const ToolCounts counts = Counts(5, 2, 1, 4);
  EXPECT_EQ(counts.calls(), 12);
  EXPECT_EQ(counts.failed(), 3);
}

TEST(JudgeChange, Verdicts) {
  const auto check = [](const char* why, ToolCounts before, ToolCounts after,
                        std::string_view verdict) {
    EXPECT_EQ(Name(JudgeChange(before, after)), verdict) << why;
  };
  check("nothing", {}, {}, "low_n");
  check("19 calls before", Counts(19, 0), Counts(100, 100), "low_n");
  check("19 calls after", Counts(200, 0), Counts(0, 19), "low_n");
  check("20 of each are enough", Counts(20, 0), Counts(0, 20), "schema_drift");
  check("2 % to 16 %", Counts(98, 2), Counts(84, 16), "schema_drift");
  check("from none at all", Counts(100, 0), Counts(90, 10), "schema_drift");
  check("4.9 points are too few", Counts(10'000, 0), Counts(9'510, 490), "worse");
  check("5 points suffice", Counts(10'000, 0), Counts(9'500, 500), "schema_drift");
  check("5 points: 10 % to 15 %, not doubled", Counts(9'000, 1'000), Counts(8'500, 1'500), "worse");
  check("5 points: 5 % to 10 %", Counts(950, 50), Counts(900, 100), "schema_drift");
  check("not doubled: 20 % to 39 %", Counts(800, 200), Counts(610, 390), "worse");
  check("doubled: 20 % to 40 %", Counts(800, 200), Counts(600, 400), "schema_drift");
  check("rose, but may be chance", Counts(49, 1), Counts(46, 4), "same");
  check("timeouts rose", Counts(980, 0, 20), Counts(900, 0, 100), "worse");
  check("timeouts fell", Counts(900, 0, 100), Counts(980, 0, 20), "better");
  check("invalid_args fell", Counts(84, 16), Counts(98, 2), "better");
  check("certain but below 2 points", Counts(100'000, 0), Counts(98'500, 0, 1'500), "same");
  check("2 points that are certain", Counts(100'000, 0), Counts(98'000, 0, 2'000), "worse");
  check("equal", Counts(90, 10), Counts(90, 10), "same");
  check("all unknown", Counts(0, 0, 0, 100), Counts(0, 0, 0, 100), "same");
}

TEST(DescribeChange, IsASentence) {
  PromptChange change{.tool = "search_crm",
                      .prompt_name = "planner",
                      .from_version = "3",
                      .to_version = "4",
                      .since = 1'794'993'135'000'000'000,  // 2026-11-18T09:12:15Z
                      .before = Counts(98, 2),
                      .after = Counts(84, 16)};
  const UnixNanos now = change.since + 3'600'000'000'000;
  const auto describe = [&](UnixNanos at) {
    return DescribeChange(change, JudgeChange(change.before, change.after), at);
  };
  EXPECT_EQ(describe(now),
            "search_crm: invalid_args rose from 2 % to 16 % of calls since planner v4 (first seen "
            "09:12 UTC): the tool's schema or its description drifted");
  EXPECT_EQ(describe(now + kNanosPerDay),
            "search_crm: invalid_args rose from 2 % to 16 % of calls since planner v4 (first seen "
            "2026-11-18 09:12 UTC): the tool's schema or its description drifted");

  change.to_version = "v4-short";
  change.before = Counts(1'985, 5, 10);
  change.after = Counts(900, 20, 80);
  EXPECT_EQ(describe(now),
            "search_crm: failures rose from 0.8 % to 10 % of calls since planner v4-short (first "
            "seen 09:12 UTC), most often timeout");
  std::swap(change.before, change.after);
  EXPECT_EQ(describe(now),
            "search_crm: failures fell from 10 % to 0.8 % of calls since planner v4-short (first "
            "seen 09:12 UTC)");
  change.after = change.before;
  EXPECT_EQ(describe(now),
            "search_crm: no clear change since planner v4-short (first seen 09:12 UTC): 10 % of "
            "calls failed before, 10 % after");
  change.after = Counts(12, 0);
  EXPECT_EQ(describe(now),
            "search_crm: too few calls to compare planner v3 (1000) with planner v4-short (12); 20 "
            "of each are needed");

  change.before = Counts(1'000'000, 0);
  change.after = Counts(1'000'000, 1, 9);
  EXPECT_EQ(describe(now),
            "search_crm: no clear change since planner v4-short (first seen 09:12 UTC): 0 % of "
            "calls failed before, under 0.01 % after");
}

}  // namespace
}  // namespace pitot
