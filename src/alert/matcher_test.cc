#include "alert/matcher.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

struct Case {
  std::string_view name;
  std::string_view text;
  Labels labels;
  bool matches;
};

TEST(MatcherTest, MatchesAsAlertmanagerDoes) {
  const Case cases[] = {
      {"equal", "severity = page", {{"severity", "page"}}, true},
      {"equal, other", "severity=page", {{"severity", "ticket"}}, false},
      {"absent is empty", "slo=\"\"", {}, true},
      {"absent is not something", "slo!=x", {}, true},
      {"expression is anchored", "feature=~\"check\"", {{"feature", "checkout"}}, false},
      {"expression", "feature=~\"check.*\"", {{"feature", "checkout"}}, true},
      {"negated expression", "feature!~\"check.*\"", {{"feature", "checkout"}}, false},
      {"several", "{a=\"1\", b!=\"2\"}", {{"a", "1"}, {"b", "3"}}, true},
      {"one of several", "a=1,b!=2", {{"a", "1"}, {"b", "2"}}, false},
      {"escaped quote", R"(a="say \"x\"")", {{"a", "say \"x\""}}, true},
      {"class of the pattern", R"(a=~"\d+")", {{"a", "42"}}, true},
      {"none", "", {{"a", "1"}}, true},
  };
  for (const Case& test : cases) {
    const auto matchers = ParseMatchers(test.text);
    ASSERT_TRUE(matchers.ok()) << test.name << ": " << matchers.status().ToString();
    EXPECT_EQ(MatchAll(*matchers, test.labels), test.matches) << test.name;
    for (const LabelMatcher& matcher : *matchers) {
      const auto again = LabelMatcher::Parse(matcher.Text());
      ASSERT_TRUE(again.ok()) << test.name << ": " << matcher.Text();
      EXPECT_EQ(again->Matches(test.labels), matcher.Matches(test.labels)) << matcher.Text();
    }
  }
}

TEST(MatcherTest, RefusesWithTheReason) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"severity", "=, !=, =~ or !~"},   {"=page", "a label name"}, {"a=\"b", "a closing quote"},
      {"a=~\"(\"", "no RE2 expression"}, {"{a=b", "a comma or }"},  {"a=b c=d", "a comma"},
      {"9a=b", "no label name"},
  };
  for (const auto& [text, reason] : cases) {
    const auto matchers = ParseMatchers(text);
    ASSERT_FALSE(matchers.ok()) << text;
    EXPECT_NE(Message(matchers.status()).find(reason), std::string_view::npos)
        << text << ": " << Message(matchers.status());
  }
}

}  // namespace
}  // namespace pitot
