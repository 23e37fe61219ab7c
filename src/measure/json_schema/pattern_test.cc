#include "measure/json_schema/pattern.h"

#include <gtest/gtest.h>

#include <random>
#include <regex>

namespace pitot {
namespace {

constexpr int64_t kSteps = 100'000'000;

bool Found(std::string_view pattern, std::string_view text) {
  std::string error;
  const std::optional<Pattern> compiled = Pattern::Compile(pattern, &error);
  EXPECT_TRUE(compiled.has_value()) << pattern << ": " << error;
  int64_t steps = kSteps;
  return compiled && compiled->Search(text, &steps).value();
}

TEST(Pattern, Finds) {
  const auto finds = [](std::string_view pattern, std::string_view text) {
    EXPECT_TRUE(Found(pattern, text)) << "/" << pattern << "/ in " << text;
  };
  const auto misses = [](std::string_view pattern, std::string_view text) {
    EXPECT_FALSE(Found(pattern, text)) << "/" << pattern << "/ in " << text;
  };
  finds("", "");
  finds("b", "abc");
  misses("d", "abc");
  finds("^a", "abc");
  misses("^b", "abc");
  finds("c$", "abc");
  misses("b$", "abc");
  finds("^abc$", "abc");
  misses("^abc$", "abc\n");
  finds("^[a-z][a-z0-9_-]{2,5}$", "ab-1_");
  misses("^[a-z][a-z0-9_-]{2,5}$", "a1");
  misses("^[a-z][a-z0-9_-]{2,5}$", "abcdefg");
  finds(R"(^\d{4}-\d{2}-\d{2}$)", "2026-08-01");
  misses(R"(^\d{4}-\d{2}-\d{2}$)", "2026-8-01");
  finds(R"(^[\w.+-]+@[\w-]+\.[\w.-]+$)", "a.b+c@example.com");
  finds("^(red|green|blue)?$", "");
  finds("^(red|green|blue)?$", "green");
  misses("^(red|green|blue)?$", "redgreen");
  finds("^(?:a|b)+?$", "abab");
  finds("^(?<year>[0-9]+)$", "2026");
  finds("a.c",
        "a\xC3\xA9"
        "c");
  misses("a.c", "a\nc");
  finds("^.{3}$",
        "\xF0\x9F\x98\x80"
        "ab");
  finds(R"(^\u{1F600}$)", "\xF0\x9F\x98\x80");
  finds(R"(^\ud83d\ude00$)", "\xF0\x9F\x98\x80");
  finds(R"(^\x41\t$)", "A\t");
  finds("^[^a-c]$", "\xC3\xA9");
  misses("^[^a-c]$", "b");
  misses("^[]$", "a");
  finds("^[^]$", "\n");
  finds(R"(^[\]\-\\]+$)", "]-\\");
  finds("^[a-]+$", "a-a");
  finds(R"(^[\s\d]+$)", "1 \t2");
  misses(R"(^[\S]$)", " ");
  finds(R"(\bcat\b)", "a cat.");
  misses(R"(\bcat\b)", "concat");
  finds(R"(\Bcat)", "concat");
  finds("^a{2}$", "aa");
  finds("^a{2,}$", "aaaa");
  misses("^a{2,3}$", "aaaa");
  finds("^a{,3}$", "a{,3}");
  finds("^{}$", "{}");
  finds("^(a*)*$", "aaaa");
  finds("^(a|)+b$", "aab");
  finds("^((a?){3}){2}$", "aaaaaa");
  misses("^((a?){3}){2}$", "aaaaaaa");
  finds("a||b", "");
  finds(R"(^\/\.\*$)", "/.*");
  finds(R"(^\0$)", std::string_view("\0", 1));
  finds(R"(^\cJ$)", "\n");
  finds("^[\\b]$", "\b");
  finds("^\xC3\xA9+$", "\xC3\xA9\xC3\xA9");
}

TEST(Pattern, Refuses) {
  const auto bad = [](std::string_view pattern, std::string_view why) {
    std::string error;
    EXPECT_FALSE(Pattern::Compile(pattern, &error).has_value()) << pattern;
    EXPECT_TRUE(error.starts_with(why)) << pattern << ": " << error;
  };
  bad("(", "a ( without its )");
  bad("a)", "a ) without its (");
  bad("[a", "a [ without its ]");
  bad(R"([\])", "a [ without its ]");
  bad("*", "nothing to repeat");
  bad("a**", "a quantifier behind a quantifier");
  bad("^*", "an assertion is repeated");
  bad("a{3,2}", "a repetition from more to less");
  bad("a{1001}", "repeated more than 1000 times");
  bad("[b-a]", "a range from more to less");
  bad(R"([a-\d])", "a range that ends with a class");
  bad("\\", "it ends with a \\");
  bad(R"(\q)", "an unknown escape");
  bad(R"(\x4)", "\\x without two hex digits");
  bad(R"(\u12)", "\\u without its hex digits");
  bad(R"(\u{110000})", "\\u without its hex digits");
  bad(R"((a)\1)", "back-references are not supported");
  bad(R"(\p{L})", "\\p{...} is not supported");
  bad("(?=a)", "look-ahead and look-behind are not supported");
  bad("(?<!a)b", "look-ahead and look-behind are not supported");
  bad("(?i)a", "an unknown kind of group");
  bad("((a{100}){100}){100}", "too large");
  bad("(((){1000}){1000}){1000}", "too large");
  bad(std::string(5000, 'a'), "longer than 4096 bytes");
  bad(std::string(200, '(') + std::string(200, ')'), "groups nested deeper than 100");
  std::string error;
  Pattern::Compile("ab(c", &error);
  EXPECT_EQ(error, "a ( without its ), at byte 4");
}

// What lets other engines think for years is linear here.
TEST(Pattern, HostileInputEndsSoon) {
  EXPECT_FALSE(Found("^(a+)+$", std::string(20'000, 'a') + "b"));
  EXPECT_FALSE(Found("^(a|a)*$", std::string(20'000, 'a') + "b"));
  EXPECT_FALSE(Found("(.*)*x(.*)*y", std::string(20'000, 'x')));
  const std::optional<Pattern> wide = Pattern::Compile("(a?){900}(a?){900}b", nullptr);
  int64_t steps = 10'000;
  EXPECT_FALSE(wide->Search(std::string(100'000, 'a'), &steps).has_value()) << "out of steps";
}

// Random patterns of a small alphabet against the standard library's engine.
TEST(Pattern, AgreesWithAnotherEngine) {
  std::mt19937 random(11);
  const std::vector<std::string> pieces = {"a",    "b",      "(a|b)",    "[ab]",  "[^a]",
                                           ".",    "a*",     "b+",       "(ab)?", "(a*b)*",
                                           "a{2}", "b{1,2}", "(?:a|bb)+"};
  for (int i = 0; i < 400; ++i) {
    std::string pattern = random() % 2 == 0 ? "^" : "";
    for (size_t n = random() % 5; n > 0; --n) pattern += pieces[random() % pieces.size()];
    if (random() % 3 == 0) pattern += "|" + pieces[random() % pieces.size()];
    if (random() % 2 == 0) pattern += "$";
    const std::regex other(pattern, std::regex::ECMAScript);
    for (int k = 0; k < 20; ++k) {
      std::string text;
      for (size_t n = random() % 8; n > 0; --n)
        text += random() % 5 == 0 ? 'c' : "ab"[random() % 2];
      EXPECT_EQ(Found(pattern, text), std::regex_search(text, other))
          << "/" << pattern << "/ in " << text;
    }
  }
}

}  // namespace
}  // namespace pitot
