#include "pitot/toolbox.h"

#include <gtest/gtest.h>

#include "wire/json_text.h"

namespace pitot {
namespace {

Toolbox Sample() {
  Toolbox tools;
  tools.add(
      {.name = "weather",
       .description = "The weather in a city, \"today\".",
       .schema =
           R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]})"},
      [](const ToolArguments& arguments) {
        if (arguments.text("city") == "Atlantis") throw ToolError("no such city");
        return "21 C in " + arguments.text("city");
      });
  tools.add({.name = "clock"}, [](const ToolArguments&) { return std::string("12:00"); });
  return tools;
}

TEST(Toolbox, TellsTheModel) {
  const Toolbox tools = Sample();
  EXPECT_EQ(
      tools.anthropic_json(),
      R"([{"name":"weather","description":"The weather in a city, \"today\".","input_schema":)"
      R"({"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}},)"
      R"({"name":"clock","input_schema":{"type":"object"}}])");
  EXPECT_EQ(
      tools.openai_json(),
      R"([{"type":"function","function":{"name":"weather","description":"The weather in a city, )"
      R"(\"today\".","parameters":{"type":"object","properties":{"city":{"type":"string"}},)"
      R"("required":["city"]}}},{"type":"function","function":{"name":"clock","parameters":)"
      R"({"type":"object"}}}])");
  EXPECT_TRUE(IsJson(tools.anthropic_json()));
  EXPECT_TRUE(IsJson(tools.openai_json()));
}

TEST(Toolbox, CallsAndAnswers) {
  const Toolbox tools = Sample();
  const ToolOutcome good = tools.run({"c1", "weather", R"({"city":"Bonn"})"});
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.text, "21 C in Bonn");
  const ToolOutcome refused = tools.run({"c2", "weather", R"({"town":"Bonn"})"});
  EXPECT_EQ(refused.status, ToolStatus::kInvalidArgs);
  EXPECT_EQ(refused.text, "arguments: expected the member \"city\", got an object without it");
  const ToolOutcome failed = tools.run({"c3", "weather", R"({"city":"Atlantis"})"});
  EXPECT_EQ(failed.status, ToolStatus::kError);
  EXPECT_EQ(failed.text, "no such city");
  const ToolOutcome unknown = tools.run({"c4", "whether", "{}"});
  EXPECT_EQ(unknown.status, ToolStatus::kInvalidArgs);
  EXPECT_EQ(unknown.text, "arguments: there is no tool of this name");
  EXPECT_TRUE(tools.run({"c5", "clock", ""}).ok()) << "models write nothing for nothing";

  const std::vector<LlmToolCall> calls = {{"c1", "weather", R"({"city":"Bonn"})"},
                                          {"c3", "weather", R"({"city":"Atlantis"})"}};
  EXPECT_EQ(tools.answer_anthropic(calls),
            R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":)"
            R"("21 C in Bonn"},{"type":"tool_result","tool_use_id":"c3","content":"no such city",)"
            R"("is_error":true}]})");
  EXPECT_EQ(tools.answer_openai(calls),
            R"([{"role":"tool","tool_call_id":"c1","content":"21 C in Bonn"},)"
            R"({"role":"tool","tool_call_id":"c3","content":"no such city"}])");
  const std::vector<ToolStatsRow> rows = tools.stats().rows();
  EXPECT_EQ(rows[0].tool, "weather");
  EXPECT_EQ(rows[0].calls, 7u);
  EXPECT_EQ(rows[0].invalid_args, 1u);
}

TEST(Toolbox, RefusesWhatCouldNotWork) {
  const auto refusal = [](ToolDefinition definition, Toolbox::Work work) {
    Toolbox tools = Sample();
    try {
      tools.add(std::move(definition), std::move(work));
    } catch (const std::invalid_argument& error) {
      return std::string(error.what());
    }
    return std::string("taken");
  };
  const Toolbox::Work work = [](const ToolArguments&) { return std::string(); };
  EXPECT_EQ(refusal({}, work), "Toolbox: a tool without a name");
  EXPECT_EQ(refusal({.name = "clock"}, work), "Toolbox: tool clock is there already");
  EXPECT_EQ(refusal({.name = "x"}, nullptr), "Toolbox: tool x does nothing");
  EXPECT_EQ(refusal({.name = "x", .schema = "{"}, work),
            "Toolbox: tool x: JSON Schema: schema: not JSON: no name of a member, at byte 1");
}

TEST(Toolbox, MayBeMoved) {
  Toolbox first = Sample();
  const Toolbox tools = std::move(first);
  (void)tools.run({"c1", "clock", "{}"});
  EXPECT_EQ(tools.stats().rows()[0].calls, 1u);
}

}  // namespace
}  // namespace pitot
