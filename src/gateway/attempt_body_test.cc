#include "gateway/attempt_body.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

TEST(WithModelTest, ChangesTheTopLevelModelAndNothingElse) {
  EXPECT_EQ(WithModel("{ \"messages\":[{\"model\":\"x\"}],\n \"model\" : \"gpt-4o\" , \"n\":1.0}",
                      "gpt-5"),
            "{ \"messages\":[{\"model\":\"x\"}],\n \"model\" : \"gpt-5\" , \"n\":1.0}");
  EXPECT_EQ(WithModel(R"({"model":"a\"b"})", "c\"d"), R"({"model":"c\"d"})");
  EXPECT_EQ(WithModel(R"({"messages":[]})", "x"), std::nullopt);
  EXPECT_EQ(WithModel("not json", "x"), std::nullopt);
}

TEST(WithModelInPathTest, ChangesGeminisPath) {
  EXPECT_EQ(WithModelInPath("/v1beta/models/a-1:streamGenerateContent?alt=sse", "b 2"),
            "/v1beta/models/b%202:streamGenerateContent?alt=sse");
  EXPECT_EQ(WithModelInPath("/v1beta/models", "b"), std::nullopt);
}

TEST(WithOutputLimitTest, LowersOrAddsTheLimitWhereTheApiHasIt) {
  struct Case {
    const char* why;
    WireApi api;
    std::string_view body;
    std::optional<std::string> want;
  };
  const Case kCases[] = {
      {"lowered, the rest as it was", WireApi::kAnthropicMessages,
       "{ \"max_tokens\" : 4096 ,\"messages\":[{\"max_tokens\":9}]}",
       "{ \"max_tokens\" : 500 ,\"messages\":[{\"max_tokens\":9}]}"},
      {"low enough already", WireApi::kAnthropicMessages, R"({"max_tokens":500})", std::nullopt},
      {"the old name of chat", WireApi::kOpenAiChat, R"({"messages":[],"max_tokens":900})",
       R"({"messages":[],"max_tokens":500})"},
      {"the new name of chat", WireApi::kOpenAiChat, R"({"max_completion_tokens":900})",
       R"({"max_completion_tokens":500})"},
      {"null is no limit", WireApi::kOpenAiChat, R"({"max_completion_tokens":null,"n":1})",
       R"({"max_completion_tokens":500,"n":1})"},
      {"none yet", WireApi::kOpenAiChat, R"({"model":"m"})",
       R"({"max_completion_tokens":500,"model":"m"})"},
      {"none yet, in an empty object", WireApi::kOpenAiResponses, "{ }",
       R"({"max_output_tokens":500 })"},
      {"inside", WireApi::kGeminiGenerate,
       R"({"contents":[],"generationConfig":{"temperature":1,"maxOutputTokens":8192}})",
       R"({"contents":[],"generationConfig":{"temperature":1,"maxOutputTokens":500}})"},
      {"inside, none yet", WireApi::kGeminiGenerate, R"({"generationConfig":{"temperature":1}})",
       R"({"generationConfig":{"maxOutputTokens":500,"temperature":1}})"},
      {"nothing inside", WireApi::kGeminiGenerate, R"({"contents":[]})",
       R"({"generationConfig":{"maxOutputTokens":500},"contents":[]})"},
      {"no such limit", WireApi::kOpenAiEmbeddings, R"({"model":"m"})", std::nullopt},
      {"no object", WireApi::kOpenAiChat, "[1]", std::nullopt},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(WithOutputLimit(c.api, c.body, 500), c.want) << c.why;
  }
}

}  // namespace
}  // namespace pitot
