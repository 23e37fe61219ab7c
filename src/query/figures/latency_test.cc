#include "query/figures/latency.h"

#include <gmock/gmock.h>

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

class LatencyTest : public FiguresTestBase {
 protected:
  json::value Latency(LatencyRequest request) { return Json(ReadLatency(Context(), request)); }

  // "p50 p90 p95 p99 max" of an object, in milliseconds.
  static std::string Shape(const json::value& of) {
    std::string text;
    for (const char* field : {"p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"}) {
      text += (text.empty() ? "" : " ") + Number(of.at(field));
    }
    return text;
  }
  static std::string Number(const json::value& value) {
    return value.is_null() ? "null" : fmt::format("{}", value.to_number<double>());
  }
  // "key=count" of all groups.
  static std::string Groups(const json::value& answer) {
    std::string text;
    for (const json::value& group : answer.at("groups").as_array()) {
      std::string key;
      for (const auto& [name, value] : group.at("key").as_object()) {
        key += (key.empty() ? "" : "/") + std::string(value.as_string());
      }
      text += fmt::format("{}{}={}", text.empty() ? "" : " ", key,
                          group.at("count").to_number<int64_t>());
    }
    return text;
  }
};

TEST_P(LatencyTest, NearestRanksOfEachCallOnce) {
  std::vector<TestFact> facts;
  for (int i = 1; i <= 10; ++i) {
    facts.push_back({.end_ns = kNow - i * kMinute, .duration_ns = i * kMs});
  }
  facts[3].status = "error";
  facts.push_back({.end_ns = kNow - 5 * kMinute, .duration_ns = 7 * kMs, .model = "m2"});
  const TestFact outlier{.end_ns = kNow - 5 * kMinute, .duration_ns = 9000 * kMs};
  const auto add = [&](auto change) {
    facts.push_back(outlier);
    change(facts.back());
  };
  add([](TestFact& f) { f.status = "running"; });
  add([](TestFact& f) { f.role = "wrapper"; });
  add([](TestFact& f) { f.role = "duplicate"; });
  add([](TestFact& f) { f.role = "inner"; });
  add([](TestFact& f) { f.kind = "tool"; });
  add([](TestFact& f) { f.kind = "embedding"; });
  add([](TestFact& f) { f.end_ns = kNow; });  // until is outside,
  // Before since, too; of a model of its own, whose baseline it is.
  add([](TestFact& f) {
    f.end_ns = kNow - kHour - 1;
    f.model = "m9";
  });
  Add(facts);
  Add({{.end_ns = kNow - kHour, .duration_ns = 3 * kMs, .model = "m3", .span = 900},
       {.end_ns = kNow - 2 * kMinute, .duration_ns = 9 * kMs, .model = "gone", .span = 901}});
  Add({{.end_ns = kNow - kHour, .duration_ns = 4 * kMs, .model = "m3", .span = 900, .rev = 2},
       {.end_ns = kNow - 2 * kMinute, .model = "gone", .span = 901, .rev = 2, .is_deleted = true}});

  const json::value answer = Latency({.scope = Last(kHour), .by = {"model"}});
  EXPECT_EQ(answer.at("window").at("since").as_string(), "2026-11-18T10:06:40.000000000Z");
  EXPECT_EQ(answer.at("of").as_string(), "llm calls");
  EXPECT_EQ(Groups(answer), "m1=10 m2=1 m3=1") << "most calls first, then by name";
  const json::value& m1 = answer.at("groups").at(0);
  EXPECT_EQ(Shape(m1), "5 9 10 10 10");
  EXPECT_EQ(m1.at("errors").to_number<int>(), 1);
  EXPECT_EQ(m1.at("quantiles").as_string(), "exact");
  EXPECT_TRUE(m1.at("low_n").as_bool());
  EXPECT_EQ(m1.at("baseline").as_string(), "learning") << answer;
  EXPECT_TRUE(m1.at("baseline_p99_ms").is_null());
  EXPECT_TRUE(m1.at("ratio").is_null());
  EXPECT_EQ(Shape(answer.at("groups").at(1)), "7 7 7 7 7") << "one call is all percentiles";
  EXPECT_EQ(Shape(answer.at("groups").at(2)), "4 4 4 4 4") << "the newest row of a span counts";
  EXPECT_EQ(answer.at("groups_total").to_number<int>(), 3);
  EXPECT_EQ(answer.at("total").at("count").to_number<int>(), 12);
  EXPECT_EQ(Shape(answer.at("total")), "5 9 10 10 10");

  const json::value first = Latency({.scope = Last(kHour), .by = {"model"}, .limit = 1});
  EXPECT_EQ(Groups(first), "m1=10");
  EXPECT_EQ(first.at("groups_total").to_number<int>(), 3);
  EXPECT_EQ(first.at("total"), answer.at("total")) << "limit cuts the list, not the total";

  const json::value one = Latency({.scope = Last(kHour)});
  EXPECT_EQ(one.at("groups").as_array().size(), 0u);
  EXPECT_EQ(one.at("groups_total").to_number<int>(), 0);
  EXPECT_EQ(one.at("total"), answer.at("total"));

  const json::value some = Latency({.scope = Last(kHour, "model = m2"), .by = {"model"}});
  EXPECT_EQ(Groups(some), "m2=1");

  const json::value none = Latency({.scope = Last(kHour, "model = m9"), .by = {"model"}});
  EXPECT_EQ(Groups(none), "");
  EXPECT_EQ(none.at("total").at("count").to_number<int>(), 0);
  EXPECT_EQ(Shape(none.at("total")), "null null null null null");
  EXPECT_TRUE(none.at("total").at("tokens_per_second").is_null());
  EXPECT_TRUE(none.at("total").at("low_n").as_bool());
}

TEST_P(LatencyTest, KindsAreEachTheirOwn) {
  std::vector<TestFact> facts;
  int ms = 0;
  for (const char* kind : {"llm", "embedding", "reranker", "tool", "agent", "chain"}) {
    const bool is_call = std::string_view("llm embedding reranker").find(kind) != std::string::npos;
    facts.push_back({.end_ns = kNow - kMinute,
                     .duration_ns = ++ms * kMs,
                     .kind = kind,
                     .role = is_call ? "leaf" : ""});
  }
  facts.push_back(
      {.end_ns = kNow - kMinute, .duration_ns = 50 * kMs, .kind = "tool", .role = "inner"});
  facts.push_back({.end_ns = kNow - kMinute, .duration_ns = 60 * kMs, .role = "wrapper"});
  facts.push_back({.end_ns = kNow - kMinute, .duration_ns = 70 * kMs, .status = "running"});
  Add(facts);
  const auto check = [&](const char* kind, const char* of, int count, const char* max) {
    const json::value answer = Latency({.scope = Last(kHour), .kind = kind});
    EXPECT_EQ(answer.at("of").as_string(), of);
    EXPECT_EQ(answer.at("total").at("count").to_number<int>(), count) << kind;
    EXPECT_EQ(Number(answer.at("total").at("max_ms")), max) << kind;
  };
  check("llm", "llm calls", 1, "1");
  check("embedding", "embedding calls", 1, "2");
  check("reranker", "reranker calls", 1, "3");
  check("tool", "tool calls", 1, "4");
  check("agent", "agent spans", 1, "5");
  check("retriever", "retriever spans", 0, "null");
  check("any", "spans", 8, "60");

  const auto bad = [&](LatencyRequest request, const char* words) {
    request.scope = Last(kHour);
    const auto answer = ReadLatency(Context(), request);
    ASSERT_FALSE(answer.ok()) << words;
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(words));
  };
  bad({.kind = "tol"}, "kind \"tol\" is none (did you mean \"tool\"?)");
  bad({.kind = "llm' OR 1"}, "kinds are span, agent, llm");
  bad({.by = {"modle"}}, "did you mean \"model\"?");
  bad({.by = {"day"}, .timezone = "Europe/Berlim"}, "Europe/Berlin");
}

TEST_P(LatencyTest, FirstTokensAndSpeed) {
  const int64_t s = kNanosPerSecond;
  Add({
      // 100 tokens in the 1 s behind the first.
      {.end_ns = kNow - kMinute,
       .duration_ns = 2 * s,
       .ttft_ns = s,
       .streaming = true,
       .output_tokens = 60,
       .reasoning_tokens = 40},
      // Not streamed: over the whole 2 s, although a first moment is known.
      {.end_ns = kNow - kMinute, .duration_ns = 2 * s, .ttft_ns = s, .output_tokens = 100},
      // Less than 50 ms remain: over the whole.
      {.end_ns = kNow - kMinute,
       .duration_ns = s,
       .ttft_ns = s - 49 * kMs,
       .streaming = true,
       .output_tokens = 10},
      // No tokens, no duration, no model call: no speed.
      {.end_ns = kNow - kMinute, .duration_ns = s},
      {.end_ns = kNow - kMinute, .duration_ns = 0, .output_tokens = 100},
  });
  const json::value total = Latency({.scope = Last(kHour)}).at("total");
  EXPECT_EQ(total.at("count").to_number<int>(), 5);
  EXPECT_EQ(total.at("ttft_count").to_number<int>(), 3);
  EXPECT_EQ(Number(total.at("ttft_p50_ms")), "1000");
  EXPECT_EQ(Number(total.at("ttft_p99_ms")), "1000");
  EXPECT_EQ(Number(total.at("tokens_per_second")), "50") << "the median of 10, 50, 100";
}

TEST_P(LatencyTest, ManyValuesAreSketched) {
  const auto generate = [&](int count, const char* model) {
    Run(fmt::format(
        "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
        "duration_ns, kind, status, model, role, counted) SELECT 30, toDate({}), 'default', 1, {}, "
        "unhex(leftPad(hex({}), 32, '0')), unhex(leftPad(hex(number), 16, '0')), 1, "
        "(number + 1) * 1000000, 'llm', 'unset', '{}', 'leaf', 1 FROM numbers({})",
        DayOf(kNow), kNow - kMinute, count, model, count));
  };
  generate(10'000, "exact");
  generate(10'001, "sketch");
  const json::value answer = Latency({.scope = Last(kHour), .by = {"model"}});
  EXPECT_EQ(Groups(answer), "sketch=10001 exact=10000");
  const json::value& sketch = answer.at("groups").at(0);
  EXPECT_EQ(sketch.at("quantiles").as_string(), "sketch");
  EXPECT_FALSE(sketch.at("low_n").as_bool());
  EXPECT_NEAR(sketch.at("p50_ms").to_number<double>(), 5001, 0.011 * 5001);
  EXPECT_NEAR(sketch.at("p99_ms").to_number<double>(), 9901, 0.011 * 9901);
  EXPECT_EQ(Number(sketch.at("max_ms")), "10001");
  const json::value& exact = answer.at("groups").at(1);
  EXPECT_EQ(exact.at("quantiles").as_string(), "exact");
  EXPECT_EQ(Shape(exact), "5000 9000 9500 9900 10000");
}

// A call of `ms` that ended `before_ns` before the hour in which the window of the tests begins.
TestFact Earlier(int64_t before_ns, int64_t ms, const char* model = "m1") {
  constexpr UnixNanos kHourOfWindow = 1'794'996'000'000'000'000;  // 2026-11-18T10:00:00Z
  return {.end_ns = kHourOfWindow - before_ns, .duration_ns = ms * kNanosPerMilli, .model = model};
}

TEST_P(LatencyTest, BaselineIsTheSameHourOfSevenDays) {
  const int64_t day = kNanosPerDay;
  Add({
      {.end_ns = kNow - kMinute, .duration_ns = 900 * kMs},
      // Three 5-minute intervals of the same hour: p99s of 100, 300 and 200 ms.
      Earlier(day, 100),
      Earlier(day - 1, 90),
      Earlier(day - 4 * kMinute, 20),
      Earlier(2 * day - 5 * kMinute, 300),
      Earlier(7 * day - kHour + 1, 200),
      // The hours around, the eighth day, and today's own hour are not of it.
      Earlier(day + 1, 5000),
      Earlier(day - kHour, 5000),
      Earlier(8 * day, 5000),
      Earlier(0, 5000),
      // No call in the same hour of any day, but within 24 hours before the window: 40, 50.
      {.end_ns = kNow - 2 * kMinute, .duration_ns = 80 * kMs, .model = "m2"},
      Earlier(3 * kHour, 40, "m2"),
      Earlier(4 * kHour, 50, "m2"),
      // Nothing at all.
      {.end_ns = kNow - 2 * kMinute, .duration_ns = 80 * kMs, .model = "m3"},
      Earlier(30 * kHour, 10, "m3"),
  });
  const json::value answer = Latency({.scope = Last(kHour), .by = {"model"}});
  EXPECT_EQ(Groups(answer), "m1=1 m2=1 m3=1");
  const auto check = [&](const json::value& of, const char* baseline, const char* ratio,
                         int intervals) {
    EXPECT_EQ(Number(of.at("baseline_p99_ms")), baseline) << of;
    EXPECT_EQ(Number(of.at("ratio")), ratio) << of;
    EXPECT_EQ(of.at("baseline_intervals").to_number<int>(), intervals) << of;
    EXPECT_EQ(of.at("baseline").as_string(), intervals > 0 ? "ok" : "learning") << of;
  };
  check(answer.at("groups").at(0), "200", "4.5", 3);
  check(answer.at("groups").at(1), "40", "2", 2);
  check(answer.at("groups").at(2), "null", "null", 0);
  check(answer.at("total"), "200", "4.5", 3);

  // Each bucket of time is compared with its group's baseline; the filter holds for it, too.
  const json::value hours =
      Latency({.scope = Last(kHour, "model != m3"), .by = {"model", "hour"}, .limit = 1});
  EXPECT_EQ(Groups(hours), "m1/2026-11-18T11:00:00+00:00=1");
  check(hours.at("groups").at(0), "200", "4.5", 3);
  const json::value by_hour = Latency({.scope = Last(kHour), .by = {"hour"}});
  check(by_hour.at("groups").at(0), "200", "4.5", 3);
}

TEST_P(LatencyTest, DaysOfATimeZoneMayHave25Hours) {
  // 2026-10-25 in Berlin lasts from 22:00Z of the day before to 23:00Z.
  const UnixNanos begin = 1'792'879'200'000'000'000;
  Add({{.end_ns = begin - 1},
       {.end_ns = begin},
       {.end_ns = begin + 25 * kHour - 1},
       {.end_ns = begin + 25 * kHour}});
  Scope scope = Last(kHour);
  scope.window = {begin - kHour, begin + 26 * kHour};
  const json::value answer = Latency({.scope = scope, .by = {"day"}, .timezone = "Europe/Berlin"});
  EXPECT_EQ(Groups(answer), "2026-10-24=1 2026-10-25=2 2026-10-26=1");
}

PITOT_FOR_EACH_STORE(LatencyTest);

}  // namespace
}  // namespace pitot
