#include "gateway/attribution.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(AttributionTest, HeadersGoBeforeBaggageAndBaggageBeforeTheRest) {
  const HttpHeaders headers{{"X-Pitot-Feature", " checkout "},
                            {"baggage", "feature=other,user.id=ada%20l"},
                            {"x-claude-code-session-id", "s-1"},
                            {"x-claude-code-agent-id", "a-1"},
                            {"X-Pitot-Tags", "tier=gold, beta ,=bad"},
                            {"x-pitot-prompt", "cart"},
                            {"x-pitot-prompt-version", "7"}};
  const Attribution who = ReadAttribution(headers, WireRequest(), nullptr);
  EXPECT_EQ(who.feature, "checkout");
  EXPECT_EQ(who.user, "ada l");
  EXPECT_EQ(who.session, "s-1");
  EXPECT_EQ(who.run_id, "s-1");
  EXPECT_EQ(who.agent_id, "a-1");
  EXPECT_EQ(who.prompt, "cart");
  EXPECT_EQ(who.prompt_version, "7");
  EXPECT_EQ(who.project, "default");
  ASSERT_EQ(who.tags.size(), 2u);
  EXPECT_EQ(who.tags[0].first, "tier");
  EXPECT_EQ(who.tags[0].second, "gold");
  EXPECT_EQ(who.tags[1].first, "beta");
}

TEST(AttributionTest, AKeyPinsWhateverTheCallerSays) {
  ApiKey key;
  key.id = "k1";
  key.name = "shop";
  key.project = "p";
  key.pins = {{"feature", "checkout"}};
  key.defaults = {{"user", "robot"}, {"workflow", "nightly"}};
  const HttpHeaders headers{{"x-pitot-feature", "free-lunch"}, {"x-pitot-user", "ada"}};
  const Attribution who = ReadAttribution(headers, WireRequest(), &key);
  EXPECT_EQ(who.feature, "checkout");
  EXPECT_EQ(who.user, "ada");
  EXPECT_EQ(who.workflow, "nightly");
  EXPECT_EQ(who.project, "p");
  EXPECT_EQ(who.key_id, "k1");
}

TEST(AttributionTest, TheApisOwnUserFieldIsTheLastResort) {
  WireRequest request;
  request.user = "user_ab12_account_9f_session_5d2c";
  Attribution who = ReadAttribution({}, request, nullptr);
  EXPECT_EQ(who.user, "user_ab12_account_9f");
  EXPECT_EQ(who.session, "5d2c");
  request.user = "plain";
  who = ReadAttribution({{"x-pitot-user", "ada"}}, request, nullptr);
  EXPECT_EQ(who.user, "ada");
}

TEST(AttributionTest, ABrokenTraceparentIsNone) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_TRUE(ReadAttribution({{"traceparent", good}}, WireRequest(), nullptr).parent);
  EXPECT_FALSE(ReadAttribution({{"traceparent", "00-0-0-0"}}, WireRequest(), nullptr).parent);
  EXPECT_FALSE(
      ReadAttribution({{"traceparent", good}, {"traceparent", good}}, WireRequest(), nullptr)
          .parent);
}

TEST(AttributionTest, WhatAKeyRequiresAndTheCallLacksIsNamed) {
  ApiKey key;
  key.require = {"session", "traceparent", "user"};
  const Attribution who = ReadAttribution({{"x-pitot-user", "ada"}}, WireRequest(), &key);
  EXPECT_EQ(MissingAttribution(key, who),
            (std::vector<std::string_view>{"session", "traceparent"}));
}

TEST(AttributionTest, ALongValueIsCutBetweenCharacters) {
  const std::string text = std::string(255, 'a') + "\xC3\xA9";
  const Attribution who = ReadAttribution({{"x-pitot-user", text}}, WireRequest(), nullptr);
  EXPECT_EQ(who.user, std::string(255, 'a'));
}

}  // namespace
}  // namespace pitot
