#include "query/series/series.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>

#include "query/figures/figures_test_util.h"
#include "query/series/measures.h"
#include "query/series/steps.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SeriesTest : public FiguresTestBase {
 protected:
  json::value Series(const SeriesRequest& request) { return Json(ReadSeries(Context(), request)); }

  // The values of one measure of the group with that rank.
  static json::value Values(const json::value& answer, size_t group, std::string_view measure) {
    return answer.at("groups").at(group).at("values").at(measure);
  }
};

// What the figures mean, over plain rows.
bool IsModelKind(const TestFact& fact) {
  return fact.kind == "llm" || fact.kind == "embedding" || fact.kind == "reranker";
}
bool IsCall(const TestFact& fact) {
  return IsModelKind(fact) && (fact.role.empty() || fact.role == "leaf") &&
         fact.status != "running";
}
bool IsToolCall(const TestFact& fact) {
  return fact.kind == "tool" && fact.role != "inner" && fact.status != "running";
}
bool IsOfKind(const TestFact& fact, std::string_view kind) {
  if (kind == "llm") return fact.kind == "llm" && IsCall(fact);
  if (kind == "tool") return IsToolCall(fact);
  return fact.status != "running";
}
bool IsCounted(const TestFact& fact) { return fact.role == "leaf"; }

std::optional<double> Percentile(std::vector<double> values, int permille) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  const size_t rank = (static_cast<size_t>(permille) * values.size() + 999) / 1000;
  return values[std::max<size_t>(1, rank) - 1];
}

// One cell: all measures over the rows of a group that ended in a step.
std::optional<double> Plain(std::string_view measure, std::string_view kind,
                            const std::vector<TestFact>& rows) {
  const auto sum = [&](auto&& of) {
    double total = 0;
    for (const TestFact& row : rows) total += static_cast<double>(of(row));
    return total;
  };
  const auto counted = [&](auto&& of) {
    return sum([&](const TestFact& row) { return IsCounted(row) ? of(row) : 0; });
  };
  const auto percentile = [&](int permille, auto&& has, auto&& of) {
    std::vector<double> values;
    for (const TestFact& row : rows) {
      if (has(row)) values.push_back(of(row));
    }
    return Percentile(std::move(values), permille);
  };
  const auto own = [&](const TestFact& row) { return IsOfKind(row, kind); };
  if (measure == "traces") {
    std::set<int> traces;
    for (const TestFact& row : rows) {
      if (own(row)) traces.insert(row.trace);
    }
    return traces.size();
  }
  if (measure == "spans") return sum(own);
  if (measure == "errors") return sum([&](auto& row) { return own(row) && row.status == "error"; });
  if (measure == "calls") return sum(kind == "tool" ? IsToolCall : IsCall);
  if (measure == "cost_usd") {
    const double known = counted([](auto& row) { return int64_t{row.cost.has_value()}; });
    const double unpriced = counted([](auto& row) { return int64_t{row.unpriced}; });
    if (known == 0 && unpriced > 0) return std::nullopt;
    return counted([](auto& row) { return row.cost.value_or(0); }) / 1e9;
  }
  if (measure == "unpriced_calls") return counted([](auto& row) { return int64_t{row.unpriced}; });
  if (measure == "input_tokens") {
    return counted([](auto& row) { return row.input_tokens + row.cache_read_tokens; });
  }
  if (measure == "output_tokens") {
    return counted([](auto& row) { return row.output_tokens + row.reasoning_tokens; });
  }
  if (measure == "cache_read_tokens") {
    return counted([](auto& row) { return row.cache_read_tokens; });
  }
  if (measure == "length") {
    return sum([](auto& row) {
      return row.kind == "llm" && IsCall(row) && row.finish_reason == "length";
    });
  }
  if (measure == "retries") {
    return sum([](auto& row) { return IsToolCall(row) ? row.retry_count : 0; });
  }
  if (measure.starts_with("ttft_")) {
    return percentile(
        measure == "ttft_p50_ms" ? 500 : 990,
        [&](auto& row) { return own(row) && row.ttft_ns.has_value(); },
        [](auto& row) { return static_cast<double>(*row.ttft_ns) / 1e6; });
  }
  if (measure == "tokens_per_second") {
    return percentile(
        500,
        [](auto& row) {
          return row.kind == "llm" && IsCall(row) && row.duration_ns > 0 &&
                 row.output_tokens + row.reasoning_tokens > 0;
        },
        [](auto& row) {
          const int64_t after = row.duration_ns - row.ttft_ns.value_or(0);
          const bool streamed = row.streaming && row.ttft_ns && after >= 50 * kNanosPerMilli;
          return static_cast<double>(row.output_tokens + row.reasoning_tokens) * 1e9 /
                 static_cast<double>(streamed ? after : row.duration_ns);
        });
  }
  const std::map<std::string_view, int> levels = {
      {"p50_ms", 500}, {"p90_ms", 900}, {"p95_ms", 950}, {"p99_ms", 990}};
  return percentile(levels.at(measure), own,
                    [](auto& row) { return static_cast<double>(row.duration_ns) / 1e6; });
}

// Whether a measure counts the row at all: groups consist of such rows.
bool Counts(std::string_view measure, std::string_view kind, const TestFact& row) {
  if (measure == "cost_usd") return IsCounted(row);
  const std::optional<double> value = Plain(measure, kind, {row});
  return measure.ends_with("_ms") ? value.has_value() : value.value_or(0) != 0;
}

std::vector<TestFact> RandomFacts(std::mt19937& random, size_t count, UnixNanos now,
                                  int64_t width) {
  const auto pick = [&](std::vector<std::string> from) { return from[random() % from.size()]; };
  std::vector<TestFact> facts;
  for (size_t i = 0; i < count; ++i) {
    TestFact fact;
    fact.end_ns = now - 1 - static_cast<int64_t>(random()) * 1000 % width;
    fact.duration_ns = static_cast<int64_t>(random() % 5'000'000'000);
    fact.kind = pick({"llm", "llm", "tool", "agent", "embedding"});
    fact.role = IsModelKind(fact) ? pick({"leaf", "leaf", "wrapper", ""}) : pick({"", "inner"});
    fact.status = pick({"unset", "ok", "error", "running"});
    fact.model = pick({"m1", "m2", "m3", "M1", "ö\"x", ""});
    fact.feature = pick({"checkout", "search", ""});
    fact.trace = 1 + static_cast<int>(random() % 40);
    fact.span = static_cast<int>(i) + 1;
    fact.retry_count = static_cast<int64_t>(random() % 3);
    fact.finish_reason = pick({"stop", "length", ""});
    fact.streaming = random() % 2 == 0;
    if (random() % 2 == 0) fact.ttft_ns = fact.duration_ns / 3;
    fact.output_tokens = static_cast<int64_t>(random() % 1000);
    fact.reasoning_tokens = static_cast<int64_t>(random() % 3) * 100;
    fact.input_tokens = static_cast<int64_t>(random() % 10'000);
    fact.cache_read_tokens = static_cast<int64_t>(random() % 2) * 5000;
    if (random() % 3 != 0) fact.cost = static_cast<int64_t>(random() % 2'000'000'000);
    fact.unpriced = !fact.cost && random() % 2 == 0;
    facts.push_back(std::move(fact));
  }
  return facts;
}

std::vector<std::string> KeyOf(const TestFact& fact, const std::vector<std::string>& by) {
  std::vector<std::string> key;
  for (const std::string& name : by) key.push_back(name == "model" ? fact.model : fact.feature);
  return key;
}

// Every cell of every group that the answer shows, and that it shows the right groups.
void CheckAgainstPlain(const json::value& answer, const SeriesRequest& request,
                       const std::vector<TestFact>& facts) {
  const Steps steps = StepsOf(request.scope.window, request.points);
  ASSERT_EQ(answer.at("starts").as_array().size(), steps.count);
  std::map<std::vector<std::string>, std::vector<TestFact>> groups;
  for (const TestFact& fact : facts) {
    if (request.kind != "any" && !IsOfKind(fact, request.kind)) continue;
    if (std::ranges::any_of(request.measures, [&](const std::string& measure) {
          return Counts(measure, request.kind, fact);
        })) {
      groups[KeyOf(fact, request.by)].push_back(fact);
    }
  }
  if (request.by.empty()) groups.try_emplace({});
  // By the first measure, which adds up.
  std::vector<std::pair<double, std::vector<std::string>>> ranks;
  for (const auto& [key, rows] : groups) {
    double rank = 0;
    for (const TestFact& row : rows) {
      rank += Plain(request.measures[0], request.kind, {row}).value_or(0);
    }
    ranks.emplace_back(rank, key);
  }
  std::ranges::stable_sort(ranks, [](const auto& a, const auto& b) { return a.first > b.first; });
  const size_t shown = std::min(ranks.size(), static_cast<size_t>(request.groups));
  ASSERT_EQ(answer.at("groups").as_array().size(), shown + (ranks.size() > shown));
  for (size_t i = 0; i < answer.at("groups").as_array().size(); ++i) {
    const json::value& group = answer.at("groups").at(i);
    std::vector<TestFact> rows;
    for (size_t j = i; j < (i < shown ? i + 1 : ranks.size()); ++j) {
      std::ranges::copy(groups[ranks[j].second], std::back_inserter(rows));
    }
    ASSERT_EQ(group.at("other").as_bool(), i == shown);
    for (size_t k = 0; k < request.by.size(); ++k) {
      const json::value want = i < shown ? json::value(ranks[i].second[k]) : json::value();
      ASSERT_EQ(group.at("key").at(request.by[k]), want) << "group " << i;
    }
    for (const std::string& measure : request.measures) {
      for (size_t step = 0; step < steps.count; ++step) {
        std::vector<TestFact> cell;
        std::ranges::copy_if(rows, std::back_inserter(cell), [&](const TestFact& row) {
          return row.end_ns >= std::max(steps.StartOf(step), request.scope.window.since_ns) &&
                 row.end_ns < std::min(steps.StartOf(step + 1), request.scope.window.until_ns);
        });
        const std::optional<double> want = Plain(measure, request.kind, cell);
        const json::value& got = group.at("values").at(measure).at(step);
        ASSERT_EQ(got.is_null(), !want) << measure << " of group " << i << ", step " << step;
        if (want) {
          ASSERT_NEAR(got.to_number<double>(), *want, std::abs(*want) * 1e-12 + 1e-9)
              << measure << " of group " << i << ", step " << step;
        }
      }
    }
  }
}

TEST_P(SeriesTest, IsWhatAPlainComputationGives) {
  std::mt19937 random(11);
  const int64_t width = 5 * kHour;
  const std::vector<TestFact> facts = RandomFacts(random, 1500, kNow, width);
  Add(facts);
  std::vector<std::string> all;
  for (const Measure& measure : Measures()) all.emplace_back(measure.name);
  const auto starting_with = [&](std::string first) {
    std::vector<std::string> measures = all;
    std::erase(measures, first);
    measures.insert(measures.begin(), std::move(first));
    return measures;
  };
  const SeriesRequest requests[] = {
      {.measures = starting_with("spans")},
      {.kind = "llm", .points = 2, .measures = starting_with("calls")},
      {.kind = "tool", .by = {"feature"}, .measures = starting_with("retries")},
      {.by = {"model"}, .groups = 3, .points = 7, .measures = starting_with("output_tokens")},
      {.kind = "llm", .by = {"model", "feature"}, .groups = 5, .measures = starting_with("errors")},
      {.by = {"feature", "model"}, .groups = 50, .points = 1000, .measures = {"cost_usd"}},
      {.by = {"model"}, .groups = 2, .measures = {"input_tokens", "unpriced_calls", "length"}},
  };
  for (SeriesRequest request : requests) {
    SCOPED_TRACE(fmt::format("kind {}, {} groups, {} points, {} first", request.kind,
                             request.groups, request.points, request.measures[0]));
    request.scope = Last(width);
    CheckAgainstPlain(Series(request), request, facts);
  }
}

TEST_P(SeriesTest, CountsWhatEndedWithinTheWindowOnly) {
  // Steps begin before the window and end after it; what lies there does not count.
  const UnixNanos since = kNow - 90 * kNanosPerSecond;
  Add({{.end_ns = since - 1}, {.end_ns = since}, {.end_ns = kNow - 1}, {.end_ns = kNow}});
  const json::value answer =
      Series({.scope = Last(90 * kNanosPerSecond), .points = 4, .measures = {"spans"}});
  EXPECT_EQ(answer.at("step_s"), 30);
  EXPECT_EQ(answer.at("of").as_string(), "spans");
  EXPECT_EQ(answer.at("starts"), json::parse(R"(["2026-11-18T11:05:00.000000000Z",)"
                                             R"("2026-11-18T11:05:30.000000000Z",)"
                                             R"("2026-11-18T11:06:00.000000000Z",)"
                                             R"("2026-11-18T11:06:30.000000000Z"])"));
  EXPECT_EQ(Values(answer, 0, "spans"), json::parse("[1,0,0,1]"));
}

TEST_P(SeriesTest, FollowsTheFilterAndTheProject) {
  Add({{.end_ns = kNow - 1, .status = "error", .model = "m1"},
       {.end_ns = kNow - 1, .model = "m2"},
       {.end_ns = kNow - 1, .model = "m2", .rev = 2, .is_deleted = true}});
  const json::value answer = Series(
      {.scope = Last(kMinute, "model = m1"), .by = {"model"}, .points = 2, .measures = {"spans"}});
  EXPECT_EQ(answer.at("groups").as_array().size(), 1u);
  EXPECT_EQ(answer.at("groups").at(0).at("key"), json::parse(R"({"model":"m1"})"));
  SeriesRequest other{.scope = Last(kMinute), .points = 2};
  other.scope.project = "shop";
  EXPECT_EQ(Values(Series(other), 0, "spans"), json::parse("[0,0]"));
}

TEST_P(SeriesTest, AnEmptyWindowHasItsStepsAndNoGroups) {
  const SeriesRequest request{
      .scope = Last(kMinute), .points = 2, .measures = {"calls", "cost_usd", "p99_ms"}};
  const json::value answer = Series(request);
  EXPECT_EQ(answer.at("groups").as_array().size(), 1u);
  EXPECT_EQ(answer.at("groups").at(0),
            json::parse(R"({"key":{},"other":false,"values":{"calls":[0,0],"cost_usd":[0,0],)"
                        R"("p99_ms":[null,null]}})"));
  SeriesRequest grouped = request;
  grouped.by = {"model"};
  EXPECT_EQ(Series(grouped).at("groups"), json::parse("[]"));
}

TEST_P(SeriesTest, ManyValuesOfOneStepBecomeASketch) {
  Run(fmt::format(
      "INSERT INTO facts (keep_days, day, project, is_call, end_ns, trace_id, span_id, rev, "
      "is_deleted, duration_ns, kind, status, name, model, role, counted) SELECT 30, toDate({}), "
      "'default', 1, {}, unhex(leftPad(hex(number), 32, '0')), unhex(leftPad(hex(number), 16, "
      "'0')), 1, 0, (number + 1) * 1000000, 'llm', 'ok', 'n', 'm', 'leaf', 1 FROM numbers(20000)",
      DayOf(kNow - 1), kNow - 1));
  const json::value answer = Series({.scope = Last(kMinute),
                                     .kind = "llm",
                                     .points = 2,
                                     .measures = {"p50_ms", "p99_ms", "traces"}});
  EXPECT_NEAR(Values(answer, 0, "p50_ms").at(1).to_number<double>(), 10'000, 100);
  EXPECT_NEAR(Values(answer, 0, "p99_ms").at(1).to_number<double>(), 19'800, 198);
  EXPECT_NEAR(Values(answer, 0, "traces").at(1).to_number<double>(), 20'000, 200);
}

TEST_P(SeriesTest, RefusesInWords) {
  const auto bad = [&](SeriesRequest request, const char* words) {
    request.scope = Last(kHour);
    const auto answer = ReadSeries(Context(), request);
    ASSERT_FALSE(answer.ok()) << words;
    EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(words));
  };
  bad({.kind = "llms"}, "did you mean \"llm\"?");
  bad({.by = {"modell"}}, "did you mean \"model\"?");
  bad({.by = {"model", "feature", "agent"}}, "at most 2");
  bad({.by = {"model", "model"}}, "twice");
  bad({.by = {"hour"}}, "a series has its steps of time already");
  bad({.groups = 0}, "groups 0 is not between 1 and 50");
  bad({.groups = 51}, "groups 51");
  bad({.points = 1}, "points 1 is not between 2 and 1000");
  bad({.points = 1'000'000}, "points 1000000");
  bad({.measures = {"p99_mss"}}, "did you mean \"p99_ms\"?");
  bad({.measures = {"cost"}}, "measures: there is no \"cost\"");
  bad({.measures = {}}, "measures names none");
}

PITOT_FOR_EACH_STORE(SeriesTest);

}  // namespace
}  // namespace pitot
