#include "wire/json_text.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>

namespace pitot {
namespace {

std::string Canonical(std::string_view text) {
  std::string out;
  AppendCanonical(text, out);
  return out;
}

TEST(JsonText, Accepts) {
  for (const std::string_view text :
       {"{}", "[]", "null", "true", "false", "0", "-0.5e+10", "123456789012345678901234567890",
        R"("")", R"("a\u00e9\n\/\"")", R"( { "a" : [ 1 , { } ] } )", R"(["\ud83d\ude00"])"}) {
    EXPECT_TRUE(IsJson(text)) << text;
  }
}

TEST(JsonText, Rejects) {
  for (const std::string_view text :
       {"",         " ",     "{",   "[1,]", "{\"a\":}",   "{\"a\" 1}", "{a:1}",   "01",
        "1.",       "1e",    "-",   "+1",   "nul",        "\"",        "\"\\x\"", "\"\\u12g4\"",
        "\"a\nb\"", "[] []", "'a'", "NaN",  "{\"a\":1,}", "[1 2]"}) {
    EXPECT_FALSE(IsJson(text)) << text;
  }
  EXPECT_FALSE(IsJson(std::string(1000, '[') + std::string(1000, ']'))) << "too deep";
}

TEST(JsonText, CanonicalFormForgetsHabits) {
  EXPECT_EQ(Canonical(R"( { "a" : "\u00e9\/\u0041\u000a" , "b" : [ 1.50 , -0 ] } )"),
            R"({"a":"é/A\n","b":[1.50,-0]})");
  EXPECT_EQ(Canonical(R"("\ud83d\ude00 \ud83d x \ude00")"), "\"😀 \xEF\xBF\xBD x \xEF\xBF\xBD\"");
  EXPECT_EQ(Canonical(R"("\u0000\u001f\u0022\u005c")"), R"("\u0000\u001f\"\\")");
}

TEST(JsonText, PlainRunStopsAtEveryPlace) {
  for (size_t length = 0; length < 70; ++length) {
    for (const char stop : {'"', '\\', '\n', '\0', '\x1f'}) {
      for (size_t at = 0; at <= length; ++at) {
        std::string text(length, at % 2 == 0 ? 'a' : '\xff');
        if (at < length) text[at] = stop;
        EXPECT_EQ(PlainRun(text.data(), text.data() + text.size()), at);
      }
    }
  }
}

TEST(JsonText, QuotingIsUndoneByUnquoting) {
  std::string text;
  for (int c = 0; c < 256; ++c) text += static_cast<char>(c);
  std::string quoted;
  AppendQuoted(text, quoted);
  std::string again;
  AppendUnquoted(quoted, again);
  EXPECT_EQ(again, text);
}

// Mutated JSON: accepts what simdjson accepts, and the canonical form is JSON of the same value that
// canonicalising leaves alone.
TEST(JsonText, AgreesWithAnotherParser) {
  const std::string seeds[] = {
      R"({"role":"user","parts":[{"type":"text","content":"a\nb\u00e9"}],"n":-1.5e3})",
      R"([{"a":[true,false,null,"\\\""]},{},[],"",0])"};
  const std::string_view bytes = "{}[],:\"\\ \nu0019aeEtrlfns.-+/d8";
  std::mt19937 random(3);
  simdjson::dom::parser parser;
  size_t accepted = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string text = seeds[random() % 2];
    for (size_t n = 1 + random() % 3; n > 0; --n) {
      const size_t at = random() % text.size();
      const char byte = bytes[random() % bytes.size()];
      switch (random() % 3) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, 1 + random() % 3);
      }
    }
    simdjson::dom::element element;
    const bool theirs = parser.parse(text).get(element) == simdjson::SUCCESS;
    const bool ours = IsJson(text);
    // simdjson refuses half surrogates and numbers beyond 64 bits; RFC 8259 allows both.
    if (theirs) {
      ASSERT_TRUE(ours) << text;
    } else if (ours && text.find("\\u") == text.npos) {
      ASSERT_TRUE(text.find_first_of("eE") != text.npos) << "accepted: " << text;
    }
    if (!theirs) continue;
    ++accepted;
    const std::string canonical = Canonical(text);
    simdjson::dom::parser second;
    ASSERT_EQ(simdjson::minify(second.parse(canonical).value()), simdjson::minify(element)) << text;
    ASSERT_EQ(Canonical(canonical), canonical);
  }
  EXPECT_GT(accepted, 10'000u);
}

}  // namespace
}  // namespace pitot
