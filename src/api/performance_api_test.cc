// Latency, tools and errors over spans that came through the real ingest, in both engines: what the
// resolver decides (which sight of a call counts, what a tool inherits) is in the figures.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/ingested_test_util.h"
#include "base/status.h"
#include "decode/instant.h"
#include "ingest/ingest.h"
#include "query/figures/errors.h"
#include "query/figures/heatmap.h"
#include "query/figures/latency.h"
#include "query/figures/tools.h"

namespace pitot {
namespace {

namespace json = boost::json;

class PerformanceTest : public IngestedTestBase {
 protected:
  // A span that begins `start_ms` after kBegin.
  void Span(std::string_view trace, int id, int parent, std::string_view kind, int start_ms,
            int duration_ms, std::string_view rest) {
    lines_ +=
        fmt::format(R"({{"trace_id":"{:0>32}","span_id":"{:016x}",{}"name":"{} {}","kind":"{}",)"
                    R"("start":"2026-11-10T09:00:{:02}.{:03}Z","duration_ms":{},{}}})"
                    "\n",
                    trace, id, parent == 0 ? "" : fmt::format(R"("parent_id":"{:016x}",)", parent),
                    kind, id, kind, start_ms / 1000, start_ms % 1000, duration_ms, rest);
  }

  void Send() { Ingested(lines_); }

  QueryContext Context() { return ContextAt(ParseRfc3339("2026-11-10T10:00:00Z").value()); }
  static Scope Hour() {
    Scope scope;
    scope.project = "default";
    scope.window = {ParseRfc3339("2026-11-10T09:00:00Z").value(),
                    ParseRfc3339("2026-11-10T10:00:00Z").value()};
    return scope;
  }
  static json::value Parse(const absl::StatusOr<std::string>& answer) {
    EXPECT_TRUE(answer.ok()) << answer.status().ToString();
    return answer.ok() ? json::parse(*answer) : json::value(json::object{});
  }

  std::string lines_;
};

constexpr std::string_view kCall =
    R"("attrs":{"gen_ai.operation.name":"chat","gen_ai.provider.name":"openai",)"
    R"("gen_ai.request.model":"gpt-4o","gen_ai.usage.input_tokens":100,)"
    R"("gen_ai.usage.output_tokens":10})";

TEST_P(PerformanceTest, EachCallOnceAndWhatItInherits) {
  Span(
      "a1", 1, 0, "agent", 0, 9000,
      R"("attrs":{"gen_ai.prompt.name":"planner","gen_ai.prompt.version":"4","feature":"checkout"})");
  Span("a1", 2, 1, "llm", 100, 4000, kCall);  // A framework's sight of the next one.
  Span("a1", 3, 2, "llm", 200, 3000, kCall);
  Span("a1", 4, 1, "tool", 5000, 200,
       R"("attrs":{"gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"find"})");
  Span("a1", 5, 1, "tool", 6000, 400,
       R"("error":{"type":"timeout","message":"<i>no answer</i>"},)"
       R"("attrs":{"gen_ai.operation.name":"execute_tool","gen_ai.tool.name":"find"})");
  Send();

  const json::value latency =
      Parse(ReadLatency(Context(), {.scope = Hour(), .by = {"model", "feature"}}));
  ASSERT_EQ(latency.at("groups").as_array().size(), 1u) << latency;
  const json::value& group = latency.at("groups").at(0);
  EXPECT_EQ(group.at("key"), json::parse(R"({"model":"gpt-4o","feature":"checkout"})"));
  EXPECT_EQ(group.at("count").to_number<int>(), 1) << "the wrapper is no call of its own";
  EXPECT_EQ(group.at("p50_ms").to_number<double>(), 3000);
  EXPECT_NEAR(group.at("tokens_per_second").to_number<double>(), 10 / 3.0, 1e-9);

  const json::value heatmap = Parse(ReadHeatmap(Context(), {.scope = Hour(), .columns = 1}));
  EXPECT_EQ(heatmap.at("counts"), json::parse("[[1]]"));

  const json::value tools = Parse(ReadTools(Context(), {.scope = Hour()}));
  const json::value& find = tools.at("tools").at(0);
  EXPECT_EQ(find.at("tool").as_string(), "find");
  EXPECT_EQ(find.at("calls").to_number<int>(), 2);
  EXPECT_EQ(find.at("status").at("timeout").to_number<int>(), 1) << find;
  EXPECT_TRUE(find.at("change").is_null()) << "one version of the prompt";

  const json::value errors = Parse(ReadErrors(Context(), {.scope = Hour()}));
  EXPECT_EQ(errors.at("spans").to_number<int>(), 4);
  EXPECT_EQ(errors.at("errors").to_number<int>(), 1);
  const json::value& example = errors.at("categories").at(0).at("examples").at(0);
  EXPECT_EQ(example.at("span_id").as_string(), "0000000000000005");
  EXPECT_EQ(example.at("tool_name").as_string(), "find");
  EXPECT_EQ(example.at("message").as_string(), "<i>no answer</i>");
  EXPECT_EQ(example.at("at").as_string(), "2026-11-10T09:00:06.400000000Z");
}

PITOT_FOR_EACH_STORE(PerformanceTest);

}  // namespace
}  // namespace pitot
