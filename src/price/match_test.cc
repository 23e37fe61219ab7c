#include "price/match.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

constexpr PriceConfidence kNone = PriceConfidence::kNone;
constexpr PriceConfidence kExact = PriceConfidence::kExact;
constexpr PriceConfidence kPrefix = PriceConfidence::kPrefix;

TEST(VersionlessSize, StripsVersionsOnly) {
  const auto expect = [](std::string_view text, std::string_view want) {
    EXPECT_EQ(text.substr(0, VersionlessSize(text)), want) << text;
  };
  expect("claude-sonnet-4-5-20250929", "claude-sonnet-4-5");
  expect("gpt-4o-2024-08-06", "gpt-4o");
  expect("claude-opus-4@20250514", "claude-opus-4");
  expect("claude-3-5-haiku-latest", "claude-3-5-haiku");
  expect("anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5");
  expect("gemini-1.5-pro-002", "gemini-1.5-pro");
  expect("gpt-5", "gpt-5");
  expect("gpt-5-mini", "gpt-5-mini");
  expect("claude-sonnet-5-5", "claude-sonnet-5-5");
  expect("gemini-2.5-pro-preview-05-06", "gemini-2.5-pro-preview-05-06");
  expect("llama-3:70b", "llama-3:70b");
  expect("", "");
}

TEST(Match, TellsTheNamedFromTheResembling) {
  NameMatch sonnet;
  sonnet.starts_with = {"claude-sonnet-5"};
  NameMatch bedrock;
  bedrock.contains = {"us.anthropic.claude-sonnet-4-5"};
  NameMatch vertex;
  vertex.ends_with = {"claude-opus-5"};
  NameMatch listed;
  listed.equals = {"gpt-4o"};
  listed.patterns = {"gpt-4o-####-##-##", "gpt-4o-#*"};
  NameMatch cut;
  cut.starts_with = {"claude-sonnet-4-2025"};
  NameMatch speech;
  speech.all.resize(2);
  speech.all[0].starts_with = {"gemini-2.5-pro"};
  speech.all[1].negated = std::make_unique<NameMatch>();
  speech.all[1].negated->ends_with = {"-tts"};

  const auto expect = [](const NameMatch& match, std::string_view text, PriceConfidence want) {
    EXPECT_EQ(Match(match, text), want) << text;
  };
  expect(sonnet, "claude-sonnet-5", kExact);
  expect(sonnet, "claude-sonnet-5-20260101", kExact);
  expect(sonnet, "claude-sonnet-5-latest", kExact);
  expect(sonnet, "claude-sonnet-5-5", kPrefix);
  expect(sonnet, "claude-sonnet-4", kNone);
  expect(bedrock, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", kExact);
  expect(bedrock, "arn:aws:bedrock:us-east-1::x/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
         kExact);
  expect(bedrock, "xus.anthropic.claude-sonnet-4-5", kPrefix);
  expect(bedrock, "us.anthropic.claude-sonnet-4-5-fast", kPrefix);
  expect(vertex, "publishers/anthropic/models/claude-opus-5", kExact);
  expect(vertex, "my-claude-opus-5", kPrefix);
  expect(listed, "gpt-4o-2024-08-06", kExact);
  expect(listed, "gpt-4o-2", kPrefix);
  expect(listed, "gpt-4o-x", kNone);
  expect(cut, "claude-sonnet-4-20250514", kExact);
  expect(speech, "gemini-2.5-pro", kExact);
  expect(speech, "gemini-2.5-pro-exp", kPrefix);
  expect(speech, "gemini-2.5-pro-tts", kNone);
  expect(NameMatch(), "anything", kNone);
}

TEST(GlobMatches, Table) {
  const auto expect = [](std::string_view glob, std::string_view text, bool want) {
    EXPECT_EQ(GlobMatches(glob, text), want) << glob << " against " << text;
  };
  expect("gpt-4o", "GPT-4o", true);
  expect("gpt-4o", "gpt-4o-mini", false);
  expect("gpt-4o*", "gpt-4o", true);
  expect("*sonnet*", "claude-sonnet-4", true);
  expect("a*b*c", "axxbxxbc", true);
  expect("a*b*c", "axxbxxb", false);
  expect("*", "", true);
  expect("", "", true);
  expect("", "a", false);
  expect("?", "a", false);
  expect("*a*a*a*a*a*a*a*a*b", std::string(250, 'a'), false);
}

}  // namespace
}  // namespace pitot
