#include "server/gateway_config.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "server/config.h"

namespace pitot {
namespace {

std::optional<std::string> NoEnv(const std::string&) { return std::nullopt; }

ServerOptions Parsed(std::string_view yaml) {
  auto options = ParseConfig(yaml, "p.yaml", NoEnv);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? *options : ServerOptions();
}

TEST(GatewayConfigTest, ReadsUpstreamsBudgetsRoutesAndKeys) {
  const ServerOptions options = Parsed(R"(
gateway:
  upstreams:
    openai: {key_env: OPENAI_API_KEY}
    local: {url: "http://127.0.0.1:8000/base", dialect: openai, include_usage: false, headers: {drop: [x-a]}}
  deadlines: {total: 30s, idle: 500ms}
  budgets:
    - {id: daily, scope: global, window: day, timezone: Europe/Berlin, limit_usd: 50, hard: true}
  loops: {mode: enforce, steps: {warn: 5, block: 9}, caps: {usd: 2.5}, poll_tools: [watch]}
  routes:
    - match: {upstream: openai, model: "gpt-5*"}
      fallback: [{upstream: local, model: llama}]
      cache: {ttl: 10m, stale: 1h}
      degraded: "Later."
auth:
  keys:
    - {name: shop, env: SHOP_KEY, scopes: [gateway, read], pin: {feature: checkout}, budget: {limit_usd: 20}}
)");
  ASSERT_EQ(options.gateway.upstreams.size(), 2u);
  EXPECT_EQ(options.gateway.upstreams[0].url, "https://api.openai.com");
  EXPECT_EQ(options.gateway.upstreams[0].key, "env:OPENAI_API_KEY");
  EXPECT_EQ(options.gateway.upstreams[1].name, "local");
  EXPECT_FALSE(options.gateway.upstreams[1].include_usage);
  EXPECT_EQ(options.gateway.deadlines.total.count(), 30'000);
  EXPECT_EQ(options.gateway.deadlines.idle.count(), 500);
  EXPECT_EQ(options.gateway.deadlines.first_byte.count(), 120'000);
  ASSERT_EQ(options.budgets.size(), 1u);
  EXPECT_EQ(options.budgets[0].limit.value, 50'000'000'000);
  EXPECT_TRUE(options.budgets[0].from_config);
  EXPECT_EQ(options.gateway.runs.mode, LoopMode::kEnforce);
  EXPECT_EQ(options.gateway.runs.loops.steps, (LoopThreshold{5, 9}));
  EXPECT_EQ(options.gateway.runs.loops.run_usd_max.value, 2'500'000'000);
  ASSERT_EQ(options.gateway.routes.size(), 1u);
  EXPECT_EQ(options.gateway.routes[0].cache_ttl_ns, 600 * kNanosPerSecond);
  EXPECT_EQ(options.gateway.routes[0].degraded_text, "Later.");
  ASSERT_EQ(options.keys.size(), 1u);
  EXPECT_EQ(options.keys[0].key.pins.at("feature"), "checkout");
  EXPECT_EQ(options.keys[0].key.budget->limit.value, 20'000'000'000);
}

TEST(GatewayConfigTest, TheEnvironmentGoesBeforeTheFile) {
  const auto env = [](const std::string& name) -> std::optional<std::string> {
    if (name == "PITOT_GATEWAY_LOOPS_MODE") return "enforce";
    if (name == "PITOT_GATEWAY_DEADLINES_TOTAL") return "5s";
    return std::nullopt;
  };
  const auto options = ParseConfig("gateway: {loops: {mode: off}}", "p.yaml", env);
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->gateway.runs.mode, LoopMode::kEnforce);
  EXPECT_EQ(options->gateway.deadlines.total.count(), 5'000);
}

struct Refusal {
  std::string_view name;
  std::string_view yaml;
  std::string_view message;  // Occurs in it.
};
constexpr Refusal kRefusals[] = {
    {"UnknownKey", "gateway: {budget: []}",
     "unknown key \"gateway.budget\" (did you mean \"budgets\"?)"},
    {"NestedUnknownKey", "gateway:\n  deadlines: {totl: 3s}", "p.yaml:2: unknown key"},
    {"WrongMode", "gateway: {loops: {mode: enforced}}", "did you mean \"enforce\"?"},
    {"NoUrl", "gateway: {upstreams: {local: {dialect: openai}}}", "upstreams.local.url"},
    {"OtherDialect",
     "gateway: {routes: [{match: {upstream: openai}, fallback: [{upstream: anthropic}]}]}",
     "a call is never translated"},
    {"UnknownTarget", "gateway: {routes: [{fallback: [{upstream: opnai}]}]}",
     "did you mean \"openai\"?"},
    {"TwoBudgets",
     "gateway: {budgets: [{id: a, scope: global, window: day, limit_usd: 1}, {id: a, scope: "
     "global, "
     "window: day, limit_usd: 2}]}",
     "two budgets have the id"},
    {"BudgetField", "gateway: {budgets: [{id: a, scope: globl, window: day, limit_usd: 1}]}",
     "globl"},
    {"KeyScope", "auth: {keys: [{name: a, env: A, scopes: [gatway]}]}", "gatway"},
    {"Deadline", "gateway: {deadlines: {total: 0ms}}", "out of range"},
};
class GatewayConfigRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(GatewayConfigRefusalTest, NamesWhatIsWrong) {
  const auto options = ParseConfig(GetParam().yaml, "p.yaml", NoEnv);
  ASSERT_FALSE(options.ok());
  EXPECT_NE(Message(options.status()).find(GetParam().message), std::string::npos)
      << options.status();
}
INSTANTIATE_TEST_SUITE_P(Refusals, GatewayConfigRefusalTest, testing::ValuesIn(kRefusals),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(GatewayConfigTest, WhatHoldsIsPrinted) {
  const std::string text = PrintConfig(Parsed("gateway: {loops: {mode: enforce}}"));
  EXPECT_NE(text.find("gateway:\n  upstreams:\n    anthropic: {url: \"https://api.anthropic.com\""),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("  loops: {mode: enforce}\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace pitot
