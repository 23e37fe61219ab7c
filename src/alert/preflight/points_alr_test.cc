#include "alert/preflight/preflight_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

class AlrPointsTest : public PreflightTestBase {
 protected:
  // An alert of `rule` that fires at the script's end, for whatever has `part` in its name.
  static ReplayChange Fires(const ReplayScript& script, std::string_view rule, std::string label) {
    return {.at = script.to,
            .rule_id = std::string(rule),
            .labels = {{"subject", std::move(label)}},
            .state = AlertState::kFiring,
            .summary = "as replayed"};
  }
  static std::string NameOf(UnixNanos now, std::string_view what) {
    return fmt::format("preflight-{}-{:x}", what, now / kNanosPerMilli);
  }
  PreflightRule& RuleOf(std::string_view id) {
    for (PreflightRule& rule : config_.rules) {
      if (rule.spec.id == id) return rule;
    }
    ADD_FAILURE() << "no rule " << id;
    return config_.rules[0];
  }
};
// These ask the store nothing: one is enough.
INSTANTIATE_TEST_SUITE_P(Store, AlrPointsTest, testing::Values(StoreModesUnderTest().front()),
                         StoreModeName);

TEST_P(AlrPointsTest, LatencyAlert) {
  replay_.run = [&](const ReplayScript& script) -> absl::StatusOr<ReplayResult> {
    ReplayResult result;
    result.changes.push_back(Fires(script, "latency_p99", NameOf(now_, "latency")));
    return result;
  };
  Run("ALR-01", kPass, "a replayed spike of 10 times fired after 10m 00s", "it fires");
  // What is replayed are calls of 1 s, then of 10 s.
  EXPECT_THAT(sandbox_.written, HasSubstr("\"duration_ns\":1000000000"));
  EXPECT_THAT(sandbox_.written, HasSubstr("\"duration_ns\":10000000000"));
  RuleOf("latency_p99").learning = 2;
  Run("ALR-01", kLack, "still learning what is usual for all 2 models", "no baseline");
  RuleOf("latency_p99").learning = 0;
  replay_.run = nullptr;
  Run("ALR-01", kFail, "did not fire it", "the spike goes unnoticed");
  RuleOf("latency_p99").spec.enabled = false;
  Run("ALR-01", kFail, "the rule latency_p99 is switched off", "switched off");
}

TEST_P(AlrPointsTest, ErrorAlert) {
  bool four_too = false;
  replay_.run = [&](const ReplayScript& script) -> absl::StatusOr<ReplayResult> {
    ReplayResult result;
    result.changes.push_back(Fires(script, "error_rate", NameOf(now_, "six")));
    if (four_too) result.changes.push_back(Fires(script, "error_rate", NameOf(now_, "four")));
    return result;
  };
  Run("ALR-02", kPass, "4 % did not", "as it should be");
  // 2400 calls each, of which 144 and 96 fail.
  size_t failed = 0;
  for (size_t at = 0; (at = sandbox_.written.find("\"overloaded\"", at)) != std::string::npos;
       ++at) {
    ++failed;
  }
  EXPECT_EQ(failed, 2 * (144u + 96u));  // Type and category.
  four_too = true;
  Run("ALR-02", kFail, "4 % of failures replayed fired it", "too nervous");
  replay_.run = nullptr;
  Run("ALR-02", kFail, "6 % of failures replayed did not fire it", "deaf");
}

TEST_P(AlrPointsTest, ProjectionAlert) {
  std::vector<BudgetFigure> told;
  replay_.run = [&](const ReplayScript& script) -> absl::StatusOr<ReplayResult> {
    told = script.budgets;
    ReplayResult result;
    result.changes.push_back(Fires(script, "budget_projection", NameOf(now_, "over")));
    return result;
  };
  Run("ALR-03", kPass, "it watches daily ($100 a day)", "as it should be");
  ASSERT_EQ(told.size(), 2u);
  EXPECT_NEAR(told[0].limit_usd, 24 / 0.9, 1e-9);
  EXPECT_NEAR(told[1].limit_usd, 48, 1e-9);
  config_.budgets.clear();
  Run("ALR-03", kFail, "no budget of a day is set", "nothing to watch");
  config_ = GoodConfig();
  replay_.run = nullptr;
  Run("ALR-03", kFail, "heading for 90 % of its budget did not fire it", "deaf");
}

TEST_P(AlrPointsTest, NoRepetition) {
  int notices = 1;
  replay_.run = [&](const ReplayScript& script) -> absl::StatusOr<ReplayResult> {
    EXPECT_EQ(script.further.size(), 1u);
    ReplayResult result;
    result.evaluations = (script.to - script.from) / script.step_ns + 1;
    for (int i = 0; i < notices; ++i) result.notices.push_back({.at = script.from});
    return result;
  };
  Run("ALR-04", kPass, "20 evaluations of a standing alert led to 1 notification", "once");
  notices = 20;
  Run("ALR-04", kFail, "led to 20 notifications", "each time");
  notices = 0;
  Run("ALR-04", kFail, "led to 0 notifications", "never");
}

TEST_P(AlrPointsTest, Receivers) {
  Run("ALR-05", kFail, "alerts.receivers names nobody", "no receiver");
  config_.alerts.receivers = {{.name = "team", .channels = {}}};
  PreflightDelivery last{.receiver = "team", .channel = "slack"};
  absl::Status test;
  hooks_.deliveries = [&] { return std::vector<PreflightDelivery>{last}; };
  hooks_.test_receiver = [&](const std::string& /*receiver*/) { return test; };
  Run("ALR-05", kPass, "team took a test", "never told anything: tested");
  test = Unavailable("slack: HTTP 404 no_service");
  Run("ALR-05", kFail, "team did not take a test: slack: HTTP 404", "the test fails");
  last.last_success_at = now_ - 60 * kNanosPerMinute;
  Run("ALR-05", kPass, "team was told something 1h 00m ago", "nobody is bothered with a test");
  hooks_.test_receiver = nullptr;
  last.last_success_at = now_ - 8 * kNanosPerDay;
  Run("ALR-05", kLack, "team was told nothing in 7 days", "too long ago");
  last.last_error_at = now_;
  last.last_error = "HTTP 500";
  Run("ALR-05", kFail, "team was not told: slack: HTTP 500", "the last attempt failed");
}

TEST_P(AlrPointsTest, BurnRates) {
  Run("ALR-06", kLack, "names no objective", "no SLO");
  SloSpec slo;
  slo.name = "chat";
  slo.target = 0.99;
  config_.alerts.slos = {slo};
  Run("ALR-06", kPass, "all burn rates of 1 objective can be reached", "99 %");
  config_.alerts.slos[0].target = 0.9;
  config_.alerts.slos[0].allow_unreachable = true;
  Run("ALR-06", kFail, "chat (target 0.9) burns 10 times at most, its fast page wants 10", "90 %");
  config_.alerts.slos[0].alert_fast_page = false;
  config_.alerts.slos[0].alert_fast_warn = false;
  config_.alerts.slos[0].alert_multiwindow = false;
  Run("ALR-06", kFail, "chat has no burn rate that alerts", "nothing is on");
}

TEST_P(AlrPointsTest, Absence) {
  bool resolves = false;
  bool fires = true;
  replay_.run = [&](const ReplayScript& script) -> absl::StatusOr<ReplayResult> {
    EXPECT_EQ(script.slos.size(), 1u);
    ReplayResult result;
    if (fires) result.changes.push_back(Fires(script, "telemetry_absent", "x"));
    result.changes.push_back(Fires(script, "slo_burn", "x"));
    if (resolves) {
      result.changes.push_back(Fires(script, "slo_burn", "x"));
      result.changes.back().state = AlertState::kResolved;
    }
    return result;
  };
  Run("ALR-07", kPass,
      "30m 00s after the probe's source fell silent the alert fired; the "
      "objective's alert held",
      "as it should be");
  resolves = true;
  Run("ALR-07", kFail, "resolved for want of data", "silence read as health");
  resolves = false;
  fires = false;
  Run("ALR-07", kFail, "30m 00s of silence did not fire it", "deaf");
}

}  // namespace
}  // namespace pitot
