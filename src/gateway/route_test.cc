#include "gateway/route.h"

#include <gtest/gtest.h>

namespace pitot {
namespace {

struct PathCase {
  std::string_view name;
  std::string_view target;
  std::string_view upstream;  // Empty: refused.
  std::string_view rest;
};
constexpr PathCase kPaths[] = {
    {"Anthropic", "/anthropic/v1/messages?beta=true", "anthropic", "/v1/messages?beta=true"},
    {"OpenAi", "/openai/v1/chat/completions", "openai", "/v1/chat/completions"},
    {"Gemini", "/gemini/v1beta/models/g:generateContent", "gemini",
     "/v1beta/models/g:generateContent"},
    {"Configured", "/up/local/v1/models", "local", "/v1/models"},
    {"ConfiguredRoot", "/up/local", "local", "/"},
    {"BuiltInByName", "/up/openai/v1/models", "openai", "/v1/models"},
    {"NoName", "/up/", "", ""},
    {"NoNameNoSlash", "/up", "", ""},
    {"Api", "/api/v1/traces", "", ""},
    {"Prefix", "/openaix/v1", "", ""},
    {"ProbeOfRoot", "/anthropic", "anthropic", "/"},
};
class GatewayPathTest : public testing::TestWithParam<PathCase> {};

TEST_P(GatewayPathTest, NamesUpstreamAndTarget) {
  const auto path = SplitGatewayPath(GetParam().target);
  EXPECT_EQ(path ? path->upstream : "", GetParam().upstream);
  EXPECT_EQ(path ? path->target : "", GetParam().rest);
}
INSTANTIATE_TEST_SUITE_P(Paths, GatewayPathTest, testing::ValuesIn(kPaths),
                         [](const auto& info) { return std::string(info.param.name); });

struct CallCase {
  std::string_view name;
  Dialect dialect;
  std::string_view method;
  std::string_view target;
  WireApi api;
  std::string_view model = "";
  bool streams_by_path = false;
  bool sse = true;
  bool reads_only = false;
  std::string_view response_id = "";
};
constexpr CallCase kCalls[] = {
    {"Messages", Dialect::kAnthropic, "POST", "/v1/messages?beta=true",
     WireApi::kAnthropicMessages},
    {"CountTokensIsFree", Dialect::kAnthropic, "POST", "/v1/messages/count_tokens", WireApi::kOther,
     "", false, true, true},
    {"BatchesAreNot", Dialect::kAnthropic, "POST", "/v1/messages/batches", WireApi::kOther},
    {"Models", Dialect::kAnthropic, "GET", "/v1/models?limit=1000", WireApi::kOther, "", false,
     true, true},
    {"Chat", Dialect::kOpenAi, "POST", "/v1/chat/completions", WireApi::kOpenAiChat},
    {"Completions", Dialect::kOpenAi, "POST", "/v1/completions", WireApi::kOpenAiCompletions},
    {"Responses", Dialect::kOpenAi, "POST", "/v1/responses", WireApi::kOpenAiResponses},
    {"ResponseLater", Dialect::kOpenAi, "GET", "/v1/responses/resp_1", WireApi::kOpenAiResponses,
     "", false, true, true, "resp_1"},
    {"ResponseItems", Dialect::kOpenAi, "GET", "/v1/responses/resp_1/input_items", WireApi::kOther,
     "", false, true, true},
    {"Embeddings", Dialect::kOpenAi, "POST", "/v1/embeddings", WireApi::kOpenAiEmbeddings},
    {"Images", Dialect::kOpenAi, "POST", "/v1/images/generations", WireApi::kOther},
    {"Azure", Dialect::kOpenAi, "POST",
     "/openai/deployments/gpt%204o/chat/completions?api-version=2024-10-21", WireApi::kOpenAiChat,
     "gpt 4o"},
    {"Generate", Dialect::kGemini, "POST", "/v1beta/models/gemini-2.5-pro:generateContent",
     WireApi::kGeminiGenerate, "gemini-2.5-pro", false, false},
    {"StreamSse", Dialect::kGemini, "POST",
     "/v1beta/models/gemini-2.5-pro:streamGenerateContent?key=k&alt=sse", WireApi::kGeminiGenerate,
     "gemini-2.5-pro", true, true},
    {"StreamArray", Dialect::kGemini, "POST", "/v1beta/models/gemini-2.5-pro:streamGenerateContent",
     WireApi::kGeminiGenerate, "gemini-2.5-pro", true, false},
    {"CountTokens", Dialect::kGemini, "POST", "/v1beta/models/gemini-2.5-pro:countTokens",
     WireApi::kOther, "gemini-2.5-pro", false, true, true},
    {"EmbedContent", Dialect::kGemini, "POST", "/v1beta/models/e:batchEmbedContents",
     WireApi::kGeminiEmbed, "e"},
    {"GeminiSpeaksOpenAi", Dialect::kGemini, "POST", "/v1beta/openai/chat/completions",
     WireApi::kOpenAiChat},
};
class ProviderCallTest : public testing::TestWithParam<CallCase> {};

TEST_P(ProviderCallTest, IsReadFromMethodAndPath) {
  const CallCase& want = GetParam();
  const ProviderCall call = ReadProviderCall(want.dialect, want.method, want.target);
  EXPECT_EQ(Name(call.api), Name(want.api));
  EXPECT_EQ(call.model, want.model);
  EXPECT_EQ(call.streams_by_path, want.streams_by_path);
  EXPECT_EQ(call.sse, want.sse);
  EXPECT_EQ(call.reads_only, want.reads_only);
  EXPECT_EQ(call.response_id, want.response_id);
}
INSTANTIATE_TEST_SUITE_P(Calls, ProviderCallTest, testing::ValuesIn(kCalls),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(KeyParamTest, IsTakenOutAndTheRestStays) {
  EXPECT_EQ(WithoutKeyParam("/m:x?alt=sse&key=AIza%2D1&b=2"), "/m:x?alt=sse&b=2");
  EXPECT_EQ(WithoutKeyParam("/m:x?key=k"), "/m:x");
  EXPECT_EQ(WithoutKeyParam("/m:x?monkey=k"), "/m:x?monkey=k");
  EXPECT_EQ(WithoutKeyParam("/m:x"), "/m:x");
  EXPECT_EQ(KeyParam("/m:x?alt=sse&key=AIza%2D1"), "AIza-1");
  EXPECT_EQ(KeyParam("/m:x?monkey=k"), "");
}

}  // namespace
}  // namespace pitot
