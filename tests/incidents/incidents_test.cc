// Days of agents' traffic in seconds: what they lead to, and what they do not.
#include <gmock/gmock.h>
#include <fmt/ranges.h>

#include <gtest/gtest.h>

#include <chrono>
#include <latch>
#include <memory>
#include <string>
#include <vector>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/silences.h"
#include "alert/lifecycle/lifecycle.h"
#include "alert/rules/builtin.h"
#include "base/status.h"
#include "base/text.h"
#include "ingest/ingest.h"
#include "query/scope.h"
#include "store/testing/store_test_base.h"
#include "tests/incidents/agent_traffic.h"

namespace pitot {
namespace {

constexpr int64_t kTickNs = 30 * kNanosPerSecond;
constexpr int64_t kHourNs = 60 * kNanosPerMinute;

// What is received is dated by the simulated clock; waiting takes real time.
class SimulatedClock final : public Clock {
 public:
  UnixNanos Now() const override { return now_.load(); }
  int64_t MonotonicNanos() const override { return real_.MonotonicNanos(); }
  void Set(UnixNanos now) { now_ = now; }

 private:
  std::atomic<UnixNanos> now_{0};
  SystemClock real_;
};

class IncidentsTest : public StoreTestBase {
 protected:
  void SetUp() override {
    StoreTestBase::SetUp();
    now_ = kBegin;
    time_.Set(now_);
    IngestOptions options;
    options.data_dir = folder_ / "data";
    options.workers = 1;
    options.spool.disk_free_bytes_min = 0;
    options.flusher.batch_delay = std::chrono::milliseconds(1);
    options.flusher.tick = std::chrono::milliseconds(500);
    auto ingest = Ingest::Open(options, engine(), PriceBook::BuiltIn({}), nullptr, time_);
    ASSERT_TRUE(ingest.ok()) << ingest.status().ToString();
    ingest_ = *std::move(ingest);
    ingest_->Start();
    alert_options_.receivers = {{.name = "ops", .channels = {}}};
    alert_options_.default_receiver = "ops";
    lifecycle_ = *Lifecycle::Open(nullptr, {}, now_);
    silences_ = *Silences::Open(nullptr, 100, now_);
    dispatcher_ = *Dispatcher::Open(alert_options_, *silences_, nullptr, now_);
    rules_ = *BuiltInRules(alert_options_, figures_);
  }
  void TearDown() override { ingest_.reset(); }

  void Ingested(std::string body) {
    if (body.empty()) return;
    IngestRequest request;
    request.format = WireFormat::kJsonLines;
    request.source = Source::kJsonl;
    request.body = std::move(body);
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

  // Until then, spans coming in pieces of `piece_ns`; evaluated every 30 seconds if `watch`.
  void RunUntil(UnixNanos until, int64_t piece_ns, bool watch = true) {
    while (now_ < until) {
      if (now_ + piece_ns > fed_) {
        fed_ = now_ + piece_ns;
        const auto begun = std::chrono::steady_clock::now();
        Ingested(traffic_.ExportUntil(fed_));
        ingest_seconds_ +=
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
        ASSERT_FALSE(HasFatalFailure());
      }
      now_ += kTickNs;
      time_.Set(now_);
      if (watch) Tick();
    }
  }

  void Tick() {
    const auto begun = std::chrono::steady_clock::now();
    const QueryContext query = Context();
    for (const auto& rule : rules_) {
      const auto rule_begun = std::chrono::steady_clock::now();
      const std::string project = rule->spec().system ? "" : "default";
      auto readings = rule->Evaluate({.query = query, .project = project, .history = *lifecycle_});
      ASSERT_TRUE(readings.ok()) << rule->spec().id << ": " << readings.status().ToString();
      if (getenv("SHOW"))
        for (const Reading& reading : *readings) {
          if (reading.verdict == Verdict::kOk || reading.verdict == Verdict::kLearning) continue;
          const auto summary = reading.annotations.find("summary");
          fmt::print("{} {} {} {} {} {}\n", FormatTime(now_), rule->spec().id,
                     Name(reading.verdict), fmt::join(reading.labels, ","),
                     summary == reading.annotations.end() ? reading.reason : summary->second,
                     reading.value.value_or(-1));
        }
      lifecycle_->Apply(rule->spec(), project, readings, now_);
      seconds_[rule->spec().id] +=
          std::chrono::duration<double>(std::chrono::steady_clock::now() - rule_begun).count();
    }
    lifecycle_->Advance(now_);
    std::vector<Alert> alerts = lifecycle_->Alerts();
    for (Notification& notification : dispatcher_->Tick(alerts, now_)) {
      dispatcher_->Sent(notification, true, now_);
      told_.push_back(std::move(notification));
    }
    seconds_["all"] +=
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }

  QueryContext Context() {
    return {.engine = engine(),
            .limits = limits_,
            .now = now_,
            .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline,
            .cancel = nullptr};
  }

  std::string Told() const {
    std::string text;
    for (const Notification& notification : told_) {
      text += fmt::format("{} {} {}\n", FormatTime(notification.at), Name(notification.reason),
                          notification.firing() ? "firing" : "resolved");
      for (const Alert& alert : notification.alerts) {
        text += fmt::format("  {} {}: ", alert.AlertName(), Name(alert.state));
        for (const auto& [name, value] : alert.labels) text += fmt::format("{}={} ", name, value);
        const auto summary = alert.annotations.find("summary");
        if (summary != alert.annotations.end()) text += "\n    " + summary->second;
        text += "\n";
      }
    }
    return text;
  }

  // 2026-11-17T13:00:00Z, a Tuesday.
  static constexpr UnixNanos kBegin = 1'794'920'400'000'000'000;

  const Limits limits_;
  SimulatedClock time_;
  std::unique_ptr<Ingest> ingest_;
  AgentTraffic traffic_{1, kBegin};
  UnixNanos now_ = 0;
  UnixNanos fed_ = 0;
  double ingest_seconds_ = 0;
  std::map<std::string, double> seconds_;

  AlertOptions alert_options_;
  StaticFigures figures_;
  std::unique_ptr<Lifecycle> lifecycle_;
  std::unique_ptr<Silences> silences_;
  std::unique_ptr<Dispatcher> dispatcher_;
  RuleSet rules_;
  std::vector<Notification> told_;
};

TEST_P(IncidentsTest, AQuietDayTellsNobodyAndThreeIncidentsTellOnceEach) {
  RunUntil(kBegin + kHourNs, 10 * kNanosPerMinute, /*watch=*/false);
  const int hours = getenv("HOURS") ? atoi(getenv("HOURS")) : 24;
  RunUntil(now_ + hours * kHourNs, 5 * kNanosPerMinute);
  EXPECT_THAT(told_, testing::IsEmpty()) << Told();
  fmt::print("{} spans, {} runs, ingest {:.1f} s, {}\n", traffic_.spans(), traffic_.runs(),
             ingest_seconds_, fmt::join(seconds_, " "));
  told_.clear();

  const auto incident = [&](Incident::Kind kind, const char* name, double factor,
                            const char* alertname) {
    const UnixNanos begin = now_ + 5 * kNanosPerMinute + 47 * kNanosPerSecond;
    const UnixNanos end = begin + 6 * kNanosPerMinute;
    traffic_.Add({kind, name, factor, begin, end});
    RunUntil(begin + kTickNs / 2, kTickNs);
    EXPECT_THAT(told_, testing::IsEmpty()) << alertname << " " << Told();
    told_.clear();
    RunUntil(begin + 60 * kNanosPerSecond - 1, kTickNs);
    fmt::print("begun {} now {}: {}\n", FormatTime(begin), FormatTime(now_), Told());
    RunUntil(end + 25 * kNanosPerMinute, kTickNs);
    fmt::print("{}\n", Told());
    EXPECT_EQ(told_.size(), 2u) << alertname << "\n" << Told();
    told_.clear();
  };
  incident(Incident::Kind::kSlowProvider, "openai", 5, "LatencyP99High");
  incident(Incident::Kind::kToolSchema, "search_orders", 0.4, "ToolArgumentsInvalid");
  incident(Incident::Kind::kLoop, "research", 1, "RunawayTrace");
}

INSTANTIATE_TEST_SUITE_P(Store, IncidentsTest, testing::Values(StoreModesUnderTest().front()),
                         StoreModeName);

}  // namespace
}  // namespace pitot
