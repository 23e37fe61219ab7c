#include "wire/request.h"

#include <gtest/gtest.h>

#include <string>

#include "wire/estimate.h"

namespace pitot {
namespace {

// Why the body does not bound the input; empty: it does.
std::string Unbounded(WireApi api, std::string_view body) {
  const WireRequest request = ReadRequest(api, body, false);
  EXPECT_TRUE(request.valid) << body;
  const auto bound = InputUpperBound(request, static_cast<int64_t>(body.size()));
  EXPECT_EQ(bound.has_value(), request.input_unbounded.empty()) << body;
  return request.input_unbounded;
}

TEST(InputBound, Anthropic) {
  const auto is = [](std::string_view expected, std::string_view member) {
    EXPECT_EQ(Unbounded(WireApi::kAnthropicMessages, "{" + std::string(member) + "}"), expected)
        << member;
  };
  const auto block = [&](std::string_view expected, std::string_view raw) {
    is(expected, R"("messages":[{"role":"user","content":[)" + std::string(raw) + "]}]");
    is(expected,
       R"("messages":[{"content":[{"type":"tool_result","content":[)" + std::string(raw) + "]}]}]");
  };
  is("", R"("max_tokens":1,"tools":[{"name":"a"},{"type":"custom","name":"b"}])");
  is("", R"("tools":[{"type":"bash_20250124"},{"type":"text_editor_20250728"}])");
  is("server tool web_search", R"("tools":[{"type":"web_search_20260318","name":"web_search"}])");
  is("server tool mcp_toolset", R"("tools":[{"type":"mcp_toolset"}])");
  is("server tool newer_20300101", R"("tools":[{"type":"newer_20300101"}])");
  is("server tool mcp", R"("mcp_servers":[{"url":"u"}])");
  is("", R"("mcp_servers":[])");
  is("thread", R"("thread":{"id":"t"})");
  is("fallbacks", R"("fallbacks":[{"model":"m"}])");
  is("compaction", R"("context_management":{"edits":[{"type":"compact_20260112"}]})");
  is("", R"("context_management":{"edits":[{"type":"clear_thinking_20251015"}]})");
  is("", R"("thread":null,"mcp_servers":null)");
  block("", R"({"type":"text","text":"a"})");
  block("", R"({"type":"image","source":{"type":"base64","data":"AAAA"}})");
  block("image url", R"({"type":"image","source":{"type":"url","url":"https://e/x"}})");
  block("file input", R"({"type":"image","source":{"type":"file","file_id":"f"}})");
  block("document", R"({"type":"document","source":{"type":"base64","data":"AAAA"}})");
  block("", R"({"type":"document","source":{"type":"text","data":"AAAA"}})");
  block("file url", R"({"type":"document","source":{"type":"url","url":"u"}})");
  block(
      "image url",
      R"({"type":"document","source":{"type":"content","content":[{"type":"image","source":{"type":"url"}}]}})");
  block("file input", R"({"type":"container_upload","file_id":"f"})");
}

TEST(InputBound, OpenAiChat) {
  const auto is = [](std::string_view expected, std::string_view member) {
    EXPECT_EQ(Unbounded(WireApi::kOpenAiChat, "{" + std::string(member) + "}"), expected) << member;
  };
  const auto part = [&](std::string_view expected, std::string_view raw) {
    is(expected, R"("messages":[{"role":"user","content":[)" + std::string(raw) + "]}]");
  };
  is("", R"("messages":[{"role":"user","content":"x"}])");
  is("server tool web_search", R"("web_search_options":{})");
  is("server tool plugins", R"("plugins":[{"id":"web"}])");
  is("audio input", R"("messages":[{"role":"assistant","audio":{"id":"a"}}])");
  part("", R"({"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}})");
  part("image url", R"({"type":"image_url","image_url":{"url":"https://e/x.png"}})");
  part("image url", R"({"type":"image_url","image_url":"https://e/x.png"})");
  part("file input", R"({"type":"file","file":{"file_data":"data:application/pdf;base64,AA"}})");
  part("audio input", R"({"type":"input_audio","input_audio":{"data":"AA","format":"wav"}})");
}

TEST(InputBound, OpenAiResponses) {
  const auto is = [](std::string_view expected, std::string_view member) {
    EXPECT_EQ(Unbounded(WireApi::kOpenAiResponses, "{" + std::string(member) + "}"), expected)
        << member;
  };
  is("", R"("input":"x","previous_response_id":null,"conversation":null)");
  is("previous_response_id", R"("previous_response_id":"r")");
  is("conversation", R"("conversation":{"id":"c"})");
  is("prompt template", R"("prompt":{"id":"p"})");
  is("item_reference", R"("input":[{"type":"item_reference","id":"m"}])");
  is("server tool file_search", R"("tools":[{"type":"file_search","vector_store_ids":["v"]}])");
  is("server tool mcp", R"("tools":[{"type":"mcp","server_url":"u"}])");
  is("server tool shell", R"("tools":[{"type":"shell","environment":{"type":"container_auto"}}])");
  is("", R"("tools":[{"type":"shell","environment":{"type":"local"}},{"type":"apply_patch"}])");
  is("file input",
     R"("input":[{"role":"user","content":[{"type":"input_file","file_data":"AA"}]}])");
  is("image url",
     R"("input":[{"type":"computer_call_output","output":{"type":"computer_screenshot","image_url":"https://e"}}])");
}

TEST(InputBound, Gemini) {
  const auto is = [](std::string_view expected, std::string_view member) {
    EXPECT_EQ(Unbounded(WireApi::kGeminiGenerate, "{" + std::string(member) + "}"), expected)
        << member;
  };
  is("", R"("contents":[{"parts":[{"inlineData":{"mimeType":"image/png","data":"AA"}}]}])");
  is("video input",
     R"("contents":[{"parts":[{"inlineData":{"data":"AA","mimeType":"video/mp4"}}]}])");
  is("document", R"("contents":[{"parts":[{"inlineData":{"mimeType":"application/pdf"}}]}])");
  is("file input", R"("contents":[{"parts":[{"fileData":{"fileUri":"u"}}]}])");
  is("cachedContent", R"("cachedContent":"cachedContents/x")");
  is("server tool urlContext", R"("tools":[{"functionDeclarations":[]},{"urlContext":{}}])");
}

TEST(InputBound, IsAtLeastWhatTheBodyCanBe) {
  const std::string text(10'000, '.');
  const std::string body =
      R"({"model":"gpt-4o","messages":[{"role":"user","content":")" + text + "\"}]}";
  const WireRequest request = ReadRequest(WireApi::kOpenAiChat, body, false);
  const auto bound = InputUpperBound(request, static_cast<int64_t>(body.size()));
  ASSERT_TRUE(bound);
  EXPECT_GE(*bound, 10'000);
  EXPECT_LE(*bound, 10'000 + 3'000);
  EXPECT_FALSE(InputUpperBound(ReadRequest(WireApi::kOpenAiChat, "{", false), 1))
      << "what could not be read has no bound";
}

// A picture of 300 KB is not 100,000 tokens, and one of 100 bytes not 30.
TEST(InputBound, PicturesCountByTheProvidersRules) {
  const auto bound = [](size_t bytes) {
    const std::string body =
        R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","data":")" +
        std::string(bytes, 'A') + "\"}}]}]}";
    return *InputUpperBound(ReadRequest(WireApi::kAnthropicMessages, body, false),
                            static_cast<int64_t>(body.size()));
  };
  EXPECT_EQ(bound(100), bound(300'000));
  EXPECT_GE(bound(100), 4'784);
}

// The providers read a key by what it means, so must a budget.
TEST(Requests, EscapedKeysAreTheKeysTheyMean) {
  const WireRequest request = ReadRequest(
      WireApi::kOpenAiChat, R"({"m\u006fdel":"gpt-5","max\u005ftokens":7,"n":3})", false);
  EXPECT_EQ(request.model, "gpt-5");
  EXPECT_EQ(request.max_tokens, 7);
  EXPECT_EQ(request.choices, 3);
}

TEST(Requests, TheLastOfTwoCounts) {
  const WireRequest request = ReadRequest(
      WireApi::kOpenAiChat,
      R"({"max_tokens":1,"max_tokens":9000,"model":"a","model":"b","messages":[{"role":"user","content":"x"}],"messages":[]})",
      true);
  EXPECT_EQ(request.max_tokens, 9000);
  EXPECT_EQ(request.model, "b");
  EXPECT_TRUE(request.messages.empty());
}

TEST(Requests, WrongTypesAreNotRead) {
  const WireRequest request = ReadRequest(
      WireApi::kAnthropicMessages,
      R"({"model":3,"max_tokens":"many","stream":"yes","messages":{"a":1},"tools":7,"system":null,"metadata":[1]})",
      true);
  EXPECT_TRUE(request.valid);
  EXPECT_EQ(request.model, "");
  EXPECT_EQ(request.max_tokens, std::nullopt);
  EXPECT_FALSE(request.streamed);
}

// Nesting that would exhaust the stack is refused, in messages and elsewhere.
TEST(Requests, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_FALSE(ReadRequest(WireApi::kOpenAiChat, R"({"x":)" + deep + "}", false).valid);
  std::string nested = R"({"type":"text","text":"a"})";
  for (int i = 0; i < 300; ++i) {
    nested = R"({"type":"tool_result","content":[)" + nested + "]}";
  }
  const std::string body = R"({"messages":[{"role":"user","content":[)" + nested + "]}]}";
  ReadRequest(WireApi::kAnthropicMessages, body, true);
}

TEST(Requests, OtherApisAreNotRead) {
  EXPECT_FALSE(ReadRequest(WireApi::kOther, R"({"model":"m"})", true).valid);
  EXPECT_FALSE(ReadRequest(WireApi::kOpenAiResponses, "", true).valid);
}

TEST(Estimate, ACutStreamIsAtLeastWhatWasSeen) {
  const std::string body = R"({"messages":[{"role":"user","content":"0123456789"}]})";
  const WireRequest request = ReadRequest(WireApi::kOpenAiChat, body, false);
  const auto bytes = static_cast<int64_t>(body.size());
  WireResult result;
  result.output_bytes = 700;
  const EstimatedUsage unreported = EstimateUsage(request, bytes, result);
  EXPECT_TRUE(unreported.estimated);
  EXPECT_EQ(unreported.usage[UsageBucket::kOutput], 200);
  EXPECT_EQ(unreported.usage[UsageBucket::kInput], EstimateTokens(bytes));

  result.has_usage = true;
  result.usage[UsageBucket::kInput] = 12;
  result.usage[UsageBucket::kCacheRead] = 1000;
  result.usage[UsageBucket::kOutput] = 1;
  const EstimatedUsage begun = EstimateUsage(request, bytes, result);
  EXPECT_EQ(begun.usage.input_total(), 1012) << "a reported input stands";
  EXPECT_EQ(begun.usage.output_total(), 200);
  EXPECT_TRUE(begun.estimated);

  result.usage_final = true;
  const EstimatedUsage final = EstimateUsage(request, bytes, result);
  EXPECT_FALSE(final.estimated);
  EXPECT_EQ(final.usage, result.usage);
}

TEST(Estimate, Tokens) {
  EXPECT_EQ(EstimateTokens(0), 0);
  EXPECT_EQ(EstimateTokens(-1), 0);
  EXPECT_EQ(EstimateTokens(1), 1);
  EXPECT_EQ(EstimateTokens(7), 2);
  EXPECT_EQ(EstimateTokens(3500), 1000);
}

}  // namespace
}  // namespace pitot
