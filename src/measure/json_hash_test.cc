#include "measure/json_hash.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace pitot {
namespace {

const JsonHasher kPlain({.volatile_keys = {"request_id", "timestamp"}});
const JsonHasher kResults({.volatile_keys = {"timestamp"}, .read_strings = true});
const JsonHasher kMessages({.message = true});

void Same(const JsonHasher& hasher, std::string_view why, std::string_view a, std::string_view b) {
  EXPECT_EQ(hasher(a), hasher(b)) << why << "\n" << a << "\n" << b;
}
void Differ(const JsonHasher& hasher, std::string_view why, std::string_view a,
            std::string_view b) {
  EXPECT_NE(hasher(a), hasher(b)) << why << "\n" << a << "\n" << b;
}

TEST(JsonHash, WritingDoesNotMatter) {
  Same(kPlain, "white space", R"({"a":1,"b":[1,2]})", " {\n \"a\" : 1 , \"b\":[ 1,2 ] }\n");
  Same(kPlain, "order of members", R"({"a":1,"b":{"c":2,"d":3}})", R"({"b":{"d":3,"c":2},"a":1})");
  Same(kPlain, "whole numbers", R"([1, -0, 1500])", R"([1.0, 0, 1.5e3])");
  Same(kPlain, "fractions", "[0.25]", "[2.5e-1]");
  Same(kPlain, "escapes", R"(["é/\n😀"])", "[\"\\u00e9\\/\\u000a\\ud83d\\ude00\"]");
  Same(kPlain, "escaped quotes", R"(["say \"hi\" \\ \t"])",
       R"(["say \u0022hi\u0022 \u005c \u0009"])");
  Same(kPlain, "escapes in names", R"({"path":1})", R"({"p\u0061th":1})");
  Same(kPlain, "null members", R"({"a":1,"b":null})", R"({"a":1})");
  Same(kPlain, "volatile members", R"({"a":1,"request_id":"x"})", R"({"a":1,"requestId":"y"})");
  Same(kPlain, "volatile members, deeper", R"([{"a":{"Timestamp":1}}])", R"([{"a":{}}])");
  Same(kPlain, "text around", "  no json at all\n", "no json at all");
}

TEST(JsonHash, MeaningDoes) {
  Differ(kPlain, "value", R"({"a":1})", R"({"a":2})");
  Differ(kPlain, "name", R"({"a":1})", R"({"b":1})");
  Differ(kPlain, "order of items", "[1,2]", "[2,1]");
  Differ(kPlain, "type", R"([1])", R"(["1"])");
  Differ(kPlain, "true", "[true]", "[false]");
  Differ(kPlain, "null items", "[null]", "[]");
  Differ(kPlain, "object and array", "{}", "[]");
  Differ(kPlain, "nesting", "[[1],2]", "[1,[2]]");
  Differ(kPlain, "values swapped", R"({"a":1,"b":2})", R"({"a":2,"b":1})");
  Differ(kPlain, "members of other objects", R"([{"a":1},{"b":2}])", R"([{"a":1,"b":2},{}])");
  Differ(kPlain, "long ids", "[12345678901234567890123]", "[12345678901234567890124]");
  Differ(kPlain, "fractions", "[0.1]", "[0.2]");
  Differ(kPlain, "case", R"(["A"])", R"(["a"])");
  Differ(kPlain, "white space in a text", R"(["a b"])", R"(["ab"])");
  Differ(kPlain, "JSON in a text", R"(["{\"a\":1}"])", R"([{"a":1}])");
  Differ(kPlain, "bad JSON", R"({"a":1)", R"({"a":2)");
}

TEST(JsonHash, NotJsonIsText) {
  const auto text = [](std::string_view why, std::string_view a, std::string_view b) {
    Differ(kPlain, why, a, b);
  };
  text("cut", R"({"a":1)", R"({"a":1})");
  text("after the end", "[1] [2]", "[1]");
  text("two commas", "[1,,2]", "[1,2]");
  text("leading zero", "[01]", "[1]");
  text("bad escape", R"(["\x"])", R"(["x"])");
  text("cut in an escape", R"(["\)", R"(["\\"])");
  text("bad code", R"(["\u12"])", R"(["\u0012"])");
  text("bad word", "[nul]", "[null]");
  text("empty", "", "null");
  EXPECT_NE(kPlain(""), 0u);
}

TEST(JsonHash, DeepTextIsHashedAsText) {
  const std::string deep(10'000, '[');
  const std::string closed = deep + std::string(10'000, ']');
  Differ(kPlain, "too deep to be read", closed, closed + " ]");
  EXPECT_NE(kPlain(deep), 0u);
}

TEST(JsonHash, EveryCutIsSurvived) {
  const std::string json = R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00",{"b":null,"c":true}],"d":"e"})";
  for (size_t cut = 0; cut < json.size(); ++cut) {
    Differ(kPlain, "cut", json.substr(0, cut), json);
  }
}

TEST(JsonHash, ResultsAreReadInsideText) {
  Same(kResults, "a block's text is JSON",
       R"([{"type":"text","text":"{\"state\":\"running\",\"timestamp\":1}"}])",
       R"([{"type":"text","text":"{\"timestamp\": 2, \"state\": \"running\"}"}])");
  Differ(kResults, "and counts", R"(["{\"state\":\"running\"}"])", R"(["{\"state\":\"done\"}"])");
  Same(kResults, "with line breaks around", R"(["\n{\"a\": \"x\\ny\"}\n"])",
       R"(["{\"a\":\"x\\u000ay\"}"])");
  Differ(kResults, "text that only looks like it", R"(["{a}"])", R"(["{b}"])");
}

TEST(JsonHash, Messages) {
  Same(kMessages, "a text is a block", R"({"role":"user","content":"hi"})",
       R"({"role":"user","content":[{"type":"text","text":"hi"}]})");
  Same(kMessages, "of either name",
       R"({"role":"user","content":[{"type":"input_text","text":"hi"}]})",
       R"({"role":"user","content":[{"type":"text","text":"hi"}]})");
  Same(
      kMessages, "cache marks move",
      R"({"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]})",
      R"({"content":"hi","role":"user"})");
  Same(
      kMessages, "results too",
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]})",
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"ok"}]}]})");
  Differ(kMessages, "the role counts", R"({"role":"user","content":"hi"})",
         R"({"role":"tool","content":"hi"})");
  Differ(kMessages, "other types count", R"({"type":"tool_use","id":"a"})",
         R"({"type":"tool_result","id":"a"})");
}

}  // namespace
}  // namespace pitot
