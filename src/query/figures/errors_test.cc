#include "query/figures/errors.h"

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;

TEST(CutMessage, KeepsWholeCharacters) {
  const auto check = [](std::string_view text, size_t bytes, std::string_view cut) {
    EXPECT_EQ(CutMessage(text, bytes), cut) << text << " to " << bytes;
  };
  check("", 4, "");
  check("four", 4, "four");
  check("fives", 4, "five…");
  check("aé", 2, "a…");  // é has two bytes.
  check("aéb", 3, "aé…");
  check("\U0001F600x", 3, "…");  // Four bytes.
  check("\U0001F600x", 4, "\U0001F600…");
}

class ErrorsTest : public FiguresTestBase {
 protected:
  json::value Errors(const Scope& scope, uint32_t limit = 50, uint32_t examples = 3) {
    return Json(ReadErrors(Context(), {.scope = scope, .limit = limit, .examples = examples}));
  }

  // The span as received, of which `facts` has only the figures.
  void AddSpan(int span, const TestFact& fact, std::string_view message, std::string_view type,
               int version) {
    Run(
        fmt::format("INSERT INTO spans (keep_days, day, project, trace_id, span_id, version, "
                    "start_ns, duration_ns, status_message, error_type) VALUES (30, toDate({}), "
                    "'default', unhex('{:032x}'), unhex('{:016x}'), {}, {}, {}, '{}', '{}')",
                    DayOf(fact.end_ns - fact.duration_ns), fact.trace, span, version,
                    fact.end_ns - fact.duration_ns, fact.duration_ns, message, type));
  }
  static std::string Join(const json::value& list) {
    std::string text;
    for (const json::value& item : list.as_array()) {
      text += (text.empty() ? "" : " ") + std::string(item.as_string());
    }
    return text;
  }
};

TEST_P(ErrorsTest, CategoriesWithWhatFailed) {
  std::vector<TestFact> facts;
  const auto add = [&](int count, TestFact fact) {
    fact.status = fact.status == "unset" ? "error" : fact.status;
    for (int i = 0; i < count; ++i) facts.push_back(fact);
  };
  const UnixNanos at = kNow - 10 * kMinute;
  add(2, {.end_ns = at, .model = "m2", .error_category = "rate_limit", .trace = 1});
  add(2, {.end_ns = at, .model = "m1", .error_category = "rate_limit", .trace = 2});
  add(1, {.end_ns = at + 1, .model = "m3", .error_category = "rate_limit", .trace = 2});
  add(1, {.end_ns = at - 1, .model = "m4", .error_category = "rate_limit", .trace = 3});
  add(1, {.end_ns = at,
          .kind = "tool",
          .role = "",
          .model = "",
          .tool_name = "find",
          .error_category = "tool",
          .trace = 3});
  add(1,
      {.end_ns = at, .kind = "agent", .role = "", .model = "", .error_category = "", .trace = 4});
  add(1, {.end_ns = at,
          .kind = "agent",
          .role = "",
          .model = "",
          .error_category = "unknown",
          .trace = 4});
  // Not errors, or not counted: fine, running, other sights of a call, other times.
  add(4, {.end_ns = at, .status = "ok"});
  add(1, {.end_ns = at, .status = "running", .error_category = "rate_limit"});
  for (const char* role : {"wrapper", "duplicate", "inner"}) {
    add(1, {.end_ns = at, .role = role, .error_category = "rate_limit"});
  }
  add(1, {.end_ns = kNow - 2 * kHour, .error_category = "rate_limit"});
  Add(facts);

  const json::value answer = Errors(Last(kHour));
  EXPECT_EQ(answer.at("of").as_string(), "spans");
  EXPECT_EQ(answer.at("spans").to_number<int>(), 13);
  EXPECT_EQ(answer.at("errors").to_number<int>(), 9);
  const json::array& categories = answer.at("categories").as_array();
  ASSERT_EQ(categories.size(), 3u) << answer;
  const json::value& limited = categories[0];
  EXPECT_EQ(limited.at("category").as_string(), "rate_limit");
  EXPECT_EQ(limited.at("count").to_number<int>(), 6);
  EXPECT_EQ(limited.at("share").to_number<double>(), 6.0 / 9);
  EXPECT_EQ(limited.at("traces").to_number<int>(), 3);
  EXPECT_EQ(limited.at("kinds"), json::parse(R"({"llm":6})"));
  EXPECT_EQ(Join(limited.at("models")), "m1 m2 m3") << "most errors first, then by name; three";
  EXPECT_EQ(Join(limited.at("tools")), "");
  EXPECT_EQ(limited.at("first_at").as_string(), "2026-11-18T10:56:39.999999999Z");
  EXPECT_EQ(limited.at("last_at").as_string(), "2026-11-18T10:56:40.000000001Z");
  EXPECT_EQ(categories[1].at("category").as_string(), "unknown") << "'' and unknown together";
  EXPECT_EQ(categories[1].at("count").to_number<int>(), 2);
  EXPECT_EQ(categories[1].at("traces").to_number<int>(), 1);
  EXPECT_EQ(categories[2].at("category").as_string(), "tool");
  EXPECT_EQ(Join(categories[2].at("tools")), "find");

  const json::value first = Errors(Last(kHour), 1, 0);
  ASSERT_EQ(first.at("categories").as_array().size(), 1u);
  EXPECT_EQ(first.at("categories").at(0).at("examples").as_array().size(), 0u);
  EXPECT_EQ(first.at("errors").to_number<int>(), 9) << "limit cuts the list, not the figures";

  const json::value none = Errors(Last(kHour, "model = m9"));
  EXPECT_EQ(none.at("spans").to_number<int>(), 0);
  EXPECT_EQ(none.at("errors").to_number<int>(), 0);
  EXPECT_EQ(none.at("categories").as_array().size(), 0u);
}

TEST_P(ErrorsTest, ExamplesAreTheNewestWithTheirOwnWords) {
  std::vector<TestFact> facts;
  for (int i = 1; i <= 5; ++i) {
    facts.push_back({.end_ns = kNow - i * kMinute,
                     .status = "error",
                     .error_category = "timeout",
                     .trace = i,
                     .span = i});
  }
  facts[2].end_ns = facts[1].end_ns;        // Of equal times the larger trace id first.
  facts[1].duration_ns = 3 * kNanosPerDay;  // It began on another day.
  facts.push_back({.end_ns = kNow - kMinute,
                   .kind = "tool",
                   .status = "error",
                   .tool_name = "find",
                   .error_category = "tool",
                   .trace = 9,
                   .span = 9});
  Add(facts);
  const std::string longer(600, 'x');
  AddSpan(1, facts[0], "<b>late</b>", "TimeoutError", 1);
  AddSpan(2, facts[1], "older words", "", 1);
  AddSpan(2, facts[1], longer, "", 2);
  AddSpan(3, facts[2], "", "TimeoutError", 1);

  const json::value answer = Errors(Last(kHour));
  const json::array& examples = answer.at("categories").at(0).at("examples").as_array();
  ASSERT_EQ(examples.size(), 3u) << answer;
  EXPECT_EQ(examples[0].at("trace_id").as_string(), "00000000000000000000000000000001");
  EXPECT_EQ(examples[0].at("span_id").as_string(), "0000000000000001");
  EXPECT_EQ(examples[0].at("name").as_string(), "span 1");
  EXPECT_EQ(examples[0].at("kind").as_string(), "llm");
  EXPECT_EQ(examples[0].at("model").as_string(), "m1");
  EXPECT_EQ(examples[0].at("at").as_string(), "2026-11-18T11:05:40.000000000Z");
  EXPECT_EQ(examples[0].at("message").as_string(), "<b>late</b>") << "text, as it was sent";
  EXPECT_EQ(examples[1].at("message").as_string(), "TimeoutError") << "without a message: the type";
  EXPECT_EQ(examples[2].at("message").as_string(), longer.substr(0, 500) + "…");
  const json::value& tool = answer.at("categories").at(1).at("examples").at(0);
  EXPECT_EQ(tool.at("tool_name").as_string(), "find");
  EXPECT_EQ(tool.at("message").as_string(), "") << "a span that is not stored (any more)";

  EXPECT_EQ(Errors(Last(kHour), 50, 1).at("categories").at(0).at("examples").as_array().size(), 1u);
}

PITOT_FOR_EACH_STORE(ErrorsTest);

}  // namespace
}  // namespace pitot
