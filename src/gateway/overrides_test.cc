#include "gateway/overrides.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/hex.h"

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'795'000'000'000'000'000;
constexpr UnixNanos kUntil = kNow + 30 * kNanosPerMinute;

TraceId TraceNumber(uint8_t number) {
  TraceId trace;
  trace.bytes[0] = 7;
  trace.bytes[15] = number;
  return trace;
}

OverrideCall Call(uint8_t trace = 1, bool first = true) {
  return {.project = "default",
          .upstream = "gemini",
          .provider = "gcp.gemini",
          .model = "flash",
          .feature = "search",
          .user = "ann",
          .key_id = "k1",
          .key_name = "team",
          .trace = TraceNumber(trace),
          .first_of_run = first};
}

TEST(GatewayOverridesTest, MatchesWhatItNames) {
  struct Case {
    const char* why;
    Override spec;
    bool matches;
  };
  const Case kCases[] = {
      {"upstream", {.upstream = "gemini"}, true},
      {"provider", {.upstream = "gcp.gemini"}, true},
      {"another upstream", {.upstream = "openai"}, false},
      {"model and feature", {.model = "flash", .feature = "search"}, true},
      {"another feature", {.model = "flash", .feature = "chat"}, false},
      {"key by id", {.key = "k1"}, true},
      {"key by name", {.key = "team"}, true},
      {"another key", {.key = "k2"}, false},
      {"user in another project", {.project = "x", .user = "ann"}, false},
      {"trace", {.trace_id = ToHex(TraceNumber(1).view())}, true},
      {"another trace", {.trace_id = ToHex(TraceNumber(2).view())}, false},
  };
  for (const Case& c : kCases) {
    GatewayOverrides overrides;
    Override spec = c.spec;
    spec.id = "a";
    spec.block = true;
    spec.until = kUntil;
    ASSERT_TRUE(overrides.Put(spec, kNow).ok()) << c.why;
    EXPECT_EQ(overrides.For(Call(), kNow).stop.has_value(), c.matches) << c.why;
    EXPECT_FALSE(overrides.For(Call(), kUntil).any()) << c.why << ": it is over";
  }
}

TEST(GatewayOverridesTest, TheSmallestLimitHolds) {
  GatewayOverrides overrides;
  const std::chrono::milliseconds slow(60'000);
  const std::chrono::milliseconds fast(30'000);
  ASSERT_TRUE(overrides
                  .Put({.id = "a",
                        .model = "flash",
                        .timeout = fast,
                        .call_cost = NanoUsd{9},
                        .reason = "dear",
                        .until = kUntil},
                       kNow)
                  .ok());
  ASSERT_TRUE(overrides
                  .Put({.id = "b",
                        .feature = "search",
                        .timeout = slow,
                        .output_tokens = 10,
                        .call_cost = NanoUsd{5},
                        .reason = "cheap",
                        .until = kUntil},
                       kNow)
                  .ok());
  const OverrideEffect effect = overrides.For(Call(), kNow);
  EXPECT_EQ(effect.timeout, fast);
  EXPECT_EQ(effect.output_tokens, 10);
  EXPECT_EQ(effect.call_cost, NanoUsd{5});
  EXPECT_EQ(effect.call_cost_reason, "cheap");
  EXPECT_EQ(effect.ids, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(overrides.Remove("b"));
  EXPECT_FALSE(overrides.Remove("b"));
  EXPECT_EQ(overrides.For(Call(), kNow).call_cost, NanoUsd{9});
  EXPECT_EQ(overrides.List(kNow).size(), 1u);
}

TEST(GatewayOverridesTest, ReroutesAShareOfNewRunsAndTheseToTheirEnd) {
  GatewayOverrides overrides;
  ASSERT_TRUE(overrides
                  .Put({.id = "r",
                        .model = "flash",
                        .reroute = PlanTarget{"", "lite"},
                        .share = 0.5,
                        .until = kUntil},
                       kNow)
                  .ok());
  int taken = 0;
  for (int i = 0; i < 200; ++i) {
    const auto trace = static_cast<uint8_t>(i);
    const OverrideEffect first = overrides.For(Call(trace), kNow);
    taken += first.reroute.has_value();
    if (first.reroute) {
      EXPECT_EQ(*first.reroute, (PlanTarget{"gemini", "lite"}));
    }
    EXPECT_EQ(overrides.For(Call(trace, false), kNow).reroute, first.reroute) << "in the middle";
  }
  EXPECT_GT(taken, 70);
  EXPECT_LT(taken, 130);
  // A larger share takes new runs only; those rerouted stay so after the end.
  EXPECT_FALSE(overrides.For(Call(201, false), kNow).reroute) << "its beginning was not seen";
  ASSERT_TRUE(overrides.Remove("r"));
  int still = 0;
  for (int i = 0; i < 200; ++i) {
    still += overrides.For(Call(static_cast<uint8_t>(i), false), kNow + 1).reroute.has_value();
  }
  EXPECT_EQ(still, taken);
  const UnixNanos later = kNow + GatewayOverrides::kRunIdleNs + 2 * kNanosPerMinute;
  EXPECT_FALSE(overrides.For(Call(0, false), later).any()) << "idle runs are forgotten";
}

TEST(GatewayOverridesTest, ThrottlesToSoManyCallsAMinute) {
  GatewayOverrides overrides;
  ASSERT_TRUE(
      overrides.Put({.id = "t", .key = "team", .calls_per_minute = 30, .until = kUntil}, kNow)
          .ok());
  int went = 0;
  for (int second = 0; second < 600; ++second) {
    for (int call = 0; call < 3; ++call) {
      const OverrideEffect effect = overrides.For(Call(), kNow + second * kNanosPerSecond);
      went += !effect.stop.has_value();
      if (effect.stop) {
        ASSERT_TRUE(effect.stop->retry_after.has_value());
        EXPECT_LE(effect.stop->retry_after->count(), 2'001);
      }
    }
  }
  EXPECT_NEAR(went, 300, 2);
}

TEST(GatewayOverridesTest, RefusesWhatIsWrong) {
  const auto bad = [](const char* why, Override spec) {
    GatewayOverrides overrides;
    EXPECT_FALSE(overrides.Put(std::move(spec), kNow).ok()) << why;
    EXPECT_TRUE(overrides.List(kNow).empty()) << why;
  };
  bad("no id", {.model = "m", .block = true, .until = kUntil});
  bad("changes nothing", {.id = "a", .model = "m", .until = kUntil});
  bad("concerns everybody", {.id = "a", .block = true, .until = kUntil});
  bad("a project is not enough", {.id = "a", .project = "p", .block = true, .until = kUntil});
  bad("over already", {.id = "a", .model = "m", .block = true, .until = kNow});
  bad("share",
      {.id = "a", .model = "m", .reroute = PlanTarget{"", "x"}, .share = 0, .until = kUntil});
  bad("nowhere", {.id = "a", .model = "m", .reroute = PlanTarget{}, .until = kUntil});
  bad("timeout",
      {.id = "a", .model = "m", .timeout = std::chrono::milliseconds(1), .until = kUntil});
}

TEST(GatewayOverridesTest, IsBounded) {
  GatewayOverrides overrides;
  for (size_t i = 0; i <= GatewayOverrides::kMax; ++i) {
    const absl::Status status = overrides.Put(
        {.id = fmt::format("{}", i), .model = "m", .block = true, .until = kUntil}, kNow);
    EXPECT_EQ(status.ok(), i < GatewayOverrides::kMax) << i;
  }
}

}  // namespace
}  // namespace pitot
