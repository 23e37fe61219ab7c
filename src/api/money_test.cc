// Money and lists of groups over spans that came through the real ingest, in both engines.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/ingested_test_util.h"
#include "base/status.h"
#include "decode/instant.h"
#include "ingest/ingest.h"
#include "query/figures/cost.h"
#include "query/figures/groups.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

UnixNanos At(std::string_view time) { return ParseRfc3339(time).value(); }

// One line of JSON Lines. `attrs`: members of an object.
std::string Line(std::string_view trace, std::string_view span, std::string_view parent,
                 std::string_view kind, std::string_view start, std::string_view attrs,
                 int duration_ms = 1000, std::string_view rest = "") {
  return fmt::format(R"({{"trace_id":"{}","span_id":"{}",{}"name":"{} {}","kind":"{}",)"
                     R"("start":"{}","duration_ms":{}{},"attrs":{{{}}}}})"
                     "\n",
                     trace, span, parent.empty() ? "" : fmt::format(R"("parent_id":"{}",)", parent),
                     kind, span, kind, start, duration_ms, rest, attrs);
}

// Of a call of 100 and 10 tokens. A negative cost: unknown, and the model is in no price book.
std::string Usage(double cost, std::string_view more = "", std::string_view model = "house-1") {
  std::string attrs =
      fmt::format(R"("gen_ai.operation.name":"chat","gen_ai.provider.name":"house",)"
                  R"("gen_ai.request.model":"{}","gen_ai.usage.input_tokens":100,)"
                  R"("gen_ai.usage.output_tokens":10)",
                  model);
  if (cost >= 0) attrs += fmt::format(R"(,"gen_ai.usage.cost":{})", cost);
  return more.empty() ? attrs : fmt::format("{},{}", attrs, more);
}

std::string Feature(std::string_view name) { return fmt::format(R"("feature":"{}")", name); }

class MoneyTest : public IngestedTestBase {
 protected:
  void Send(std::string lines) { Ingested(std::move(lines)); }

  QueryContext Context() { return ContextAt(now_, cancel_); }

  Scope Window(std::string_view since, std::string_view until, std::string_view filter = "") {
    Scope scope;
    scope.project = "default";
    scope.window = {At(since), At(until)};
    auto parsed = ParseFilter(filter);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    if (parsed.ok()) scope.filter = *parsed;
    return scope;
  }
  Scope Day() { return Window("2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z"); }

  json::value Parse(const absl::StatusOr<std::string>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    if (!answer.ok()) return json::object{};
    boost::system::error_code error;
    json::value value = json::parse(*answer, error);
    EXPECT_FALSE(error) << *answer;
    return value;
  }
  json::value Cost(const CostRequest& request) { return Parse(CostJson(Context(), request)); }
  json::value Tree(const CostRequest& request) { return Parse(CostTreeJson(Context(), request)); }
  json::value List(const GroupListRequest& request) {
    return Parse(GroupListJson(Context(), request));
  }

  // "checkout 0.5 1" for each group: keys, cost, calls.
  std::vector<std::string> Groups(const json::value& answer) {
    std::vector<std::string> lines;
    for (const json::value& group : answer.at("groups").as_array()) {
      std::string line;
      for (const auto& [name, key] : group.at("key").as_object()) {
        line += std::string(key.as_string()) + " ";
      }
      const json::value& cost = group.at("cost_usd");
      lines.push_back(fmt::format(
          "{}{} {}", line, cost.is_null() ? "null" : fmt::to_string(cost.to_number<double>()),
          group.at("calls").as_int64()));
    }
    return lines;
  }

  UnixNanos now_ = At("2026-11-11T00:00:00Z");
  CancelTokenPtr cancel_;
};
PITOT_FOR_EACH_STORE(MoneyTest);

using Lines = std::vector<std::string>;
constexpr std::string_view kNoon = "2026-11-10T12:00:00Z";

double Number(const json::value& value) { return value.to_number<double>(); }

TEST_P(MoneyTest, UnknownCostIsNotZero) {
  Send(Line("t1", "a", "", "llm", kNoon, Usage(0.5, Feature("known"))) +
       Line("t2", "a", "", "llm", kNoon, Usage(-1, Feature("unknown"))) +
       Line("t3", "a", "", "llm", kNoon, Usage(0.25, Feature("partly"))) +
       Line("t4", "a", "", "llm", kNoon, Usage(-1, Feature("partly"))) +
       Line("t5", "a", "", "llm", kNoon, R"("gen_ai.operation.name":"chat",)" + Feature("failed"),
            10, R"(,"error":{"type":"timeout","message":"late"})") +
       Line("t6", "a", "", "tool", kNoon, Feature("tools only")));
  const json::value answer = Cost({.scope = Day()});
  EXPECT_EQ(Groups(answer), (Lines{"known 0.5 1", "partly 0.25 2", "failed 0 1", "unknown null 1"}))
      << answer;
  EXPECT_EQ(Number(answer.at("total_usd")), 0.75);
  EXPECT_EQ(answer.at("groups_total"), 4);
  EXPECT_TRUE(answer.at("other").is_null());
  EXPECT_TRUE(answer.at("projection").is_null());
  const json::value& total = answer.at("total");
  EXPECT_EQ(total.at("calls"), 5);
  EXPECT_EQ(total.at("errors"), 1);
  EXPECT_EQ(total.at("unpriced_calls"), 2);
  EXPECT_EQ(total.at("input_tokens"), 400);
  EXPECT_EQ(total.at("output_tokens"), 40);
  EXPECT_EQ(total.at("tokens").at("input"), 400);
  EXPECT_EQ(total.at("tokens").at("cache_write_5m"), 0);
  EXPECT_NEAR(Number(answer.at("groups").at(0).at("share")), 2 / 3.0, 1e-12);
  EXPECT_TRUE(answer.at("groups").at(3).at("share").is_null());
  EXPECT_EQ(answer.at("window").at("since"), "2026-11-10T00:00:00.000000000Z");
  EXPECT_EQ(answer.at("window").at("timezone"), "UTC");
}

TEST_P(MoneyTest, RollUpsCountOnce) {
  Send(Line("t1", "root", "", "agent", kNoon,
            R"("gen_ai.operation.name":"invoke_agent","gen_ai.usage.input_tokens":200,)"
            R"("gen_ai.usage.output_tokens":20,)" +
                Feature("chat")) +
       Line("t1", "c1", "root", "llm", kNoon, Usage(0.5)) +
       Line("t1", "c2", "root", "llm", kNoon, Usage(0.5)));
  const json::value answer = Cost({.scope = Day()});
  EXPECT_EQ(Groups(answer), (Lines{"chat 1 2"})) << answer;
  EXPECT_EQ(answer.at("total").at("input_tokens"), 200);
}

TEST_P(MoneyTest, LateAttribution) {
  Send(Line("t1", "c1", "root", "llm", kNoon, Usage(0.5)));
  EXPECT_EQ(Groups(Cost({.scope = Day()})), (Lines{" 0.5 1"}))
      << "no feature while the root is awaited";
  Send(Line("t1", "root", "", "agent", kNoon, Feature("checkout")));
  EXPECT_EQ(Groups(Cost({.scope = Day()})), (Lines{"checkout 0.5 1"}));
  const Scope filtered =
      Window("2026-11-10T00:00:00Z", "2026-11-11T00:00:00Z", "feature = checkout");
  EXPECT_EQ(Groups(Cost({.scope = filtered, .by = {"model", "feature"}})),
            (Lines{"house-1 checkout 0.5 1"}));
}

TEST_P(MoneyTest, WindowsAreOfTheEnd) {
  Send(Line("t1", "a", "", "llm", "2026-11-10T11:52:00Z", Usage(0.5), 480'000));
  const auto calls = [this](std::string_view since, std::string_view until) {
    return Cost({.scope = Window(since, until), .by = {}}).at("total").at("calls").as_int64();
  };
  EXPECT_EQ(calls("2026-11-10T11:55:00Z", "2026-11-10T12:00:01Z"), 1) << "it ended at noon";
  EXPECT_EQ(calls("2026-11-10T12:00:00Z", "2026-11-10T12:00:01Z"), 1) << "since is within";
  EXPECT_EQ(calls("2026-11-10T11:50:00Z", "2026-11-10T12:00:00Z"), 0) << "until is not";
}

TEST_P(MoneyTest, NothingIsZero) {
  const json::value answer = Cost({.scope = Day(), .projection = true});
  EXPECT_TRUE(answer.at("groups").as_array().empty());
  EXPECT_EQ(answer.at("groups_total"), 0);
  EXPECT_EQ(Number(answer.at("total_usd")), 0);
  EXPECT_EQ(answer.at("total").at("calls"), 0);
  const json::value tree = Tree({.scope = Day(), .by = {"feature", "model"}});
  EXPECT_EQ(tree.at("leaves"), 0);
  EXPECT_EQ(Number(tree.at("tree").at("cost_usd")), 0);
  for (int list = 0; list < static_cast<int>(GroupList::kEnd); ++list) {
    const auto which = static_cast<GroupList>(list);
    const json::value rows = List({.list = which, .scope = Day()});
    EXPECT_TRUE(rows.at(Name(which)).as_array().empty()) << rows;
    EXPECT_EQ(rows.at("total_rows"), 0);
    EXPECT_TRUE(rows.at("next").is_null());
  }
}

TEST_P(MoneyTest, DaysOfATimeZone) {
  Send(Line("t1", "a", "", "llm", "2026-03-28T22:59:58Z", Usage(1)) +
       Line("t2", "a", "", "llm", "2026-03-28T23:00:00Z", Usage(2)) +
       Line("t3", "a", "", "llm", "2026-03-29T21:59:58Z", Usage(3)) +
       Line("t4", "a", "", "llm", "2026-03-29T22:00:00Z", Usage(4)) +
       Line("t5", "a", "", "llm", "2026-10-24T22:00:00Z", Usage(5)) +
       Line("t6", "a", "", "llm", "2026-10-25T22:59:58Z", Usage(6)) +
       Line("t7", "a", "", "llm", "2026-10-25T23:00:00Z", Usage(7)));
  CostRequest request{.scope = Window("2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z"),
                      .by = {"day"},
                      .timezone = "Europe/Berlin"};
  EXPECT_EQ(Groups(Cost(request)), (Lines{"2026-03-28 1 1", "2026-03-29 5 2", "2026-03-30 4 1"}))
      << "23 hours, oldest first";
  request.scope = Window("2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z");
  EXPECT_EQ(Groups(Cost(request)), (Lines{"2026-10-25 11 2", "2026-10-26 7 1"})) << "25 hours";
  request.limit = 1;
  const json::value cut = Cost(request);
  EXPECT_EQ(cut.at("groups_total"), 2);
  EXPECT_EQ(Number(cut.at("other").at("cost_usd")), 7);
}

TEST_P(MoneyTest, ProjectsADayOf25Hours) {
  // Sunday 2026-10-25 in Berlin, and the eight days of weekends before it: a quarter is spent in the
  // first six hours.
  std::string lines = Line("t0", "a", "", "llm", "2026-10-25T02:00:00Z", Usage(2));
  const UnixNanos today = At("2026-10-24T22:00:00Z");
  int trace = 0;
  for (const int days : {1, 7, 8, 14, 15, 21, 22, 28}) {
    for (const auto& [hours, cost] : {std::pair{6, 1.0}, std::pair{20, 3.0}}) {
      const UnixNanos start = today - days * kNanosPerDay + hours * 60 * kNanosPerMinute;
      lines +=
          fmt::format(R"({{"trace_id":"p{}","span_id":"a","name":"chat","kind":"llm","start":{},)"
                      R"("duration_ms":1,"attrs":{{{}}}}})"
                      "\n",
                      ++trace, start, Usage(cost));
    }
  }
  Send(lines);
  now_ = today + 10 * 60 * kNanosPerMinute;
  const CostRequest request{.scope = Window("2026-10-24T00:00:00Z", "2026-10-25T08:00:00Z"),
                            .timezone = "Europe/Berlin",
                            .projection = true};
  const json::value today_told = Cost(request).at("projection");
  EXPECT_EQ(today_told.at("day"), "2026-10-25");
  EXPECT_EQ(Number(today_told.at("day_hours")), 25);
  EXPECT_EQ(Number(today_told.at("hours_elapsed")), 10);
  EXPECT_EQ(Number(today_told.at("spent_usd")), 2);
  EXPECT_EQ(Number(today_told.at("linear_usd")), 5);
  EXPECT_TRUE(today_told.at("gated").is_null());
  ASSERT_TRUE(today_told.at("seasonal").is_object()) << today_told;
  EXPECT_EQ(Number(today_told.at("seasonal").at("p50_usd")), 8);
  EXPECT_EQ(today_told.at("seasonal").at("days"), 8);
  EXPECT_EQ(Number(today_told.at("mape")), 0);
  now_ = today + 30 * kNanosPerMinute;
  const json::value early = Cost(request).at("projection");
  EXPECT_TRUE(early.at("linear_usd").is_null());
  EXPECT_THAT(std::string(early.at("gated").as_string()), HasSubstr("too early: 0.50 of 1 hour"));
}

TEST_P(MoneyTest, OtherIsWhatTheLimitCuts) {
  std::string lines;
  for (int i = 1; i <= 4; ++i) {
    lines += Line(fmt::format("t{}", i), "a", "", "llm", kNoon,
                  Usage(i, Feature(fmt::format("f{}", i))));
  }
  Send(lines);
  const json::value answer = Cost({.scope = Day(), .limit = 2});
  EXPECT_EQ(Groups(answer), (Lines{"f4 4 1", "f3 3 1"}));
  EXPECT_EQ(answer.at("groups_total"), 4);
  EXPECT_EQ(Number(answer.at("other").at("cost_usd")), 3);
  EXPECT_EQ(answer.at("other").at("calls"), 2);
  EXPECT_EQ(answer.at("other").at("input_tokens"), 200);
  EXPECT_EQ(Number(answer.at("total_usd")), 10);
}

// "checkout 3" and its children's lines, indented.
void Draw(const json::value& node, int depth, Lines& out) {
  const json::value& name = node.at("name");
  out.push_back(fmt::format("{:>{}}{} {}", "", 2 * depth,
                            name.is_null() ? "(other)" : std::string(name.as_string()),
                            Number(node.at("cost_usd"))));
  for (const json::value& child : node.at("children").as_array()) Draw(child, depth + 1, out);
}

TEST_P(MoneyTest, TreeSumsUpAtEveryNode) {
  const auto call = [](int trace, double cost, std::string_view feature, std::string_view model) {
    return Line(fmt::format("t{}", trace), "a", "", "llm", kNoon,
                Usage(cost, Feature(feature), model));
  };
  Send(call(1, 5, "chat", "big") + call(2, 2, "chat", "small") + call(3, 1, "chat", "tiny") +
       call(4, 4, "mail", "big") + call(5, 3, "sort", "small") + call(6, 0.5, "sort", "big"));
  CostRequest request{.scope = Day(), .by = {"feature", "model"}, .limit = 100};
  const json::value whole = Tree(request);
  Lines lines;
  Draw(whole.at("tree"), 0, lines);
  EXPECT_EQ(lines, (Lines{"total 15.5", "  chat 8", "    big 5", "    small 2", "    tiny 1",
                          "  mail 4", "    big 4", "  sort 3.5", "    small 3", "    big 0.5"}));
  EXPECT_EQ(whole.at("leaves"), 6);
  EXPECT_EQ(whole.at("pruned"), 0);
  EXPECT_TRUE(whole.at("tree").at("field").is_null());
  EXPECT_EQ(whole.at("tree").at("children").at(0).at("field"), "feature");

  request.limit = 2;
  const json::value pruned = Tree(request);
  lines.clear();
  Draw(pruned.at("tree"), 0, lines);
  EXPECT_EQ(lines, (Lines{"total 15.5", "  chat 8", "    big 5", "    (other) 3", "  mail 4",
                          "    big 4", "  (other) 3.5"}));
  EXPECT_EQ(pruned.at("leaves"), 2);
  EXPECT_EQ(pruned.at("pruned"), 4);
}

TEST_P(MoneyTest, RefusesWhatItCannotGroupBy) {
  const auto bad = [this](CostRequest request, const char* words) {
    request.scope = Day();
    for (const auto& answer : {CostJson(Context(), request), CostTreeJson(Context(), request)}) {
      ASSERT_FALSE(answer.ok()) << words;
      EXPECT_EQ(answer.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(words));
    }
  };
  bad({.by = {"modle"}}, "did you mean \"model\"?");
  bad({.by = {"cost"}}, "\"cost\"");
  bad({.by = {"day"}, .timezone = "Europe/Berln"}, "did you mean \"Europe/Berlin\"?");
  bad({.by = {"day"}, .timezone = "europe/berlin"}, "did you mean \"Europe/Berlin\"?");
  bad({.by = {"day"}, .timezone = "x'); DROP TABLE facts"}, "timezone");
  bad({.by = {"day"}, .timezone = std::string(10'000, 'x')}, "10000 bytes");

  const auto refused = [this](GroupListRequest request, const char* words) {
    request.scope = Day();
    const auto answer = GroupListJson(Context(), request);
    ASSERT_FALSE(answer.ok()) << words;
    EXPECT_THAT(std::string(Message(answer.status())), HasSubstr(words));
  };
  refused({.order = "lats"}, "did you mean \"last\"?");
  refused({.cursor = "1.2.3"}, "cursor \"1.2.3\"");
  refused({.cursor = "1.2.3.last.9.zz"}, "cursor");
  refused({.order = "cost", .cursor = "1.2.3.last.9.00"}, "order \"cost\"");
}

TEST_P(MoneyTest, StopsWhenNobodyWaits) {
  cancel_ = std::make_shared<CancelToken>();
  cancel_->Cancel();
  EXPECT_EQ(CostJson(Context(), {.scope = Day()}).status().code(), absl::StatusCode::kCancelled);
}

TEST_P(MoneyTest, ListsSessionsAndUsers) {
  const auto call = [](std::string_view trace, std::string_view start, double cost,
                       std::string_view user, std::string_view session) {
    return Line(trace, "a", "", "llm", start,
                Usage(cost, fmt::format(R"("user.id":"{}","session.id":"{}","feature":"f-{}")",
                                        user, session, trace)));
  };
  Send(call("t1", "2026-11-10T10:00:00Z", 1, "ann", "s1") +
       call("t2", "2026-11-10T11:00:00Z", 2, "bob", "s1") +
       call("t3", "2026-11-10T09:00:00Z", 5, "ann", "s2") +
       Line("t3", "b", "a", "tool", "2026-11-10T09:00:00.100Z",
            R"("gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"find")", 100) +
       Line("t4", "a", "", "llm", kNoon, Usage(3)));
  const json::value sessions = List({.list = GroupList::kSessions, .scope = Day()});
  ASSERT_EQ(sessions.at("total_rows"), 2) << sessions;
  const json::value& first = sessions.at("sessions").at(0);
  EXPECT_EQ(first.at("session_id"), "s1") << "newest first";
  EXPECT_EQ(first.at("user_id"), "bob") << "the last";
  EXPECT_EQ(json::serialize(first.at("features")), R"(["f-t1","f-t2"])");
  EXPECT_EQ(first.at("first_at"), "2026-11-10T10:00:00.000000000Z");
  EXPECT_EQ(first.at("last_at"), "2026-11-10T11:00:01.000000000Z");
  EXPECT_EQ(first.at("traces"), 2);
  EXPECT_EQ(first.at("tool_calls"), 0);
  EXPECT_EQ(Number(first.at("cost_usd")), 3);
  EXPECT_EQ(Number(first.at("p50_ms")), 1000);
  EXPECT_EQ(sessions.at("sessions").at(1).at("tool_calls"), 1);

  // Page by page: ann 6, "" 3, bob 2.
  GroupListRequest request{.list = GroupList::kUsers, .scope = Day(), .limit = 1};
  Lines users;
  for (int page = 0; page < 3; ++page) {
    const json::value answer = List(request);
    ASSERT_EQ(answer.at("users").as_array().size(), 1u) << answer;
    EXPECT_EQ(answer.at("total_rows"), 3);
    users.emplace_back(answer.at("users").at(0).at("user_id").as_string());
    EXPECT_EQ(answer.at("next").is_null(), page == 2);
    if (page < 2) request.cursor = answer.at("next").as_string();
    // Later pages keep the first one's window.
    request.scope = Window("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
  }
  EXPECT_EQ(users, (Lines{"ann", "", "bob"}));
  const json::value by_name =
      List({.list = GroupList::kUsers, .scope = Day(), .limit = 2, .order = "name"});
  EXPECT_EQ(by_name.at("users").at(0).at("user_id"), "");
  EXPECT_EQ(by_name.at("users").at(1).at("sessions"), 2);
  const json::value rest = List({.list = GroupList::kUsers,
                                 .scope = Day(),
                                 .limit = 2,
                                 .cursor = std::string(by_name.at("next").as_string())});
  EXPECT_EQ(rest.at("users").at(0).at("user_id"), "bob");
}

TEST_P(MoneyTest, ListsModelsPromptsAndProviders) {
  const std::string prompt = R"("prompt.name":"greet","prompt.version":"3")";
  const std::string_view recent = "2026-11-10T23:58:00Z";
  Send(Line("t1", "a", "", "llm", kNoon,
            Usage(1, prompt + R"(,"gen_ai.response.finish_reasons":["length"])")) +
       Line("t2", "a", "", "llm", recent, Usage(2, R"("gen_ai.response.finish_reasons":["stop"])"),
            2000) +
       Line("t3", "a", "", "llm", recent, Usage(-1, "", "free-1"), 10,
            R"(,"error":{"type":"rate_limit_error","message":"429 Too Many Requests"})"));
  const json::value models = List({.list = GroupList::kModels, .scope = Day()});
  ASSERT_EQ(models.at("models").as_array().size(), 2u) << models;
  const json::value& house = models.at("models").at(0);
  EXPECT_EQ(house.at("provider"), "house");
  EXPECT_EQ(house.at("model"), "house-1");
  EXPECT_EQ(house.at("priced"), true);
  EXPECT_EQ(json::serialize(house.at("finish_reasons")), R"({"stop":1,"length":1})");
  EXPECT_EQ(Number(house.at("p50_ms")), 1000);
  EXPECT_EQ(Number(house.at("p99_ms")), 2000);
  EXPECT_EQ(Number(house.at("tokens_per_second")), 5);
  EXPECT_TRUE(house.at("ttft_p50_ms").is_null());
  EXPECT_EQ(house.at("last_at"), "2026-11-10T23:58:02.000000000Z");
  EXPECT_EQ(models.at("models").at(1).at("priced"), false);

  const json::value prompts = List({.list = GroupList::kPrompts, .scope = Day()});
  ASSERT_EQ(prompts.at("prompts").as_array().size(), 1u) << prompts;
  EXPECT_EQ(prompts.at("prompts").at(0).at("prompt_version"), "3");
  EXPECT_EQ(prompts.at("prompts").at(0).at("length_stops"), 1);
  EXPECT_EQ(prompts.at("prompts").at(0).at("invalid_args"), 0);

  const json::value providers = List({.list = GroupList::kProviders, .scope = Day()});
  ASSERT_EQ(providers.at("providers").as_array().size(), 1u) << providers;
  const json::value& provider = providers.at("providers").at(0);
  EXPECT_EQ(json::serialize(provider.at("models")), R"(["free-1","house-1"])");
  const json::value& health = provider.at("health");
  EXPECT_EQ(health.at("state"), "ok") << "one error says little";
  EXPECT_EQ(health.at("of"), "calls");
  EXPECT_EQ(health.at("calls_5m"), 2);
  EXPECT_EQ(health.at("errors_5m"), 1);
  EXPECT_EQ(health.at("rate_limited_5m"), 1);
  EXPECT_EQ(Number(health.at("error_rate_5m")), 0.5);
  EXPECT_EQ(Number(health.at("p99_5m_ms")), 2000);
  EXPECT_EQ(health.at("last_success_at"), "2026-11-10T23:58:02.000000000Z");
  EXPECT_EQ(health.at("last_error_at"), "2026-11-10T23:58:00.010000000Z");
}

}  // namespace
}  // namespace pitot
