#include "alert/slo/slo_query.h"

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "alert/slo/slo_test_util.h"
#include "base/status.h"
#include "query/figures/answer.h"

namespace pitot {
namespace {

class SloQueryTest : public SloTestBase {
 protected:
  static constexpr int64_t kSecond = kNanosPerSecond;

  // "good/valid" over the hour before kNow.
  std::string Counted(const SloSpec& spec, int64_t back_ns = 60 * kNanosPerMinute) {
    const auto query = SloQuery::Create(spec);
    EXPECT_TRUE(query.ok()) << query.status().ToString();
    if (!query.ok()) return "";
    SqlPiece piece = query->Minutes("default", {kNow - back_ns, kNow});
    const auto table = ReadTable(Context(kNow), piece.sql, std::move(piece.params), 3);
    EXPECT_TRUE(table.ok()) << table.status().ToString() << "\n" << piece.sql;
    if (!table.ok()) return "";
    int64_t valid = 0;
    int64_t good = 0;
    for (const auto& value : table->rows) {
      valid += IntAt(value.get_array(), 1);
      good += IntAt(value.get_array(), 2);
    }
    return fmt::format("{}/{}", good, valid);
  }

  std::string Bad(const SloSpec& spec) {
    const auto query = SloQuery::Create(spec);
    EXPECT_TRUE(query.ok()) << query.status().ToString();
    SqlPiece piece = query->BadTraces("default", {kNow - 60 * kNanosPerMinute, kNow}, 2);
    const auto table = ReadTable(Context(kNow), piece.sql, std::move(piece.params), 1);
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    std::string out;
    if (!table.ok()) return out;
    for (const auto& value : table->rows) {
      out += std::string(TextAt(value.get_array(), 0)).substr(30) + " ";
    }
    return out;
  }

  static SloSpec Of(SloKind kind, double threshold) {
    SloSpec spec = Ratio();
    spec.kind = kind;
    spec.threshold = threshold;
    return spec;
  }
};

TEST_P(SloQueryTest, EachCallOnceByItsMinute) {
  Add({{.end_ns = kNow - 10 * kSecond},
       {.end_ns = kNow - 70 * kSecond, .status = "error", .error_category = "internal"},
       {.end_ns = kNow - 70 * kSecond, .role = "wrapper"},
       {.end_ns = kNow - 70 * kSecond, .role = "inner"},
       {.end_ns = kNow - 70 * kSecond, .role = "duplicate"},
       {.end_ns = kNow - 70 * kSecond, .status = "running"},
       {.end_ns = kNow - 70 * kSecond, .kind = "tool", .role = ""},
       {.end_ns = kNow - 70 * kSecond, .status = "unfinished"},
       {.end_ns = kNow - 3'600 * kSecond - 1},
       {.end_ns = kNow}});
  EXPECT_EQ(Counted(Ratio()), "1/3") << "unfinished has failed, running counts later";
  // A later revision and a tombstone.
  Add({{.end_ns = kNow - 10 * kSecond, .status = "error", .trace = 1'000'001, .span = 1, .rev = 2},
       {.end_ns = kNow - 70 * kSecond,
        .trace = 1'000'008,
        .span = 8,
        .rev = 2,
        .is_deleted = true}});
  EXPECT_EQ(Counted(Ratio()), "0/2");
}

TEST_P(SloQueryTest, FilterAndGood) {
  Add({{.end_ns = kNow - 1, .kind = "agent", .role = "", .feature = "a", .is_root = true},
       {.end_ns = kNow - 2, .kind = "agent", .role = "", .status = "error", .feature = "a"},
       {.end_ns = kNow - 3, .kind = "agent", .role = "", .feature = "b"},
       {.end_ns = kNow - 4, .feature = "a"},
       {.end_ns = kNow - 5, .role = "wrapper", .feature = "a"},
       {.end_ns = kNow - 6, .kind = "tool", .role = "inner", .feature = "a"},
       {.end_ns = kNow - 7,
        .kind = "tool",
        .role = "",
        .feature = "a",
        .tool_status = "invalid_args"}});
  SloSpec spec = Ratio();
  spec.filter = "kind = agent AND feature = a";
  spec.good = "status != error";
  EXPECT_EQ(Counted(spec), "1/2");
  spec.filter = "feature = a";
  spec.good = "";
  EXPECT_EQ(Counted(spec), "2/4") << "a tool call that says so has failed";
  spec.filter = "feature in (a, b)";
  spec.good = "kind = agent AND feature != b AND status != error";
  EXPECT_EQ(Counted(spec), "1/5") << "both filters have parameters";
  spec.filter = "feature = nobody";
  EXPECT_EQ(Counted(spec), "0/0");
}

TEST_P(SloQueryTest, Exclusions) {
  const auto error = [](std::string category) {
    return SloRow{.end_ns = kNow - 5, .status = "error", .error_category = std::move(category)};
  };
  Add({error("rate_limit"), error("overloaded"), error("timeout"), error("internal"),
       error("quota"), error("unknown"), error("network")});
  EXPECT_EQ(Counted(Ratio()), "0/7") << "what the provider does wrong is bad";
  std::vector<SloRow> rows = {error("invalid_args"), error("context_length"), error("auth"),
                              error("cancelled")};
  rows.push_back({.end_ns = kNow - 5, .finish_reason = "cancelled"});
  rows.push_back({.end_ns = kNow - 5, .environment = "probe"});
  rows.push_back({.end_ns = kNow - 5, .feature = "synthetic"});
  // A judge: a run of its own, and a call inside of it.
  rows.push_back(
      {.end_ns = kNow - 5, .kind = "evaluator", .role = "", .is_root = true, .trace = 77});
  rows.push_back({.end_ns = kNow - 6, .trace = 77});
  Add(rows);
  SloSpec spec = Ratio();
  EXPECT_EQ(Counted(spec), "0/7");
  spec.exclude = {"cancelled", "probes", "judges"};
  EXPECT_EQ(Counted(spec), "0/10");
  spec.exclude = {"caller_errors", "probes", "judges"};
  EXPECT_EQ(Counted(spec), "1/9");
  spec.exclude = {"caller_errors", "cancelled", "judges"};
  EXPECT_EQ(Counted(spec), "2/9");
  spec.exclude = {"caller_errors", "cancelled", "probes"};
  EXPECT_EQ(Counted(spec), "1/8");
  spec.exclude = {};
  EXPECT_EQ(Counted(spec), "4/15");
}

TEST_P(SloQueryTest, WhatPitotRefusedIsNotBad) {
  Add({{.end_ns = kNow - 5, .status = "error", .error_category = "quota", .trace = 1, .span = 1},
       {.end_ns = kNow - 5, .status = "error", .error_category = "quota", .trace = 2, .span = 2},
       {.end_ns = kNow - 4, .status = "error", .error_category = "internal", .trace = 1, .span = 3},
       {.end_ns = kNow - 3,
        .kind = "agent",
        .role = "",
        .status = "error",
        .is_root = true,
        .trace = 1,
        .span = 4},
       {.end_ns = kNow - 3,
        .kind = "agent",
        .role = "",
        .status = "error",
        .is_root = true,
        .trace = 2,
        .span = 5},
       {.end_ns = kNow - 3, .kind = "tool", .role = "", .tool_status = "blocked", .trace = 3}});
  Run(fmt::format(
      "INSERT INTO spans (keep_days, day, project, trace_id, span_id, source, start_ns, "
      "error_type) "
      "VALUES (30, toDate({0}), 'default', unhex('{1:032x}'), unhex('{1:016x}'), 'gateway', {2}, "
      "'budget_exceeded'), (30, toDate({0}), 'default', unhex('{3:032x}'), unhex('{3:016x}'), "
      "'gateway', {2}, 'insufficient_quota')",
      DayOf(kNow), 1, kNow - kSecond, 2));
  SloSpec spec = Ratio();
  EXPECT_EQ(Counted(spec), "0/2") << "the provider's quota and the internal error are";
  spec.filter = "kind = agent";
  EXPECT_EQ(Counted(spec), "0/1") << "the run that failed of a refusal is not";
  spec.filter = "kind = tool";
  EXPECT_EQ(Counted(spec), "0/0");
  spec.exclude = {};
  EXPECT_EQ(Counted(spec), "0/1");
  spec.filter = "";
  EXPECT_EQ(Counted(spec), "0/3");
}

TEST_P(SloQueryTest, OutcomesAndAttempts) {
  const auto call = [](int64_t end_s, std::string status, int trace) {
    return SloRow{.end_ns = kNow - 600 * kSecond + end_s * kSecond,
                  .status = std::move(status),
                  .error_category = "",
                  .trace = trace};
  };
  std::vector<SloRow> rows = {
      call(0, "error", 1), call(10, "error", 1),  call(30, "unset", 1),  // Third time lucky.
      call(0, "error", 2), call(10, "error", 2),                         // Given up.
      call(0, "error", 3), call(100, "unset", 3),                        // Not a retry, so late.
      call(0, "error", 4), call(0, "unset", 4),                          // Beside each other.
      call(0, "error", 5), call(0, "error", 6),   call(0, "error", 7),
  };
  rows.push_back(call(5, "unset", 5));
  rows.back().name = "embed m2";
  rows.push_back(call(5, "unset", 6));
  rows.back().agent = "another";
  rows.push_back(call(5, "running", 7));
  Add(rows);
  SloSpec spec = Ratio();
  spec.count = "attempts";
  EXPECT_EQ(Counted(spec), "5/14");
  spec.count = "outcomes";
  // Left: of trace 1 the third, of 2 the second, both of 3 and 4, of 5 and 6 both, of 7 none yet.
  EXPECT_EQ(Counted(spec), "5/10");
  EXPECT_EQ(Bad(spec).size(), 6U);
}

TEST_P(SloQueryTest, Latency) {
  Add({{.end_ns = kNow - 1, .duration_ns = 2 * kSecond},
       {.end_ns = kNow - 2, .duration_ns = 2 * kSecond + 1},
       {.end_ns = kNow - 3, .duration_ns = kSecond, .status = "error", .error_category = "timeout"},
       {.end_ns = kNow - 4, .duration_ns = 1, .status = "error", .error_category = "rate_limit"},
       {.end_ns = kNow - 5, .duration_ns = 1, .status = "unfinished"}});
  EXPECT_EQ(Counted(Of(SloKind::kLatency, 2'000)), "1/4")
      << "a timeout is slow, however early; a quick failure is neither";
}

TEST_P(SloQueryTest, TimeToFirstToken) {
  Add({{.end_ns = kNow - 1, .ttft = "800000000", .streaming = true},
       {.end_ns = kNow - 2, .ttft = "800000001", .streaming = true},
       {.end_ns = kNow - 3},
       {.end_ns = kNow - 4, .status = "error", .error_category = "timeout", .streaming = true},
       {.end_ns = kNow - 5, .status = "error", .error_category = "timeout"}});
  EXPECT_EQ(Counted(Of(SloKind::kTtft, 800)), "1/3");
}

TEST_P(SloQueryTest, CostPerSuccess) {
  for (int trace = 1; trace <= 8; ++trace) {
    Add({{.end_ns = kNow - trace,
          .kind = "agent",
          .role = "",
          .status = trace == 3 || trace == 4 ? "error" : "unset",
          .is_root = true,
          .trace = trace}});
  }
  Add({{.end_ns = kNow - 9, .kind = "agent", .role = "", .trace = 1}});
  // cost in nano-USD, unpriced calls. Trace 8 has no row yet.
  const std::vector<std::pair<int64_t, int>> costs = {
      {50'000'000, 0}, {50'000'001, 0}, {1, 0}, {1, 2}, {1, 1}, {60'000'000, 1}, {0, 0}};
  for (size_t i = 0; i < costs.size(); ++i) {
    Run(fmt::format(
        "INSERT INTO traces (keep_days, day, project, trace_id, rev, start_ns, cost, "
        "unpriced_calls) VALUES (30, toDate({}), 'default', unhex('{:032x}'), 1, {}, {}, "
        "{})",
        DayOf(kNow), i + 1, kNow - 10 * kSecond, costs[i].first, costs[i].second));
  }
  // Good: 1 and 7. Not known: 5. Bad: 2, both failures, and 6, whose known part is too much.
  EXPECT_EQ(Counted(Of(SloKind::kCostPerSuccess, 0.05)), "2/6");
}

TEST_P(SloQueryTest, Scores) {
  Add({{.end_ns = kNow - 3'600 * kSecond * 30, .feature = "a", .trace = 5, .span = 5}});
  const auto score = [&](int id, std::string_view name, std::string value, int trace, int64_t ago) {
    Run(
        fmt::format("INSERT INTO scores (keep_days, day, project, id, rev, at_ns, name, value, "
                    "trace_id) VALUES (30, toDate({}), 'default', '{}', 1, {}, '{}', {}, "
                    "unhex('{:032x}'))",
                    DayOf(kNow - ago), id, kNow - ago, name, value, trace));
  };
  score(1, "helpful", "0.7", 5, 1);
  score(2, "helpful", "0.69", 5, 2);
  score(3, "helpful", "nan", 5, 3);
  score(4, "other", "0", 5, 3);
  score(5, "helpful", "1", 6, 3);
  score(6, "helpful", "1", 6, 7'200 * kSecond);
  SloSpec spec = Of(SloKind::kScore, 0.7);
  spec.score = "helpful";
  EXPECT_EQ(Counted(spec), "2/3");
  spec.filter = "feature = a";
  EXPECT_EQ(Counted(spec), "1/2");
  EXPECT_EQ(Bad(spec), "05 ");
}

TEST_P(SloQueryTest, BadTracesLatestFirst) {
  Add({{.end_ns = kNow - 30, .status = "error", .trace = 1},
       {.end_ns = kNow - 20, .status = "error", .trace = 2},
       {.end_ns = kNow - 10, .status = "error", .trace = 3},
       {.end_ns = kNow - 5, .trace = 4},
       {.end_ns = kNow - 9, .status = "error", .trace = 2}});
  EXPECT_EQ(Bad(Ratio()), "02 03 ");
}

PITOT_FOR_EACH_STORE(SloQueryTest);

}  // namespace
}  // namespace pitot
