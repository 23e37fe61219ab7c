// Anomalies and their causes, and hours and days of spending, over rows of facts in both engines.
#include "query/figures/anomaly.h"

#include <gmock/gmock.h>

#include <cmath>

#include "query/figures/figures_test_util.h"
#include "query/figures/projection.h"
#include "query/figures/spend_hours.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

constexpr int64_t kHourNs = kSpendHourNs;

class AnomalyTest : public FiguresTestBase {
 protected:
  // One call of `usd` that ends `minutes` into each hour of [first, end).
  struct Spend {
    int64_t first = 0;
    int64_t end = 0;
    double usd = 0;
    std::string feature = "chat";
    std::string model = "m1";
    std::string project = "default";
    bool counted = true;
    int minutes = 20;
  };

  void Add(const std::vector<Spend>& spends) {
    std::string sql =
        "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
        "kind, status, name, feature, model, role, counted, cost) VALUES ";
    for (const Spend& spend : spends) {
      for (int64_t hour = spend.first; hour < spend.end; ++hour) {
        const UnixNanos end = hour * kHourNs + spend.minutes * kMinute;
        const int span = ++last_span_;
        sql += fmt::format(
            "(60, toDate({}), '{}', true, {}, unhex('{:032x}'), unhex('{:016x}'), 1, 'llm', "
            "'unset', 'call', '{}', '{}', 'leaf', {}, {}),",
            DayOf(end), spend.project, end, span, span, spend.feature, spend.model, spend.counted,
            std::llround(spend.usd * 1e9));
      }
    }
    sql.pop_back();
    Run(sql);
  }

  json::value Anomalies(int64_t hours, std::string_view filter = "") {
    return Json(AnomaliesJson(Context(), {.scope = Last(hours * kHour, filter)}));
  }

  static double At(const json::value& value, const char* name) {
    return value.at(name).to_number<double>();
  }

  const int64_t now_hour_ = kNow / kHourNs;  // 2026-11-18T11, a Wednesday.
};
PITOT_FOR_EACH_STORE(AnomalyTest);

TEST_P(AnomalyTest, HoursAreSummedWhereTheyEnd) {
  Add({{.first = now_hour_ - 3, .end = now_hour_ + 1, .usd = 1.5, .minutes = 1},
       {.first = now_hour_ - 2, .end = now_hour_ - 1, .usd = 0.25},
       {.first = now_hour_ - 2, .end = now_hour_ - 1, .usd = 9, .counted = false},
       {.first = now_hour_ - 2, .end = now_hour_ - 1, .usd = 9, .project = "other"},
       {.first = now_hour_, .end = now_hour_ + 1, .usd = 100, .minutes = 30}});  // Not yet.
  const auto hours = ReadSpendHours(Context(), Last(kHour), now_hour_ - 4);
  ASSERT_TRUE(hours.ok()) << hours.status().ToString();
  EXPECT_EQ(hours->usd, (std::vector<double>{0, 1.5, 1.75, 1.5, 1.5}));
  EXPECT_EQ(hours->end_hour(), now_hour_ + 1);
  Scope every = Last(kHour);
  every.every_project = true;
  EXPECT_EQ(ReadSpendHours(Context(), every, now_hour_ - 2)->usd[0], 10.75);
}

TEST_P(AnomalyTest, DaysAreOfATimeZone) {
  // 2026-10-25 has 25 hours in Berlin; the call ends in its last one, 22:20 UTC.
  constexpr int64_t kMidnight = 1'792'879'200 / 3'600;  // 2026-10-24T22:00Z
  clock_.Set((kMidnight + 30) * kHourNs);
  Add({{.first = kMidnight, .end = kMidnight + 1, .usd = 1},
       {.first = kMidnight + 24, .end = kMidnight + 25, .usd = 4},
       {.first = kMidnight - 1, .end = kMidnight, .usd = 16}});
  const auto days = ReadSpendDays(Context(), Last(kHour), "Europe/Berlin", 2);
  ASSERT_TRUE(days.ok()) << days.status().ToString();
  ASSERT_EQ(days->size(), 3u);
  const SpendDay& long_day = (*days)[1];
  EXPECT_EQ(long_day.date, "2026-10-25");
  EXPECT_EQ(long_day.weekday, 7);
  EXPECT_EQ(long_day.hours(), 25);
  EXPECT_EQ(long_day.whole(), 5);
  EXPECT_EQ(long_day.Until(0.5), 0.5) << "within an hour, evenly";
  EXPECT_EQ(long_day.Until(24), 1);
  EXPECT_EQ(long_day.Until(25), 5);
  EXPECT_EQ((*days)[2].whole(), 16);
  EXPECT_EQ((*days)[0].whole(), 0);
}

TEST_P(AnomalyTest, NothingSpentIsLearning) {
  const json::value answer = Anomalies(24);
  EXPECT_EQ(answer.at("state"), "learning");
  EXPECT_EQ(answer.at("hours_judged"), 0);
  EXPECT_EQ(answer.at("hours").as_array().size(), 25u);
  EXPECT_TRUE(answer.at("hours").at(0).at("usual_usd").is_null());
}

TEST_P(AnomalyTest, ARiseIsFoundWithWhatItIsOf) {
  // Four weeks of 10 dollars an hour in three groups; then one of them costs 12 times as much.
  const int64_t begin = now_hour_ - 28 * 24 - 5;
  Add({{.first = begin, .end = now_hour_ + 1, .usd = 4, .feature = "chat", .minutes = 3},
       {.first = begin, .end = now_hour_ + 1, .usd = 1, .feature = "search", .minutes = 4},
       {.first = begin, .end = now_hour_ - 2, .usd = 5, .feature = "agent", .model = "m2"},
       {.first = now_hour_ - 2, .end = now_hour_, .usd = 60, .feature = "agent", .model = "m2"},
       {.first = now_hour_ - 2, .end = now_hour_, .usd = 8, .feature = "brand new"},
       {.first = now_hour_ - 2, .end = now_hour_, .usd = 0.5, .feature = "new and small"},
       {.first = begin, .end = now_hour_, .usd = 7, .project = "other"}});
  const json::value answer = Anomalies(24);
  EXPECT_EQ(answer.at("state"), "anomaly");
  EXPECT_EQ(answer.at("hours_judged"), 25);
  ASSERT_EQ(answer.at("anomalies").as_array().size(), 1u) << answer.at("anomalies");
  const json::value& anomaly = answer.at("anomalies").at(0);
  EXPECT_EQ(anomaly.at("since"), "2026-11-18T09:00:00.000000000Z");
  EXPECT_EQ(anomaly.at("until"), "2026-11-18T11:00:00.000000000Z");
  EXPECT_EQ(anomaly.at("ongoing"), true);
  EXPECT_NEAR(At(anomaly, "spent_usd"), 147, 1e-9);
  EXPECT_NEAR(At(anomaly, "rise_usd"), 127, 1e-9);
  const json::value& worst = anomaly.at("worst");
  EXPECT_EQ(worst.at("baseline"), "same_hour_of_week");
  EXPECT_EQ(worst.at("compared_hours"), 4);
  EXPECT_NEAR(At(worst, "ratio"), 7.35, 1e-9);
  EXPECT_NEAR(At(worst, "z"), 63.5 / 0.5, 1e-9);
  const json::array& causes = anomaly.at("causes").as_array();
  ASSERT_EQ(causes.size(), 2u) << anomaly.at("causes");
  EXPECT_EQ(causes[0].at("key").at("feature"), "agent");
  EXPECT_EQ(causes[0].at("key").at("model"), "m2");
  EXPECT_NEAR(At(causes[0], "usual_usd"), 5, 1e-9);
  EXPECT_NEAR(At(causes[0], "share"), 55 / 63.5, 1e-9);
  EXPECT_EQ(causes[0].at("new"), false);
  EXPECT_EQ(causes[1].at("key").at("feature"), "brand new");
  EXPECT_EQ(causes[1].at("new"), true);
  EXPECT_TRUE(causes[1].at("z").is_null());

  // A filter judges what it selects only.
  EXPECT_EQ(Anomalies(24, "feature = chat").at("state"), "ok");
}

TEST_P(AnomalyTest, AnomaliesOfOneIncidentAreOne) {
  const int64_t begin = now_hour_ - 30 * 24;
  Add({{.first = begin, .end = now_hour_, .usd = 3, .minutes = 2},
       {.first = now_hour_ - 60, .end = now_hour_ - 58, .usd = 50},
       {.first = now_hour_ - 56, .end = now_hour_ - 55, .usd = 70},
       {.first = now_hour_ - 20, .end = now_hour_ - 19, .usd = 40}});
  const json::value answer = Anomalies(72);
  EXPECT_EQ(answer.at("state"), "ok") << "the last was 20 hours ago";
  const json::array& anomalies = answer.at("anomalies").as_array();
  ASSERT_EQ(anomalies.size(), 2u);
  EXPECT_NEAR(At(anomalies[0], "spent_usd"), 43, 1e-9) << "newest first";
  EXPECT_EQ(anomalies[0].at("ongoing"), false);
  EXPECT_NEAR(At(anomalies[1], "spent_usd"), 53 + 53 + 73, 1e-9);
  EXPECT_NEAR(At(anomalies[1].at("worst"), "spent_usd"), 73, 1e-9);
}

TEST_P(AnomalyTest, SaysWhatItDoesNotTake) {
  const auto error = [&](const AnomalyRequest& request) {
    return std::string(Message(AnomaliesJson(Context(), request).status()));
  };
  EXPECT_THAT(error({.scope = Last(kHour), .by = {"features"}}), HasSubstr("feature"));
  EXPECT_THAT(error({.scope = Last(kHour), .by = {"day"}}), HasSubstr("by hour already"));
  EXPECT_THAT(error({.scope = Last(40 * 24 * kHour)}), HasSubstr("at most 744"));
}

TEST_P(AnomalyTest, TheMonthIsForecast) {
  // Since October 1st a dollar an hour; it is the 18th, 11:06.
  Add({{.first = (kNow - 48 * kNanosPerDay) / kHourNs,
        .end = now_hour_ + 1,
        .usd = 1,
        .minutes = 1}});
  const json::value answer = Json(
      ForecastJson(Context(), {.scope = Last(kHour), .budget_usd = 25, .month_budget_usd = 800}));
  const json::value& day = answer.at("day");
  EXPECT_EQ(day.at("day"), "2026-11-18");
  EXPECT_NEAR(At(day, "spent_usd"), 12, 1e-9);
  EXPECT_NEAR(At(day.at("seasonal"), "p50_usd"), 24, 1e-9);
  EXPECT_NEAR(At(day, "mape"), 0, 1e-9);
  const json::value& budget = day.at("budget");
  // 12 in 11.11 hours: the linear figure is larger.
  EXPECT_EQ(budget.at("method"), "linear");
  EXPECT_NEAR(At(budget, "projected_usd"), 12 / (11 + 400 / 3600.0) * 24, 1e-9);
  EXPECT_EQ(budget.at("verdict"), "over");
  const json::value& month = answer.at("month");
  EXPECT_EQ(month.at("month"), "2026-11");
  EXPECT_EQ(month.at("days"), 30);
  EXPECT_EQ(month.at("days_left"), 12);
  EXPECT_NEAR(At(month, "spent_usd"), 17 * 24 + 12, 1e-9);
  EXPECT_NEAR(At(month, "projected_usd"), 30 * 24, 0.5);
  EXPECT_NEAR(At(month, "trend"), 1, 1e-9);
  EXPECT_LT(At(month, "mape"), 0.02) << "but for the first day, which was not whole";
  EXPECT_EQ(month.at("budget").at("verdict"), "over");
  EXPECT_EQ(month.at("budget").at("method"), "weekdays");

  const json::value none =
      Json(ForecastJson(Context(), {.scope = Last(kHour, "feature = nothing"), .budget_usd = 5}));
  EXPECT_TRUE(none.at("month").at("projected_usd").is_null());
  EXPECT_EQ(none.at("month").at("gated"), "too early: 0 past days, 7 are needed");
  EXPECT_TRUE(none.at("month").at("budget").is_null());
  EXPECT_EQ(none.at("day").at("budget").at("verdict"), "too_early");
  EXPECT_FALSE(ForecastJson(Context(), {.scope = Last(kHour), .timezone = "Europe/Brelin"}).ok());
}

}  // namespace
}  // namespace pitot
