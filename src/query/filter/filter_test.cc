#include "query/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/status.h"
#include "query/filter/ast.h"
#include "query/filter/lexer.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

std::string Repeat(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

std::string ErrorOf(std::string_view text, const FilterLimits& limits = {}) {
  const auto begin = std::chrono::steady_clock::now();
  const absl::StatusOr<Filter> filter = ParseFilter(text, limits);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(took, std::chrono::seconds(2)) << Shortened(text);
  if (filter.ok()) return "";
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(Message(filter.status()).size(), 300u) << Message(filter.status());
  return std::string(Message(filter.status()));
}

TEST(Filter, BlankIsTheEmptyFilter) {
  for (const std::string_view text : {"", " ", "\t\n "}) {
    const auto filter = ParseFilter(text);
    ASSERT_TRUE(filter.ok()) << filter.status();
    EXPECT_TRUE(filter->empty());
    EXPECT_TRUE(MatchesFilter(*filter, Span{}));
    EXPECT_EQ(CompileFilter(*filter).sql, "1");
  }
}

TEST(Filter, LimitsAreNamed) {
  FilterLimits limits;
  EXPECT_THAT(ErrorOf(Repeat("a", 100 << 10)),
              HasSubstr("102400 bytes; at most 16384 (limits.filter_bytes)"));
  EXPECT_EQ(ErrorOf(Repeat("kind = llm ", 256)), "");
  EXPECT_THAT(ErrorOf(Repeat("kind = llm ", 257)),
              HasSubstr("position 2817: more than 256 terms (limits.filter_terms)"));
  const auto nested = [](size_t n) { return Repeat("(", n) + "kind = llm" + Repeat(")", n); };
  EXPECT_EQ(ErrorOf(nested(64)), "");
  EXPECT_THAT(ErrorOf(nested(65)), HasSubstr("position 65: more than 64 brackets"));
  EXPECT_THAT(ErrorOf(nested(8000)), HasSubstr("limits.filter_depth"));
  EXPECT_THAT(ErrorOf(Repeat("(", 16000)), HasSubstr("limits.filter_depth"));
  EXPECT_EQ(ErrorOf("model ~ \"" + Repeat("a", 1024) + "\""), "");
  EXPECT_THAT(ErrorOf("model ~ \"" + Repeat("a", 1025) + "\""),
              HasSubstr("position 9: a regular expression of 1025 bytes; at most 1024 "
                        "(limits.filter_regex_bytes)"));
  EXPECT_THAT(ErrorOf("\"" + Repeat("a ", 600) + "\""), HasSubstr("a text of 1200 bytes"));
  EXPECT_EQ(ErrorOf(Repeat("\"a\" ", 16)), "");
  EXPECT_THAT(ErrorOf(Repeat("\"a\" ", 17)), HasSubstr("more than 16 texts to search for"));
  limits.bytes = 1 << 20;
  EXPECT_THAT(ErrorOf("model ~ \"" + Repeat("a", 100 << 10) + "\"", limits),
              HasSubstr("limits.filter_regex_bytes"));
  EXPECT_THAT(ErrorOf(Repeat("a", 100 << 10), limits), HasSubstr("position 1: \"aaa"));
  EXPECT_THAT(ErrorOf("cost > " + Repeat("9", 100 << 10), limits), HasSubstr("position 8"));
  EXPECT_THAT(ErrorOf("duration > 1" + Repeat("e", 100 << 10), limits), HasSubstr("position 12"));
  EXPECT_EQ(ErrorOf("model in (" + Repeat("a,", 100 << 10) + "b)", limits), "");
}

TEST(Filter, RegularExpressionsThatExplodeAreRefused) {
  for (const std::string_view pattern :
       {"((a{100}){100}){100}", "(((((a{1,50}){1,50}){1,50}){1,50}){1,50})", "[\\\\x{100}-",
        "(?P<n>a", "a**", "\\\\1"}) {
    EXPECT_THAT(ErrorOf(fmt::format("model ~ \"{}\"", pattern)),
                HasSubstr("position 9: this is no regular expression"))
        << pattern;
  }
}

TEST(Filter, OnlyUtf8) {
  EXPECT_EQ(ErrorOf("model = \"\xff\""), "q, position 10: this is not UTF-8");
  EXPECT_EQ(ErrorOf("\"žž\xc3\""), "q, position 4: this is not UTF-8");
  EXPECT_EQ(ErrorOf("\"\xed\xa0\x80\""), "q, position 2: this is not UTF-8");
  EXPECT_EQ(ErrorOf("\"\xc0\xaf\""), "q, position 2: this is not UTF-8");
  EXPECT_EQ(ErrorOf("\"\xf5\x80\x80\x80\""), "q, position 2: this is not UTF-8");
  EXPECT_EQ(ErrorOf(std::string_view("\"a\0b\"", 5)), "q, position 3: a NUL character");
  EXPECT_EQ(ErrorOf("\"🐎\""), "");
}

TEST(Filter, AndJoinsTwo) {
  const auto parse = [](std::string_view text) { return ParseFilter(text).value(); };
  const Filter empty;
  EXPECT_TRUE(And(empty, empty).empty());
  EXPECT_EQ(And(parse("kind = llm"), empty).text(), "kind = llm");
  EXPECT_EQ(And(empty, parse("kind = llm")).text(), "kind = llm");
  const Filter both = And(parse("kind = llm OR kind = tool"), parse("status = ok cost > 1"));
  EXPECT_EQ(both.text(), "(kind = llm OR kind = tool) AND (status = ok cost > 1)");
  EXPECT_EQ(PrintFilter(*both.root()), "(kind = llm OR kind = tool) AND status = ok AND cost > 1");
  EXPECT_EQ(PrintFilter(*parse(both.text()).root()), PrintFilter(*both.root()));
}

// Values never stand in SQL.
TEST(Filter, SqlHoldsNoUserText) {
  const auto filter = ParseFilter(
      "model = \"x' OR 1 -- x\" OR attr.\"x'] OR 1\" = \"x'\" OR tag.\"x\" ~ \"x'\" OR \"x' "
      "OR\" OR trace.models in (\"x'\", x) OR name > \"x\"");
  EXPECT_FALSE(filter.ok());  // name takes no >.
  const auto valid = ParseFilter(
      "model = \"zq' OR 1 -- \" OR attr.\"zq'] OR 1\" = \"zq'\" OR tag.\"zq\" ~ \"zq'\" OR \"zq' "
      "OR\" OR trace.models in (\"zq'\", zq)");
  ASSERT_TRUE(valid.ok()) << valid.status();
  EXPECT_EQ(CompileFilter(*valid).sql.find("zq"), std::string::npos);
}

TEST(Filter, EveryExampleOfTheTableParses) {
  for (const FilterField& field : FilterFields()) {
    const auto filter = ParseFilter(field.example);
    EXPECT_TRUE(filter.ok()) << field.name << ": " << filter.status();
    EXPECT_TRUE(field.example.starts_with(field.name)) << field.name;
    EXPECT_TRUE(field.description.ends_with('.')) << field.name;
    EXPECT_EQ(FindField(field.name), &field);
  }
}

}  // namespace
}  // namespace pitot
