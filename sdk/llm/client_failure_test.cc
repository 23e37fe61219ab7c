// The clients when calls fail: what is tried again, and what is told of what is not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <mutex>

#include "pitot/collector.h"
#include "pitot/cost_ledger.h"
#include "pitot/slo_monitor.h"
#include "sdk/llm/client_test_util.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class StatusSink : public SpanSink {
 public:
  void on_spans(std::span<const SpanData> spans) override {
    const std::lock_guard lock(mutex_);
    for (const SpanData& span : spans) shown_ += std::string(Name(span.status)) + " ";
  }
  std::string shown() const {
    const std::lock_guard lock(mutex_);
    return shown_;
  }

 private:
  mutable std::mutex mutex_;
  std::string shown_;  // Guarded by mutex_.
};

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

TEST(Clients, ASpentBudgetRefuses) {
  const auto sink = std::make_shared<StatusSink>();
  TraceCollector collector({.service = "test", .exporters = {sink}});
  ScriptedProvider provider;
  CostLedger ledger({.daily_budget = NanoUsd{1}, .hard = true});
  LlmClientOptions options = OptionsOf(provider);
  options.recorders.ledger = &ledger;
  ObservableAnthropicClient client(options);
  client.messages(Hello());
  EXPECT_THROW(client.messages(Hello()), BudgetExceeded);
  ASSERT_TRUE(collector.flush(seconds(10)));
  EXPECT_EQ(sink->shown(), "unset error ");
  EXPECT_EQ(provider.requests().size(), 1u);
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

}  // namespace
}  // namespace pitot
