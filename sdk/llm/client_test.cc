// The clients against a scripted provider: what they send, how they fail, what they tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>

#include "pitot/anthropic.h"
#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/openai.h"
#include "pitot/slo_monitor.h"
#include "pitot/span.h"
#include "pitot/testing/scripted_provider.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kKey = "sk-very-secret-key";

LlmClientOptions OptionsOf(const ScriptedProvider& provider, std::string_view path = "") {
  return {.api_key = std::string(kKey),
          .base_url = provider.url() + std::string(path),
          .backoff_first = milliseconds(1),
          .backoff_max = milliseconds(2)};
}

AnthropicRequest Hello() { return {.model = "claude-sonnet-4-5", .messages = {{"user", "Hi"}}}; }
ChatRequest HelloChat() { return {.model = "gpt-4o-mini", .messages = {{"user", "Hi"}}}; }

// The error of a call that must fail.
template <typename Call>
LlmError ErrorOf(Call call) {
  try {
    call();
  } catch (const LlmError& error) {
    return error;
  }
  ADD_FAILURE() << "the call succeeded";
  return LlmError("", {});
}

TEST(AnthropicClient, AnswersWithFigures) {
  ScriptedProvider provider;
  provider.reply({.text = "Hello.", .usage = {.input = 12, .cache_read = 100, .output = 3}});
  ObservableAnthropicClient client(OptionsOf(provider));
  const LlmReply reply = client.messages(Hello());
  EXPECT_EQ(reply.text, "Hello.");
  EXPECT_EQ(reply.metrics.provider, "anthropic");
  EXPECT_EQ(reply.metrics.model, "claude-sonnet-4-5");
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kInput], 12);
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kCacheRead], 100);
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kOutput], 3);
  // 12 x $3, 100 x $0.30 and 3 x $15 a million.
  EXPECT_EQ(reply.metrics.cost, NanoUsd{36'000 + 30'000 + 45'000});
  EXPECT_EQ(reply.metrics.finish, FinishReason::kStop);
  EXPECT_EQ(reply.metrics.http_status, 200);
  EXPECT_FALSE(reply.metrics.streaming);
  EXPECT_FALSE(reply.metrics.ttft.has_value());
  EXPECT_GT(reply.metrics.tokens_per_second.value_or(0), 0);
  EXPECT_FALSE(reply.request_id.empty());
  EXPECT_FALSE(reply.body.empty());
  EXPECT_TRUE(reply.context.valid());

  const ScriptedRequest request = provider.requests().at(0);
  EXPECT_EQ(request.path(), "/v1/messages");
  EXPECT_EQ(request.header("x-api-key"), kKey);
  EXPECT_EQ(request.header("anthropic-version"), "2023-06-01");
  EXPECT_TRUE(request.header("user-agent").starts_with("pitot-sdk/"));
  EXPECT_EQ(request.header("idempotency-key"), "");
}

TEST(AnthropicClient, GoesOnAfterATool) {
  ScriptedProvider provider;
  provider.reply({.tool_calls = {{.name = "weather", .arguments = R"({"city":"Oslo"})"}}})
      .reply({.text = "Rain."});
  ObservableAnthropicClient client(OptionsOf(provider));
  AnthropicRequest request = Hello();
  request.tools = R"([{"name":"weather","input_schema":{"type":"object"}}])";
  const LlmReply first = client.messages(request);
  EXPECT_EQ(first.metrics.finish, FinishReason::kToolUse);
  ASSERT_EQ(first.tool_calls.size(), 1u);
  EXPECT_EQ(first.tool_calls[0].name, "weather");
  EXPECT_EQ(first.tool_calls[0].arguments, R"({"city":"Oslo"})");
  request.messages.push_back(LlmMessage::raw(first.message_json));
  request.messages.push_back(anthropic_tool_result(first.tool_calls[0], "12 degrees"));
  EXPECT_EQ(client.messages(request).text, "Rain.");
  EXPECT_THAT(provider.requests().at(1).body, HasSubstr(first.tool_calls[0].id));
}

TEST(AnthropicClient, Streams) {
  ScriptedProvider provider;
  provider.reply({.text = "One two three four five six seven.",
                  .reasoning = "Counting.",
                  .usage = {.input = 5, .output = 9}});
  ObservableAnthropicClient client(OptionsOf(provider));
  std::string text, reasoning;
  int events = 0;
  const LlmReply reply = client.messages_stream(
      Hello(), {.on_text = [&](std::string_view piece) { text += piece; },
                .on_reasoning = [&](std::string_view piece) { reasoning += piece; },
                .on_event = [&](std::string_view, std::string_view) { ++events; }});
  EXPECT_EQ(text, "One two three four five six seven.");
  EXPECT_EQ(reply.text, text);
  EXPECT_EQ(reasoning, "Counting.");
  EXPECT_EQ(reply.reasoning, reasoning);
  EXPECT_GT(events, 5);
  EXPECT_EQ(reply.body, "");
  EXPECT_TRUE(reply.metrics.streaming);
  EXPECT_TRUE(reply.metrics.ttft.has_value());
  EXPECT_LE(*reply.metrics.ttft, reply.metrics.duration);
  EXPECT_FALSE(reply.metrics.estimated);
  EXPECT_EQ(reply.metrics.usage.input_total(), 5);
  EXPECT_THAT(provider.requests().at(0).body, HasSubstr(R"("stream":true)"));
}

TEST(AnthropicClient, TheFirstTokenIsTheFirstByteOfContent) {
  ScriptedProvider provider;
  ScriptedGate gate;
  ScriptedReply answer = {.text = "Hello there."};
  answer.pacing.events = gate;
  answer.pacing.events_before = 1;  // message_start is no content.
  provider.reply(answer);
  ObservableAnthropicClient client(OptionsOf(provider));
  auto call = std::async(std::launch::async, [&] { return client.messages_stream(Hello(), {}); });
  ASSERT_TRUE(gate.wait_reached(seconds(10)));
  // Held for so long that the time cannot be that of the head or of message_start.
  const auto reached = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - reached < milliseconds(5)) std::this_thread::yield();
  gate.open();
  EXPECT_GE(*call.get().metrics.ttft, milliseconds(5));
}

TEST(AnthropicClient, TriesAgain) {
  ScriptedProvider provider;
  provider.fail(529).fail(429, {.retry_after = milliseconds(1)}).reply({.text = "At last."});
  ObservableAnthropicClient client(OptionsOf(provider));
  const LlmReply reply = client.messages(Hello());
  EXPECT_EQ(reply.text, "At last.");
  EXPECT_EQ(reply.metrics.retries, 2);
  const auto requests = provider.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].header("x-stainless-retry-count"), "");
  EXPECT_EQ(requests[2].header("x-stainless-retry-count"), "2");
}

TEST(AnthropicClient, GivesUp) {
  ScriptedProvider provider;
  provider.fail(529).fail(529).fail(529);
  ObservableAnthropicClient client(OptionsOf(provider));
  const LlmError error = ErrorOf([&] { client.messages(Hello()); });
  EXPECT_EQ(error.http_status(), 529);
  EXPECT_EQ(error.category(), ErrorCategory::kOverloaded);
  EXPECT_EQ(error.type(), "overloaded_error");
  EXPECT_EQ(error.metrics().retries, 2);
  EXPECT_FALSE(error.metrics().has_usage);
  EXPECT_THAT(error.what(), HasSubstr("anthropic claude-sonnet-4-5: 529 overloaded_error: "));
  EXPECT_THAT(error.what(), HasSubstr("3 attempts"));
  EXPECT_THAT(error.what(), HasSubstr("request req_"));
}

struct RefusalCase {
  int status;
  ScriptedFailure failure;
  ErrorCategory category;
  size_t requests;
};

TEST(Clients, RefusalsAreWhatTheyAre) {
  for (const RefusalCase& c : std::initializer_list<RefusalCase>{
           {400, {}, ErrorCategory::kInvalidArgs, 1},
           {401, {}, ErrorCategory::kAuth, 1},
           {429, {.retry_after = milliseconds(0)}, ErrorCategory::kRateLimit, 3},
           {500, {}, ErrorCategory::kInternal, 3},
           {500, {.should_retry = false}, ErrorCategory::kInternal, 1},
           {503, {.body = "<html>busy</html>"}, ErrorCategory::kOverloaded, 3},
           {529, {}, ErrorCategory::kOverloaded, 3},
       }) {
    for (const bool anthropic : {true, false}) {
      for (const bool streamed : {true, false}) {
        ScriptedProvider provider;
        for (int i = 0; i < 3; ++i) provider.fail(c.status, c.failure);
        const LlmError error = ErrorOf([&] {
          if (anthropic) {
            ObservableAnthropicClient client(OptionsOf(provider));
            streamed ? client.messages_stream(Hello(), {}) : client.messages(Hello());
          } else {
            ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
            streamed ? client.chat_stream(HelloChat(), {}) : client.chat(HelloChat());
          }
        });
        const std::string name = std::to_string(c.status) + (anthropic ? " anthropic" : " openai") +
                                 (streamed ? " streamed" : "");
        EXPECT_EQ(error.category(), c.category) << name << ": " << error.what();
        EXPECT_EQ(error.http_status(), c.status) << name;
        EXPECT_EQ(provider.requests().size(), c.requests) << name;
        EXPECT_THAT(error.what(), Not(HasSubstr(std::string(kKey))));
      }
    }
  }
}

TEST(Clients, SpentCreditIsNotTriedAgain) {
  ScriptedProvider provider;
  provider.fail(429, {.type = "insufficient_quota", .code = "insufficient_quota"});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  EXPECT_EQ(ErrorOf([&] { client.chat(HelloChat()); }).category(), ErrorCategory::kQuota);
  EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Clients, ATimeThatIsTooLongIsNotWaitedFor) {
  ScriptedProvider provider;
  provider.fail(429, {.retry_after = std::chrono::hours(1)});
  ObservableAnthropicClient client(OptionsOf(provider));
  const LlmError error = ErrorOf([&] { client.messages(Hello()); });
  EXPECT_THAT(error.what(), HasSubstr("it asks to wait 3600 s, the limit is 60 s"));
  EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Clients, BrokenConnectionsAreTriedAgain) {
  ScriptedProvider provider;
  provider.hang_up().hang_up().reply({.text = "Here."});
  ObservableAnthropicClient client(OptionsOf(provider));
  EXPECT_EQ(client.messages(Hello()).text, "Here.");
}

TEST(Clients, ASilentProviderIsTimedOut) {
  for (const bool whole : {true, false}) {
    ScriptedProvider provider;
    ScriptedGate gate;
    ScriptedReply answer = {.text = "late"};
    answer.pacing.head = gate;
    for (int i = 0; i < 3; ++i) provider.reply(answer);
    LlmClientOptions options = OptionsOf(provider);
    (whole ? options.timeout : options.idle_timeout) = milliseconds(40);
    ObservableAnthropicClient client(options);
    const LlmError error = ErrorOf([&] { client.messages_stream(Hello(), {}); });
    EXPECT_EQ(error.category(), ErrorCategory::kTimeout) << error.what();
    EXPECT_EQ(provider.requests().size(), whole ? 1u : 3u)
        << "idling is tried again, the end of the call's time is not";
  }
}

TEST(Clients, AStopRequestEndsACall) {
  ScriptedProvider provider;
  ScriptedGate gate;
  ScriptedReply answer = {.text = "late"};
  answer.pacing.head = gate;
  provider.reply(answer);
  ObservableAnthropicClient client(OptionsOf(provider));
  std::stop_source stop;
  auto call = std::async(std::launch::async, [&] {
    return ErrorOf([&] { client.messages(Hello(), {.stop = stop.get_token()}); });
  });
  ASSERT_TRUE(gate.wait_reached(seconds(10)));
  stop.request_stop();
  EXPECT_EQ(call.get().category(), ErrorCategory::kCancelled);
  EXPECT_EQ(ErrorOf([&] { client.messages(Hello(), {.stop = stop.get_token()}); }).category(),
            ErrorCategory::kCancelled);
}

TEST(Clients, AStopRequestEndsAWait) {
  ScriptedProvider provider;
  provider.fail(429, {.retry_after = seconds(50)});
  ObservableAnthropicClient client(OptionsOf(provider));
  std::stop_source stop;
  auto call = std::async(std::launch::async, [&] {
    return ErrorOf([&] { client.messages(Hello(), {.stop = stop.get_token()}); });
  });
  ASSERT_TRUE(provider.wait_for_requests(1, seconds(10)));
  stop.request_stop();
  EXPECT_EQ(call.get().category(), ErrorCategory::kCancelled);
}

struct BreakCase {
  ScriptedBreakKind kind;
  ErrorCategory category;
  std::string_view type;
};

TEST(Clients, AStreamThatBreaksOffTellsWhatWasMeasured) {
  for (const BreakCase& c :
       {BreakCase{ScriptedBreakKind::kErrorEvent, ErrorCategory::kOverloaded, "overloaded_error"},
        BreakCase{ScriptedBreakKind::kCut, ErrorCategory::kNetwork, "network"},
        BreakCase{ScriptedBreakKind::kCutInEvent, ErrorCategory::kNetwork, "network"},
        BreakCase{ScriptedBreakKind::kReset, ErrorCategory::kNetwork, "network"},
        BreakCase{ScriptedBreakKind::kEndsEarly, ErrorCategory::kNetwork, "network"}}) {
    ScriptedProvider provider;
    provider.stream_then_fail({.text = "A rather long answer that will not be finished at all.",
                               .usage = {.input = 40, .output = 30}},
                              {.kind = c.kind, .after_events = 5});
    CostLedger ledger;
    LlmClientOptions options = OptionsOf(provider);
    options.recorders.ledger = &ledger;
    ObservableAnthropicClient client(options);
    std::string text;
    const LlmError error = ErrorOf([&] {
      client.messages_stream(Hello(), {.on_text = [&](std::string_view piece) { text += piece; }});
    });
    const int kind = static_cast<int>(c.kind);
    EXPECT_EQ(error.category(), c.category) << kind << ": " << error.what();
    EXPECT_EQ(error.type(), c.type) << kind;
    EXPECT_FALSE(text.empty()) << kind;
    EXPECT_EQ(provider.requests().size(), 1u) << kind << ": pieces were handed over";
    EXPECT_TRUE(error.metrics().has_usage) << kind;
    EXPECT_TRUE(error.metrics().estimated) << kind;
    EXPECT_EQ(error.metrics().usage.input_total(), 40) << kind;
    EXPECT_GT(error.metrics().usage.output_total(), 0) << kind;
    EXPECT_EQ(ledger.calls(), 1u) << kind;
    EXPECT_EQ(ledger.total(), error.metrics().cost) << kind;
  }
}

TEST(Clients, AnErrorEventBeforeAnyContentIsTriedAgain) {
  ScriptedProvider provider;
  provider.stream_then_fail({.text = "lost"}, {.after_events = 1}).reply({.text = "Whole."});
  ObservableAnthropicClient client(OptionsOf(provider));
  std::string text;
  const LlmReply reply =
      client.messages_stream(Hello(), {.on_text = [&](std::string_view piece) { text += piece; }});
  EXPECT_EQ(text, "Whole.");
  EXPECT_EQ(reply.metrics.retries, 1);
}

TEST(Clients, WhatAHandlerThrowsGoesOn) {
  ScriptedProvider provider;
  SloMonitor slo;
  LlmClientOptions options = OptionsOf(provider);
  options.recorders.slo = &slo;
  ObservableAnthropicClient client(options);
  EXPECT_THROW(client.messages_stream(
                   Hello(), {.on_text = [](std::string_view) { throw std::out_of_range("mine"); }}),
               std::out_of_range);
  EXPECT_EQ(slo.events(), 0u);
  EXPECT_FALSE(client.messages(Hello()).text.empty()) << "the client goes on";
}

TEST(Clients, RecordersAreTold) {
  ScriptedProvider provider;
  CostLedger ledger;
  LatencyTracker latency;
  SloMonitor slo;
  LlmClientOptions options = OptionsOf(provider);
  options.recorders = {&ledger, &latency, &slo};
  options.tags = {.feature = "checkout", .user = "u1"};
  ObservableAnthropicClient client(options);
  const LlmReply reply = client.messages(Hello(), {.tags = {.user = "u2", .prompt_version = "7"}});
  EXPECT_EQ(reply.metrics.tags.feature, "checkout");
  EXPECT_EQ(reply.metrics.tags.user, "u2");
  EXPECT_EQ(reply.metrics.tags.prompt_version, "7");
  EXPECT_EQ(ledger.total(), reply.metrics.cost);
  EXPECT_EQ(ledger.by(LedgerKey::kFeature).at(0).key, "checkout");
  EXPECT_EQ(ledger.by(LedgerKey::kUser).at(0).key, "u2");
  EXPECT_EQ(latency.summary().count, 1u);
  EXPECT_EQ(slo.events(), 1u);

  for (const int status : {400, 401, 500}) provider.fail(status, {.should_retry = false});
  for (int i = 0; i < 3; ++i) ErrorOf([&] { client.messages(Hello()); });
  EXPECT_EQ(ledger.calls(), 1u) << "a refused call used nothing";
  EXPECT_EQ(slo.events(), 2u) << "callers' own errors are not the service's";
  EXPECT_EQ(slo.bad_events(), 1u);
  EXPECT_EQ(latency.summary().count, 2u);
}

TEST(Clients, ASpentBudgetRefuses) {
  ScriptedProvider provider;
  CostLedger ledger({.daily_budget = NanoUsd{1}, .hard = true});
  LlmClientOptions options = OptionsOf(provider);
  options.recorders.ledger = &ledger;
  ObservableAnthropicClient client(options);
  client.messages(Hello());
  EXPECT_THROW(client.messages(Hello()), BudgetExceeded);
  EXPECT_EQ(provider.requests().size(), 1u);
}

TEST(Clients, AnAnswerThatWasCutOffIsTold) {
  ScriptedProvider provider;
  provider.reply({.text = "And then", .finish = FinishReason::kLength});
  std::string told;
  LlmClientOptions options = OptionsOf(provider);
  options.on_length = [&](const LlmCallMetrics& call) { told = call.model; };
  ObservableAnthropicClient client(options);
  EXPECT_TRUE(client.messages(Hello()).metrics.cut_off());
  EXPECT_EQ(told, "claude-sonnet-4-5");
}

TEST(Clients, TraceAndTagsGoToAGateway) {
  ScriptedProvider provider;
  LlmClientOptions options = OptionsOf(provider);
  options.gateway_headers = true;
  options.headers = {{"anthropic-version", "2024-01-01"}, {"x-pitot-key", "gw"}};
  ObservableAnthropicClient client(options);
  const LlmReply reply =
      client.messages(Hello(), {.tags = {.feature = "checkout"}, .headers = {{"x-one", "1"}}});
  const ScriptedRequest request = provider.requests().at(0);
  EXPECT_EQ(request.header("x-pitot-feature"), "checkout");
  EXPECT_EQ(request.header("x-pitot-key"), "gw");
  EXPECT_EQ(request.header("x-one"), "1");
  EXPECT_EQ(request.header("anthropic-version"), "2024-01-01");
  EXPECT_THAT(std::string(request.header("baggage")), HasSubstr("checkout"));
  EXPECT_THAT(std::string(request.header("traceparent")),
              HasSubstr(reply.context.trace_id_hex() + "-" + reply.context.span_id_hex()));
}

TEST(OpenAiClient, Chats) {
  ScriptedProvider provider;
  provider.reply(
      {.text = "Hello.", .usage = {.input = 10, .cache_read = 20, .output = 5, .reasoning = 7}});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  const LlmReply reply = client.chat(HelloChat());
  EXPECT_EQ(reply.text, "Hello.");
  EXPECT_EQ(reply.metrics.provider, "openai");
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kInput], 10);
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kCacheRead], 20);
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kOutput], 5);
  EXPECT_EQ(reply.metrics.usage[UsageBucket::kReasoning], 7);
  EXPECT_TRUE(reply.metrics.cost.has_value());
  const ScriptedRequest request = provider.requests().at(0);
  EXPECT_EQ(request.path(), "/v1/chat/completions");
  EXPECT_EQ(request.header("authorization"), "Bearer " + std::string(kKey));
}

TEST(OpenAiClient, AllAttemptsHaveOneIdempotencyKey) {
  ScriptedProvider provider;
  provider.fail(500).reply({.text = "x"}).reply({.text = "y"});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  client.chat(HelloChat());
  client.chat(HelloChat());
  const auto requests = provider.requests();
  ASSERT_EQ(requests.size(), 3u);
  const std::string key(requests[0].header("idempotency-key"));
  EXPECT_TRUE(key.starts_with("pitot-retry-")) << key;
  EXPECT_EQ(requests[1].header("idempotency-key"), key);
  EXPECT_NE(requests[2].header("idempotency-key"), key);
}

TEST(OpenAiClient, StreamedChatsTellTheirUsage) {
  ScriptedProvider provider;
  provider.reply({.text = "One two three.", .usage = {.input = 8, .output = 4}})
      .reply({.text = "One two three.", .usage = {.input = 8, .output = 4}});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  std::string text;
  LlmReply reply =
      client.chat_stream(HelloChat(), {.on_text = [&](std::string_view piece) { text += piece; }});
  EXPECT_EQ(text, "One two three.");
  EXPECT_EQ(reply.text, text);
  EXPECT_EQ(reply.metrics.usage.input_total(), 8);
  EXPECT_FALSE(reply.metrics.estimated);

  const std::string body =
      R"({"model":"gpt-4o-mini","messages":[],"stream_options":{"include_usage":false}})";
  reply = client.chat_stream_json(body, {});
  EXPECT_THAT(provider.requests().at(1).body, HasSubstr(R"("include_usage":false)"));
  EXPECT_TRUE(reply.metrics.estimated) << "nobody said what was used";
}

TEST(OpenAiClient, Responses) {
  for (const bool streamed : {false, true}) {
    ScriptedProvider provider;
    provider
        .reply({.reasoning = "Hm.",
                .tool_calls = {{.name = "weather", .arguments = R"({"city":"Oslo"})"}},
                .usage = {.input = 10, .output = 5, .reasoning = 7}})
        .reply({.text = "Rain."});
    ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
    ResponsesRequest request = {.model = "gpt-4o-mini", .input = {{"user", "Weather?"}}};
    const LlmReply first =
        streamed ? client.responses_stream(request, {}) : client.responses(request);
    EXPECT_EQ(first.metrics.finish, FinishReason::kToolUse);
    ASSERT_EQ(first.tool_calls.size(), 1u);
    EXPECT_EQ(first.tool_calls[0].arguments, R"({"city":"Oslo"})");
    EXPECT_EQ(first.metrics.usage[UsageBucket::kReasoning], 7);
    EXPECT_EQ(first.metrics.ttft.has_value(), streamed);
    request.input.push_back(LlmMessage::raw(first.message_json));
    request.input.push_back(responses_tool_result(first.tool_calls[0], "12 degrees"));
    std::string text;
    const LlmReply second =
        streamed ? client.responses_stream(
                       request, {.on_text = [&](std::string_view piece) { text += piece; }})
                 : client.responses(request);
    EXPECT_EQ(second.text, "Rain.");
    EXPECT_EQ(text, streamed ? "Rain." : "");
    EXPECT_THAT(provider.requests().at(1).body, HasSubstr("function_call_output"));
  }
}

TEST(OpenAiClient, AFailedResponseIsAnError) {
  ScriptedProvider provider;
  provider.stream_then_fail({.text = "never to be finished, whatever comes"},
                            {.kind = ScriptedBreakKind::kFailed, .after_events = 6, .status = 500});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  std::string text;
  const LlmError error = ErrorOf([&] {
    client.responses_stream({.model = "gpt-4o-mini", .input = {{"user", "x"}}},
                            {.on_text = [&](std::string_view piece) { text += piece; }});
  });
  EXPECT_EQ(error.http_status(), 200);
  EXPECT_NE(error.category(), ErrorCategory::kNone);
}

TEST(Clients, AnAnswerThatIsNoJsonIsAnError) {
  ScriptedProvider provider;
  provider.add(ScriptedBytes{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n<html>?!<"});
  provider.add(ScriptedBytes{
      "HTTP/1.1 301 Moved\r\nLocation: https://elsewhere\r\nContent-Length: 0\r\n\r\n"});
  ObservableAnthropicClient client(OptionsOf(provider));
  LlmError error = ErrorOf([&] { client.messages(Hello()); });
  EXPECT_EQ(error.category(), ErrorCategory::kParse) << error.what();
  error = ErrorOf([&] { client.messages(Hello()); });
  EXPECT_THAT(error.what(), HasSubstr("redirects are not followed"));
  EXPECT_EQ(provider.requests().size(), 2u);
}

TEST(Clients, AKeyThatIsRepeatedStaysSecret) {
  ScriptedProvider provider;
  provider.fail(401, {.message = "Incorrect API key provided: " + std::string(kKey) + "."});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  const LlmError error = ErrorOf([&] { client.chat(HelloChat()); });
  EXPECT_THAT(error.what(), HasSubstr("Incorrect API key provided: ***."));
  EXPECT_THAT(error.metrics().error_message, Not(HasSubstr(std::string(kKey))));
}

TEST(Clients, OverTls) {
  ScriptedProvider provider({.tls = true});
  const std::string ca_file = testing::TempDir() + "pitot_llm_ca.pem";
  std::ofstream(ca_file) << provider.certificate_pem();
  LlmClientOptions options = OptionsOf(provider);
  LlmError error = ErrorOf([&] { ObservableAnthropicClient(options).messages(Hello()); });
  EXPECT_EQ(error.category(), ErrorCategory::kNetwork);
  EXPECT_THAT(error.what(), HasSubstr("not trusted"));
  EXPECT_EQ(error.metrics().retries, 0);
  options.ca_file = ca_file;
  EXPECT_FALSE(ObservableAnthropicClient(options).messages(Hello()).text.empty());
  // The certificate is for localhost and 127.0.0.1.
  options.base_url = "https://localhost.localdomain.localhost:" + std::to_string(provider.port());
  error = ErrorOf([&] { ObservableAnthropicClient(options).messages(Hello()); });
  EXPECT_EQ(error.category(), ErrorCategory::kNetwork) << error.what();
}

TEST(Clients, ManyThreads) {
  ScriptedProvider provider;
  CostLedger ledger;
  LlmClientOptions options = OptionsOf(provider);
  options.recorders.ledger = &ledger;
  ObservableAnthropicClient client(options);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        if ((t + i) % 2 == 0) {
          client.messages(Hello());
        } else {
          client.messages_stream(Hello(), {});
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(ledger.calls(), 40u);
}

TEST(ClientOptions, AreChecked) {
  const auto refused = [](LlmClientOptions options) -> std::string {
    try {
      ObservableAnthropicClient client(options);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "";
  };
  ::unsetenv("ANTHROPIC_API_KEY");
  ::unsetenv("ANTHROPIC_BASE_URL");
  EXPECT_EQ(refused({}),
            "api_key is empty, and ANTHROPIC_API_KEY is not set; api.anthropic.com asks for one");
  EXPECT_EQ(refused({.headers = {{"authorization", "Bearer x"}}}), "");
  EXPECT_EQ(refused({.base_url = "http://127.0.0.1:1"}), "") << "a local server asks for none";
  EXPECT_EQ(refused({.api_key = "k", .retries_max = 11}), "retries_max is 11; it must be 0 to 10");
  EXPECT_EQ(refused({.api_key = "k", .timeout = milliseconds(0)}),
            "timeout is 0 ms; it must be 1 to 86400000 ms");
  EXPECT_THAT(refused({.api_key = "k", .base_url = "ftp://x"}), HasSubstr("'ftp://x'"));
  EXPECT_THAT(refused({.api_key = "k", .base_url = "https://u:secret@h"}),
              Not(HasSubstr("secret")));
  EXPECT_EQ(refused({.api_key = "k\n"}), "") << "white space at the end is cut off";
  const std::string broken = refused({.api_key = "se\ncret"});
  EXPECT_THAT(broken, HasSubstr("'x-api-key'"));
  EXPECT_THAT(broken, Not(HasSubstr("cret'")));
  ::setenv("ANTHROPIC_API_KEY", "from-environment", 1);
  EXPECT_EQ(refused({}), "");
  ::unsetenv("ANTHROPIC_API_KEY");
}

}  // namespace
}  // namespace pitot
