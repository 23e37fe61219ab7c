#include "decode/text.h"

#include <gtest/gtest.h>

#include <random>

#include "decode/json_source.h"

namespace pitot {
namespace {

std::string Mended(std::string_view text) {
  std::string out;
  AppendMended(text, out);
  return out;
}

TEST(Text, MendsMaximalSubparts) {
  EXPECT_EQ(Mended("plain \u00e4\u20ac\U0001F600"), "plain \u00e4\u20ac\U0001F600");
  EXPECT_EQ(Mended("\x80"), "\uFFFD");
  EXPECT_EQ(Mended("\xc0\xaf"), "\uFFFD\uFFFD") << "overlong";
  EXPECT_EQ(Mended("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD") << "a surrogate";
  EXPECT_EQ(Mended("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD") << "beyond U+10FFFF";
  EXPECT_EQ(Mended("\xf0\x9f\x98"), "\uFFFD") << "cut at the end";
  EXPECT_EQ(Mended("\xf0\x9f\x98x"), "\uFFFDx");
  EXPECT_EQ(Mended(std::string_view("\0", 1)), std::string_view("\0", 1));
}

TEST(Text, MendedTextIsUtf8AndGoodTextStays) {
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 90, ' ');
    for (char& c : text) {
      if (random() % 3 == 0) c = static_cast<char>(random());
    }
    const std::string mended = Mended(text);
    EXPECT_TRUE(IsUtf8(mended));
    EXPECT_EQ(mended == text, IsUtf8(text));
    EXPECT_EQ(IsUtf8(text), IsUtf8Slow(text));
  }
}

TEST(Text, FloorCutsNoCharacter) {
  const std::string text = "a\u00e4\u20ac\U0001F600";  // Begins at 0, 1, 3, 6; ends at 10.
  const size_t floors[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
  for (size_t at = 0; at < std::size(floors); ++at)
    EXPECT_EQ(Utf8Floor(text, at), floors[at]) << at;
}

TEST(Text, Base64ThereAndBack) {
  for (const auto& [raw, text] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xff\xef\xbe", "/+++"}}) {
    std::string out;
    AppendBase64(raw, out);
    EXPECT_EQ(out, text);
    EXPECT_TRUE(DecodeBase64(text, out));
    EXPECT_EQ(out, raw);
    EXPECT_TRUE(DecodeBase64(text.substr(0, text.find('=')), out)) << "without padding";
    EXPECT_EQ(out, raw);
  }
  std::string out;
  for (const char* bad : {"Z", "Zg=", "Z===", "Zg==Zg==", "Z g=", "Zm9v="}) {
    EXPECT_FALSE(DecodeBase64(bad, out)) << bad;
  }
}

TEST(JsonFlaw, AgreesWithTheParser) {
  const std::string seed = R"({"a":[1,-2.5e3,true,null,"\u00e4\n"],"b":{"c":{}},"d":""})";
  std::mt19937 random(1);
  JsonSource source;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    constexpr std::string_view kAlphabet = "{}[],:\"\\ 01-.eEtfnua";
    for (uint32_t i = 0; i < random() % 3; ++i) {
      text[random() % text.size()] = kAlphabet[random() % kAlphabet.size()];
    }
    text.reserve(text.size() + kJsonPadding);
    simdjson::dom::element root;
    simdjson::dom::parser parser;
    const bool parses = parser.parse(text).get(root) == simdjson::SUCCESS;
    EXPECT_EQ(FindJsonFlaw(text).words.empty(), parses) << text;
  }
}

}  // namespace
}  // namespace pitot
