#include <gtest/gtest.h>

#include <thread>

#include "pitot/context.h"
#include "pitot/tool.h"

namespace pitot {
namespace {

void Record(ToolStats& stats, const Tags& tags, int calls, int refused) {
  const TagScope here(tags);
  for (int i = 0; i < calls; ++i) {
    stats.record("weather", i < refused ? ToolStatus::kInvalidArgs : ToolStatus::kSuccess);
  }
}

TEST(ToolStats, CountsByToolAndOutcome) {
  ToolStats stats;
  for (int i = 0; i < 3; ++i) stats.record("weather", ToolStatus::kSuccess, i);
  stats.record("weather", ToolStatus::kTimeout, 2);
  stats.record("weather", ToolStatus::kInvalidArgs);
  stats.record("refund", ToolStatus::kBlocked);
  stats.record("refund", ToolStatus::kError);
  stats.record("refund", ToolStatus::kRateLimited, 1);
  const std::vector<ToolStatsRow> rows = stats.rows();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].tool, "weather") << "most calls first";
  EXPECT_EQ(rows[0].calls, 5u);
  EXPECT_EQ(rows[0].retries, 5u);
  EXPECT_EQ(rows[0].invalid_args_share(), 0.2);
  EXPECT_EQ(
      stats.report(),
      "tool       calls  success  error  timeout  rate_limited  invalid_args  blocked  retries\n"
      "weather        5        3      0        1             0             1        0        5\n"
      "refund         3        0      1        0             1             0        1        1\n");
}

TEST(ToolStats, SaysWhenASchemaDrifted) {
  std::vector<std::string> said;
  ToolStats stats({.on_drift = [&](std::string_view message) { said.emplace_back(message); }});
  Record(stats, {.prompt = "planner", .prompt_version = "3"}, 100, 2);
  EXPECT_TRUE(said.empty());
  EXPECT_EQ(stats.rows()[0].drift, "");
  Record(stats, {.prompt = "planner", .prompt_version = "4"}, 40, 12);
  ASSERT_EQ(said.size(), 0u) << "the refused ones came first: too few calls to tell by then";
  EXPECT_EQ(stats.rows()[0].drift,
            "weather: invalid_args rose from 2.0 % to 30 % of calls since prompt planner 4: the "
            "tool's schema or its description drifted from what the prompt says");
  Record(stats, {.prompt = "planner", .prompt_version = "4"}, 5, 5);
  ASSERT_EQ(said.size(), 1u) << "once";
  EXPECT_TRUE(said[0].starts_with("weather: invalid_args rose from 2.0 % to ")) << said[0];
  EXPECT_NE(stats.report().find("\nweather: invalid_args rose"), std::string::npos);
  Record(stats, {.prompt = "planner", .prompt_version = "5"}, 100, 1);
  EXPECT_EQ(stats.rows()[0].drift, "") << "mended";
}

TEST(ToolStats, OtherPromptsAreNotCompared) {
  std::vector<std::string> said;
  ToolStats stats({.on_drift = [&](std::string_view message) { said.emplace_back(message); }});
  Record(stats, {.prompt = "planner", .prompt_version = "1"}, 100, 0);
  Record(stats, {.prompt = "critic", .prompt_version = "2"}, 100, 15);
  EXPECT_EQ(stats.rows()[0].drift, "");
  EXPECT_TRUE(said.empty());
}

TEST(ToolStats, WithoutVersionsManyRefusalsAreWorthAWord) {
  std::vector<std::string> said;
  ToolStats stats({.on_drift = [&](std::string_view message) { said.emplace_back(message); }});
  Record(stats, {}, 18, 0);
  Record(stats, {}, 6, 6);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_EQ(
      said[0],
      "weather: 22 % of 23 calls are invalid_args: the tool's description does not say what its "
      "schema takes");
}

TEST(ToolStats, IsBounded) {
  ToolStats stats({.tools_max = 10, .on_drift = [](std::string_view) {}});
  for (int i = 0; i < 100; ++i) {
    std::string name = "made up ";
    stats.record(name.append(std::to_string(i)), ToolStatus::kInvalidArgs);
  }
  const std::vector<ToolStatsRow> rows = stats.rows();
  ASSERT_EQ(rows.size(), 11u);
  EXPECT_EQ(rows[0].tool, "(other)");
  EXPECT_EQ(rows[0].calls, 90u);
  for (int i = 0; i < 100; ++i) {
    Record(stats, {.prompt = "p", .prompt_version = std::to_string(i)}, 1, 0);
  }
}

TEST(ToolStats, ThreadsCountTogether) {
  ToolStats stats({.on_drift = [](std::string_view) {}});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&stats, t] {
        for (int i = 0; i < 1'000; ++i) {
          stats.record(t % 2 == 0 ? "a" : "b",
                       i % 3 == 0 ? ToolStatus::kInvalidArgs : ToolStatus::kSuccess);
          if (i % 100 == 0) (void)stats.report();
        }
      });
    }
  }
  EXPECT_EQ(stats.rows()[0].calls + stats.rows()[1].calls, 4'000u);
}

}  // namespace
}  // namespace pitot
