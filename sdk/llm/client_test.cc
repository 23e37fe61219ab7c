// The clients against a scripted provider: what they send, what they give, whom they tell.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <future>
#include <thread>

#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/slo_monitor.h"
#include "sdk/llm/client_test_util.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

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

std::string JsonAnswer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(AnthropicClient, IterationsArePricedByTheirOwnModels) {
  ScriptedProvider provider;
  provider.add(ScriptedBytes{JsonAnswer(
      R"({"type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],)"
      R"("stop_reason":"end_turn","usage":{"input_tokens":10,"output_tokens":1,"iterations":[)"
      R"({"type":"message","model":"claude-sonnet-4-5","input_tokens":10,"output_tokens":1},)"
      R"({"type":"advisor_message","model":"claude-haiku-4-5","input_tokens":100,)"
      R"("output_tokens":10}]}})")});
  ObservableAnthropicClient client(OptionsOf(provider));
  const LlmReply reply = client.messages(Hello());
  EXPECT_EQ(reply.metrics.usage.input_total(), 110);
  // 10 x $3 and 1 x $15, 100 x $1 and 10 x $5 a million.
  EXPECT_EQ(reply.metrics.cost, NanoUsd{30'000 + 15'000 + 100'000 + 50'000});
}

TEST(Clients, AReportedCostIsBelieved) {
  ScriptedProvider provider;
  provider.add(ScriptedBytes{JsonAnswer(
      R"({"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,)"
      R"("total_tokens":2,"cost":0.00042}})")});
  LlmClientOptions options = OptionsOf(provider, "/v1");
  options.provider = "openrouter";
  ObservableOpenAiClient client(options);
  const LlmReply reply = client.chat(HelloChat());
  EXPECT_EQ(reply.metrics.cost, NanoUsd{420'000});
  EXPECT_EQ(reply.metrics.price_rule, "reported");
  EXPECT_EQ(reply.metrics.provider, "openrouter");
}

TEST(Clients, AStreamThatIsLeftOpenIsNotWaitedFor) {
  ScriptedProvider provider;
  provider.add(ScriptedBytes{
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
      "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}"
      "\n\ndata: [DONE]\n\n",
      false});
  ObservableOpenAiClient client(OptionsOf(provider, "/v1"));
  const LlmReply reply = client.chat_stream(HelloChat(), {});
  EXPECT_EQ(reply.text, "x");
  EXPECT_LT(reply.metrics.duration, seconds(60)) << "the time it may idle is 120 s";
}

}  // namespace
}  // namespace pitot
