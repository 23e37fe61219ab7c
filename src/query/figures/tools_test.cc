#include "query/figures/tools.h"

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;

class ToolsTest : public FiguresTestBase {
 protected:
  static TestFact Call(const char* tool, const char* status, int64_t ms = 100) {
    return {.end_ns = kNow - kMinute,
            .duration_ns = ms * kMs,
            .kind = "tool",
            .role = "",
            .model = "",
            .tool_name = tool,
            .tool_status = status};
  }
  json::value Tools(const Scope& scope, uint32_t limit = 50) {
    return Json(ReadTools(Context(), {.scope = scope, .limit = limit}));
  }
  static std::string Names(const json::value& answer) {
    std::string text;
    for (const json::value& tool : answer.at("tools").as_array()) {
      text += fmt::format("{}{}={}", text.empty() ? "" : " ",
                          std::string_view(tool.at("tool").as_string()),
                          tool.at("calls").to_number<int>());
    }
    return text;
  }
};

TEST_P(ToolsTest, CallsByStatusEachOnce) {
  std::vector<TestFact> facts;
  for (const char* status :
       {"success", "success", "error", "timeout", "rate_limited", "invalid_args", "blocked", ""}) {
    facts.push_back(Call("find", status, static_cast<int64_t>(facts.size() + 1) * 10));
  }
  facts[1].retry_count = 2;
  facts[2].retry_count = 3;
  facts.push_back(Call("b", "success"));
  facts.push_back(Call("a", "success"));
  facts.push_back(Call("a", "error"));
  facts.back().role = "inner";  // The same call, seen again.
  facts.push_back(Call("a", "error"));
  facts.back().status = "running";
  facts.push_back(Call("a", "error"));
  facts.back().kind = "span";  // No tool.
  facts.push_back(Call("old", "error"));
  facts.back().end_ns = kNow - 2 * kHour;
  Add(facts);

  const json::value answer = Tools(Last(kHour));
  EXPECT_EQ(answer.at("of").as_string(), "calls");
  EXPECT_EQ(Names(answer), "find=8 a=1 b=1") << "most calls first, then by name";
  const json::value& find = answer.at("tools").at(0);
  EXPECT_EQ(find.at("status"),
            json::parse(R"({"success":2,"error":1,"timeout":1,"rate_limited":1,"invalid_args":1,)"
                        R"("blocked":1,"unknown":1})"));
  EXPECT_EQ(find.at("share").at("success").to_number<double>(), 0.25);
  EXPECT_EQ(find.at("share").at("unknown").to_number<double>(), 0.125);
  EXPECT_EQ(find.at("retries").to_number<int>(), 5);
  EXPECT_EQ(find.at("retried_calls").to_number<int>(), 2);
  EXPECT_EQ(find.at("p50_ms").to_number<double>(), 40);
  EXPECT_EQ(find.at("p99_ms").to_number<double>(), 80);
  EXPECT_EQ(find.at("max_ms").to_number<double>(), 80);
  EXPECT_EQ(find.at("quantiles").as_string(), "exact");
  EXPECT_TRUE(find.at("low_n").as_bool());
  EXPECT_TRUE(find.at("change").is_null());
  EXPECT_EQ(answer.at("tools_total").to_number<int>(), 3);
  EXPECT_EQ(answer.at("total").at("calls").to_number<int>(), 10);
  EXPECT_EQ(answer.at("total").at("status").at("success").to_number<int>(), 4);
  EXPECT_EQ(answer.at("total").at("share").at("success").to_number<double>(), 0.4);
  EXPECT_EQ(answer.at("total").at("retries").to_number<int>(), 5);

  const json::value first = Tools(Last(kHour), 1);
  EXPECT_EQ(Names(first), "find=8");
  EXPECT_EQ(first.at("tools_total").to_number<int>(), 3);
  EXPECT_EQ(first.at("total"), answer.at("total"));

  EXPECT_EQ(Names(Tools(Last(kMinute))), "find=8 a=1 b=1") << "an end at since is in the window";
}

TEST_P(ToolsTest, ChangeComparesTheTwoNewestVersionsOfTheMainPrompt) {
  std::vector<TestFact> facts;
  // `calls` of which the first `invalid` had bad arguments; the first ended `minutes` before now.
  const auto add = [&](const char* tool, const char* prompt, const char* version, int64_t minutes,
                       int calls, int invalid) {
    for (int i = 0; i < calls; ++i) {
      TestFact fact = Call(tool, i < invalid ? "invalid_args" : "success");
      fact.end_ns = kNow - minutes * kMinute + i * kMs;
      fact.prompt_name = prompt;
      fact.prompt_version = version;
      facts.push_back(fact);
    }
  };
  add("search", "planner", "v2", 50, 40, 40);  // Older than the two newest: not looked at.
  add("search", "planner", "v3", 40, 100, 2);
  add("search", "planner", "v4", 20, 50, 8);
  add("search", "planner", "", 10, 30, 0);  // No version:
  add("search", "", "", 10, 300, 300);      // nothing to compare.
  add("search", "other", "1", 30, 60, 60);
  add("search", "other", "2", 15, 60, 0);
  add("tie", "p", "b", 30, 20, 0);  // First seen at the same time: the later name is newer.
  add("tie", "p", "a", 30, 20, 0);
  add("few", "p", "1", 30, 19, 0);
  add("few", "p", "2", 20, 90, 90);
  add("one", "p", "1", 30, 90, 0);
  Add(facts);

  const json::value answer = Tools(Last(kHour));
  const auto change_of = [&](std::string_view name) -> json::value {
    for (const json::value& tool : answer.at("tools").as_array()) {
      if (tool.at("tool").as_string() == name) return tool.at("change");
    }
    return "no such tool";
  };
  const json::value search = change_of("search");
  EXPECT_EQ(search.at("prompt_name").as_string(), "planner");
  EXPECT_EQ(search.at("from_version").as_string(), "v3");
  EXPECT_EQ(search.at("to_version").as_string(), "v4");
  EXPECT_EQ(search.at("since").as_string(), "2026-11-18T10:46:40.000000000Z");
  EXPECT_EQ(search.at("calls_before").to_number<int>(), 100);
  EXPECT_EQ(search.at("calls_after").to_number<int>(), 50);
  EXPECT_EQ(search.at("share_before").at("invalid_args").to_number<double>(), 0.02);
  EXPECT_EQ(search.at("share_after").at("invalid_args").to_number<double>(), 0.16);
  EXPECT_EQ(search.at("verdict").as_string(), "schema_drift");
  EXPECT_EQ(search.at("message").as_string(),
            "search: invalid_args rose from 2 % to 16 % of calls since planner v4 (first seen "
            "10:46 UTC): the tool's schema or its description drifted");
  EXPECT_EQ(change_of("tie").at("from_version").as_string(), "a");
  EXPECT_EQ(change_of("tie").at("to_version").as_string(), "b");
  EXPECT_EQ(change_of("tie").at("verdict").as_string(), "same");
  EXPECT_EQ(change_of("few").at("verdict").as_string(), "low_n");
  EXPECT_TRUE(change_of("one").is_null());

  // The page's question: how each version did, not only the two newest.
  EXPECT_EQ(answer.at("tools").at(0).at("versions"), json::parse("[]")) << "nobody asked";
  const json::value shown = Json(ReadTools(Context(), {.scope = Last(kHour), .versions = 2}));
  const json::value all = Json(ReadTools(Context(), {.scope = Last(kHour), .versions = 50}));
  const auto versions_of = [](const json::value& tools, std::string_view name) {
    std::string text;
    for (const json::value& tool : tools.at("tools").as_array()) {
      if (tool.at("tool").as_string() != name) continue;
      for (const json::value& one : tool.at("versions").as_array()) {
        text += fmt::format(
            "{} {}: {} of {}; ", std::string_view(one.at("prompt_name").as_string()),
            std::string_view(one.at("prompt_version").as_string()),
            one.at("status").at("invalid_args").to_number<int>(), one.at("calls").to_number<int>());
      }
    }
    return text;
  };
  EXPECT_EQ(versions_of(shown, "search"), "planner v4: 8 of 50; planner v3: 2 of 100; ");
  EXPECT_EQ(versions_of(all, "search"),
            "planner v4: 8 of 50; planner v3: 2 of 100; planner v2: 40 of 40; ");
  EXPECT_EQ(versions_of(all, "one"), "p 1: 0 of 90; ");
  const json::value& newest = all.at("tools").at(0).at("versions").at(0);
  EXPECT_EQ(newest.at("first_at").as_string(), "2026-11-18T10:46:40.000000000Z");
  EXPECT_EQ(newest.at("last_at").as_string(), "2026-11-18T10:46:40.049000000Z");
  EXPECT_EQ(newest.at("share").at("invalid_args").to_number<double>(), 0.16);
  EXPECT_EQ(all.at("tools").at(0).at("change"), search) << "is of the two newest all the same";
}

TEST_P(ToolsTest, NothingIsZeroNotNull) {
  const json::value answer = Tools(Last(kHour));
  EXPECT_EQ(Names(answer), "");
  EXPECT_EQ(answer.at("tools_total").to_number<int>(), 0);
  EXPECT_EQ(answer.at("total").at("calls").to_number<int>(), 0);
  EXPECT_EQ(answer.at("total").at("share").at("success").to_number<double>(), 0);
}

PITOT_FOR_EACH_STORE(ToolsTest);

}  // namespace
}  // namespace pitot
