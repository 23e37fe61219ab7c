#include "gateway/keys/provider_secret.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "base/status.h"

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

class ProviderSecretTest : public testing::Test {
 protected:
  ProviderSecretTest() {
    char name[] = "/tmp/pitot_secret_XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~ProviderSecretTest() override { std::filesystem::remove_all(folder_); }

  std::string Write(std::string_view name, std::string_view text) {
    const std::filesystem::path path = folder_ / name;
    // As mounted secrets change: a new file in the place of the old one.
    std::ofstream(path.string() + ".new", std::ios::binary) << text;
    std::filesystem::rename(path.string() + ".new", path);
    return "file:" + path.string();
  }
  std::string Get(std::string_view ref) {
    const auto secret = secrets_.Get(ref);
    return secret.ok() ? **secret : "error: " + std::string(Message(secret.status()));
  }

  std::filesystem::path folder_;
  std::map<std::string, std::string> environment_;
  FakeClock clock_{1'000'000 * kNanosPerSecond};
  ProviderSecrets secrets_{clock_, [this](const std::string& name) -> std::optional<std::string> {
                             const auto at = environment_.find(name);
                             return at == environment_.end() ? std::nullopt
                                                             : std::optional(at->second);
                           }};
};

TEST_F(ProviderSecretTest, IsTheVariablesValueNow) {
  EXPECT_THAT(Get("env:OPENAI_API_KEY"), HasSubstr("no variable OPENAI_API_KEY"));
  environment_["OPENAI_API_KEY"] = " sk-one\n";
  EXPECT_EQ(Get("env:OPENAI_API_KEY"), "sk-one");
  environment_["OPENAI_API_KEY"] = "sk-two";
  EXPECT_EQ(Get("env:OPENAI_API_KEY"), "sk-two");
}

TEST_F(ProviderSecretTest, IsTheFilesContentAsOfASecondAgo) {
  const std::string ref = Write("key", "sk-one\n");
  EXPECT_EQ(Get(ref), "sk-one");
  Write("key", "sk-two\r\n");
  clock_.Advance(std::chrono::milliseconds(1001));
  EXPECT_EQ(Get(ref), "sk-two");
  std::filesystem::remove(folder_ / "key");
  clock_.Advance(std::chrono::milliseconds(1001));
  EXPECT_THAT(Get(ref), HasSubstr("No such file"));
  Write("key", "sk-three");
  clock_.Advance(std::chrono::milliseconds(1001));
  EXPECT_EQ(Get(ref), "sk-three");
}

TEST_F(ProviderSecretTest, WhatIsNoKeyIsNamedAndNeverRepeated) {
  const auto wrong = [&](const char* why, std::string_view text, std::string_view words) {
    const std::string answer = Get(Write(why, text));
    EXPECT_THAT(answer, HasSubstr(std::string(words))) << why;
    EXPECT_THAT(answer, Not(HasSubstr("hush"))) << why;
  };
  wrong("empty", " \n", "is empty");
  wrong("two lines", "hush\nhush", "line ends");
  wrong("a header of its own", "hush\r\nx-evil: 1", "line ends");
  wrong("not ASCII", "hush\xC3\xA4", "other characters");
  wrong("too long", std::string(20'000, 'h'), "longer than");
  EXPECT_THAT(Get("file:" + folder_.string()), HasSubstr("is not a file"));
  environment_["TWO"] = "hush hush";
  EXPECT_THAT(Get("env:TWO"), Not(HasSubstr("hush")));
}

TEST(CheckSecretRef, TakesTwoForms) {
  EXPECT_TRUE(CheckSecretRef("env:OPENAI_API_KEY").ok());
  EXPECT_TRUE(CheckSecretRef("file:/run/secrets/openai").ok());
  const auto bad = [](const char* why, std::string_view ref) {
    const absl::Status status = CheckSecretRef(ref);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(std::string(Message(status)), Not(HasSubstr("sk-"))) << why;
  };
  bad("empty", "");
  bad("the key itself", "sk-proj-0123");
  bad("no name", "env:");
  bad("no variable's name", "env:sk-proj-0123");
  bad("starts with a digit", "env:1A");
  bad("relative", "file:secrets/openai");
}

}  // namespace
}  // namespace pitot
