#include "measure/json_schema/schema.h"

#include <gtest/gtest.h>

#include "measure/json_schema/json_tree.h"

namespace pitot {
namespace {

Schema Parsed(std::string_view text) {
  std::string error;
  std::optional<Schema> schema = Schema::Parse(text, &error);
  EXPECT_TRUE(schema.has_value()) << error;
  return *schema;
}

TEST(JsonTree, RefusesWhatIsNoJson) {
  const auto bad = [](std::string_view text, std::string_view why) {
    std::string error;
    EXPECT_FALSE(JsonTree::Read(text, &error).has_value()) << text;
    EXPECT_EQ(error, why) << text;
  };
  bad("", "it ends too early, at byte 0");
  bad(" ", "it ends too early, at byte 1");
  bad("{", "no name of a member, at byte 1");
  bad("{\"a\"}", "no : behind a member's name, at byte 4");
  bad("{\"a\":1,}", "no name of a member, at byte 7");
  bad("[1 2]", "no , or ] behind an element, at byte 3");
  bad("[1,]", "not a JSON value, at byte 3");
  bad("01", "something follows the value, at byte 1");
  bad("1.", "a number without digits behind its point, at byte 2");
  bad("1e", "a number without digits in its exponent, at byte 2");
  bad("-", "not a JSON value, at byte 1");
  bad("+1", "not a JSON value, at byte 0");
  bad("nul", "not a JSON value, at byte 0");
  bad("\"a", "a string that does not end, at byte 2");
  bad("\"\n\"", "a control character in a string, at byte 1");
  bad("\"\\x\"", "a malformed escape, at byte 3");
  bad("\"\\u12\"", "a malformed escape, at byte 3");
  bad("1 2", "something follows the value, at byte 2");
  bad(std::string(300, '['), "nested deeper than 256, at byte 256");
}

TEST(JsonTree, ReadsStrings) {
  const auto is = [](std::string_view json, std::string_view text) {
    const std::optional<JsonTree> tree = JsonTree::Read(json, nullptr);
    ASSERT_TRUE(tree.has_value()) << json;
    EXPECT_EQ(tree->root().text, text) << json;
  };
  is(R"("plain")", "plain");
  is(R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t");
  is(R"("caf\u00e9")", "caf\xC3\xA9");
  is(R"("\ud83d\ude00!")", "\xF0\x9F\x98\x80!");
  is(R"("\ud83dx")", "\xEF\xBF\xBDx");
  is(R"("\ude00")", "\xEF\xBF\xBD");
  is(R"("\ud83d\u0041")",
     "\xEF\xBF\xBD"
     "A");
}

TEST(JsonTree, OfEqualNamesTheLastCounts) {
  const std::optional<JsonTree> tree =
      JsonTree::Read(R"({"b":1,"a":2,"b":3,"a":4,"c":5})", nullptr);
  ASSERT_EQ(tree->root().count, 3u);
  EXPECT_EQ(tree->Find(tree->root(), "a")->text, "4");
  EXPECT_EQ(tree->Find(tree->root(), "b")->text, "3");
  EXPECT_EQ(tree->Find(tree->root(), "c")->text, "5");
  EXPECT_EQ(tree->Find(tree->root(), "d"), nullptr);
}

TEST(Schema, CutJsonNeverFits) {
  const Schema schema = Parsed("true");
  const std::string whole = R"({"a":[1.5e3,"x\u00e9",null,true],"b":{}})";
  EXPECT_TRUE(schema.Check(whole).empty());
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_FALSE(schema.Check(whole.substr(0, cut)).empty()) << "cut at " << cut;
  }
}

TEST(Schema, TellsTheFirstMismatches) {
  const Schema schema = Parsed(R"({"items":{"type":"string"}})");
  EXPECT_EQ(schema.Check("[1,2,3,4]", 2),
            (std::vector<SchemaMismatch>{{"/0", "a string", "1"}, {"/1", "a string", "2"}}));
  EXPECT_EQ(schema.Check("[1,2,3,4]", 0).size(), 1u) << "none would mean that it fits";
  EXPECT_EQ(schema.Check("[1,2,3,4]").size(), 4u);
}

TEST(Schema, SurvivesItsCopiesAndItsText) {
  std::optional<Schema> copy;
  {
    const std::string text = R"({"enum":["a","b"]})";
    copy = Parsed(text);
  }
  EXPECT_TRUE(copy->Check("\"a\"").empty());
  EXPECT_EQ(copy->text(), R"({"enum":["a","b"]})");
}

TEST(Schema, RecursionIsFollowedAsDeepAsTheValue) {
  const Schema tree =
      Parsed(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{
               "next":{"$ref":"#/$defs/node"},"value":{"type":"integer"}}}}})");
  std::string deep = R"({"value":1})";
  for (int i = 0; i < 200; ++i) deep = R"({"value":1,"next":)" + deep + "}";
  EXPECT_TRUE(tree.Check(deep).empty());
  const size_t at = deep.find("1}");
  deep.replace(at, 1, "\"x\"");
  const std::vector<SchemaMismatch> mismatches = tree.Check(deep);
  ASSERT_EQ(mismatches.size(), 1u);
  EXPECT_TRUE(mismatches[0].path.ends_with("/next/value")) << mismatches[0].path;
}

TEST(Schema, WhatCannotBeCheckedDoesNotFit) {
  // Each level asks twice: 2^40 ways.
  std::string chain = R"({"$ref":"#/$defs/s0","$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref":"#/$defs/s)" + std::to_string(i + 1) + "\"}";
    chain += "\"s" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "]},";
  }
  const Schema schema = Parsed(chain + R"("s40":{"type":"string"}}})");
  const std::vector<SchemaMismatch> mismatches = schema.Check("1");
  ASSERT_EQ(mismatches.size(), 1u);
  EXPECT_EQ(mismatches[0].expected, "a text that can be checked within the limits");
  EXPECT_TRUE(schema.Check("\"x\"").empty()) << "the first way fits at once";
  // And "not" makes no fitting value of it.
  const Schema negated = Parsed(chain + R"("s40":{"type":"string"}},"not":{"$ref":"#/$defs/s0"}})");
  EXPECT_EQ(negated.Check("1"), mismatches);
}

TEST(Schema, AChainOfReferencesIsNoDeepRecursion) {
  std::string chain = R"({"$ref":"#/$defs/s0","$defs":{)";
  for (int i = 0; i < 5'000; ++i) {
    chain += "\"s" + std::to_string(i) + R"(":{"$ref":"#/$defs/s)" + std::to_string(i + 1) + "\"},";
  }
  const Schema schema = Parsed(chain + R"("s5000":{"type":"string"}}})");
  EXPECT_FALSE(schema.Check("\"x\"").empty()) << "deeper than is checked";
}

TEST(Schema, RefusesTooManySchemas) {
  std::string many = R"({"anyOf":[true)";
  for (size_t i = 0; i < Schema::kSchemasMax; ++i) many += ",true";
  std::string error;
  EXPECT_FALSE(Schema::Parse(many + "]}", &error).has_value());
  EXPECT_TRUE(error.ends_with("more than 20000 schemas")) << error;
}

TEST(Schema, AHugeEnumIsNamedInPart) {
  std::string text = R"({"enum":[)";
  for (int i = 0; i < 100; ++i) text += std::to_string(i) + ",";
  const Schema schema = Parsed(text + "100]}");
  EXPECT_EQ(schema.Check("-1").at(0).expected, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 or 89 more");
  EXPECT_TRUE(schema.Check("100.0").empty());
}

}  // namespace
}  // namespace pitot
