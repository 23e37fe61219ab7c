// What went wrong elsewhere (docs/gateway.md names the sources), and what golden files do not show.
#include "wire/response.h"

#include <gtest/gtest.h>

#include "wire/wire_test_util.h"

namespace pitot {
namespace {

constexpr ResponseReader::Options kStream = {.streamed = true};

std::string Event(std::string_view data) { return "data: " + std::string(data) + "\n\n"; }

WireResult Stream(WireApi api, std::string_view body) { return ReadAnswer(api, kStream, body); }

constexpr std::string_view kMessageStart =
    R"({"type":"message_start","message":{"id":"m","model":"claude-x","usage":{"input_tokens":10,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":0},"output_tokens":1}}})";

// envoyproxy/ai-gateway #2290, #2116: of message_delta only output_tokens was taken.
TEST(StreamingUsage, EveryFieldOfMessageDeltaCounts) {
  const WireResult got = Stream(
      WireApi::kAnthropicMessages,
      Event(kMessageStart) +
          Event(
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"input_tokens":20,"cache_creation_input_tokens":50,"cache_read_input_tokens":70,"output_tokens":9,"server_tool_use":{"web_search_requests":2}}})"));
  EXPECT_EQ(got.usage[UsageBucket::kInput], 20);
  EXPECT_EQ(got.usage[UsageBucket::kCacheRead], 70);
  EXPECT_EQ(got.usage[UsageBucket::kCacheWrite5m], 50);
  EXPECT_EQ(got.usage[UsageBucket::kOutput], 9);
  EXPECT_EQ(got.usage.web_searches, 2);
  EXPECT_TRUE(got.usage_final);
  EXPECT_TRUE((got.usage_flags & kUsageCacheTtlAssumed) != 0)
      << "45 written tokens came without their ttl";
}

// Null means "nothing new", and counts are sums already: adding them up doubled bills.
TEST(StreamingUsage, NullsDoNotEraseAndCountsAreNotAdded) {
  const std::string delta =
      R"({"type":"message_delta","delta":{},"usage":{"input_tokens":null,"cache_creation_input_tokens":null,"cache_read_input_tokens":null,"output_tokens":4,"server_tool_use":null}})";
  const WireResult got =
      Stream(WireApi::kAnthropicMessages, Event(kMessageStart) + Event(delta) + Event(delta));
  EXPECT_EQ(got.usage.input_total(), 22);
  EXPECT_EQ(got.usage.output_total(), 4);
  EXPECT_FALSE(got.usage_final) << "no stop_reason came";
}

// agno #6624, python-genai #1204: Gemini repeats what was used so far with every chunk.
TEST(StreamingUsage, GeminiCountsAreCumulative) {
  std::string body;
  for (int i = 1; i <= 10; ++i) {
    body += Event(
        R"({"candidates":[{"content":{"parts":[{"text":"x"}]}}],"usageMetadata":{"promptTokenCount":100,"candidatesTokenCount":)" +
        std::to_string(i) + R"(,"totalTokenCount":)" + std::to_string(100 + i) + "}}");
  }
  const WireResult got = Stream(WireApi::kGeminiGenerate, body);
  EXPECT_EQ(got.usage.input_total(), 100);
  EXPECT_EQ(got.usage.output_total(), 10);
}

// Portkey #1458: thoughts are billed as output, but not among the candidates.
TEST(StreamingUsage, GeminiThoughtsAreOutput) {
  const WireResult got = ReadAnswer(
      WireApi::kGeminiGenerate, {},
      R"({"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":2,"thoughtsTokenCount":30,"totalTokenCount":37}})");
  EXPECT_EQ(got.usage[UsageBucket::kReasoning], 30);
  EXPECT_EQ(got.usage.output_total(), 32);
}

// envoyproxy/ai-gateway #2563: the client closes after the last frame, and the end is never seen.
TEST(StreamingUsage, CountsWhenTheFrameIsWholeNotAtTheEnd) {
  struct Row {
    WireApi api;
    std::string body;
  };
  const Row rows[] = {
      {WireApi::kAnthropicMessages, Event(kMessageStart)},
      {WireApi::kOpenAiChat,
       Event(R"({"choices":[],"usage":{"prompt_tokens":22,"completion_tokens":1}})")},
      {WireApi::kOpenAiResponses,
       Event(
           R"({"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":22,"output_tokens":1}}})")},
      {WireApi::kGeminiGenerate,
       Event(R"({"usageMetadata":{"promptTokenCount":22,"candidatesTokenCount":1}})")},
  };
  for (const Row& row : rows) {
    ResponseReader reader(row.api, kStream);
    reader.Put(std::string_view(row.body).substr(0, row.body.size() - 1));
    EXPECT_FALSE(reader.result().has_usage) << Name(row.api);
    reader.Put("\n");
    EXPECT_EQ(reader.result().usage.input_total(), 22) << Name(row.api);
    EXPECT_EQ(reader.result().usage.output_total(), 1) << Name(row.api);
  }
}

// envoyproxy/ai-gateway #2184.
TEST(StreamingUsage, IncompleteAndFailedResponsesCount) {
  for (const std::string status : {"incomplete", "failed", "cancelled"}) {
    const WireResult got =
        Stream(WireApi::kOpenAiResponses,
               Event(R"({"type":"response.)" + status + R"(","response":{"status":")" + status +
                     R"(","usage":{"input_tokens":7,"output_tokens":3}}})"));
    EXPECT_EQ(got.usage.input_total() + got.usage.output_total(), 10) << status;
    EXPECT_TRUE(got.terminal && got.usage_final) << status;
  }
}

// OmniRoute #9750: usage in an event that has choices too.
TEST(StreamingUsage, UsageBesideChoicesCounts) {
  const WireResult got = Stream(
      WireApi::kOpenAiChat,
      Event(
          R"({"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5},"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]})"));
  EXPECT_EQ(got.usage.input_total(), 3);
  EXPECT_TRUE(got.usage_final);
}

// litellm #5443, #6576, #9812, #11364, #31282, #40016: cached tokens billed twice.
TEST(Cost, BucketsSumToWhatTheProviderSays) {
  const std::string folder = std::string(PITOT_SOURCE_DIR) + "/tests/golden/wire";
  int checked = 0;
  for (const WireCase& one : WireCases(folder)) {
    if (one.is_request) continue;
    const WireResult got = ReadAnswer(one.api, one.options, one.body);
    if (!got.raw_total_tokens || !got.has_usage) continue;
    EXPECT_EQ(got.usage.input_total() + got.usage.output_total(), *got.raw_total_tokens)
        << one.path;
    ++checked;
  }
  EXPECT_GT(checked, 10);
}

// litellm #13810, #22086: the tier that was asked for is not the tier that is billed.
TEST(Cost, TheTierIsTheOneOfTheAnswer) {
  const WireResult chat = Stream(WireApi::kOpenAiChat,
                                 Event(R"({"service_tier":"default","model":"a","choices":[]})") +
                                     Event(R"({"service_tier":"flex","model":"b","choices":[]})"));
  EXPECT_EQ(chat.service_tier, "flex");
  const WireResult fast = ReadAnswer(
      WireApi::kAnthropicMessages, {},
      R"({"usage":{"input_tokens":1,"output_tokens":1,"service_tier":"standard","speed":"fast"}})");
  EXPECT_EQ(fast.service_tier, "fast");
}

TEST(Cost, WritesWithoutATtlAreWhatTheRequestAskedFor) {
  const auto read = [](std::string_view ttl) {
    return ReadAnswer(
        WireApi::kAnthropicMessages, {.cache_ttl = ttl},
        R"({"usage":{"input_tokens":1,"cache_creation_input_tokens":100,"output_tokens":1}})");
  };
  EXPECT_EQ(read("").usage[UsageBucket::kCacheWrite5m], 100);
  EXPECT_EQ(read("").usage_flags, kUsageCacheTtlAssumed);
  EXPECT_EQ(read("5m").usage_flags, 0);
  EXPECT_EQ(read("1h").usage[UsageBucket::kCacheWrite1h], 100);
  EXPECT_EQ(read("1h").usage_flags, kUsageCacheTtlAssumed);
}

// bifrost #6979: waiting for [DONE] hung streams of servers that send none.
TEST(Streams, EndOnTheApisOwnSign) {
  const auto ends = [](WireApi api, std::string_view data) {
    ResponseReader reader(api, kStream);
    reader.Put(Event(data));
    return reader.result().terminal && reader.meaningful();
  };
  EXPECT_TRUE(ends(WireApi::kAnthropicMessages, R"({"type":"message_stop"})"));
  EXPECT_TRUE(ends(WireApi::kOpenAiChat, "[DONE]"));
  EXPECT_TRUE(ends(
      WireApi::kOpenAiChat,
      R"({"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})"));
  EXPECT_TRUE(ends(WireApi::kOpenAiResponses,
                   R"({"type":"response.failed","response":{"status":"failed"}})"));
  EXPECT_TRUE(ends(WireApi::kGeminiGenerate, R"({"candidates":[{"finishReason":"STOP"}]})"));
  EXPECT_FALSE(ends(WireApi::kAnthropicMessages, R"({"type":"ping"})"));
}

// A fallback is possible until the client was sent what the model wrote.
TEST(Streams, MeaningfulIsTheFirstByteOfTheModel) {
  const auto meaningful = [](WireApi api, std::string_view body) {
    ResponseReader reader(api, kStream);
    reader.Put(body);
    return reader.meaningful();
  };
  const WireApi anthropic = WireApi::kAnthropicMessages;
  EXPECT_FALSE(meaningful(anthropic, ": keep-alive\n\n" + Event(kMessageStart)));
  EXPECT_FALSE(meaningful(
      anthropic,
      Event(R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})")));
  EXPECT_FALSE(meaningful(
      anthropic,
      Event(
          R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":""}})")));
  EXPECT_TRUE(meaningful(
      anthropic,
      Event(
          R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}})")));
  const WireApi chat = WireApi::kOpenAiChat;
  EXPECT_FALSE(meaningful(
      chat, Event(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]})")));
  EXPECT_TRUE(meaningful(
      chat,
      Event(
          R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{"}}]}}]})")));
  EXPECT_FALSE(meaningful(WireApi::kOpenAiResponses,
                          Event(R"({"type":"response.created","response":{"id":"r"}})")));
  EXPECT_TRUE(meaningful(
      WireApi::kOpenAiResponses,
      Event(R"({"type":"response.reasoning_summary_text.delta","output_index":0,"delta":"a"})")));
}

// bifrost #4678: what is kept of a stream must not grow with it.
TEST(Memory, ALongStreamIsCountedNotKept) {
  ResponseReader reader(WireApi::kOpenAiChat, {.streamed = true, .capture_bytes = 1000});
  const std::string event =
      Event(R"({"choices":[{"index":0,"delta":{"content":"0123456789"},"finish_reason":null}]})");
  for (int i = 0; i < 1000; ++i) reader.Put(event);
  reader.Finish();
  const WireResult& got = reader.result();
  EXPECT_EQ(got.output_bytes, 10'000);
  EXPECT_EQ(got.text.size(), 1000u);
  EXPECT_TRUE(got.capture_cut);
}

// An answer too large to keep is still metered, wherever its usage stands.
TEST(Memory, UsageIsReadBesideContentOfAnySize) {
  const std::string vector(3 << 20, '1');
  const WireResult got =
      ReadAnswer(WireApi::kOpenAiEmbeddings, {.want_content = false},
                 R"({"data":[{"embedding":[)" + vector +
                     R"(]}],"model":"e","usage":{"prompt_tokens":8,"total_tokens":8}})",
                 4096);
  EXPECT_EQ(got.usage.input_total(), 8);
  const WireResult chat =
      ReadAnswer(WireApi::kOpenAiChat, {.capture_bytes = 1 << 20},
                 R"({"choices":[{"message":{"content":")" + vector +
                     R"("}}],"usage":{"prompt_tokens":8,"completion_tokens":9,"total_tokens":17}})",
                 4096);
  EXPECT_EQ(chat.usage.output_total(), 9);
  EXPECT_TRUE(chat.capture_cut);
  EXPECT_TRUE(chat.usage_final);
}

TEST(Events, LinesEndInAnyWayAndDataIsJoined) {
  const std::string json =
      R"({"choices":[{"index":0,"delta":{"content":"ab"},"finish_reason":"stop"}]})";
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const std::string split = "data: " + json.substr(0, 20) + end + "data:" + json.substr(20);
    const std::string body = "\xEF\xBB\xBF: hello" + end + end + "event: x" + end + split + end +
                             end + "data: [DONE]" + end + end;
    for (const size_t piece : {size_t{1}, size_t{3}, body.size()}) {
      const WireResult got = ReadAnswer(WireApi::kOpenAiChat, kStream, body, piece);
      EXPECT_EQ(got.text, "ab");
      EXPECT_TRUE(got.terminal);
    }
  }
}

// Half a body: what is whole counts, the rest is counted as bytes.
TEST(Bodies, ACutBodyIsNotTerminal) {
  const WireResult got = ReadAnswer(
      WireApi::kAnthropicMessages, {},
      R"({"id":"m","model":"claude-x","content":[{"type":"text","text":"Once upon a ti)");
  EXPECT_EQ(got.model, "claude-x");
  EXPECT_FALSE(got.terminal);
  EXPECT_FALSE(got.has_usage);
  EXPECT_GT(got.output_bytes, 10);
}

TEST(Bodies, GarbageIsNothing) {
  for (const WireApi api : {WireApi::kAnthropicMessages, WireApi::kOpenAiChat,
                            WireApi::kOpenAiResponses, WireApi::kGeminiGenerate}) {
    for (const std::string_view body :
         {"", "null", "<html>", "{", "[1,2]", "{\"usage\":3,\"choices\":{},\"content\":1}",
          "data: \n\ndata: null\n\n", "\x1f\x8b\x08"}) {
      for (const bool streamed : {false, true}) {
        const WireResult got = ReadAnswer(api, {.streamed = streamed}, body);
        EXPECT_FALSE(got.has_usage) << body;
        EXPECT_FALSE(got.error.any()) << body;
      }
    }
  }
}

TEST(Bodies, AbsurdCountsAreClampedNotTrusted) {
  const WireResult got = ReadAnswer(
      WireApi::kOpenAiChat, {},
      R"({"usage":{"prompt_tokens":-5,"completion_tokens":1e300,"total_tokens":"12","prompt_tokens_details":{"cached_tokens":99999999999999999999}}})");
  for (const int64_t tokens : got.usage.tokens) EXPECT_GE(tokens, 0);
  EXPECT_EQ(got.raw_input_tokens, std::nullopt);
  EXPECT_EQ(got.raw_total_tokens, 12);
}

TEST(Words, Categories) {
  const auto is = [](Dialect dialect, int status, std::string_view type, std::string_view code,
                     std::string_view message, ErrorCategory expected) {
    EXPECT_EQ(Name(CategoryOf(dialect, status, type, code, message)), Name(expected))
        << status << " " << type << " " << code << " " << message;
  };
  const Dialect a = Dialect::kAnthropic;
  is(a, 529, "overloaded_error", "", "Overloaded", ErrorCategory::kOverloaded);
  is(a, 200, "overloaded_error", "", "Overloaded", ErrorCategory::kOverloaded);
  is(a, 400, "invalid_request_error", "", "Your credit balance is too low to access the API.",
     ErrorCategory::kQuota);
  is(a, 400, "invalid_request_error", "", "max_tokens: Field required",
     ErrorCategory::kInvalidArgs);
  is(a, 413, "request_too_large", "", "Request exceeds the maximum size",
     ErrorCategory::kContextLength);
  is(a, 429, "rate_limit_error", "", "Number of request tokens has exceeded your rate limit",
     ErrorCategory::kRateLimit);
  is(a, 429, "rate_limit_error", "enforced_spend_limit_reached", "", ErrorCategory::kQuota);
  is(a, 500, "api_error", "", "Internal server error", ErrorCategory::kInternal);
  const Dialect o = Dialect::kOpenAi;
  is(o, 429, "insufficient_quota", "insufficient_quota", "", ErrorCategory::kQuota);
  is(o, 429, "tokens", "rate_limit_exceeded", "Rate limit reached", ErrorCategory::kRateLimit);
  is(o, 400, "invalid_request_error", "context_length_exceeded", "", ErrorCategory::kContextLength);
  is(o, 401, "invalid_request_error", "invalid_api_key", "", ErrorCategory::kAuth);
  is(o, 404, "invalid_request_error", "model_not_found", "", ErrorCategory::kInvalidArgs);
  is(o, 400, "", "content_filter", "The response was filtered", ErrorCategory::kContentFilter);
  is(o, 503, "", "", "", ErrorCategory::kOverloaded);
  is(o, 200, "", "", "", ErrorCategory::kNone);
  is(o, 200, "strange", "", "", ErrorCategory::kUnknown);
  const Dialect g = Dialect::kGemini;
  is(g, 429, "RESOURCE_EXHAUSTED", "", "You exceeded your current quota, check billing",
     ErrorCategory::kRateLimit);
  is(g, 503, "UNAVAILABLE", "", "The model is overloaded.", ErrorCategory::kOverloaded);
  is(g, 400, "INVALID_ARGUMENT", "", "The input token count (2000000) exceeds the maximum",
     ErrorCategory::kContextLength);
  is(g, 504, "DEADLINE_EXCEEDED", "", "", ErrorCategory::kTimeout);
}

TEST(Words, FinishReasons) {
  EXPECT_EQ(FinishOf(WireApi::kAnthropicMessages, "pause_turn"), FinishReason::kOther);
  EXPECT_EQ(FinishOf(WireApi::kAnthropicMessages, "model_context_window_exceeded"),
            FinishReason::kLength);
  EXPECT_EQ(FinishOf(WireApi::kGeminiGenerate, "SPII"), FinishReason::kContentFilter);
  EXPECT_EQ(FinishOf(WireApi::kGeminiGenerate, "MALFORMED_FUNCTION_CALL"), FinishReason::kError);
  EXPECT_EQ(FinishOf(WireApi::kOpenAiChat, "new_word"), FinishReason::kOther);
  EXPECT_EQ(FinishOf(WireApi::kOpenAiChat, ""), FinishReason::kNone);
}

}  // namespace
}  // namespace pitot
