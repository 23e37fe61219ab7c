#include "query/figures/tool_repeats.h"

#include "query/figures/figures_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;

class ToolRepeatsTest : public FiguresTestBase {
 protected:
  static TestFact Call(int trace, const char* tool, const char* status, int64_t retries = 0) {
    return {.end_ns = kNow - kMinute,
            .kind = "tool",
            .role = "",
            .model = "",
            .tool_name = tool,
            .tool_status = status,
            .retry_count = retries,
            .trace = trace};
  }
  json::value Repeats(const Scope& scope, int64_t least = 3, uint32_t limit = 50) {
    return Json(ReadToolRepeats(Context(), {.scope = scope, .least = least, .limit = limit}));
  }
  // "find@1: 3 calls 2 failed 4 retries"
  static std::string Told(const json::value& answer) {
    std::string text;
    for (const json::value& row : answer.at("repeats").as_array()) {
      const std::string_view trace = row.at("trace_id").as_string();
      text += fmt::format("{}{}@{}: {} calls {} failed {} retries", text.empty() ? "" : "; ",
                          std::string_view(row.at("tool").as_string()),
                          trace.substr(trace.size() - 1), row.at("calls").to_number<int>(),
                          row.at("failed").to_number<int>(), row.at("retries").to_number<int>());
    }
    return text;
  }
};

TEST_P(ToolRepeatsTest, WhatCameToNothingFirst) {
  std::vector<TestFact> facts;
  for (int i = 0; i < 5; ++i) facts.push_back(Call(1, "read", "success"));
  for (int i = 0; i < 3; ++i) facts.push_back(Call(2, "find", "timeout"));
  facts.push_back(Call(3, "find", "error", 9));
  // Twice is no storm; nor are calls of other traces, or the same call seen again.
  for (int i = 0; i < 2; ++i) facts.push_back(Call(4, "find", "error"));
  facts.push_back(Call(4, "find", "error"));
  facts.back().role = "inner";
  facts.push_back(Call(4, "find", "error"));
  facts.back().status = "running";
  facts.push_back(Call(4, "read", "error"));
  facts.push_back(Call(5, "find", "", 2));
  facts.back().end_ns = kNow - 2 * kHour;
  Add(facts);

  const json::value answer = Repeats(Last(kHour));
  EXPECT_EQ(Told(answer),
            "find@3: 1 calls 1 failed 9 retries; find@2: 3 calls 3 failed 0 retries; "
            "read@1: 5 calls 0 failed 0 retries");
  EXPECT_EQ(answer.at("repeats_total").to_number<int>(), 3);
  EXPECT_EQ(answer.at("least").to_number<int>(), 3);
  EXPECT_EQ(Told(Repeats(Last(kHour), 4, 1)), "find@3: 1 calls 1 failed 9 retries");
  EXPECT_EQ(Repeats(Last(kHour), 4, 1).at("repeats_total").to_number<int>(), 2);
  EXPECT_EQ(Told(Repeats(Last(3 * kHour, "tool_status = null"))),
            "find@5: 1 calls 0 failed 2 retries");
  EXPECT_EQ(Told(Repeats(Last(kHour), 100)), "");
}

PITOT_FOR_EACH_STORE(ToolRepeatsTest);

}  // namespace
}  // namespace pitot
