#include <gtest/gtest.h>

#include "pitot/tool.h"

namespace pitot {
namespace {

template <typename Work>
std::string RefusalOf(Work work) {
  try {
    work();
  } catch (const InvalidArguments& error) {
    EXPECT_EQ(error.status(), ToolStatus::kInvalidArgs);
    EXPECT_EQ(error.category(), ErrorCategory::kInvalidArgs);
    return error.what();
  }
  return "taken";
}

TEST(ToolArguments, ReadsMembers) {
  const ToolArguments arguments(
      R"( {"city":"K\u00f6ln","days":3,"share":0.25,"exact":true,"none":null,"list":[1, 2]} )");
  EXPECT_EQ(arguments.text("city"), "K\xC3\xB6ln");
  EXPECT_EQ(arguments.integer("days"), 3);
  EXPECT_EQ(arguments.number("days"), 3.0);
  EXPECT_EQ(arguments.number("share"), 0.25);
  EXPECT_TRUE(arguments.boolean("exact"));
  EXPECT_EQ(arguments.json("list"), "[1, 2]");
  EXPECT_TRUE(arguments.has("city"));
  EXPECT_FALSE(arguments.has("none")) << "null says nothing";
  EXPECT_FALSE(arguments.has("unit"));
  EXPECT_EQ(arguments.text("unit", "C"), "C");
  EXPECT_EQ(arguments.text("none", "x"), "x");
  EXPECT_EQ(arguments.integer("limit", 10), 10);
  EXPECT_EQ(arguments.number("limit", 0.5), 0.5);
  EXPECT_TRUE(arguments.boolean("limit", true));
}

TEST(ToolArguments, WholeNumbersInEveryWriting) {
  const ToolArguments arguments(
      R"({"a":3.0,"b":3e2,"c":-9223372036854775808,"d":3.5,"e":1e300,"f":"3","g":9223372036854775808})");
  EXPECT_EQ(arguments.integer("a"), 3);
  EXPECT_EQ(arguments.integer("b"), 300);
  EXPECT_EQ(arguments.integer("c"), INT64_MIN);
  EXPECT_EQ(RefusalOf([&] { (void)arguments.integer("d"); }),
            "/d: expected a whole number, got 3.5");
  EXPECT_NE(RefusalOf([&] { (void)arguments.integer("e"); }), "taken");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.integer("f"); }),
            "/f: expected a whole number, got \"3\"");
  EXPECT_NE(RefusalOf([&] { (void)arguments.integer("g"); }), "taken");
}

TEST(ToolArguments, SaysWhatIsWrong) {
  const ToolArguments arguments(R"({"a":1,"o":{"x":1},"b/c":2})");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.text("a"); }), "/a: expected a string, got 1");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.text("z"); }), "/z: expected a string, got nothing");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.text("b/c"); }), "/b~1c: expected a string, got 2");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.number("o"); }),
            "/o: expected a number, got {\"x\":1}");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.boolean("a"); }), "/a: expected true or false, got 1");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.json("z"); }), "/z: expected a value, got nothing");
  EXPECT_EQ(RefusalOf([&] { (void)arguments.text("a", "otherwise"); }),
            "/a: expected a string, got 1")
      << "of another type is not missing";
}

TEST(ToolArguments, TakesObjectsOnly) {
  EXPECT_FALSE(ToolArguments("").has("a"));
  EXPECT_EQ(ToolArguments(" \n").json(), "{}");
  for (const char* bad : {"[]", "1", "null", "\"x\"", "{\"a\":1", "{} {}", "not JSON"}) {
    EXPECT_EQ(RefusalOf([&] { ToolArguments arguments(bad); }), "arguments: expected a JSON object")
        << bad;
  }
}

TEST(JsonSchema, IsCheckedFromTheSdk) {
  EXPECT_TRUE(JsonSchema().accepts("{\"any\":1}"));
  EXPECT_FALSE(JsonSchema().accepts("{")) << "what is no JSON fits nothing";
  EXPECT_EQ(JsonSchema().text(), "true");
  const JsonSchema schema(R"({"properties":{"city":{"type":"string"}},"required":["city"]})");
  EXPECT_TRUE(schema.accepts(R"({"city":"Bonn"})"));
  const std::vector<SchemaViolation> violations = schema.validate(R"({"city":7})");
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].to_string(), "/city: expected a string, got 7");
  EXPECT_EQ(schema.validate("{}")[0].to_string(),
            "expected the member \"city\", got an object without it");
  try {
    JsonSchema bad(R"({"properties":{"a":{"pattern":"("}}})");
    FAIL() << "taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "JSON Schema: /properties/a/pattern: a ( without its ), at byte 1");
  }
}

}  // namespace
}  // namespace pitot
