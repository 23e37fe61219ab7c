#include "server/openslo.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace pitot {
namespace {

using testing::HasSubstr;

std::vector<SloSpec> Read(const std::vector<OpenSloFile>& files) {
  auto specs = ReadOpenSlo(files);
  EXPECT_TRUE(specs.ok()) << specs.status();
  return specs.ok() ? *std::move(specs) : std::vector<SloSpec>{};
}

constexpr std::string_view kRatio = R"(apiVersion: openslo/v1
kind: SLO
metadata:
  name: chat-success
  displayName: Chats that succeed
  labels: {team: chat, cost.centre: [a, b]}
  annotations: {pitot/owner: ada, other/key: x}
spec:
  service: chat
  indicator:
    metadata: {name: chat-errors}
    spec:
      ratioMetric:
        counter: true
        good:
          metricSource: {type: Pitot, spec: {filter: status != error}}
        total:
          metricSource:
            type: pitot
            spec: {filter: kind = agent, count: attempts, exclude: [probes]}
  timeWindow: [{duration: 4w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {targetPercent: 99.5}
)";

TEST(OpenSlo, ARatio) {
  const auto specs = Read({{"a.yaml", std::string(kRatio)}});
  ASSERT_EQ(specs.size(), 1U);
  const SloSpec& spec = specs[0];
  EXPECT_EQ(spec.name, "chat-success");
  EXPECT_EQ(spec.description, "Chats that succeed");
  EXPECT_EQ(spec.kind, SloKind::kRatio);
  EXPECT_EQ(spec.filter, "kind = agent");
  EXPECT_EQ(spec.good, "status != error");
  EXPECT_EQ(spec.count, "attempts");
  EXPECT_EQ(spec.exclude, (std::vector<std::string>{"probes"}));
  EXPECT_DOUBLE_EQ(spec.target, 0.995);
  EXPECT_EQ(spec.window_ns, 28 * kNanosPerDay);
  EXPECT_EQ(spec.owner, "ada");
  EXPECT_EQ(spec.defined_in, "a.yaml");
  EXPECT_EQ(spec.labels, (std::map<std::string, std::string>{
                             {"team", "chat"}, {"cost_centre", "a,b"}, {"service", "chat"}}));
  EXPECT_TRUE(spec.alert_fast_page && spec.alert_fast_warn && spec.alert_multiwindow);
  EXPECT_TRUE(spec.Validate().ok()) << spec.Validate();
}

constexpr std::string_view kParts = R"(---
apiVersion: openslo/v1
kind: DataSource
metadata: {name: spans}
spec: {type: pitot, connectionDetails: {anything: 1}}
---
apiVersion: openslo/v1
kind: SLI
metadata: {name: first-token}
spec:
  thresholdMetric:
    metricSource: {metricSourceRef: spans, spec: {filter: streaming = true, metric: ttft}}
---
apiVersion: openslo/v1
kind: AlertCondition
metadata: {name: fast, annotations: {pitot/shortWindow: 10m}}
spec:
  severity: page
  condition: {kind: burnrate, op: gt, threshold: 6, lookbackWindow: 6h, alertAfter: 5m}
---
apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: policy}
spec:
  alertWhenBreaching: true
  alertWhenResolved: false
  conditions: [{conditionRef: fast}]
  notificationTargets: [{targetRef: mail}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: mail}
spec: {target: email}
---
apiVersion: openslo/v1
kind: Service
metadata: {name: chat}
spec: {description: Chats}
)";

constexpr std::string_view kReferring = R"(apiVersion: openslo/v1
kind: SLO
metadata: {name: ttft}
spec:
  service: chat
  indicatorRef: first-token
  timeWindow: [{duration: 1M, isRolling: true}]
  budgetingMethod: Occurrences
  objectives:
    - {displayName: First token, op: lte, value: 800, target: 0.95}
  alertPolicies:
    - alertPolicyRef: policy
    - kind: AlertPolicy
      metadata: {name: inline}
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: {name: slow}
            spec:
              severity: SEV3
              condition: {kind: burnrate, threshold: 1, lookbackWindow: 3d, alertAfter: 0m}
)";

TEST(OpenSlo, PartsInOtherFiles) {
  const auto specs =
      Read({{"slo.yaml", std::string(kReferring)}, {"parts.yaml", std::string(kParts)}});
  ASSERT_EQ(specs.size(), 1U);
  const SloSpec& spec = specs[0];
  EXPECT_EQ(spec.kind, SloKind::kTtft);
  EXPECT_EQ(spec.filter, "streaming = true");
  EXPECT_EQ(spec.threshold, 800);
  EXPECT_EQ(spec.window_ns, 30 * kNanosPerDay);
  EXPECT_EQ(spec.description, "First token");
  EXPECT_FALSE(spec.alert_fast_page || spec.alert_fast_warn || spec.alert_multiwindow)
      << "who writes policies has those only";
  ASSERT_EQ(spec.alert_rules.size(), 2U);
  EXPECT_EQ(spec.alert_rules[0].name, "fast");
  EXPECT_EQ(spec.alert_rules[0].severity, AlertSeverity::kPage);
  EXPECT_EQ(spec.alert_rules[0].factor, 6);
  EXPECT_EQ(spec.alert_rules[0].long_ns, 360 * kNanosPerMinute);
  EXPECT_EQ(spec.alert_rules[0].short_ns, 10 * kNanosPerMinute);
  EXPECT_EQ(spec.alert_rules[0].hold_ns, 5 * kNanosPerMinute);
  EXPECT_EQ(spec.alert_rules[1].severity, AlertSeverity::kTicket);
  EXPECT_EQ(spec.alert_rules[1].short_ns, 0);
  EXPECT_TRUE(spec.Validate().ok()) << spec.Validate();
}

std::string With(std::string_view text, std::string_view what, std::string_view by) {
  std::string out(text);
  const size_t at = out.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) out.replace(at, what.size(), by);
  return out;
}

TEST(OpenSlo, BadEventsAndSeveralObjectives) {
  std::string text = With(kRatio, "good:", "bad:");
  text = With(text, "status != error", "status = error");
  text = With(text, "- {targetPercent: 99.5}", "- {target: 0.99}\n    - {target: 0.999}");
  const auto specs = Read({{"a.yaml", text}});
  ASSERT_EQ(specs.size(), 2U);
  EXPECT_EQ(specs[0].good, "NOT (status = error)");
  EXPECT_EQ(specs[0].name, "chat-success-1");
  EXPECT_EQ(specs[1].name, "chat-success-2");
  EXPECT_EQ(specs[1].target, 0.999);
}

// Some examples write lte for "exceeds": neither believed nor turned round in silence.
TEST(OpenSlo, LessThanIsNotTurnedRound) {
  const std::string parts = With(kParts, "op: gt", "op: lte");
  const auto refused = ReadOpenSlo({{"slo.yaml", std::string(kReferring)}, {"p.yaml", parts}});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(refused.status())),
              testing::AllOf(HasSubstr("p.yaml:19: spec.condition.op: lte would alert while"),
                             HasSubstr("pitot/op: exceeds")));
  const auto specs = Read({{"slo.yaml", std::string(kReferring)},
                           {"p.yaml", With(parts, "pitot/shortWindow: 10m", "pitot/op: exceeds")}});
  ASSERT_EQ(specs.size(), 1U);
  EXPECT_EQ(specs[0].alert_rules[0].factor, 6);
}

TEST(OpenSlo, Rejects) {
  const auto bad = [](std::string_view why, const std::string& text, const std::string& message) {
    const auto specs = ReadOpenSlo({{"a.yaml", text}});
    EXPECT_EQ(specs.status().code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(std::string(Message(specs.status())), HasSubstr(message)) << why;
  };
  bad("no YAML", "a: [", "a.yaml:");
  bad("no map", "- a", "a.yaml:1:  must be a map");
  bad("another version", With(kRatio, "openslo/v1", "openslo/v1alpha"), "is not openslo/v1");
  bad("kind", With(kRatio, "kind: SLO", "kind: Slo"), "a.yaml:2: kind: \"Slo\"");
  bad("no name", With(kRatio, "  name: chat-success\n", ""), "metadata.name is missing");
  bad("unknown field", With(kRatio, "budgetingMethod", "budgetMethod"),
      "unknown key \"spec.budgetMethod\" (did you mean \"budgetingMethod\"?)");
  bad("annotation", With(kRatio, "pitot/owner", "pitot/ownr"), "did you mean \"pitot/owner\"");
  bad("slices", With(kRatio, "Occurrences", "Timeslices"), "Pitot counts Occurrences");
  bad("calendar",
      With(kRatio, "isRolling: true", "calendar: {startTime: 2020-01-21 12:30:00, timeZone: UTC}"),
      "only rolling windows");
  bad("seconds", With(kRatio, "4w", "4s"), "\"4s\" is no duration");
  bad("Prometheus", With(kRatio, "type: pitot", "type: Prometheus"),
      "metricSource.type: \"Prometheus\": Pitot measures its own spans only");
  bad("both targets", With(kRatio, "targetPercent: 99.5", "targetPercent: 99.5, target: 0.9"),
      "give target or targetPercent");
  bad("no objectives", With(kRatio, "    - {targetPercent: 99.5}\n", "    []\n"),
      "at least one is expected");
  bad("raw", With(kRatio, "counter: true", "raw: {}"), "Pitot counts events");
  bad("value of a ratio", With(kRatio, "targetPercent: 99.5", "target: 0.9, value: 1"),
      "a ratioMetric has none");
  bad("no indicator", With(kReferring, "  indicatorRef: first-token\n", ""),
      "give indicator or indicatorRef");
  bad("indicator", std::string(kReferring), "no SLI is called \"first-token\"");
  bad("no spec", "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n", "spec: it is missing");
  bad("twice", std::string(kRatio) + "---\n" + std::string(kRatio), "there is another SLO");
  const std::string all = std::string(kReferring) + std::string(kParts);
  bad("policy", With(all, "alertPolicyRef: policy", "alertPolicyRef: plan"),
      "no AlertPolicy is called \"plan\"");
  bad("severity", With(all, "severity: page", "severity: loud"), "\"loud\" is not one of page");
  bad("two conditions",
      With(all, "[{conditionRef: fast}]", "[{conditionRef: fast}, {conditionRef: fast}]"),
      "exactly one is expected");
  bad("op of a threshold", With(all, "op: lte, value", "op: gte, value"),
      "of ttft what is lower is good: lte");
  bad("no value", With(all, "value: 800, ", ""), "value: it is missing");
  bad("metric", With(all, "metric: ttft", "metric: tfft"), "did you mean \"ttft\"");
}

}  // namespace
}  // namespace pitot
