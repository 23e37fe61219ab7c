// The probes of preflight against the real gateway, ingest, store, rules and dispatcher: with a
// configuration in which all is well each passes, and where it is not it fails.
#include "server/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "alert/preflight/preflight.h"
#include "alert/replay.h"
#include "base/status.h"
#include "gateway/budget/budgets.h"
#include "ingest/history/erasure.h"
#include "ingest/ingest.h"
#include "query/figures/answer.h"
#include "store/state.h"
#include "store/testing/store_test_base.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SandboxTest : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    IngestOptions ingest;
    ingest.data_dir = folder_ / "data";
    ingest.workers = 1;
    ingest.spool.disk_free_bytes_min = 0;
    ingest.flusher.batch_delay = std::chrono::milliseconds(5);
    ingest.flusher.tick = std::chrono::milliseconds(20);
    ingest.prepare.keep_days = 30;
    auto opened = Ingest::Open(ingest, engine(), PriceBook::BuiltIn({}), nullptr, wall_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    ingest_ = *std::move(opened);
    ingest_->Start();
    auto state = StateLog::Open(folder_ / "state", wall_);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    state_ = *std::move(state);
    eraser_ = std::make_unique<Eraser>(*store_, *state_, *ingest_, 30);
    eraser_->Start();
    options_.data_dir = folder_.path();
    options_.spool_disk_free_bytes = 0;
    options_.gateway.runs.mode = LoopMode::kEnforce;
    options_.gateway.retry.backoff = std::chrono::milliseconds(20);
    options_.gateway.routes.push_back({.degraded_text = "Please try again later."});
    AddRequestBudget(1.0);
  }
  void TearDown() override {
    sandbox_.reset();
    eraser_->Stop();
    eraser_.reset();
    ingest_.reset();
  }

  void AddRequestBudget(double usd) {
    auto spec = BudgetFromJson(
        fmt::format(R"({{"id":"per-call-{}","scope":"request","limit_usd":{:.6f},"hard":true}})",
                    options_.budgets.size(), usd));
    ASSERT_TRUE(spec.ok()) << spec.status().ToString();
    options_.budgets.push_back(*std::move(spec));
  }

  Sandbox& OpenSandbox() {
    sandbox_ = std::make_unique<LiveSandbox>(LiveSandbox::Parts{
        .options = options_, .ingest = *ingest_, .eraser = *eraser_, .clock = wall_});
    return *sandbox_;
  }

  // As the server fills it, in what the probes look at.
  PreflightConfig Config() {
    PreflightConfig config;
    config.alerts = alerts_;
    for (const char* id : {"latency_p99", "error_rate", "budget_projection", "telemetry_absent"}) {
      PreflightRule& rule = config.rules.emplace_back();
      rule.spec.id = id;
      rule.series = 1;
      rule.last_at = 1;
    }
    config.budgets = {
        {.id = "daily",
         .scope = "global",
         .match = "*",
         .window = "day",
         .limit_usd = 100,
         .hard = true},
        {.id = "per-call", .scope = "request", .match = "*", .limit_usd = 1, .hard = true}};
    config.gateway.routes = {{.degraded = true}};
    config.gateway.loop_mode = "enforce";
    config.gateway.steps_blocked = true;
    config.gateway.spend_blocked = true;
    config.retention_days = 30;
    return config;
  }

  PreflightReport Run(std::vector<std::string> only) {
    RuleReplay replay(alerts_);
    PreflightDeps deps;
    deps.state = state_.get();
    deps.config = [this] { return Config(); };
    deps.sandbox = &OpenSandbox();
    deps.replay = &replay;
    Preflight preflight(std::move(deps));
    const QueryContext context{.engine = engine(),
                               .limits = limits_,
                               .now = wall_.Now(),
                               .deadline = {},
                               .cancel = nullptr};
    auto report = preflight.Run(
        context, {.project = "shop", .probes = true, .actor = "test", .only = std::move(only)});
    EXPECT_TRUE(report.ok()) << report.status().ToString();
    return report.ok() ? *std::move(report) : PreflightReport{};
  }

  // Of a point by itself.
  void Expect(const std::string& id, PreflightStatus status, std::string_view words) {
    const PreflightReport report = Run({id});
    ASSERT_EQ(report.results.size(), 1u);
    EXPECT_EQ(Name(report.results[0].judged), Name(status))
        << id << ": " << report.results[0].words;
    EXPECT_THAT(report.results[0].words, HasSubstr(std::string(words))) << id;
  }

  // Rows of the sandbox's project.
  std::string SandboxRows() {
    return Tsv("SELECT count() FROM facts FINAL WHERE project = 'preflight-sandbox'");
  }

  static constexpr PreflightStatus kPass = PreflightStatus::kPass;
  static constexpr PreflightStatus kFail = PreflightStatus::kFail;

  const Limits limits_;
  const SystemClock wall_;
  ServerOptions options_;
  AlertOptions alerts_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Eraser> eraser_;
  std::unique_ptr<LiveSandbox> sandbox_;
};
// The probes' own statements are tested in both engines elsewhere.
INSTANTIATE_TEST_SUITE_P(Store, SandboxTest, testing::Values(StoreModesUnderTest().front()),
                         StoreModeName);

TEST_P(SandboxTest, ProbesOfTheGatewayPass) {
  Expect("OPS-03", kPass, "the next one was refused with 402 (budget_exceeded)");
  Expect("OPS-05", kPass, "a disabled feature is refused after");
  Expect("OPS-02", kPass, "with all providers down the slowest answer took");
  Expect("OPS-08", kPass, "with the store away 5 of 5 calls passed");
  Expect("CST-01", kPass, "the probe's oversize call was refused");
  Expect("CST-02", kPass, "the looping probe was stopped at step");
}

TEST_P(SandboxTest, ProbesOfTheGatewayFail) {
  options_.gateway.runs.mode = LoopMode::kObserve;
  Expect("CST-02", kFail, "made 150 times the same call and was not stopped");
  AddRequestBudget(0.000001);  // Not even the probe's first call fits.
  Expect("CST-01", kFail, "a call of 10 tokens was answered 402");
  Expect("OPS-05", kFail, "answers were 402 before");
  // Nothing of a call fits into the spool.
  options_.spool_disk_free_bytes = int64_t{1} << 60;
  Expect("OPS-08", kFail, "");
}

TEST_P(SandboxTest, ProbesOfSpansPassAndLeaveNothing) {
  // No traffic of the project's own: what the probes say is in the evidence.
  const PreflightReport report = Run({"INS-03", "INS-04", "SEC-03"});
  ASSERT_EQ(report.results.size(), 3u);
  EXPECT_THAT(report.results[0].words,
              HasSubstr("a provider's 500 reached the caller and the probe's root (internal)"));
  const std::string tree = PreflightJson(report);
  EXPECT_THAT(tree, HasSubstr("\"probe_spans\":"));
  EXPECT_THAT(report.results[1].words, Not(HasSubstr("no part"))) << report.results[1].words;
  EXPECT_EQ(Name(report.results[2].judged), "pass") << report.results[2].words;
  EXPECT_EQ(SandboxRows(), "0");
}

TEST_P(SandboxTest, ProbesOfAlertsPass) {
  Expect("ALR-04", kPass, "20 evaluations of a standing alert led to 1 notification");
  Expect("ALR-01", kPass, "a replayed spike of 10 times fired after");
  Expect("ALR-02", kPass, "4 % did not");
  Expect("ALR-03", kPass, "a day heading for 90 % of its budget, replayed, fired it");
  Expect("ALR-07", kPass, "the objective's alert held");
  EXPECT_EQ(SandboxRows(), "0");  // Deleted after each run.
}

TEST_P(SandboxTest, ProbesOfAlertsFail) {
  alerts_.group_interval_ns = kNanosPerSecond;
  alerts_.repeat_interval_ns = 30 * kNanosPerSecond;
  Expect("ALR-04", kFail, "20 evaluations of a standing alert led to");
  alerts_.rules["latency_p99"].threshold = 50;
  Expect("ALR-01", kFail, "did not fire it");
  alerts_.rules["error_rate"].threshold = 0.5;
  Expect("ALR-02", kFail, "6 % of failures replayed did not fire it");
  alerts_.rules["budget_projection"].threshold = 2;
  Expect("ALR-03", kFail, "did not fire it");
  alerts_.rules["telemetry_absent"].enabled = false;
  Expect("ALR-07", PreflightStatus::kInsufficientData, "switched off");
}

}  // namespace
}  // namespace pitot
