// Bodies, retries, headers and pieces: what needs no provider.
#include <gtest/gtest.h>

#include <stdexcept>

#include "pitot/anthropic.h"
#include "pitot/openai.h"
#include "sdk/llm/endpoint.h"
#include "sdk/llm/json_body.h"
#include "sdk/llm/length_warning.h"
#include "sdk/llm/retry.h"
#include "sdk/llm/stream_pieces.h"

namespace pitot {
namespace {

using Error = HttpOutcome::Error;
using std::chrono::hours;
using std::chrono::milliseconds;

TEST(AnthropicRequest, WritesItsBody) {
  EXPECT_EQ(
      (AnthropicRequest{.model = "m", .messages = {{"user", "say \"hi\""}}}.to_json()),
      R"({"model":"m","max_tokens":1024,"messages":[{"role":"user","content":"say \"hi\""}]})");
  const AnthropicRequest all = {.model = "m",
                                .max_tokens = 5,
                                .system = "be kind",
                                .messages = {LlmMessage::raw(R"([{"role":"user"},{"role":"b"}])"),
                                             LlmMessage::raw("[]"),
                                             {"user", "x"}},
                                .tools = R"([{"name":"t"}])",
                                .tool_choice = R"({"type":"any"})",
                                .temperature = 0.1,
                                .stop_sequences = {"a", "b"},
                                .user_id = "u1",
                                .extra = R"({"thinking":{"type":"enabled"},"k\"ey":1})"};
  EXPECT_EQ(all.to_json(),
            R"({"model":"m","max_tokens":5,"system":"be kind","messages":[{"role":"user"},)"
            R"({"role":"b"},{"role":"user","content":"x"}],"tools":[{"name":"t"}],)"
            R"("tool_choice":{"type":"any"},"temperature":0.1,"stop_sequences":["a","b"],)"
            R"("metadata":{"user_id":"u1"},"thinking":{"type":"enabled"},"k\"ey":1})");
}

TEST(ChatRequest, WritesItsBody) {
  EXPECT_EQ((ChatRequest{.model = "m",
                         .system = "s",
                         .messages = {{"user", "x"}},
                         .max_tokens = 9,
                         .stop = {"z"},
                         .user = "u"}
                 .to_json()),
            R"({"model":"m","messages":[{"role":"system","content":"s"},)"
            R"({"role":"user","content":"x"}],"max_completion_tokens":9,"stop":["z"],)"
            R"("safety_identifier":"u"})");
}

TEST(ResponsesRequest, WritesItsBody) {
  EXPECT_EQ((ResponsesRequest{.model = "m",
                              .instructions = "s",
                              .input = {{"user", "x"}},
                              .max_output_tokens = 9,
                              .previous_response_id = "r"}
                 .to_json()),
            R"({"model":"m","instructions":"s","input":[{"role":"user","content":"x"}],)"
            R"("max_output_tokens":9,"previous_response_id":"r"})");
}

TEST(Requests, RefuseWhatIsNotJson) {
  const auto bad = [](const AnthropicRequest& request) {
    EXPECT_THROW(static_cast<void>(request.to_json()), std::invalid_argument);
  };
  bad({.tools = "{}"});
  bad({.tools = "[1"});
  bad({.tool_choice = "\"auto\""});
  bad({.extra = "[]"});
  bad({.extra = R"({"a":1}{)"});
  bad({.messages = {LlmMessage::raw("\"text\"")}});
  bad({.messages = {LlmMessage::raw(R"({"role":)")}});
  bad({.temperature = std::numeric_limits<double>::quiet_NaN()});
}

TEST(ToolResults, AreInEachProvidersForm) {
  const LlmToolCall call = {.id = "c1", .name = "t", .arguments = "{}"};
  EXPECT_EQ(
      anthropic_tool_result(call, "42").json,
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"42"}]})");
  EXPECT_EQ(
      anthropic_tool_result(call, "no", true).json,
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"c1","content":"no","is_error":true}]})");
  EXPECT_EQ(chat_tool_result(call, "42").json,
            R"({"role":"tool","tool_call_id":"c1","content":"42"})");
  EXPECT_EQ(responses_tool_result(call, "42").json,
            R"({"type":"function_call_output","call_id":"c1","output":"42"})");
}

TEST(WithStream, Replaces) {
  EXPECT_EQ(WithStream(R"({"a":1})"), R"({"a":1,"stream":true})");
  EXPECT_EQ(WithStream(R"( {"stream" : false , "b\"c": [1, 2]} )"),
            R"({"b\"c":[1, 2],"stream":true})");
  EXPECT_EQ(WithStream("{}"), R"({"stream":true})");
  EXPECT_EQ(WithStream("nonsense"), "nonsense");
  EXPECT_TRUE(SaysIncludeUsage(R"({"stream_options":{"include_usage":false}})"));
  EXPECT_FALSE(SaysIncludeUsage(R"({"stream_options":{"other":1}})"));
  EXPECT_FALSE(SaysIncludeUsage("{}"));
}

struct RetryCase {
  std::string_view name;
  AttemptFailure failure;
  bool retry;
};

TEST(DecideRetry, OnWhatMayMend) {
  const auto status = [](int code, ErrorCategory category = ErrorCategory::kUnknown) {
    return AttemptFailure{.status = code, .category = category};
  };
  const auto network = [](Error error) { return AttemptFailure{.error = error}; };
  AttemptFailure delivered = status(200, ErrorCategory::kOverloaded);
  delivered.delivered = true;
  AttemptFailure begun = network(Error::kClosed);
  begun.content_came = true;
  AttemptFailure told_not = status(529);
  told_not.hints.should_retry = false;
  AttemptFailure told_to = status(400);
  told_to.hints.should_retry = true;
  AttemptFailure credit_told_to = status(429, ErrorCategory::kQuota);
  credit_told_to.hints.should_retry = true;
  for (const RetryCase& c : std::initializer_list<RetryCase>{
           {"refused connection", network(Error::kConnect), true},
           {"unknown host", network(Error::kResolve), true},
           {"broken connection", network(Error::kClosed), true},
           {"timeout", network(Error::kTimeout), true},
           {"certificate", network(Error::kTls), false},
           {"not HTTP", network(Error::kProtocol), false},
           {"too large", network(Error::kTooLarge), false},
           {"cancelled", network(Error::kAborted), false},
           {"broken after content", begun, false},
           {"400", status(400), false},
           {"401", status(401), false},
           {"408", status(408), true},
           {"409", status(409), true},
           {"413", status(413), false},
           {"429", status(429), true},
           {"500", status(500), true},
           {"529", status(529), true},
           {"credit is spent", status(429, ErrorCategory::kQuota), false},
           {"credit is spent, whatever the header says", credit_told_to, false},
           {"told not to", told_not, false},
           {"told to", told_to, true},
           {"error event before content", status(200, ErrorCategory::kOverloaded), true},
           {"final error event", status(200, ErrorCategory::kInvalidArgs), false},
           {"error event after pieces were handed over", delivered, false},
           {"redirect", status(301), false},
       }) {
    EXPECT_EQ(DecideRetry({}, c.failure, 1, hours(1), 0).retry, c.retry) << c.name;
  }
}

TEST(DecideRetry, WaitsAsTold) {
  const LlmClientOptions options = {.retries_max = 3};
  AttemptFailure failure = {.status = 429};
  EXPECT_EQ(DecideRetry(options, failure, 1, hours(1), 0).wait, milliseconds(500));
  EXPECT_EQ(DecideRetry(options, failure, 3, hours(1), 0).wait, milliseconds(2'000));
  EXPECT_FALSE(DecideRetry(options, failure, 4, hours(1), 0).retry) << "retries_max";
  failure.hints.after = milliseconds(7'000);
  EXPECT_EQ(DecideRetry(options, failure, 1, hours(1), 0).wait, milliseconds(7'000));
  const RetryDecision late = DecideRetry(options, failure, 1, milliseconds(6'500), 0);
  EXPECT_FALSE(late.retry);
  EXPECT_EQ(late.why, "not tried again: 7 s to wait, 7 s left of the call's time");
  failure.hints.after = hours(2);
  const RetryDecision long_wait = DecideRetry(options, failure, 1, hours(24), 0);
  EXPECT_FALSE(long_wait.retry);
  EXPECT_EQ(long_wait.why, "not tried again: it asks to wait 7200 s, the limit is 60 s");
}

TEST(JoinUrl, KeepsPathAndQuery) {
  EXPECT_EQ(JoinUrl("https://a", "/v1/x"), "https://a/v1/x");
  EXPECT_EQ(JoinUrl("https://a/", "/v1/x"), "https://a/v1/x");
  EXPECT_EQ(JoinUrl("https://a/b?version=1", "/x"), "https://a/b/x?version=1");
}

TEST(Endpoint, KnowsWhoseHostItIs) {
  struct Case {
    std::string_view url;
    bool providers;
    bool own;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"https://api.anthropic.com", true, false},
           {"https://api.openai.com/v1", true, false},
           {"https://eu.api.openai.com/v1", true, false},
           {"https://notopenai.com", false, false},
           {"https://openai.com.evil.example", false, false},
           {"https://openrouter.ai/api/v1", false, false},
           {"http://127.0.0.1:4318/openai", false, true},
           {"http://localhost:1", false, true},
           {"http://pitot:4318", false, true},
           {"http://pitot.obs.svc.cluster.local", false, true},
           {"http://10.2.3.4", false, true},
           {"http://172.16.0.1", false, true},
           {"http://172.32.0.1", false, false},
           {"http://192.168.1.1", false, true},
           {"http://[fd00::1]", false, true},
           {"http://[2001:db8::1]", false, false},
           {"http://8.8.8.8", false, false},
       }) {
    const Url url = *ParseUrl(c.url);
    EXPECT_EQ(IsProvidersHost(url), c.providers) << c.url;
    EXPECT_EQ(IsOwnNetwork(url), c.own) << c.url;
  }
}

TEST(Endpoint, NoProviderLearnsOfTraces) {
  const Context context = Context(TraceId{{1}}, SpanId{{2}}, true).with_tags({.user = "somebody"});
  const auto names = [&](std::string_view url, bool gateway) {
    HeaderList headers;
    AppendTraceHeaders(context, *ParseUrl(url), gateway, headers);
    std::string out;
    for (const auto& [name, value] : headers) out += name + " ";
    return out;
  };
  EXPECT_EQ(names("https://api.anthropic.com", false), "");
  EXPECT_EQ(names("https://api.openai.com/v1", false), "");
  EXPECT_EQ(names("https://openrouter.ai/api/v1", false), "traceparent ");
  EXPECT_EQ(names("http://127.0.0.1:4318", false), "traceparent baggage ");
  EXPECT_EQ(names("https://gateway.example.com", true), "traceparent baggage ");
}

TEST(Endpoint, TagsAreHeaders) {
  HeaderList headers = {{"X-Pitot-User", "old"}, {"a", "b"}};
  HeaderList tags;
  AppendTagHeaders({.feature = "checkout\r\nx: y", .prompt_version = "7"}, tags);
  EXPECT_EQ(tags,
            (HeaderList{{"x-pitot-feature", "checkout  x: y"}, {"x-pitot-prompt-version", "7"}}));
  Overlay({{"x-pitot-user", "new"}}, headers);
  EXPECT_EQ(headers, (HeaderList{{"a", "b"}, {"x-pitot-user", "new"}}));
}

TEST(LengthWarning, IsSaidOnceAnHour) {
  LengthWarning warning(nullptr);
  LlmCallMetrics call;
  call.model = "m";
  call.tags.feature = "checkout";
  call.usage[UsageBucket::kOutput] = 512;
  const LengthWarning::Time start{};
  EXPECT_EQ(warning.Line(call, start),
            "pitot: an answer of m for 'checkout' was cut off at its token limit after 512 output "
            "tokens: raise max_tokens, or ask for less. Said once an hour.");
  EXPECT_EQ(warning.Line(call, start + std::chrono::minutes(59)), "");
  EXPECT_NE(warning.Line(call, start + std::chrono::minutes(60)), "");
  call.tags.feature = "search";
  EXPECT_NE(warning.Line(call, start), "") << "another feature";
}

TEST(LengthWarning, AListenersTroubleIsItsOwn) {
  int told = 0;
  LengthWarning warning([&](const LlmCallMetrics&) {
    ++told;
    throw std::runtime_error("mine");
  });
  warning.Tell({}, {});
  warning.Tell({}, {});
  EXPECT_EQ(told, 2);
}

struct PiecesCase {
  WireApi api;
  std::string stream;
  std::string text;
  std::string reasoning;
  int events;
};

TEST(StreamPieces, ComeWhateverWayTheyAreCut) {
  const PiecesCase cases[] = {
      {WireApi::kAnthropicMessages,
       "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"
       "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,"
       "\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\"}}\n\n"
       "event: content_block_delta\r\ndata: {\"type\":\"content_block_delta\",\"index\":0,"
       "\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\r\n\r\n"
       "data: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"text_delta\","
       "\"text\":\"a\\u00e9\\n\"}}\n\n"
       "data: {\"type\":\"content_block_delta\",\"index\":2,\"delta\":{\"type\":"
       "\"input_json_delta\",\"partial_json\":\"{}\"}}\n\n",
       "a\u00e9\n", "hm", 5},
      {WireApi::kOpenAiChat,
       ": comment\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\","
       "\"content\":\"\"}}]}\n\n"
       "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
       "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}},"
       "{\"index\":0,\"delta\":{\"content\":\"yes\"}}]}\n\ndata: [DONE]\n\n",
       "yes", "hm", 4},
      {WireApi::kOpenAiResponses,
       "data: {\"type\":\"response.output_text.delta\",\"delta\":\"yes\"}\n\n"
       "data: {\"type\":\"response.reasoning_summary_text.delta\",\"delta\":\"hm\"}\n\n"
       "data: {\"type\":\"response.function_call_arguments.delta\",\"delta\":\"{}\"}\n\n",
       "yes", "hm", 3},
  };
  for (const PiecesCase& c : cases) {
    for (size_t cut = 0; cut <= c.stream.size(); ++cut) {
      std::string text, reasoning;
      int events = 0;
      const StreamHandlers handlers = {
          .on_text = [&](std::string_view piece) { text += piece; },
          .on_reasoning = [&](std::string_view piece) { reasoning += piece; },
          .on_event = [&](std::string_view, std::string_view) { ++events; }};
      StreamPieces pieces(c.api, &handlers);
      EXPECT_FALSE(pieces.delivered());
      pieces.Put(std::string_view(c.stream).substr(0, cut));
      pieces.Put(std::string_view(c.stream).substr(cut));
      pieces.Finish();
      ASSERT_EQ(text, c.text) << Name(c.api) << " cut at " << cut;
      ASSERT_EQ(reasoning, c.reasoning) << Name(c.api) << " cut at " << cut;
      ASSERT_EQ(events, c.events) << Name(c.api) << " cut at " << cut;
      EXPECT_TRUE(pieces.delivered());
    }
  }
}

TEST(StreamPieces, AWholeAnswerIsOnePiece) {
  std::string text;
  const StreamHandlers handlers = {.on_text = [&](std::string_view piece) { text += piece; }};
  StreamPieces pieces(WireApi::kOpenAiChat, &handlers);
  pieces.Put("\n {\"choices\":[]}");
  pieces.Finish();
  EXPECT_EQ(text, "");
  pieces.GiveWhole("all of it", "");
  EXPECT_EQ(text, "all of it");
}

}  // namespace
}  // namespace pitot
