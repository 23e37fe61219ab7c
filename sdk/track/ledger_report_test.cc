#include "sdk/track/ledger_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>

#include "sdk/track/text.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kUsd = 1'000'000'000;

TEST(JudgeDay, StatusAndProjection) {
  const auto judge = [](double spent_usd, double hours, std::optional<NanoUsd> budget) {
    return JudgeDay({.spent = usd(spent_usd).value, .hours_elapsed = hours, .past = {}}, budget,
                    0.8);
  };
  const auto check = [&](const char* why, double spent_usd, double hours, BudgetStatus status,
                         std::optional<double> projected_usd, std::string_view text) {
    const BudgetCheck told = judge(spent_usd, hours, usd(50));
    EXPECT_EQ(told.status, status) << why;
    EXPECT_EQ(told.projected, projected_usd ? std::optional(usd(*projected_usd)) : std::nullopt)
        << why;
    EXPECT_EQ(told.to_string(), text) << why;
  };
  check("linear: spent / hours x 24", 12.4, 12, BudgetStatus::kOk, 24.8,
        "$12.40 of $50.00 today; $24.80 projected (50 %)");
  check("80 % projected is an alert", 20, 12, BudgetStatus::kProjected, 40,
        "$20.00 of $50.00 today; $40.00 projected (80 %)");
  check("a little less is none", 19.99, 12, BudgetStatus::kOk, 39.98,
        "$19.99 of $50.00 today; $39.98 projected (80 %)");
  check("five minutes after midnight", 6, 1 / 12.0, BudgetStatus::kOk, {},
        "$6.00 of $50.00 today; nothing projected, too early: 0.08 of 1 hour has passed");
  check(
      "below a tenth of the budget", 4.99, 2, BudgetStatus::kOk, {},
      "$4.99 of $50.00 today; nothing projected, too early: less than 10 % of the budget is spent");
  check("at once when most of it is spent", 41, 0.5, BudgetStatus::kProjected, {},
        "$41.00 of $50.00 today; nothing projected, too early: 0.50 of 1 hour has passed");
  check("spent", 50, 12, BudgetStatus::kOver, 100,
        "$50.00 of $50.00 today; $100.00 projected (200 %)");
  check("at midnight", 0, 0, BudgetStatus::kOk, {},
        "$0.00 of $50.00 today; nothing projected, too early: 0.00 of 1 hour has passed");

  const BudgetCheck none = judge(3, 12, {});
  EXPECT_EQ(none.status, BudgetStatus::kNone);
  EXPECT_EQ(none.to_string(), "$3.00 today; $6.00 projected");
}

TEST(JudgeDay, SeasonalOnceDaysWereSeen) {
  // Mornings that bring a fifth of the day.
  DayFigures day = {.spent = 10 * kUsd, .hours_elapsed = 12, .past = {}};
  day.past.assign(kSeasonalDaysMin - 1, {.so_far = 2.0 * kUsd, .whole = 10.0 * kUsd});
  BudgetCheck told = JudgeDay(day, usd(50), 0.8);
  EXPECT_EQ(told.method, "linear");
  EXPECT_EQ(told.projected, usd(20));
  day.past.push_back(day.past.front());
  told = JudgeDay(day, usd(50), 0.8);
  EXPECT_EQ(told.method, "seasonal");
  EXPECT_EQ(told.projected, usd(50));
  EXPECT_EQ(told.status, BudgetStatus::kProjected);
  // It needs no hour to have passed.
  day.hours_elapsed = 0.5;
  EXPECT_EQ(JudgeDay(day, usd(50), 0.8).method, "seasonal");
}

LedgerFigures Sample() {
  LedgerFigures figures;
  figures.total = {.nano_usd = 12'403'118'000,
                   .calls = 1'204,
                   .unpriced_calls = 3,
                   .input_tokens = 22'300'000,
                   .output_tokens = 312'400};
  figures.by[0] = {{"checkout", {9'801'100'000}, 812, 0, 18'112'000, 201'334},
                   {"search", {2'602'000'000}, 380, 0, 4'100'000, 100'000},
                   {"a very long name of a feature", {17'999}, 9, 0, 80'000, 11'000},
                   {"lab", {}, 3, 3, 8'000, 66}};
  figures.by[1] = {{"anonymous", {12'403'118'000}, 1'204, 3, 22'300'000, 312'400}};
  figures.by[2] = {{"claude-sonnet-4-5", {12'403'118'000}, 1'201, 0, 22'292'000, 312'334},
                   {"own", {}, 3, 3, 8'000, 66}};
  figures.by[3] = {{"(none)", {12'403'118'000}, 1'204, 3, 22'300'000, 312'400}};
  figures.today =
      JudgeDay({.spent = 12'400'000'000, .hours_elapsed = 9.6, .past = {}}, usd(50), 0.8);
  return figures;
}

TEST(RenderReport, ATableOfEightyColumns) {
  const std::string report = RenderReport(Sample(), 10);
  EXPECT_EQ(report, R"(Cost:  $12.40 for 1,204 calls, 22.3 M tokens in, 312,400 out
Today: $12.40 of $50.00; $31.00 projected (62 %)
       [##########---------------               ] ok

FEATURE                        calls   tokens in       out         cost    share
  checkout                       812      18.1 M   201,334      $9.8011   79.0 %
  search                         380   4,100,000   100,000      $2.6020   21.0 %
  a very long name of ...          9      80,000    11,000     <$0.0001    0.0 %
  lab                              3       8,000        66      unknown

MODEL                          calls   tokens in       out         cost    share
  claude-sonnet-4-5            1,201      22.3 M   312,334     $12.4031  100.0 %
  own                              3       8,000        66      unknown

TOTAL                          1,204      22.3 M   312,400     $12.4031* 100.0 %
* and 3 calls of which no price is known
)");
}

TEST(RenderReport, NoLineIsWiderThanEightyColumns) {
  LedgerFigures figures = Sample();
  const auto huge = [](std::string key) {
    return LedgerRow{std::move(key), {INT64_MAX}, UINT64_MAX, 1, INT64_MAX, INT64_MAX};
  };
  for (auto& rows : figures.by) {
    rows.clear();
    for (int i = 0; i < 20; ++i) rows.push_back(huge(std::string(256, 'x') + std::to_string(i)));
  }
  figures.total = {INT64_MAX, UINT64_MAX, 1, INT64_MAX, INT64_MAX};
  figures.today = JudgeDay({.spent = INT64_MAX, .hours_elapsed = 1.5, .past = {}}, usd(9e9), 0.8);
  std::istringstream lines(RenderReport(figures, 10));
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(TextWidth(line), 80u) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(RenderReport, HidesTheCheapest) {
  LedgerFigures figures = Sample();
  const std::string report = RenderReport(figures, 2);
  EXPECT_NE(report.find("  2 more                          12      88,000    11,066     "
                        "<$0.0001*   0.0 %\n"),
            std::string::npos)
      << report;
  EXPECT_EQ(report.find("lab"), std::string::npos);
  EXPECT_NE(RenderReport(figures, 3).find("lab"), std::string::npos)
      << "one row is shown rather than \"1 more\"";
}

TEST(RenderReport, OfNothing) {
  LedgerFigures figures;
  figures.today = JudgeDay({.hours_elapsed = 12, .past = {}}, {}, 0.8);
  EXPECT_EQ(RenderReport(figures, 10),
            "Cost:  $0.00 for 0 calls, 0 tokens in, 0 out\nToday: $0.00; $0.00 projected\n");
}

TEST(RenderReportJson, SaysAll) {
  LedgerFigures figures = Sample();
  figures.by[0] = {{"a \"quoted\" name\n", {4'213'000}, 1, 0, 2, 3}};
  figures.by[2].clear();
  figures.by[3].clear();
  const std::string json = RenderReportJson(figures);
  EXPECT_TRUE(IsJson(json)) << json;
  EXPECT_EQ(
      json,
      R"({"total":{"cost_usd":12.403118,"cost_nano_usd":12403118000,"calls":1204,"unpriced_calls":3,)"
      R"("input_tokens":22300000,"output_tokens":312400},"today":{"status":"ok","budget_usd":50.00,)"
      R"("budget_nano_usd":50000000000,"spent_usd":12.40,"spent_nano_usd":12400000000,)"
      R"("projected_usd":31.00,"projected_nano_usd":31000000000,"method":"linear","gated":null,)"
      R"("hours_elapsed":9.6},"by_feature":[{"key":"a \"quoted\" name\n","cost_usd":0.004213,)"
      R"("cost_nano_usd":4213000,"calls":1,"unpriced_calls":0,"input_tokens":2,"output_tokens":3}],)"
      R"("by_user":[{"key":"anonymous","cost_usd":12.403118,"cost_nano_usd":12403118000,)"
      R"("calls":1204,"unpriced_calls":3,"input_tokens":22300000,"output_tokens":312400}],)"
      R"("by_model":[],"by_workflow":[]})");
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
