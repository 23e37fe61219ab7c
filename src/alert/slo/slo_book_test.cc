#include "alert/slo/slo_book.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "alert/slo/slo_test_util.h"
#include "base/status.h"

namespace pitot {
namespace {

using testing::HasSubstr;

constexpr int64_t kMinute = kNanosPerMinute;

class NoHistory final : public AlertHistory {
 public:
  std::vector<ActiveInterval> Active(std::string_view, const Labels&, UnixNanos) const override {
    return {};
  }
};

class SloBookTest : public SloTestBase {
 protected:
  SloStatus At(SloBook& book, UnixNanos now, std::string_view name = "calls") {
    const absl::Status status = book.Refresh(Context(now), "default");
    EXPECT_TRUE(status.ok()) << status.ToString();
    auto found = book.Find(name, "default");
    EXPECT_TRUE(found.has_value());
    return found.value_or(SloStatus{});
  }

  std::vector<Reading> Readings(RuleEvaluator& rule, UnixNanos now) {
    const QueryContext query = Context(now);
    const NoHistory history;
    auto readings = rule.Evaluate({.query = query, .project = "default", .history = history});
    EXPECT_TRUE(readings.ok()) << readings.status().ToString();
    return readings.ok() ? *readings : std::vector<Reading>{};
  }

  static std::string Text(const std::vector<Reading>& readings) {
    std::string out;
    for (const Reading& reading : readings) {
      const auto tier = reading.labels.find("tier");
      out += fmt::format("{}{}:{}", out.empty() ? "" : " ",
                         tier == reading.labels.end() ? "budget" : tier->second,
                         Name(reading.verdict));
    }
    return out;
  }
};

TEST_P(SloBookTest, CountsWhatComesLate) {
  SloBook book({Ratio()});
  SloStatus status = At(book, kNow);
  EXPECT_EQ(status.state, SloState::kLoading) << "27 days of the window are still to be read";
  Add(Many(10, {}, kNow));
  status = At(book, kNow + 30 * kNanosPerSecond);
  EXPECT_EQ(status.total, (SliCount{10, 10}));
  // Ended nine minutes ago, came now; and one changes its mind.
  Add(Many(5, {.status = "error"}, kNow - 8 * kMinute));
  Add({{.end_ns = kNow - 1, .status = "error", .trace = 1'000'001, .span = 1, .rev = 2}});
  status = At(book, kNow + kMinute);
  EXPECT_EQ(status.total, (SliCount{9, 15}));
  // A day late: found within the hour.
  Add(Many(7, {.status = "error"}, kNow - 20 * 60 * kMinute));
  EXPECT_EQ(At(book, kNow + 2 * kMinute).total.valid, 15);
  EXPECT_EQ(At(book, kNow + 61 * kMinute).total, (SliCount{9, 22}));
  // Days late: within a day and the few evaluations that it takes to read the window.
  Add(Many(3, {.status = "error"}, kNow - 20 * kNanosPerDay));
  UnixNanos now = kNow + 25 * 60 * kMinute;
  for (int i = 0; i < 16; ++i) now += kMinute, status = At(book, now);
  EXPECT_EQ(status.total, (SliCount{9, 25}));
  // Erased: gone as well.
  Run("ALTER TABLE facts DELETE WHERE status = 'error' SETTINGS mutations_sync = 2");
  now += 25 * 60 * kMinute;
  for (int i = 0; i < 16; ++i) now += kMinute, status = At(book, now);
  EXPECT_EQ(status.total, (SliCount{10, 10})) << "of what changed its mind the first row is back";
}

TEST_P(SloBookTest, TheWindowIsReadNewestFirst) {
  for (int day = 0; day < 30; ++day) {
    Add(Many(2, {.status = day == 29 ? "error" : "unset"}, kNow - day * kNanosPerDay - kMinute));
  }
  SloBook book({Ratio()});
  SloStatus status = At(book, kNow);
  EXPECT_EQ(status.total.valid, 8);
  EXPECT_FALSE(status.loaded);
  UnixNanos now = kNow;
  int evaluations = 1;
  while (!status.loaded && evaluations < 30) {
    now += 30 * kNanosPerSecond;
    status = At(book, now);
    ++evaluations;
  }
  EXPECT_EQ(evaluations, 15);
  EXPECT_EQ(status.total, (SliCount{58, 60}));
  EXPECT_EQ(status.state, SloState::kExhausted) << "2 of 60 are more than 1 %";
  const auto points = book.History("calls", "default", 30);
  ASSERT_TRUE(points.ok());
  ASSERT_EQ(points->size(), 30U);
  EXPECT_EQ(points->front().count, (SliCount{0, 2}));
  EXPECT_NEAR(points->front().budget_left, 1 - 2 / 0.6, 1e-9);
  EXPECT_NEAR(points->back().budget_left, status.budget_left, 1e-9);
  EXPECT_EQ(book.History("other", "default", 30).status().code(), absl::StatusCode::kNotFound);
  EXPECT_GT(book.Bytes(), 0U);
}

TEST_P(SloBookTest, ProjectsAreApart) {
  SloSpec mine = Ratio();
  mine.project = "default";
  SloSpec theirs = Ratio();
  theirs.name = "theirs";
  theirs.project = "other";
  SloSpec both = Ratio();
  both.name = "both";
  SloBook book({both, theirs, mine});
  Add(Many(3, {}, kNow));
  ASSERT_TRUE(book.Refresh(Context(kNow), "default").ok());
  ASSERT_TRUE(book.Refresh(Context(kNow), "other").ok());
  std::string out;
  for (const SloStatus& status : book.Statuses("")) {
    out += fmt::format("{} {} {}, ", status.spec->name, status.project, status.total.valid);
  }
  EXPECT_EQ(out, "both default 3, both other 0, calls default 3, theirs other 0, ");
  EXPECT_EQ(book.Statuses("default").size(), 2U);
  EXPECT_FALSE(book.Find("theirs", "default").has_value());
}

TEST_P(SloBookTest, AClockThatWentBack) {
  SloBook book({Ratio()});
  Add(Many(4, {}, kNow));
  EXPECT_EQ(At(book, kNow + 40 * kNanosPerDay).total.valid, 0);
  EXPECT_EQ(At(book, kNow).total.valid, 4);
  EXPECT_EQ(At(book, kNow + 5 * kMinute).total.valid, 4);
  EXPECT_EQ(At(book, kNow + kMinute).total.valid, 4) << "a little back is nothing";
  EXPECT_EQ(At(book, kNow - 20 * kMinute).total.valid, 0);
}

TEST_P(SloBookTest, AStoreThatIsAwayChangesNothing) {
  SloBook book({Ratio()});
  Add(Many(50, {.status = "error"}, kNow));
  const RuleSet rules = SloRules(book, AlertOptions{});
  EXPECT_THAT(Text(Readings(*rules[0], kNow)), HasSubstr("page:breach"));
  QueryContext query = Context(kNow + kMinute);
  query.cancel = std::make_shared<CancelToken>();
  query.cancel->Cancel();
  EXPECT_FALSE(book.Refresh(query, "default").ok());
  const auto status = book.Find("calls", "default");
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->state, SloState::kError);
  EXPECT_EQ(status->total.valid, 50);
  EXPECT_EQ(status->as_of, kNow);
}

TEST_P(SloBookTest, AnOutageInReadings) {
  SloSpec spec = Ratio();
  spec.labels["team"] = "chat";
  spec.owner = "ada";
  SloBook book({spec});
  const RuleSet rules = SloRules(book, AlertOptions{});
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0]->spec().id, "slo_burn");
  EXPECT_EQ(rules[1]->spec().id, "slo_budget");
  constexpr UnixNanos kBase = kNow / kMinute * kMinute;
  std::vector<SloRow> rows;
  for (int minute = 2; minute < 90; ++minute) {
    for (SloRow& row : Many(30, {}, kBase - minute * kMinute)) rows.push_back(std::move(row));
  }
  Add(rows);
  EXPECT_EQ(Text(Readings(*rules[0], kBase - 2 * kMinute)), "page:ok warning:ok ticket:ok");
  EXPECT_EQ(Text(Readings(*rules[1], kBase - 2 * kMinute)), "budget:learning");

  Add(Many(30, {.status = "error"}, kBase - kMinute));
  Add(Many(30, {.status = "error"}, kBase));
  UnixNanos now = kBase;
  const std::vector<Reading> readings = Readings(*rules[0], now);
  EXPECT_EQ(Text(readings), "page:breach warning:breach ticket:breach");
  const Reading& page = readings[0];
  EXPECT_EQ(page.labels, (Labels{{"slo", "calls"}, {"team", "chat"}, {"tier", "page"}}));
  EXPECT_EQ(page.severity, AlertSeverity::kPage);
  EXPECT_EQ(page.threshold, 10);
  EXPECT_EQ(page.runbook, "errors");
  EXPECT_EQ(page.exemplar_trace_ids.size(), 5U);
  EXPECT_EQ(page.annotations.at("owner"), "ada");
  EXPECT_THAT(
      page.annotations.at("summary"),
      HasSubstr("calls: 60 of 150 bad over 5m (40 % where 1 % may be): burns 40x, page above "
                "10x; the budget of 30d is spent"));
  for (int i = 0; i < 16; ++i) now += 30 * kNanosPerSecond, Readings(*rules[0], now);
  EXPECT_EQ(Text(Readings(*rules[1], now)), "budget:breach");
}

TEST_P(SloBookTest, WhatTheConfigurationOverrides) {
  SloBook book({Ratio()});
  AlertOptions options;
  options.rules["slo_burn"].severity = AlertSeverity::kTicket;
  options.rules["slo_burn"].for_ns = kMinute;
  options.rules["slo_budget"].enabled = false;
  options.rules["slo_budget"].threshold = 0.5;
  const RuleSet rules = SloRules(book, options);
  EXPECT_EQ(rules[0]->spec().severity, AlertSeverity::kTicket);
  EXPECT_EQ(rules[0]->spec().for_ns, kMinute);
  EXPECT_FALSE(rules[1]->spec().enabled);
  EXPECT_EQ(rules[1]->spec().threshold, 0.5);
  for (const Reading& reading : Readings(*rules[0], kNow)) {
    EXPECT_EQ(reading.severity, std::nullopt) << "all have the severity asked for";
  }
}

PITOT_FOR_EACH_STORE(SloBookTest);

}  // namespace
}  // namespace pitot
