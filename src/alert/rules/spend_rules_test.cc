// BudgetProjectionHigh over figures as they are, and CostAnomaly over rows of facts in both engines.
#include "alert/rules/spend_rules.h"

#include <gmock/gmock.h>

#include <cmath>

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

constexpr UnixNanos kMidnight = 1'794'960'000LL * kNanosPerSecond;  // 2026-11-18T00:00Z, Wednesday.
constexpr int64_t kHourNs = kSpendHourNs;

const RuleSpec& SpecOf(const RuleSet& rules, std::string_view id) {
  for (const auto& rule : rules) {
    if (rule->spec().id == id) return rule->spec();
  }
  throw std::out_of_range(std::string(id));
}

RuleSpec ProjectionSpec() {
  static const StaticFigures figures;
  return SpecOf(SpendRules({}, figures), "budget_projection");
}

BudgetFigure DayBudget(double spent, double limit = 100) {
  BudgetFigure budget;
  budget.id = "daily";
  budget.scope = "global";
  budget.window = "day";
  budget.timezone = "UTC";
  budget.window_start = kMidnight;
  budget.window_end = kMidnight + kNanosPerDay;
  budget.limit_usd = limit;
  budget.spent_usd = spent;
  return budget;
}

// Today and `past` days before, each hour as `usd` says of the hour and the weekday.
template <typename Usd>
std::vector<SpendDay> Days(int past, Usd usd) {
  std::vector<SpendDay> days;
  for (int i = 0; i <= past; ++i) {
    SpendDay day;
    day.start = kMidnight - i * kNanosPerDay;
    day.end = day.start + kNanosPerDay;
    day.weekday = ((3 - 1 - i) % 7 + 7) % 7 + 1;
    for (int hour = 0; hour < 24; ++hour) day.usd.push_back(usd(hour, day.weekday));
    days.push_back(std::move(day));
  }
  return days;
}

TEST(BudgetProjection, GoesByThePaceWithoutHistory) {
  struct Case {
    const char* what;
    double spent;
    double hours;
    Verdict verdict;
    std::optional<double> value;
  };
  const Case cases[] = {
      {"nothing spent", 0, 6, Verdict::kOk, 0},
      {"30 dollars at nine: 80 at midnight", 30, 9, Verdict::kBreach, 0.8},
      {"a little less, but too near to clear", 29, 9, Verdict::kHold, 29 / 9.0 * 24 / 100},
      {"71 at midnight", 26.5, 9, Verdict::kOk, 26.5 / 9 * 24 / 100},
      {"2 dollars after 5 minutes would be 576", 2, 1 / 12.0, Verdict::kOk, 0.02},
      {"50 dollars after 50 minutes", 50, 5 / 6.0, Verdict::kOk, 0.5},
      {"less than a tenth", 9.9, 2, Verdict::kOk, 0.099},
      {"over already", 130, 12, Verdict::kBreach, 2.6},
  };
  for (const Case& c : cases) {
    const Reading reading =
        JudgeBudgetProjection(ProjectionSpec(), DayBudget(c.spent), {},
                              kMidnight + static_cast<int64_t>(c.hours * kHourNs));
    EXPECT_EQ(reading.verdict, c.verdict) << c.what << ": " << reading.reason;
    EXPECT_NEAR(*reading.value, *c.value, 1e-9) << c.what;
    EXPECT_FALSE(reading.severity) << c.what << ": nobody is sure of it";
  }
}

TEST(BudgetProjection, ADayWhoseLightComesLateIsSeen) {
  // A tenth before nine, the rest after: 12 dollars at nine are 120 at midnight, and not 32.
  const auto days = Days(28, [](int hour, int) { return hour < 9 ? 10 / 9.0 : 90 / 15.0; });
  const Reading reading =
      JudgeBudgetProjection(ProjectionSpec(), DayBudget(12), days, kMidnight + 9 * kHourNs);
  EXPECT_EQ(reading.verdict, Verdict::kBreach);
  EXPECT_NEAR(*reading.value, 1.2, 1e-9);
  EXPECT_EQ(reading.severity, AlertSeverity::kPage) << "p10 is above the limit";
  EXPECT_EQ(reading.annotations.at("summary"),
            "budget daily: $12.00 of $100.00 spent, about $120.00 by the end of the day (120 % of "
            "the limit; $120.00 to $120.00, as the last 20 such days went; such forecasts were off "
            "by 0 % on average)");
  EXPECT_EQ(reading.labels, (Labels{{"budget", "daily"}, {"scope", "global"}}));
  // The same day, lit in the morning.
  const auto morning = Days(28, [](int hour, int) { return hour < 9 ? 10.0 : 0.1; });
  EXPECT_EQ(JudgeBudgetProjection(ProjectionSpec(), DayBudget(28), morning, kMidnight + 9 * kHourNs)
                .verdict,
            Verdict::kHold)
      << "28 of 91.5 dollars: the day is over, but its pace is 75";
}

TEST(BudgetProjection, MonthsGoByTheirWeekdays) {
  // 10 dollars on working days, 1 on others; the 18th, noon.
  const auto days = Days(35, [](int, int weekday) { return (weekday < 6 ? 10.0 : 1.0) / 24; });
  BudgetFigure budget = DayBudget(0);
  budget.id = "monthly";
  budget.window = "month";
  budget.window_start = kMidnight - 17 * kNanosPerDay;
  budget.window_end = kMidnight + 13 * kNanosPerDay;
  // November 2026 has 21 working days and 9 others: 219. Until the 18th: 12 and 5, and 5 of today... the
  // days() of the test have all of today.
  budget.spent_usd = 12 * 10 + 5 * 1 + 10;
  budget.limit_usd = 250;
  const Reading within =
      JudgeBudgetProjection(ProjectionSpec(), budget, days, kMidnight + 23 * kHourNs);
  EXPECT_EQ(within.verdict, Verdict::kBreach);
  EXPECT_NEAR(*within.value, (135 + 8 * 10 + 4 * 1) / 250.0, 0.01);
  EXPECT_THAT(within.annotations.at("summary"), HasSubstr("by the end of the month"));
  budget.limit_usd = 400;
  EXPECT_EQ(JudgeBudgetProjection(ProjectionSpec(), budget, days, kMidnight + 23 * kHourNs).verdict,
            Verdict::kOk);
  const Reading unknown =
      JudgeBudgetProjection(ProjectionSpec(), budget, {}, kMidnight + 23 * kHourNs);
  EXPECT_EQ(unknown.verdict, Verdict::kOk);
  EXPECT_EQ(unknown.reason, "how past days went is not known");
}

TEST(BudgetProjection, CountersAreSelectedByTheirFilter) {
  const auto filter = [](std::string scope, std::string match, std::string counter, bool each) {
    BudgetFigure budget;
    budget.scope = std::move(scope);
    budget.match = std::move(match);
    budget.counter = std::move(counter);
    budget.each = each;
    return BudgetFilterText(budget).value_or("(none)");
  };
  EXPECT_EQ(filter("global", "", "", false), "");
  EXPECT_EQ(filter("project", "", "", false), "");
  EXPECT_EQ(filter("feature", "*", "", false), "");
  EXPECT_EQ(filter("feature", "checkout", "", false), R"(feature = "checkout")");
  EXPECT_EQ(filter("feature", "check.out-*", "", false), R"(feature ~ "^check\\.out-.*$")");
  EXPECT_EQ(filter("user", "*", R"(a"b\c)", true), R"(user_id = "a\"b\\c")");
  EXPECT_EQ(filter("model", "gpt-*", "gpt-4o", true), R"(model = "gpt-4o")");
  EXPECT_EQ(filter("key", "*", "k1", true), "(none)") << "facts know no keys";
  for (const char* text : {R"(feature ~ "^check\\.out-.*$")", R"(user_id = "a\"b\\c")"}) {
    EXPECT_TRUE(ParseFilter(text).ok()) << text;
  }
}

class SpendRulesTest : public FiguresTestBase, public AlertHistory {
 protected:
  std::vector<ActiveInterval> Active(std::string_view, const Labels&, UnixNanos) const override {
    return {};
  }

  // One call of `usd` 20 minutes into each hour of [first, end).
  void Spend(int64_t first, int64_t end, double usd, std::string_view feature) {
    std::string sql =
        "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
        "kind, status, name, feature, model, role, counted, cost) VALUES ";
    for (int64_t hour = first; hour < end; ++hour) {
      const UnixNanos at = hour * kHourNs + 20 * kMinute;
      const int span = ++last_span_;
      sql += fmt::format(
          "(60, toDate({}), 'default', true, {}, unhex('{:032x}'), unhex('{:016x}'), 1, 'llm', "
          "'unset', 'call', '{}', 'm1', 'leaf', true, {}),",
          DayOf(at), at, span, span, feature, std::llround(usd * 1e9));
    }
    sql.pop_back();
    Run(sql);
  }

  std::vector<Reading> Evaluate(RuleEvaluator& rule, UnixNanos now, std::string project) {
    QueryContext query = Context();
    query.now = now;
    auto readings = rule.Evaluate({query, std::move(project), *this});
    EXPECT_TRUE(readings.ok()) << readings.status().ToString();
    return readings.ok() ? *std::move(readings) : std::vector<Reading>{};
  }
  Reading Anomaly(RuleEvaluator& rule, UnixNanos now) {
    const std::vector<Reading> readings = Evaluate(rule, now, "default");
    EXPECT_EQ(readings.size(), 1u);
    return readings.empty() ? Reading{} : readings[0];
  }

  StaticFigures figures_;
  const int64_t hour_ = kNow / kHourNs;
  const UnixNanos at_ = hour_ * kHourNs;
};
PITOT_FOR_EACH_STORE(SpendRulesTest);

TEST_P(SpendRulesTest, AnAnomalyFiresWhileItsHourRunsAndTheNext) {
  Spend(hour_ - 29 * 24, hour_ + 3, 4, "chat");
  Spend(hour_, hour_ + 1, 30, "agent");
  const RuleSet rules = SpendRules({}, figures_);
  RuleEvaluator& rule = *rules[1];
  ASSERT_EQ(rule.spec().id, "cost_anomaly");
  EXPECT_EQ(Anomaly(rule, at_ + 10 * kMinute).verdict, Verdict::kOk);
  const Reading found = Anomaly(rule, at_ + 21 * kMinute);
  EXPECT_EQ(found.verdict, Verdict::kBreach) << "before the hour is over";
  EXPECT_EQ(*found.value, 34);
  EXPECT_EQ(found.annotations.at("summary"),
            "$34.00 in the hour from 11:00 UTC where $4.00 is usual (8.5x); feature "
            "agent, model m1: $30.00, new (100 % of the rise)");
  EXPECT_EQ(found.exemplar_trace_ids.size(), 2u);
  EXPECT_TRUE(found.labels.empty()) << "one alert a project";
  EXPECT_EQ(Anomaly(rule, at_ + 90 * kMinute).verdict, Verdict::kBreach) << "the hour before";
  EXPECT_EQ(Anomaly(rule, at_ + 130 * kMinute).verdict, Verdict::kOk);
}

TEST_P(SpendRulesTest, ANewLevelIsUsualAfterADayOrWhenAcknowledged) {
  Spend(hour_ - 29 * 24, hour_ + 30, 4, "chat");
  Spend(hour_, hour_ + 30, 30, "agent");
  std::optional<UnixNanos> acknowledged;
  const RuleSet rules = SpendRules({}, figures_, [&](std::string_view) { return acknowledged; });
  RuleEvaluator& rule = *rules[1];
  for (const int hour : {0, 1, 12, 23}) {
    EXPECT_EQ(Anomaly(rule, at_ + hour * kHourNs + 30 * kMinute).verdict, Verdict::kBreach) << hour;
  }
  EXPECT_NE(Anomaly(rule, at_ + 25 * kHourNs + 30 * kMinute).verdict, Verdict::kBreach);
  // Back in time, as another process would see it: acknowledged in the second hour.
  EXPECT_EQ(Anomaly(rule, at_ + 70 * kMinute).verdict, Verdict::kBreach);
  acknowledged = at_ + 65 * kMinute;
  EXPECT_NE(Anomaly(rule, at_ + 85 * kMinute).verdict, Verdict::kBreach);
  acknowledged.reset();
  EXPECT_NE(Anomaly(rule, at_ + 100 * kMinute).verdict, Verdict::kBreach)
      << "the acknowledgement went with the alert; what it said holds";
}

TEST_P(SpendRulesTest, WithoutHistoryItLearns) {
  Spend(hour_ - 3, hour_ + 1, 50, "chat");
  const RuleSet rules = SpendRules({}, figures_);
  const Reading reading = Anomaly(*rules[1], kNow + 20 * kMinute);
  EXPECT_EQ(reading.verdict, Verdict::kLearning);
  EXPECT_FALSE(reading.reason.empty());
}

TEST_P(SpendRulesTest, BudgetsAreProjectedByWhatTheirCallsCost) {
  // Feature agent spends after noon only, 10 an hour.
  for (int day = 1; day <= 28; ++day) {
    const int64_t noon = (kMidnight - day * kNanosPerDay) / kHourNs + 12;
    Spend(noon - 1, noon, 1, "agent");
    Spend(noon, noon + 12, 10, "agent");
  }
  Spend(hour_ - 72, hour_, 3, "chat");
  BudgetFigure budget = DayBudget(12);
  budget.scope = "feature";
  budget.match = "agent*";
  BudgetFigure hourly = DayBudget(90);
  hourly.window = "hour";
  BudgetFigure users = DayBudget(90);
  users.id = "per-user";
  users.scope = "user";
  users.each = true;
  users.counter = "u1";
  BudgetFigure other_user = users;
  other_user.counter = "u2";
  other_user.spent_usd = 95;
  figures_.SetBudgets({budget, hourly, users, other_user});
  const RuleSet rules = SpendRules({}, figures_);
  RuleEvaluator& rule = *rules[0];
  EXPECT_TRUE(rule.spec().system);
  const std::vector<Reading> readings = Evaluate(rule, kMidnight + 12 * kHourNs, "");
  ASSERT_EQ(readings.size(), 2u) << "budgets of an hour are not projected";
  EXPECT_EQ(readings[0].labels.at("budget"), "daily");
  EXPECT_EQ(readings[0].verdict, Verdict::kBreach);
  EXPECT_NEAR(*readings[0].value, 12 * 121 / 100.0, 1e-9);
  EXPECT_EQ(readings[1].labels, (Labels{{"budget", "per-user"}, {"scope", "user"}}));
  EXPECT_NEAR(*readings[1].value, 1.9, 1e-9) << "the worse of two users";
  EXPECT_THAT(readings[1].annotations.at("summary"), HasSubstr("per-user of u2"));
  EXPECT_THAT(readings[1].annotations.at("description"), HasSubstr("2 counters"));
}

TEST(SpendRules, AreChangedByTheConfiguration) {
  AlertOptions options;
  options.rules["budget_projection"] = {.enabled = false, .threshold = 0.5};
  options.rules["cost_anomaly"].severity = AlertSeverity::kTicket;
  const StaticFigures figures;
  const RuleSet rules = SpendRules(options, figures);
  EXPECT_FALSE(SpecOf(rules, "budget_projection").enabled);
  EXPECT_EQ(SpecOf(rules, "budget_projection").threshold, 0.5);
  EXPECT_EQ(SpecOf(rules, "cost_anomaly").severity, AlertSeverity::kTicket);
  EXPECT_TRUE(SpecOf(rules, "cost_anomaly").enabled);
}

}  // namespace
}  // namespace pitot
