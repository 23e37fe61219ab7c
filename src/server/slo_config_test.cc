#include "server/slo_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/status.h"
#include "store/testing/server.h"

namespace pitot {
namespace {

using testing::HasSubstr;

absl::StatusOr<std::vector<SloSpec>> Parse(const std::string& yaml,
                                           const std::string& file = "p.yaml") {
  ConfigSection root(file, YAML::Load(yaml), "", nullptr);
  std::vector<SloSpec> slos;
  ReadSloConfig(root, file, slos);
  if (!root.first_error().ok()) return root.first_error();
  return slos;
}

TEST(SloConfig, Reads) {
  const auto slos = Parse(R"(
data_dir: elsewhere
slos:
  - {name: chat-success, filter: "kind = agent", good: "status != error", target: 0.99, window: 30d}
  - name: first-token
    kind: ttft
    threshold: 1.5s
    target: 95%
    window: 7d
    project: shop
    exclude: []
    count: attempts
    labels: {team: chat}
    runbook: errors
    owner: ada
    alert:
      fast_page: false
      rules: [{name: mine, severity: page, factor: 3, window: 2h, short_window: 10m, for: 5m}]
  - {name: cheap, kind: cost_per_success, threshold: 0.05, target: 0.95}
  - {name: kind, kind: score, score: helpful, threshold: 0.7, target: 0.9, allow_unreachable: true}
)");
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 4U);
  EXPECT_EQ((*slos)[0].window_ns, 30 * kNanosPerDay);
  EXPECT_EQ((*slos)[0].defined_in, "slos[0]");
  const SloSpec& ttft = (*slos)[1];
  EXPECT_EQ(ttft.kind, SloKind::kTtft);
  EXPECT_EQ(ttft.threshold, 1'500);
  EXPECT_DOUBLE_EQ(ttft.target, 0.95);
  EXPECT_TRUE(ttft.exclude.empty());
  EXPECT_FALSE(ttft.alert_fast_page);
  EXPECT_TRUE(ttft.alert_fast_warn);
  ASSERT_EQ(ttft.alert_rules.size(), 1U);
  EXPECT_EQ(ttft.alert_rules[0].hold_ns, 5 * kNanosPerMinute);
  EXPECT_EQ((*slos)[3].score, "helpful");
}

// What `pitot config check` prints is a configuration that means the same.
TEST(SloConfig, PrintsWhatItReads) {
  const auto slos = Parse(R"(
slos:
  - {name: a, filter: 'name = "it''s"', good: "status != error", target: 0.99, project: shop}
  - {name: b, kind: latency, threshold: 1500us, target: 0.99, window: 36h, exclude: [], alert: {fast_page: false, rules: [{factor: 2, window: 3h, for: 1m}]}}
  - {name: c, kind: score, score: s, threshold: -1, target: 0.5, allow_unreachable: true}
)");
  ASSERT_TRUE(slos.ok()) << slos.status();
  const std::string printed = PrintSloConfig(*slos);
  const auto again = Parse(printed);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
  EXPECT_EQ(PrintSloConfig(*again), printed);
  EXPECT_THAT(printed, HasSubstr("threshold: 1.5ms, target: 0.99, window: 36h"));
  EXPECT_EQ(PrintSloConfig({}), "");
}

TEST(SloConfig, Rejects) {
  const auto bad = [](std::string_view why, const std::string& yaml, const std::string& message) {
    const auto slos = Parse(yaml);
    EXPECT_EQ(slos.status().code(), absl::StatusCode::kInvalidArgument) << why;
    EXPECT_THAT(std::string(Message(slos.status())), HasSubstr(message)) << why;
  };
  bad("no list", "slos: {a: 1}", "p.yaml:1: slos: it must be a list");
  bad("unknown key", "slos:\n  - {name: a, target: 0.99, filtr: x}",
      "p.yaml:2: unknown key \"slos[0].filtr\" (did you mean \"filter\"?)");
  bad("no target", "slos: [{name: a}]", "slos[0].target: it is missing");
  bad("target", "slos: [{name: a, target: 99 percent}]", "is neither 0.99 nor 99%");
  bad("makes no sense", "slos:\n  - {name: a, target: 0.9}",
      "p.yaml:2: slos[0]: burn_threshold_unreachable");
  bad("name", "slos: [{name: A b, target: 0.99}]", "slos[0]: name:");
  bad("filter", "slos: [{name: a, target: 0.99, filter: 'knd = llm'}]", "slos[0]: filter");
  bad("twice", "slos:\n  - {name: a, target: 0.99}\n  - {name: a, target: 0.99}",
      "p.yaml:3: slos[1]: name: \"a\" is that of slos[0] too");
  bad("no file", "slos: [{openslo: 'nothing/*.yaml'}]", "no file matches \"nothing/*.yaml\"");
  bad("rule", "slos: [{name: a, target: 0.99, alert: {rules: [{factor: 0, window: 1h}]}}]",
      "alert.rules[0]: factor is not above 0");
}

TEST(SloConfig, OpenSloBesideTheConfiguration) {
  TempFolder folder;
  ASSERT_TRUE(MakeFolders(folder / "slo").ok());
  const auto document = [](std::string_view name) {
    return fmt::format(
        "apiVersion: openslo/v1\nkind: SLO\nmetadata: {{name: {}}}\nspec:\n  indicator:\n    "
        "spec:\n"
        "      ratioMetric:\n        good: {{metricSource: {{type: pitot, spec: {{filter: status "
        "!= "
        "error}}}}}}\n        total: {{metricSource: {{type: pitot}}}}\n  budgetingMethod: "
        "Occurrences\n  objectives: [{{target: 0.99}}]\n",
        name);
  };
  ASSERT_TRUE(WriteFileAtomic(folder / "slo/a.yaml", document("from-a")).ok());
  ASSERT_TRUE(WriteFileAtomic(folder / "slo/b.yaml", document("from-b")).ok());
  const std::string config = folder / "pitot.yaml";
  const auto slos = Parse("slos: [{openslo: 'slo/*.yaml'}, {name: own, target: 0.99}]", config);
  ASSERT_TRUE(slos.ok()) << slos.status();
  ASSERT_EQ(slos->size(), 3U);
  EXPECT_EQ((*slos)[0].name, "own");
  EXPECT_EQ((*slos)[1].name, "from-a");
  EXPECT_EQ((*slos)[1].defined_in, folder / "slo/a.yaml");
  EXPECT_EQ((*slos)[2].name, "from-b");
  const auto twice = Parse("slos: [{openslo: 'slo/*.yaml'}, {name: from-a, target: 0.99}]", config);
  EXPECT_THAT(std::string(Message(twice.status())),
              HasSubstr("from-a: name: \"from-a\" is that of slos[0] too"));
}

}  // namespace
}  // namespace pitot
