#include "pitot/cost_ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kHour = 3'600 * kSecond;
constexpr int64_t kDay = 24 * kHour;
// 2026-01-05, a Monday, 00:00 UTC.
constexpr int64_t kMonday = 20'458 * kDay;

struct Row {
  int64_t cost = 0;
  uint64_t calls = 0, unpriced = 0;
  int64_t input = 0, output = 0;
  bool operator==(const Row&) const = default;
};
using Rows = std::map<std::string, Row>;

Rows RowsOf(const CostLedger& ledger, LedgerKey key) {
  Rows rows;
  for (const LedgerRow& row : ledger.by(key)) {
    EXPECT_FALSE(rows.contains(row.key)) << row.key << " appears twice";
    rows[row.key] = {row.cost.value, row.calls, row.unpriced_calls, row.input_tokens,
                     row.output_tokens};
  }
  return rows;
}

TEST(CostLedger, SumsAsAMapWould) {
  std::mt19937_64 random(2);
  CostLedger ledger({.clock = [] { return kMonday; }});
  std::array<Rows, 4> plain;
  int64_t total = 0;
  const auto name = [&](const char* stem, uint64_t kinds) {
    const uint64_t which = random() % kinds;
    return which == 0 ? std::string() : std::string(stem).append(std::to_string(which));
  };
  for (int i = 0; i < 5'000; ++i) {
    const std::array<std::string, 4> names = {name("feature", 5), name("user", 40), name("m", 4),
                                              name("w", 3)};
    LedgerEntry entry = {.feature = names[0],
                         .user = names[1],
                         .model = names[2],
                         .workflow = names[3],
                         .input_tokens = static_cast<int64_t>(random() % 10'000),
                         .output_tokens = static_cast<int64_t>(random() % 1'000)};
    if (random() % 5 != 0) entry.cost = NanoUsd{static_cast<int64_t>(random() % 100'000'000)};
    ledger.record(entry);

    const int64_t cost = entry.cost.value_or(NanoUsd()).value;
    total += cost;
    for (size_t key = 0; key < 4; ++key) {
      const char* unsaid = key == 1 ? "anonymous" : "(none)";
      Row& row = plain[key][names[key].empty() ? unsaid : names[key]];
      row.cost += cost;
      ++row.calls;
      row.unpriced += !entry.cost;
      row.input += entry.input_tokens;
      row.output += entry.output_tokens;
    }
  }
  EXPECT_EQ(ledger.total().value, total);
  EXPECT_EQ(ledger.spent_today().value, total);
  EXPECT_EQ(ledger.calls(), 5'000u);
  for (size_t key = 0; key < 4; ++key) {
    EXPECT_EQ(RowsOf(ledger, static_cast<LedgerKey>(key)), plain[key]) << "key " << key;
    const std::vector<LedgerRow> rows = ledger.by(static_cast<LedgerKey>(key));
    EXPECT_TRUE(std::ranges::is_sorted(rows, std::ranges::greater(), &LedgerRow::cost));
  }
  EXPECT_TRUE(IsJson(ledger.report_json()));
}

TEST(CostLedger, ThreadsLoseNothing) {
  constexpr int kThreads = 12;  // More than there are shards.
  constexpr int kEach = 3'000;
  std::atomic<int64_t> now = kMonday;
  CostLedger ledger(
      {.daily_budget = usd(1), .entries_max = 60, .clock = [&] { return now.load(); }});
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&ledger, t] {
        for (int i = 0; i < kEach; ++i) {
          // Some names are shared by all threads, some are one thread's own, and some find no room.
          const std::string user = "user" + std::to_string(i % 10 == 0 ? t * kEach + i : i % 7);
          ledger.record({.feature = i % 2 != 0 ? "odd" : "even",
                         .user = user,
                         .model = "m",
                         .cost = NanoUsd{i + 1},
                         .input_tokens = 2,
                         .output_tokens = 1});
        }
      });
    }
    for (int i = 0; i < 20; ++i) {
      const std::vector<LedgerRow> rows = ledger.by(LedgerKey::kFeature);
      EXPECT_LE(rows.size(), 3u);
      ledger.report();
      ledger.admit();
      now += kHour / 12;  // Another cell.
      const NanoUsd today = ledger.spent_today();
      EXPECT_LE(today, ledger.total());
    }
  }
  const int64_t total = int64_t{kThreads} * kEach * (kEach + 1) / 2;
  EXPECT_EQ(ledger.total().value, total);
  EXPECT_EQ(ledger.spent_today().value, total);
  EXPECT_EQ(ledger.calls(), uint64_t{kThreads} * kEach);
  for (const LedgerKey key : {LedgerKey::kFeature, LedgerKey::kUser, LedgerKey::kModel}) {
    Row sum;
    for (const auto& [name, row] : RowsOf(ledger, key)) {
      sum.cost += row.cost;
      sum.calls += row.calls;
      sum.input += row.input;
      sum.output += row.output;
    }
    EXPECT_EQ(sum, (Row{total, uint64_t{kThreads} * kEach, 0, 2 * int64_t{kThreads} * kEach,
                        int64_t{kThreads} * kEach}));
  }
}

TEST(CostLedger, BeyondEntriesMaxCallsAreOther) {
  CostLedger ledger({.entries_max = 2});
  for (const char* user : {"a", "b", "c", "d", "a"}) {
    ledger.record({.feature = "f", .user = user, .cost = usd(1)});
  }
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kUser), (Rows{{"a", {2'000'000'000, 2}},
                                                    {"b", {1'000'000'000, 1}},
                                                    {"(other)", {2'000'000'000, 2}}}));
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kFeature),
            (Rows{{"f", {3'000'000'000, 3}}, {"(other)", {2'000'000'000, 2}}}));
  EXPECT_EQ(ledger.total(), usd(5));
}

TEST(CostLedger, WhatIsNoSpendingCountsNothing) {
  CostLedger ledger;
  ledger.record({.cost = NanoUsd{-5}, .input_tokens = -1, .output_tokens = -2});
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kUser), (Rows{{"anonymous", {0, 1, 1, 0, 0}}}));
  EXPECT_EQ(ledger.total().value, 0);
  ledger.record({.cost = NanoUsd{0}});
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kUser), (Rows{{"anonymous", {0, 2, 1, 0, 0}}}))
      << "0 is a known price";
}

TEST(CostLedger, LongNamesAreCutAtACharacter) {
  CostLedger ledger;
  const std::string name = std::string(255, 'x') + "\xc3\xa9 and more";
  ledger.record({.feature = name, .cost = usd(1)});
  EXPECT_EQ(ledger.by(LedgerKey::kFeature).at(0).key, std::string(255, 'x'));
}

TEST(CostLedger, TakesTheMetricsOfACall) {
  CostLedger ledger;
  LlmCallMetrics call;
  call.model_requested = "claude";
  call.tags = {.feature = "checkout", .user = "u1", .workflow = "refund"};
  call.has_usage = true;
  call.usage[UsageBucket::kInput] = 10;
  call.usage[UsageBucket::kCacheRead] = 100;
  call.usage[UsageBucket::kOutput] = 3;
  call.usage[UsageBucket::kReasoning] = 4;
  call.cost = usd(0.25);
  ledger.record(call);
  call.model = "claude-20260101";
  call.cost.reset();
  ledger.record(call);
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kModel), (Rows{{"claude", {250'000'000, 1, 0, 110, 7}},
                                                     {"claude-20260101", {0, 1, 1, 110, 7}}}));
  EXPECT_EQ(RowsOf(ledger, LedgerKey::kWorkflow), (Rows{{"refund", {250'000'000, 2, 1, 220, 14}}}));
}

TEST(CostLedger, DaysRollOverAtTheOffset) {
  for (const int offset : {0, 60, -480, 345}) {
    int64_t now = kMonday - int64_t{offset} * 60 * kSecond;
    CostLedger ledger(
        {.daily_budget = usd(10), .utc_offset_minutes = offset, .clock = [&] { return now; }});
    ledger.record({.cost = usd(3)});
    now += kDay - 1;
    ledger.record({.cost = usd(4)});
    EXPECT_EQ(ledger.spent_today(), usd(7)) << offset;
    EXPECT_NEAR(ledger.budget_check().hours_elapsed, 24, 1e-6) << offset;
    now += 1;
    EXPECT_EQ(ledger.spent_today(), usd(0)) << offset;
    EXPECT_EQ(ledger.budget_check().hours_elapsed, 0) << offset;
    ledger.record({.cost = usd(1)});
    EXPECT_EQ(ledger.spent_today(), usd(1)) << offset;
    EXPECT_EQ(ledger.total(), usd(8)) << offset;
    now -= kHour;
    EXPECT_EQ(ledger.spent_today(), usd(7)) << "the clock went back, offset " << offset;
    ledger.record({.cost = usd(1)});
    EXPECT_EQ(ledger.spent_today(), usd(8)) << offset;
    now += kHour;
    EXPECT_EQ(ledger.spent_today(), usd(1)) << offset;
  }
}

TEST(CostLedger, ProjectsLinearlyThenBySeason) {
  int64_t now = kMonday;
  CostLedger ledger({.daily_budget = usd(50), .clock = [&] { return now; }});
  // Each working day: $2 until noon, $8 after it.
  for (int day = 0; day < 11; ++day) {
    now = kMonday + day * kDay + 6 * kHour;
    if (day % 7 < 5) ledger.record({.cost = usd(2)});
    now += 10 * kHour;
    if (day % 7 < 5) ledger.record({.cost = usd(8)});
  }
  now = kMonday + 11 * kDay + 6 * kHour;
  ledger.record({.cost = usd(6)});
  now += 6 * kHour;
  BudgetCheck check = ledger.budget_check();
  EXPECT_EQ(check.method, "seasonal");
  EXPECT_EQ(check.projected, usd(30)) << "five times what noon has seen";
  EXPECT_EQ(check.status, BudgetStatus::kOk);

  CostLedger young({.daily_budget = usd(50), .clock = [&] { return now; }});
  young.record({.cost = usd(6)});
  check = young.budget_check();
  EXPECT_EQ(check.method, "linear");
  EXPECT_EQ(check.projected, usd(12));
  now += 3 * kHour;
  EXPECT_EQ(young.budget_check().projected, usd(9.6)) << "6 / 15 x 24";
}

TEST(CostLedger, AHardBudgetRefusesUntilTheNextDay) {
  int64_t now = kMonday + 20 * kHour;
  CostLedger ledger({.daily_budget = usd(1), .hard = true, .clock = [&] { return now; }});
  EXPECT_NO_THROW(ledger.admit());
  ledger.record({.cost = usd(0.75)});
  EXPECT_NO_THROW(ledger.admit());
  ledger.record({.cost = usd(0.5)});
  try {
    ledger.admit();
    FAIL() << "admitted beyond the budget";
  } catch (const BudgetExceeded& error) {
    EXPECT_STREQ(
        error.what(),
        "the daily budget of $1.00 is spent ($1.25); calls are refused until the day ends, "
        "in 4 h 0 min");
    EXPECT_EQ(error.check().status, BudgetStatus::kOver);
    EXPECT_EQ(error.check().spent, usd(1.25));
  }
  now += 4 * kHour;
  EXPECT_NO_THROW(ledger.admit());

  CostLedger soft({.daily_budget = usd(1), .clock = [&] { return now; }});
  soft.record({.cost = usd(5)});
  EXPECT_NO_THROW(soft.admit());
  EXPECT_EQ(soft.budget_check().status, BudgetStatus::kOver);
}

TEST(CostLedger, RefusesWrongOptions) {
  const auto bad = [](CostLedger::Options options, std::string_view part) {
    try {
      CostLedger ledger(std::move(options));
      ADD_FAILURE() << "accepted; expected: " << part;
    } catch (const std::invalid_argument& error) {
      EXPECT_NE(std::string_view(error.what()).find(part), std::string_view::npos) << error.what();
    }
  };
  bad({.daily_budget = usd(0)}, "daily_budget = $0.00, must be above $0.00");
  bad({.daily_budget = usd(-1)}, "daily_budget = -$1.00,");
  bad({.hard = true}, "hard = true needs a daily_budget");
  bad({.alert_share = 0}, "alert_share = 0, must be above 0 and at most 1");
  bad({.alert_share = 80}, "alert_share = 80,");
  bad({.alert_share = std::nan("")}, "alert_share");
  bad({.utc_offset_minutes = 1'081}, "utc_offset_minutes = 1081, must be -1080 to 1080");
  bad({.entries_max = 0}, "entries_max = 0, must be 1 to 10000000");
  bad({.entries_max = 10'000'001}, "entries_max = 10000001,");
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
