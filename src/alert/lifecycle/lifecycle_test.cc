// What timelines (tests/golden/alert) do not show: what is kept, asked for and refused.
#include "alert/lifecycle/lifecycle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <random>
#include <thread>

#include "alert/lifecycle/activity.h"
#include "alert/lifecycle/alert_json.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr UnixNanos kStart = 1'790'000'000 * kNanosPerSecond;
constexpr int64_t kMinute = kNanosPerMinute;

RuleSpec Rule() {
  RuleSpec rule;
  rule.id = "errors";
  rule.alertname = "ErrorRateHigh";
  rule.for_ns = 0;
  rule.keep_firing_ns = 0;
  rule.runbook = "errors";
  rule.unit = "ratio";
  rule.threshold = 0.05;
  return rule;
}

Reading Of(std::string model, Verdict verdict, double value = 0.07) {
  Reading reading;
  reading.labels = {{"model", std::move(model)}, {"empty", ""}};
  reading.verdict = verdict;
  reading.value = value;
  reading.annotations = {{"summary", "7 % of calls fail"}};
  reading.exemplar_trace_ids = {"a", "b", "c", "d", "e", "f"};
  return reading;
}

class LifecycleTest : public ::testing::Test {
 protected:
  LifecycleTest()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("pitot_lifecycle_{:08x}", std::random_device{}())) {}
  ~LifecycleTest() override { std::filesystem::remove_all(folder_); }

  void Open() {
    lifecycle_.reset();
    state_.reset();
    auto state = StateLog::Open(folder_ / "state", clock_);
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
    auto lifecycle = Lifecycle::Open(state_.get(), options_, now_);
    ASSERT_TRUE(lifecycle.ok()) << lifecycle.status();
    lifecycle_ = *std::move(lifecycle);
  }
  void Apply(std::vector<Reading> readings) {
    lifecycle_->Apply(Rule(), "p", std::move(readings), now_);
    lifecycle_->Advance(now_);
  }
  Alert Only() {
    const std::vector<Alert> alerts = lifecycle_->Alerts();
    EXPECT_EQ(alerts.size(), 1u);
    return alerts.empty() ? Alert() : alerts[0];
  }

  const std::filesystem::path folder_;
  FakeClock clock_{kStart};
  UnixNanos now_ = kStart;
  LifecycleOptions options_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Lifecycle> lifecycle_;
};

TEST_F(LifecycleTest, AnAlertIsItsRulesAndItsReadings) {
  options_.external_url = "https://pitot.example";
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  const Alert alert = Only();
  EXPECT_EQ(alert.labels, (Labels{{"alertname", "ErrorRateHigh"},
                                  {"model", "m1"},
                                  {"project", "p"},
                                  {"severity", "warning"}}));
  EXPECT_EQ(alert.fingerprint, FingerprintOf(alert.labels));
  EXPECT_EQ(alert.generator_url,
            "https://pitot.example/alerts/" + FingerprintText(alert.fingerprint));
  EXPECT_EQ(alert.value, 0.07);
  EXPECT_EQ(alert.threshold, 0.05);
  EXPECT_EQ(alert.unit, "ratio");
  EXPECT_EQ(alert.runbook, "errors");
  EXPECT_EQ(alert.exemplar_trace_ids.size(), kExemplarsMax);
  EXPECT_EQ(alert.occurrences, 1);
  EXPECT_EQ(alert.active_at, now_);
  EXPECT_EQ(alert.fired_at, now_);

  // What it says of the breach stays when the breach is over; the value goes on.
  now_ += kMinute;
  Reading held = Of("m1", Verdict::kHold, 0.046);
  held.annotations = {{"summary", "4.6 % of calls fail"}};
  Apply({held});
  EXPECT_EQ(Only().value, 0.046);
  EXPECT_EQ(Only().annotations.at("summary"), "7 % of calls fail");
  EXPECT_EQ(Only().last_breach_at, kStart);
  EXPECT_EQ(Only().last_seen_at, now_);
}

TEST_F(LifecycleTest, OfTwoReadingsOfASeriesTheMoreTellingCounts) {
  Open();
  Reading page = Of("m1", Verdict::kBreach);
  page.severity = AlertSeverity::kPage;
  Apply({Of("m1", Verdict::kOk), page, Of("m1", Verdict::kBreach)});
  EXPECT_EQ(Only().Label("severity"), "page");
}

TEST_F(LifecycleTest, TheDiagnosisStaysAlsoOverARestart) {
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  const uint64_t fingerprint = Only().fingerprint;
  lifecycle_->Annotate(fingerprint, {{"cause", "openai answers 5x slower"}});
  lifecycle_->Annotate(1, {{"cause", "of nothing"}});
  Open();
  now_ += kMinute;
  Apply({Of("m1", Verdict::kBreach)});
  EXPECT_EQ(Only().annotations,
            (Annotations{{"cause", "openai answers 5x slower"}, {"summary", "7 % of calls fail"}}));
  EXPECT_EQ(lifecycle_->Find(fingerprint)->annotations.at("cause"), "openai answers 5x slower");
  // The next time has a diagnosis of its own.
  now_ += kMinute;
  Apply({Of("m1", Verdict::kOk)});
  now_ += kMinute;
  Apply({Of("m1", Verdict::kBreach)});
  EXPECT_FALSE(Only().annotations.contains("cause"));
}

TEST_F(LifecycleTest, Acknowledgements) {
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  const uint64_t fingerprint = Only().fingerprint;
  const Acknowledgement ack{"eve", now_, now_ + 10 * kMinute, "looking"};
  EXPECT_EQ(lifecycle_->Ack(7, ack).code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(lifecycle_->Ack(fingerprint, {"eve", now_, now_, ""}).code(),
            absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(lifecycle_->Ack(fingerprint, ack).ok());
  EXPECT_EQ(Only().ack, ack);
  Open();
  EXPECT_EQ(Only().ack, ack);
  now_ += 10 * kMinute;
  Apply({Of("m1", Verdict::kBreach)});
  EXPECT_FALSE(Only().ack) << "it was until then";
  EXPECT_EQ(lifecycle_->Unack(fingerprint, now_).code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(lifecycle_->Ack(fingerprint, {"eve", now_, 0, ""}).ok());
  ASSERT_TRUE(lifecycle_->Unack(fingerprint, now_).ok());
  Open();
  EXPECT_FALSE(Only().ack);
  Apply({Of("m1", Verdict::kOk)});
  EXPECT_EQ(lifecycle_->Ack(fingerprint, ack).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(LifecycleTest, BaselinesAskWhenItWasActive) {
  Open();
  const auto active = [&](const Labels& labels) {
    std::vector<std::pair<int64_t, int64_t>> minutes;
    for (const ActiveInterval& one : lifecycle_->Active("errors", labels, kStart - 60 * kMinute)) {
      minutes.emplace_back((one.from - kStart) / kMinute,
                           one.to == 0 ? -1 : (one.to - kStart) / kMinute);
    }
    return minutes;
  };
  Apply({Of("m1", Verdict::kBreach)});
  now_ += 10 * kMinute;
  Apply({Of("m1", Verdict::kOk), Of("m2", Verdict::kBreach)});
  now_ += 10 * kMinute;
  Apply({Of("m1", Verdict::kBreach), Of("m2", Verdict::kOk)});
  using Minutes = std::pair<int64_t, int64_t>;
  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_THAT(active({{"model", "m1"}}), ElementsAre(Minutes(0, 10), Minutes(20, -1)));
    EXPECT_THAT(active({{"model", "m2"}, {"project", "p"}}), ElementsAre(Minutes(10, 20)));
    EXPECT_THAT(active({}), ElementsAre(Minutes(0, -1))) << "touching times are one";
    EXPECT_TRUE(active({{"model", "m3"}}).empty());
    EXPECT_TRUE(lifecycle_->Active("latency", {}, 0).empty());
  }
  EXPECT_EQ(lifecycle_->Active("errors", {{"model", "m1"}}, kStart + 5 * kMinute)[0].from,
            kStart + 5 * kMinute);
  now_ += 9 * kNanosPerDay;
  Apply({Of("m1", Verdict::kOk)});
  EXPECT_THAT(active({}), ElementsAre(Minutes(20, 20 + 9 * 24 * 60))) << "older than eight days";
}

TEST_F(LifecycleTest, WhatCannotBeSaidIsShownWithItsReason) {
  Open();
  Reading reading = Of("m1", Verdict::kSuppressed);
  reading.reason = "2 failures of 7 calls: too few to tell";
  Apply({reading, Of("m2", Verdict::kOk)});
  now_ += kMinute;
  Apply({reading});
  const std::vector<SuppressedReading> shown = lifecycle_->Suppressed();
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].reason, reading.reason);
  EXPECT_EQ(shown[0].since, kStart);
  EXPECT_EQ(shown[0].labels.at("model"), "m1");
  Apply({});
  EXPECT_TRUE(lifecycle_->Suppressed().empty());
  EXPECT_TRUE(lifecycle_->Alerts().empty());
}

TEST_F(LifecycleTest, CountsWhatItDoesNotFollow) {
  options_.alerts_max = 2;
  Open();
  Apply({Of("m1", Verdict::kBreach), Of("m2", Verdict::kBreach), Of("m3", Verdict::kBreach)});
  EXPECT_EQ(lifecycle_->Alerts().size(), 2u);
  EXPECT_EQ(lifecycle_->not_followed(), 1u);
  EXPECT_EQ(lifecycle_->Receive({{.labels = {{"alertname", "x"}}}}, now_).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(LifecycleTest, AlertsFromOutsideDoNotTouchOurs) {
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  const Alert ours = Only();
  const absl::Status status = lifecycle_->Receive(
      {{.labels = ours.labels, .ends_at = now_}, {.labels = {{"alertname", "x"}, {"empty", ""}}}},
      now_);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("rule errors"));
  EXPECT_EQ(lifecycle_->Find(ours.fingerprint)->state, AlertState::kFiring);
  EXPECT_EQ(lifecycle_->Alerts().size(), 2u) << "the valid one is taken";
  // An earlier start counts.
  ASSERT_TRUE(
      lifecycle_->Receive({{.labels = {{"alertname", "x"}}, .starts_at = now_ - kMinute}}, now_)
          .ok());
  EXPECT_EQ(lifecycle_->Find(FingerprintOf({{"alertname", "x"}}))->active_at, now_ - kMinute);
}

TEST_F(LifecycleTest, WritesWhenAStateChangesAndNotAtEveryEvaluation) {
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  const size_t events = state_->unapplied();
  for (int i = 0; i < 100; ++i) {
    now_ += 30 * kNanosPerSecond;
    Apply({Of("m1", Verdict::kBreach, 0.07 + i)});
  }
  EXPECT_EQ(state_->unapplied(), events);
}

TEST_F(LifecycleTest, StateThatCannotBeReadIsLeftOut) {
  Open();
  Apply({Of("m1", Verdict::kBreach)});
  for (const auto& [kind, id, body] :
       {std::tuple("alert", "00000000000000ab", R"({"labels":{"a":"b"},"state":"burning"})"),
        std::tuple("alert", "00000000000000ac", "{}"), std::tuple("alert", "x", "["),
        std::tuple("alert_pending", "all", "null"),
        std::tuple("alert_interval", "00000000000000ad", R"({"spans":[[1,2],3]})")}) {
    StateEvent event;
    event.kind = kind;
    event.id = id;
    event.body = body;
    ASSERT_TRUE(state_->Append(event).ok());
  }
  Open();
  EXPECT_EQ(Only().Label("model"), "m1");
}

TEST_F(LifecycleTest, WhateverBytesAndNumbersComeCanBeReadAgain) {
  Open();
  Reading reading = Of("a\xff\xfe\"\n\t\\", Verdict::kBreach, std::nan(""));
  reading.threshold = std::numeric_limits<double>::infinity();
  Apply({reading});
  const uint64_t fingerprint = Only().fingerprint;
  EXPECT_FALSE(Only().value);
  Open();
  EXPECT_EQ(Only().fingerprint, fingerprint);
}

TEST_F(LifecycleTest, ManyThreads) {
  Open();
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 50; ++round) {
        const UnixNanos now = kStart + round * kMinute;
        switch (i) {
          case 0:
            lifecycle_->Apply(Rule(), "p",
                              {{Of("m1", round % 2 ? Verdict::kOk : Verdict::kBreach)}}, now);
            break;
          case 1:
            (void)lifecycle_->Receive({{.labels = {{"alertname", "x"}}}}, now);
            break;
          case 2:
            lifecycle_->Advance(now);
            break;
          default:
            for (const Alert& alert : lifecycle_->Alerts()) {
              (void)lifecycle_->Ack(alert.fingerprint, {"eve", now, 0, ""});
              (void)lifecycle_->Active(alert.rule_id, alert.labels, kStart);
            }
        }
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(lifecycle_->TakeTransitions().empty());
}

TEST(AlertJson, KeepsEverythingThatLasts) {
  Alert alert;
  alert.rule_id = "errors";
  alert.labels = {{"alertname", "ErrorRateHigh"}, {"model", "a\"\n\xc3\xa4"}};
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.annotations = {{"summary", "7 %"}};
  alert.state = AlertState::kKeepFiring;
  alert.value = 0.1;
  alert.threshold = 0.05;
  alert.unit = "ratio";
  alert.active_at = 1;
  alert.fired_at = 2;
  alert.last_breach_at = 3;
  alert.last_seen_at = 4;
  alert.resolved_at = 5;
  alert.ends_at = 6;
  alert.flapping = true;
  alert.ack = Acknowledgement{"eve", 7, 8, "looking"};
  alert.exemplar_trace_ids = {"a", "b"};
  alert.runbook = "errors";
  alert.generator_url = "http://x";
  const auto read = ParseAlertJson(AlertJson(alert));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->fingerprint, alert.fingerprint);
  EXPECT_EQ(read->labels, alert.labels);
  EXPECT_EQ(read->annotations, alert.annotations);
  EXPECT_EQ(read->state, alert.state);
  EXPECT_EQ(read->value, alert.value);
  EXPECT_EQ(read->threshold, alert.threshold);
  EXPECT_EQ(read->ack, alert.ack);
  EXPECT_EQ(read->flapping, alert.flapping);
  EXPECT_EQ(read->exemplar_trace_ids, alert.exemplar_trace_ids);
  EXPECT_EQ(std::tie(read->active_at, read->fired_at, read->last_breach_at, read->last_seen_at,
                     read->resolved_at, read->ends_at),
            std::tie(alert.active_at, alert.fired_at, alert.last_breach_at, alert.last_seen_at,
                     alert.resolved_at, alert.ends_at));
  EXPECT_FALSE(ParseAlertJson({}).ok());
}

TEST(Activity, ForgetsTheQuietestWhenThereIsNoRoom) {
  Activity activity(2);
  std::vector<Alert> alerts(3);
  for (size_t i = 0; i < 3; ++i) {
    alerts[i].rule_id = "r";
    alerts[i].labels = {{"n", std::to_string(i)}};
    alerts[i].fingerprint = i + 1;
  }
  activity.Begin(alerts[0], 10);
  activity.Begin(alerts[1], 20);
  activity.End(2, 30);
  activity.Begin(alerts[2], 40);
  EXPECT_TRUE(activity.Active("r", {{"n", "1"}}, 0).empty()) << "over for longest";
  EXPECT_EQ(activity.Active("r", {}, 0).size(), 1u);
}

TEST(Activity, ShortPendingTimesAreOne) {
  Activity activity(10);
  Alert alert;
  alert.rule_id = "r";
  alert.fingerprint = 1;
  for (int i = 0; i < 100; ++i) {
    activity.Begin(alert, kStart + i * kMinute);
    activity.End(1, kStart + i * kMinute + kMinute / 2);
  }
  EXPECT_EQ(activity.Active("r", {}, 0).size(), 1u);
  EXPECT_EQ(activity.Changes(1, 0), 0);
  EXPECT_TRUE(activity.TakeChanged().empty()) << "written with what it comes to";
}

}  // namespace
}  // namespace pitot
