// Days of agents' traffic in minutes, through the real ingest, store and alerting: what they lead to,
// and what they do not. Time is simulated; nothing is waited for.
//
//   PITOT_INCIDENTS_SEED=7    another company's day
//   PITOT_INCIDENTS_TICK_S=30 the quiet day at the default interval of evaluations (twice the time)
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "alert/dispatch/dispatcher.h"
#include "alert/rules/system_figures.h"
#include "alert/runbook/runbook.h"
#include "alert/service.h"
#include "base/status.h"
#include "base/text.h"
#include "ingest/ingest.h"
#include "store/state.h"
#include "store/testing/store_test_base.h"
#include "tests/incidents/agent_traffic.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kTickNs = 30 * kNanosPerSecond;
constexpr int64_t kHourNs = 60 * kNanosPerMinute;

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoll(text);
}

// Wall clock of the simulation; waiting takes real time.
class SimulatedClock final : public Clock {
 public:
  UnixNanos Now() const override { return now_.load(); }
  int64_t MonotonicNanos() const override { return real_.MonotonicNanos(); }
  void Set(UnixNanos now) { now_ = now; }

 private:
  std::atomic<UnixNanos> now_{0};
  SystemClock real_;
};

// A notification as it was sent, with what its runbook found.
struct Told {
  NotificationRecord record;
  std::vector<Alert> alerts;
  std::vector<std::string> causes;
};

class IncidentsTest : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    now_ = fed_ = kBegin;
    received_.Set(now_);
    watched_.Set(now_);
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 1;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = std::chrono::milliseconds(1);
    auto ingest = Ingest::Open(options, engine(), PriceBook::BuiltIn({}), nullptr, received_);
    ASSERT_TRUE(ingest.ok()) << ingest.status().ToString();
    ingest_ = *std::move(ingest);
    ingest_->Start();

    auto state = StateLog::Open(folder_ / "state", watched_);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    state_ = *std::move(state);
    AlertOptions alerts;
    alerts.receivers = {
        {.name = "ops",
         .channels = {{.kind = "command", .command = {"/usr/bin/tee", "-a", folder_ / "told"}}}}};
    alerts.default_receiver = "ops";
    const AlertDeps deps{.engine = engine(),
                         .limits = limits_,
                         .state = state_.get(),
                         .clock = watched_,
                         .figures = figures_,
                         .send_inline = true};
    auto service = AlertService::Open(std::move(alerts), deps);
    ASSERT_TRUE(service.ok()) << service.status().ToString();
    service_ = *std::move(service);
  }

  void TearDown() override {
    service_.reset();
    state_.reset();
    ingest_.reset();
  }

  // Returns when the spans are in answers.
  void Ingested(std::string lines) {
    if (lines.empty()) return;
    IngestRequest request;
    request.format = WireFormat::kJsonLines;
    request.source = Source::kJsonl;
    request.body = std::move(lines);
    std::latch done(1);
    IngestReply answer;
    ingest_->Accept(std::move(request), [&](IngestReply reply) {
      answer = std::move(reply);
      done.count_down();
    });
    done.wait();
    ASSERT_TRUE(answer.status.ok()) << answer.status.ToString();
    ASSERT_EQ(answer.rejected, 0) << answer.message;
    const absl::Status written = ingest_->WaitWritten();
    ASSERT_TRUE(written.ok()) << written.ToString();
  }

  // Until then: spans come in pieces of `piece_ns`, rules are asked every `tick_ns`; 0: never.
  void RunUntil(UnixNanos until, int64_t piece_ns, int64_t tick_ns) {
    while (now_ < until) {
      if (now_ >= fed_) {
        fed_ = now_ + piece_ns;
        received_.Set(fed_);
        Ingested(traffic_.ExportUntil(fed_));
        ASSERT_FALSE(HasFatalFailure());
      }
      now_ += tick_ns == 0 ? piece_ns : tick_ns;
      watched_.Set(now_);
      if (tick_ns != 0) Tick();
    }
  }

  void Tick() {
    service_->Tick(now_);
    for (const RuleStatus& rule : service_->Rules()) {
      ASSERT_EQ(rule.last_error, "") << rule.spec.id << " at " << FormatTime(now_);
    }
    for (const NotificationRecord& record : service_->dispatcher().Recent(10)) {
      if (record.at < now_) break;
      Told& told = told_.emplace_back(Told{.record = record, .alerts = {}, .causes = {}});
      for (const uint64_t fingerprint : record.alerts) {
        if (auto alert = service_->Find(fingerprint)) told.alerts.push_back(*std::move(alert));
        const auto report = service_->AttachedReport(fingerprint);
        if (report == nullptr) continue;
        for (const Cause& cause : report->causes) told.causes.push_back(cause.words);
      }
    }
  }

  std::string Words() const {
    std::string text;
    for (const Told& told : told_) {
      text += fmt::format("{} {} {} {} firing, {} resolved\n", FormatTime(told.record.at),
                          told.record.receiver, Name(told.record.reason), told.record.firing,
                          told.record.resolved);
      for (const Alert& alert : told.alerts) {
        text += fmt::format("  {} {}", alert.AlertName(), Name(alert.state));
        for (const auto& [name, value] : alert.labels) text += fmt::format(" {}={}", name, value);
        for (const auto& [name, value] : alert.annotations) {
          text += fmt::format("\n    {}: {}", name, value);
        }
        text += '\n';
      }
      for (const std::string& cause : told.causes) text += fmt::format("  cause: {}\n", cause);
    }
    return text.empty() ? "nobody was told anything\n" : text;
  }

  // Puts it in, and looks on for 25 minutes after it ended.
  void ExpectToldOnce(Incident::Kind kind, const std::string& name, double factor,
                      const std::string& alertname, const std::vector<std::string>& first_cause) {
    SCOPED_TRACE(alertname);
    told_.clear();
    // Not on the grid of the evaluations.
    const UnixNanos begin = now_ + 5 * kNanosPerMinute + 17 * kNanosPerSecond;
    const UnixNanos end = begin + 6 * kNanosPerMinute;
    traffic_.Add({kind, name, factor, begin, end});
    RunUntil(end, kTickNs, kTickNs);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(told_.size(), 1u) << Words();
    const Told first = told_[0];
    EXPECT_GT(first.record.at, begin) << Words();
    EXPECT_LE(first.record.at, begin + 60 * kNanosPerSecond) << Words();
    EXPECT_TRUE(first.record.ok) << Words();
    ASSERT_EQ(first.alerts.size(), 1u) << Words();
    EXPECT_EQ(first.alerts[0].AlertName(), alertname);
    ASSERT_FALSE(first.causes.empty()) << Words();
    for (const std::string& words : first_cause) {
      EXPECT_THAT(first.causes[0], HasSubstr(words)) << Words();
    }
    RunUntil(end + 25 * kNanosPerMinute, kTickNs, kTickNs);
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_EQ(told_.size(), 2u) << "that it is over, and nothing else:\n" << Words();
    EXPECT_EQ(told_[1].record.reason, NotifyReason::kAllResolved) << Words();
    if (std::getenv("PITOT_INCIDENTS_SHOW") != nullptr) fmt::print("{}\n", Words());
  }

  // 2026-11-17T13:00:00Z, a Tuesday.
  static constexpr UnixNanos kBegin = 1'794'920'400'000'000'000;

  const Limits limits_;
  SimulatedClock received_;  // What comes is dated by it.
  SimulatedClock watched_;   // Alerting's.
  StaticFigures figures_;
  AgentTraffic traffic_{static_cast<uint64_t>(FromEnvironment("PITOT_INCIDENTS_SEED", 1)), kBegin};
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<AlertService> service_;
  UnixNanos now_ = 0;
  UnixNanos fed_ = 0;  // Spans until then have come.
  std::vector<Told> told_;
};

TEST_P(IncidentsTest, AQuietDayTellsNobodyAndEachIncidentTellsOnce) {
  const int64_t quiet_tick_ns = FromEnvironment("PITOT_INCIDENTS_TICK_S", 60) * kNanosPerSecond;
  const int64_t quiet_hours = FromEnvironment("PITOT_INCIDENTS_HOURS", 24);
  RunUntil(kBegin + kHourNs, kHourNs, 0);
  RunUntil(now_ + quiet_hours * kHourNs, kHourNs, quiet_tick_ns);
  ASSERT_FALSE(HasFatalFailure());
  ASSERT_GT(traffic_.spans(), 8'000 * quiet_hours) << "too little happened to say anything";
  ASSERT_EQ(told_.size(), 0u) << Words();

  ExpectToldOnce(Incident::Kind::kSlowProvider, "openai", 5, "LatencyP99High", {"openai"});
  ExpectToldOnce(Incident::Kind::kToolSchema, "search_orders", 0.4, "ToolArgumentsInvalid",
                 {"search_orders"});
  ExpectToldOnce(Incident::Kind::kLoop, "research", 1, "RunawayTrace", {"web_search", "in a row"});
}

INSTANTIATE_TEST_SUITE_P(Store, IncidentsTest, testing::Values(StoreModesUnderTest().front()),
                         StoreModeName);

}  // namespace
}  // namespace pitot
