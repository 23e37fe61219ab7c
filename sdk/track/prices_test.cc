#include "sdk/track/prices.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;

LlmCallMetrics Call() {
  LlmCallMetrics call;
  call.provider = "anthropic";
  call.model_requested = "claude-sonnet-4-5";
  call.model = "claude-sonnet-4-5-20250929";
  call.has_usage = true;
  call.usage[UsageBucket::kInput] = 1'000;
  call.usage[UsageBucket::kOutput] = 100;
  return call;
}

TEST(PriceCall, AsTheServersBookHasIt) {
  LlmCallMetrics call = Call();
  price_call(call);
  // $3 and $15 a million tokens.
  EXPECT_EQ(call.cost, NanoUsd{4'500'000});
  EXPECT_EQ(call.price_rule, "anthropic/claude-sonnet-4-5");
  EXPECT_FALSE(call.estimated);

  const Price price = PriceBook::BuiltIn({})->PriceOf({.provider = call.provider,
                                                       .model = call.model,
                                                       .at_ns = 1'767'571'200'000'000'000,
                                                       .service_tier = {},
                                                       .usage = call.usage});
  EXPECT_EQ(PriceOfCall(call, {}, 1'767'571'200'000'000'000).cost, price.cost);
}

TEST(PriceCall, ByTheModelThatWasAskedForWhenNoneIsNamed) {
  LlmCallMetrics call = Call();
  call.model.clear();
  price_call(call);
  EXPECT_EQ(call.cost, NanoUsd{4'500'000});
}

TEST(PriceCall, UnknownIsNotFree) {
  LlmCallMetrics call = Call();
  call.model = "a-model-of-our-own";
  call.cost = NanoUsd{1};
  call.price_rule = "of before";
  price_call(call);
  EXPECT_EQ(call.cost, std::nullopt);
  EXPECT_EQ(call.price_rule, "");

  LlmCallMetrics no_usage = Call();
  no_usage.has_usage = false;
  price_call(no_usage);
  EXPECT_EQ(no_usage.cost, std::nullopt) << "the provider said nothing: not zero tokens";
}

TEST(PriceCall, WhatTheProviderReportsComesFirst) {
  const auto priced = [](std::optional<NanoUsd> reported, bool has_usage) {
    LlmCallMetrics call = Call();
    call.cost_reported = reported;
    call.has_usage = has_usage;
    if (!has_usage) call.usage = {};
    price_call(call);
    return call;
  };
  EXPECT_EQ(priced(NanoUsd{5'000'000}, true).cost, NanoUsd{5'000'000});
  EXPECT_EQ(priced(NanoUsd{5'000'000}, true).price_rule, "reported");
  EXPECT_EQ(priced(NanoUsd{5'000'000}, false).cost, NanoUsd{5'000'000});
  EXPECT_EQ(priced(NanoUsd{0}, true).cost, NanoUsd{4'500'000}) << "0 with tokens: not known to it";
  EXPECT_EQ(priced(NanoUsd{-1}, true).cost, NanoUsd{4'500'000});
  EXPECT_EQ(priced(NanoUsd{451'000'000}, true).cost, NanoUsd{4'500'000}) << "over 100 times";
  EXPECT_EQ(priced(NanoUsd{451'000'000}, true).price_rule, "anthropic/claude-sonnet-4-5");
}

TEST(PriceCall, SaysWhatWasAssumed) {
  LlmCallMetrics call = Call();
  call.estimated = true;
  price_call(call);
  EXPECT_TRUE(call.estimated) << "the usage's assumption stays";

  LlmCallMetrics tier = Call();
  tier.service_tier = "a-tier-nobody-knows";
  price_call(tier);
  EXPECT_TRUE(tier.estimated);
}

TEST(PriceCall, FromAnyThread) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        LlmCallMetrics call = Call();
        call.usage[UsageBucket::kOutput] = 100 + i;
        price_call(call);
        EXPECT_EQ(call.cost, NanoUsd{3'000'000 + (100 + i) * 15'000});
      }
    });
  }
}

TEST(TokensPerSecond, OfTheTimeInWhichTheyCame) {
  const auto speed = [](int64_t output, int64_t reasoning, bool streaming, int duration_ms,
                        std::optional<int> ttft_ms) {
    LlmCallMetrics call;
    call.usage[UsageBucket::kOutput] = output;
    call.usage[UsageBucket::kReasoning] = reasoning;
    call.streaming = streaming;
    call.duration = milliseconds(duration_ms);
    if (ttft_ms) call.ttft = milliseconds(*ttft_ms);
    return tokens_per_second(call);
  };
  EXPECT_EQ(speed(100, 0, false, 2'000, {}), 50) << "not streamed: the whole call";
  EXPECT_EQ(speed(60, 40, false, 2'000, {}), 50) << "with reasoning";
  EXPECT_EQ(speed(100, 0, true, 2'000, 1'000), 100) << "streamed: since the first of them";
  EXPECT_EQ(speed(100, 0, false, 2'000, 1'000), 50) << "a first byte without a stream";
  EXPECT_EQ(speed(100, 0, true, 2'000, {}), 50) << "unknown ttft";
  EXPECT_EQ(speed(100, 0, true, 1'000, 950), 2'000) << "50 ms remain";
  EXPECT_EQ(speed(100, 0, true, 1'000, 951), 100) << "less than that";
  EXPECT_EQ(speed(100, 0, true, 1'000, 2'000), 100) << "a ttft beyond the end";
  EXPECT_EQ(speed(0, 0, true, 1'000, 100), std::nullopt) << "no output";
  EXPECT_EQ(speed(100, 0, false, 0, {}), std::nullopt) << "no time";
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
