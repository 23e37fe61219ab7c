#include "gateway/keys/secret.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace pitot {
namespace {

const std::string kSecret = "pk-pitot-ab12cd34-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg";

TEST(Secret, HasOneForm) {
  EXPECT_TRUE(IsSecret(kSecret));
  const auto bad = [](const char* why, std::string_view text) {
    EXPECT_FALSE(IsSecret(text)) << why << ": " << text;
  };
  bad("empty", "");
  bad("the prefix alone", kSecretPrefix);
  bad("one short", std::string_view(kSecret).substr(0, kSecret.size() - 1));
  bad("one more", kSecret + "x");
  bad("a provider's", "sk-ant-api03-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklm");
  bad("upper case in the public part",
      "pk-pitot-AB12cd34-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg");
  bad("a dash in the secret", "pk-pitot-ab12cd34-0123456789-BCDEFGHIJKLMNOPQRSTUVWXYZabcdefg");
  bad("no second dash", "pk-pitot-ab12cd3400123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg");
}

TEST(Secret, MadeOnesHaveTheFormAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = MakeKeyId();
    const std::string secret = MakeSecret(id);
    EXPECT_TRUE(IsSecret(secret)) << secret;
    EXPECT_EQ(secret.substr(kSecretPrefix.size(), kKeyIdChars), id);
    EXPECT_TRUE(seen.insert(secret.substr(kSecretPrefix.size() + kKeyIdChars + 1)).second);
  }
}

// 62 characters, 43,000 draws: each about 694 times. Six deviations are 158.
TEST(Secret, EachCharacterIsAsLikely) {
  std::map<char, int> counts;
  for (const char c : RandomText(43'000)) ++counts[c];
  EXPECT_EQ(counts.size(), 62u);
  for (const auto& [c, count] : counts) EXPECT_NEAR(count, 694, 160) << c;
}

HttpRequest Request(std::initializer_list<HttpHeaders::Field> headers, QueryParams query = {}) {
  HttpRequest request;
  request.headers = headers;
  request.query = std::move(query);
  return request;
}

TEST(KeyOf, IsFoundInEachPlace) {
  const auto found = [](const char* where, const HttpRequest& request) {
    EXPECT_EQ(KeyOf(request), kSecret) << where;
  };
  const std::string bearer = "Bearer " + kSecret;
  found("x-pitot-key", Request({{"X-Pitot-Key", kSecret}}));
  found("authorization", Request({{"Authorization", bearer}}));
  found("authorization, scheme in any case",
        Request({{"authorization", "bEARER   " + kSecret + " "}}));
  found("x-api-key", Request({{"x-api-key", kSecret}}));
  found("x-goog-api-key", Request({{"x-goog-api-key", kSecret}}));
  found("?key=", Request({}, {{"alt", "sse"}, {"key", kSecret}}));
  found("x-pitot-key beside a provider's own key",
        Request({{"Authorization", "Bearer sk-ant-oat01-abc"}, {"x-pitot-key", kSecret}}));
  found("a provider's key first",
        Request({{"Authorization", "Bearer sk-proj-abc"}, {"x-api-key", kSecret}}));
}

TEST(KeyOf, LeavesOthersAlone) {
  const auto none = [](const char* why, const HttpRequest& request) {
    EXPECT_EQ(KeyOf(request), std::nullopt) << why;
  };
  none("nothing", Request({}));
  none("a provider's key", Request({{"Authorization", "Bearer sk-proj-abc"}}));
  none("a provider's key in x-api-key", Request({{"x-api-key", "sk-ant-abc"}}));
  none("another scheme", Request({{"Authorization", "Basic " + kSecret}}));
  none("no scheme", Request({{"Authorization", kSecret}}));
  none("an empty header", Request({{"Authorization", ""}, {"x-api-key", ""}}));
  none("a provider's key as a parameter", Request({}, {{"key", "AIzaSyA"}}));
}

TEST(KeyOf, AMistypedOneIsOursToo) {
  // Otherwise the gateway would send it on to a provider.
  EXPECT_EQ(KeyOf(Request({{"x-api-key", "pk-pitot-abc"}})), "pk-pitot-abc");
}

TEST(KeyOf, ReadsMetadata) {
  const auto header = [](std::string_view name) -> std::string_view {
    return name == "x-pitot-key" ? std::string_view(kSecret) : "";
  };
  EXPECT_EQ(KeyOf(header), kSecret);
  EXPECT_EQ(KeyOf([](std::string_view) { return std::string_view(); }), std::nullopt);
}

}  // namespace
}  // namespace pitot
