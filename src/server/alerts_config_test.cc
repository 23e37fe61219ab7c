#include "server/alerts_config.h"

#include <gtest/gtest.h>

#include "base/status.h"
#include "server/config.h"

namespace pitot {
namespace {

std::optional<std::string> NoEnv(const std::string&) { return std::nullopt; }

AlertOptions Parsed(std::string_view yaml) {
  auto options = ParseConfig(yaml, "p.yaml", NoEnv);
  EXPECT_TRUE(options.ok()) << options.status();
  return options.ok() ? options->alerts : AlertOptions();
}

TEST(AlertsConfigTest, ReadsReceiversRoutesRulesAndTheirTimes) {
  const AlertOptions options = Parsed(R"(
alerts:
  interval: 15s
  external_url: "https://pitot.example"
  receivers:
    - name: ops
      slack: {url_env: SLACK_URL}
      pagerduty: {routing_key_file: /run/pd.key, timeout: 5s}
    - name: team
      email: {to: [a@example.com, b@example.com], from: pitot@example.com, smarthost: "mail:587"}
      command: {run: [/usr/local/bin/page, --loud], send_resolved: false}
  routes:
    - {match: "severity = page", receiver: ops, group_wait: 5s, continue: true}
    - {match: 'feature=~"checkout-.*"', receiver: team, group_by: [alertname, feature]}
  default_receiver: team
  page: {repeat_interval: 30m}
  inhibit:
    - {source: "alertname=Deploy", target: "severity!=page", equal: [environment]}
  rules:
    latency_p99: {threshold: 4, severity: page, for: 5m}
    unpriced: {enabled: false}
  custom:
    - id: refunds
      filter: 'tool_name = refund'
      aggregate: p95
      field: duration
      by: [feature]
      op: ">="
      threshold: 2000
      window: 10m
      annotations: {team: payments}
  actions: {mode: confirm, approved_models: ["gpt-5*"]}
  status_pages:
    anthropic: {}
    mine: {url: "https://status.example", components: [API]}
  preflight:
    owner: "platform on call"
    thresholds: {INS-01: 0.99}
    quotas: [{model: "gpt-5*", tokens_per_minute: 2000000}]
    datasets: [{name: refunds, feature: support-refunds, version: "3", file: evals/refunds.jsonl}]
)");
  EXPECT_EQ(options.interval_ns, 15 * kNanosPerSecond);
  ASSERT_EQ(options.receivers.size(), 2u);
  ASSERT_EQ(options.receivers[0].channels.size(), 2u);
  EXPECT_EQ(options.receivers[0].channels[0].url, "env:SLACK_URL");
  EXPECT_EQ(options.receivers[0].channels[1].secret, "file:/run/pd.key");
  EXPECT_EQ(options.receivers[0].channels[1].timeout_ns, 5 * kNanosPerSecond);
  EXPECT_EQ(options.receivers[1].channels[0].to.size(), 2u);
  EXPECT_FALSE(options.receivers[1].channels[1].send_resolved);
  ASSERT_EQ(options.routes.size(), 2u);
  EXPECT_EQ(options.routes[0].group_wait_ns, 5 * kNanosPerSecond);
  EXPECT_TRUE(options.routes[0].goes_on);
  EXPECT_TRUE(MatchAll(options.routes[1].match, {{"feature", "checkout-cart"}}));
  EXPECT_EQ(options.default_receiver, "team");
  EXPECT_EQ(options.page_repeat_interval_ns, 30 * kNanosPerMinute);
  EXPECT_EQ(options.page_group_wait_ns, 0);
  ASSERT_EQ(options.inhibit.size(), 1u);
  EXPECT_EQ(options.rules.at("latency_p99").threshold, 4);
  EXPECT_EQ(options.rules.at("latency_p99").severity, AlertSeverity::kPage);
  EXPECT_EQ(options.rules.at("unpriced").enabled, false);
  ASSERT_EQ(options.custom.size(), 1u);
  EXPECT_EQ(options.custom[0].spec.alertname, "refunds");
  EXPECT_EQ(options.custom[0].window_ns, 10 * kNanosPerMinute);
  EXPECT_EQ(options.actions.mode, "confirm");
  EXPECT_EQ(options.status_pages.size(), 2u);
  EXPECT_EQ(options.preflight.thresholds.at("INS-01"), 0.99);
  EXPECT_EQ(options.preflight.quotas[0].tokens_per_minute, 2'000'000);
  EXPECT_EQ(options.preflight.datasets[0].feature, "support-refunds");
}

TEST(AlertsConfigTest, OneReceiverWithoutRoutesGetsEverything) {
  EXPECT_EQ(
      Parsed("alerts: {receivers: [{name: ops, webhook: {url: \"http://h/\"}}]}").default_receiver,
      "ops");
  EXPECT_EQ(Parsed("alerts: {receivers: [{name: ops, webhook: {url: \"http://h/\"}}], routes: "
                   "[{match: \"severity=page\", receiver: ops}]}")
                .default_receiver,
            "");
}

TEST(AlertsConfigTest, NamesWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"alerts: {receivers: [{name: ops}]}", "\"ops\" has no channel"},
      {"alerts: {receivers: [{name: ops, slack: {}}]}", "\"ops\": slack: give url"},
      {"alerts: {receivers: [{name: ops, slak: {}}]}", "did you mean"},
      {"alerts: {receivers: [{name: ops, webhook: {url: \"http://h\"}}], routes: [{receiver: "
       "opps}]}",
       "no receiver has the name \"opps\""},
      {"alerts: {receivers: [{name: ops, webhook: {url: a, url_env: B}}]}", "one of them"},
      {"alerts: {routes: [{match: \"severity\", receiver: a}]}", "=, !=, =~ or !~"},
      {"alerts: {rules: {latency_p99: {severity: loud}}}", "\"loud\" is not one of info"},
      {"alerts: {custom: [{id: a, filter: x}]}", "threshold: it is missing"},
      {"alerts: {interval: 0s}", "out of range"},
      {"alerts: {preflight: {thresholds: {INS-01: most}}}", "INS-01: \"most\" is not a number"},
      {"alerts: {receivers: [{name: m, email: {to: [a@b], from: p@b}}]}", "smarthost is missing"},
  };
  for (const auto& [yaml, reason] : cases) {
    const auto options = ParseConfig(yaml, "p.yaml", NoEnv);
    ASSERT_FALSE(options.ok()) << yaml;
    EXPECT_NE(Message(options.status()).find(reason), std::string_view::npos)
        << yaml << "\n"
        << Message(options.status());
  }
}

TEST(AlertsConfigTest, SecretsAreNotPrinted) {
  const AlertOptions options = Parsed(
      "alerts: {receivers: [{name: ops, webhook: {url: \"http://h/T0PSECRET\", secret: "
      "T0PSECRET}}]}");
  const std::string printed = PrintAlertsConfig(options);
  EXPECT_EQ(printed.find("T0PSECRET"), std::string::npos) << printed;
  EXPECT_NE(printed.find("ops: webhook"), std::string::npos) << printed;
}

}  // namespace
}  // namespace pitot
