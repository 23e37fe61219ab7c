// Silences, inhibition, routes, and what of the dispatcher timelines (tests/golden/alert) do not show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <random>

#include "alert/dispatch/dispatcher.h"
#include "alert/dispatch/inhibit.h"
#include "alert/dispatch/routes.h"
#include "alert/dispatch/silences.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr UnixNanos kStart = 1'790'000'000 * kNanosPerSecond;
constexpr int64_t kMinute = kNanosPerMinute;

Matchers Match(std::string_view text) {
  const auto matchers = ParseMatchers(text);
  EXPECT_TRUE(matchers.ok()) << text << ": " << matchers.status();
  return matchers.ok() ? *matchers : Matchers();
}

Alert Firing(Labels labels) {
  Alert alert;
  alert.labels = std::move(labels);
  alert.fingerprint = FingerprintOf(alert.labels);
  alert.state = AlertState::kFiring;
  alert.active_at = alert.fired_at = kStart;
  return alert;
}

class WithState : public ::testing::Test {
 protected:
  WithState()
      : folder_(std::filesystem::temp_directory_path() /
                fmt::format("pitot_dispatch_{:08x}", std::random_device{}())) {
    OpenState();
  }
  ~WithState() override {
    state_.reset();
    std::filesystem::remove_all(folder_);
  }
  void OpenState() {
    state_.reset();
    auto state = StateLog::Open(folder_ / "state", clock_);
    ASSERT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
  }

  const std::filesystem::path folder_;
  FakeClock clock_{kStart};
  std::unique_ptr<StateLog> state_;
};

class SilencesTest : public WithState {
 protected:
  SilencesTest() { Open(); }
  void Open(UnixNanos now = kStart) {
    silences_.reset();
    OpenState();
    auto silences = Silences::Open(state_.get(), 2, now);
    ASSERT_TRUE(silences.ok()) << silences.status();
    silences_ = *std::move(silences);
  }
  static Silence Of(std::string_view matchers, UnixNanos from, UnixNanos to) {
    return {"", Match(matchers), from, to, "eve", "deploying", 0};
  }

  std::unique_ptr<Silences> silences_;
};

TEST_F(SilencesTest, HoldsFromItsStartToItsEnd) {
  const auto set = silences_->Set(
      Of(R"({a="b", c!="d"})", kStart + 10 * kMinute, kStart + 20 * kMinute), kStart);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->id.size(), 36u);
  const Labels labels = {{"a", "b"}};
  for (const bool restarted : {false, true}) {
    if (restarted) Open();
    EXPECT_THAT(silences_->Match(labels, kStart + 9 * kMinute), IsEmpty());
    EXPECT_THAT(silences_->Match(labels, kStart + 10 * kMinute), ElementsAre(set->id));
    EXPECT_THAT(silences_->Match(labels, kStart + 20 * kMinute), IsEmpty());
    EXPECT_THAT(silences_->Match({{"a", "b"}, {"c", "d"}}, kStart + 10 * kMinute), IsEmpty());
    // A clock that goes back changes nothing that is kept.
    EXPECT_THAT(silences_->Match(labels, kStart + 10 * kMinute), ElementsAre(set->id));
  }
  EXPECT_EQ(silences_->Find(set->id)->StateAt(kStart), SilenceState::kPending);
  EXPECT_EQ(silences_->Find(set->id)->comment, "deploying");
}

TEST_F(SilencesTest, IsRefusedWithAReason) {
  const Silence good = Of("{a=\"b\"}", kStart, kStart + kMinute);
  struct Case {
    const char* what;
    void (*spoil)(Silence&);
  };
  const Case cases[] = {
      {"no matcher", [](Silence& s) { s.matchers.clear(); }},
      {"matches everything", [](Silence& s) { s.matchers = Match("{a=~\".*\", b!=\"c\"}"); }},
      {"no end", [](Silence& s) { s.ends_at = 0; }},
      {"over", [](Silence& s) { s.ends_at = kStart; }},
      {"ends before it starts", [](Silence& s) { s.starts_at = s.ends_at + 1; }},
      {"no comment", [](Silence& s) { s.comment.clear(); }},
      {"no author", [](Silence& s) { s.created_by.clear(); }},
  };
  for (const Case& one : cases) {
    Silence silence = good;
    one.spoil(silence);
    EXPECT_EQ(silences_->Set(silence, kStart).status().code(), absl::StatusCode::kInvalidArgument)
        << one.what;
  }
  Silence unknown = good;
  unknown.id = "x";
  EXPECT_EQ(silences_->Set(unknown, kStart).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(silences_->List(kStart).empty());
}

TEST_F(SilencesTest, ChangesInPlaceWhatKeepsItsMeaning) {
  Silence silence = *silences_->Set(Of("{a=\"b\"}", kStart, kStart + 10 * kMinute), kStart);
  const UnixNanos later = kStart + 5 * kMinute;
  // A longer one is the same; its start has been.
  silence.ends_at = kStart + 30 * kMinute;
  silence.comment = "deploying for longer";
  const auto longer = silences_->Set(silence, later);
  ASSERT_TRUE(longer.ok()) << longer.status();
  EXPECT_EQ(longer->id, silence.id);
  EXPECT_EQ(longer->starts_at, kStart);
  EXPECT_EQ(silences_->List(later).size(), 1u);
  // Of other alerts: another one, and the old one ends.
  silence.matchers = Match("{a=\"c\"}");
  const auto other = silences_->Set(silence, later);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(other->id, silence.id);
  EXPECT_THAT(silences_->Match({{"a", "b"}}, later), IsEmpty());
  EXPECT_THAT(silences_->Match({{"a", "c"}}, later), ElementsAre(other->id));
  // One that has expired is not changed but made anew.
  const auto again = silences_->Set(*other, kStart + 29 * kMinute);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->id, other->id);
  Silence expired = *silences_->Find(silence.id);
  expired.ends_at = later + kMinute;
  const auto revived = silences_->Set(expired, later);
  ASSERT_TRUE(revived.ok()) << revived.status();
  EXPECT_NE(revived->id, expired.id);
}

TEST_F(SilencesTest, ExpiresAndIsForgottenAfterFiveDays) {
  const std::string id = silences_->Set(Of("{a=\"b\"}", kStart, kStart + kMinute), kStart)->id;
  EXPECT_TRUE(silences_->Expire(id, "eve", kStart + kMinute / 2).ok());
  EXPECT_THAT(silences_->Match({{"a", "b"}}, kStart + kMinute / 2), IsEmpty());
  EXPECT_EQ(silences_->Expire(id, "eve", kStart + kMinute).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(silences_->Expire("x", "eve", kStart).code(), absl::StatusCode::kNotFound);
  silences_->Collect(kStart + kSilenceRetentionNs);
  EXPECT_TRUE(silences_->Find(id).has_value());
  silences_->Collect(kStart + kMinute + kSilenceRetentionNs);
  EXPECT_FALSE(silences_->Find(id).has_value());
  Open(kStart);
  EXPECT_FALSE(silences_->Find(id).has_value());
}

TEST_F(SilencesTest, AreLimitedNotCountingExpiredOnes) {
  const Silence one = Of("{a=\"b\"}", kStart, kStart + kMinute);
  ASSERT_TRUE(silences_->Set(one, kStart).ok());
  ASSERT_TRUE(silences_->Set(one, kStart).ok());
  EXPECT_EQ(silences_->Set(one, kStart).status().code(), absl::StatusCode::kResourceExhausted);
  const UnixNanos later = kStart + 2 * kMinute;
  EXPECT_TRUE(silences_->Set(Of("{a=\"b\"}", later, later + kMinute), later).ok());
  EXPECT_EQ(silences_->List(later)[0].StateAt(later), SilenceState::kActive);
}

TEST(Inhibit, TheDefaultsByExample) {
  struct Case {
    const char* what;
    Labels source, target;
    bool inhibits;
  };
  const Case cases[] = {
      {"page over ticket of an objective",
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "page"}, {"tier", "fast"}},
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "ticket"}, {"tier", "slow"}},
       true},
      {"another objective",
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "page"}},
       {{"alertname", "SLOBurnRate"}, {"slo", "search"}, {"severity", "ticket"}},
       false},
      {"ticket does not inhibit page",
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "ticket"}},
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "page"}},
       false},
      {"page over warning about the same",
       {{"alertname", "X"}, {"model", "m"}, {"severity", "page"}},
       {{"alertname", "X"}, {"model", "m"}, {"severity", "warning"}},
       true},
      {"about something else",
       {{"alertname", "X"}, {"model", "m"}, {"severity", "page"}},
       {{"alertname", "X"}, {"model", "n"}, {"severity", "warning"}},
       false},
      {"outage over latency",
       {{"alertname", "ProviderOutage"}, {"provider", "openai"}, {"project", "p"}},
       {{"alertname", "LatencyP99High"}, {"provider", "openai"}, {"project", "p"}, {"model", "m"}},
       true},
      {"in another project",
       {{"alertname", "ProviderOutage"}, {"provider", "openai"}, {"project", "p"}},
       {{"alertname", "LatencyP99High"}, {"provider", "openai"}, {"project", "q"}},
       false},
      {"telemetry absent over objectives",
       {{"alertname", "TelemetryAbsent"}, {"project", "p"}},
       {{"alertname", "SLOBurnRate"}, {"slo", "chat"}, {"severity", "page"}, {"project", "p"}},
       true},
      {"exhausted over projected",
       {{"alertname", "BudgetExhausted"}, {"budget", "daily"}},
       {{"alertname", "BudgetProjectionHigh"}, {"budget", "daily"}},
       true},
      {"a slow provider over its models",
       {{"alertname", "LatencyP99High"}, {"provider", "openai"}, {"subject", "provider"}},
       {{"alertname", "LatencyP99High"}, {"provider", "openai"}, {"model", "m"}},
       true},
      {"invalid arguments over the runs that fail of them",
       {{"alertname", "ToolArgumentsInvalid"}, {"tool", "t"}, {"environment", "prod"}},
       {{"alertname", "ErrorRateHigh"},
        {"feature", "f"},
        {"subject", "runs"},
        {"environment", "prod"}},
       true},
      {"and not over calls that fail",
       {{"alertname", "ToolArgumentsInvalid"}, {"tool", "t"}},
       {{"alertname", "ErrorRateHigh"}, {"provider", "openai"}, {"subject", "calls"}},
       false},
      {"runaway over its cost",
       {{"alertname", "RunawayTrace"}, {"feature", "f"}},
       {{"alertname", "CostAnomaly"}, {"feature", "f"}},
       true},
  };
  for (const Case& one : cases) {
    std::vector<Alert> alerts = {Firing(one.source), Firing(one.target)};
    Inhibit(DefaultInhibitRules(), alerts, kStart);
    EXPECT_EQ(!alerts[1].inhibited_by.empty(), one.inhibits) << one.what;
    // A pending source inhibits nothing; one that is over does for a while.
    alerts[0].state = AlertState::kPending;
    Inhibit(DefaultInhibitRules(), alerts, kStart);
    EXPECT_TRUE(alerts[1].inhibited_by.empty()) << one.what;
    alerts[0].state = AlertState::kResolved;
    alerts[0].resolved_at = kStart;
    Inhibit(DefaultInhibitRules(), alerts, kStart + kInhibitLingerNs - 1);
    EXPECT_EQ(!alerts[1].inhibited_by.empty(), one.inhibits) << one.what;
    Inhibit(DefaultInhibitRules(), alerts, kStart + kInhibitLingerNs);
    EXPECT_TRUE(alerts[1].inhibited_by.empty()) << one.what;
  }
  for (const InhibitRule& rule : DefaultInhibitRules()) {
    EXPECT_FALSE(rule.source.empty() || rule.target.empty()) << "its matchers cannot be read";
  }
}

TEST(Routes, TheFirstThatMatchesAndThoseThatContinue) {
  AlertOptions options;
  options.default_receiver = "ops";
  options.group_by = {"alertname"};
  options.routes = {{Match("{severity=\"page\"}"), "pager", {"..."}, {}, {}, {}, true},
                    {Match("{team=\"a\"}"), "team-a", {"team"}, 1, 2, 3}};
  const Routes routes(options);
  const auto names = [&](const Labels& labels) {
    std::vector<std::string> found;
    for (const Route* route : routes.Of(labels)) {
      const Labels group = Routes::GroupLabels(*route, labels);
      found.push_back(route->receiver + " " + Routes::GroupKey(*route, group));
    }
    return found;
  };
  EXPECT_THAT(names({{"alertname", "X"}, {"model", "m"}}),
              ElementsAre(R"(ops {}:{alertname="X"})"));
  EXPECT_THAT(names({{"alertname", "X"}, {"team", "a"}}),
              ElementsAre(R"(team-a {}/{team="a"}:{team="a"})"));
  EXPECT_THAT(names({{"alertname", "X\"y"}, {"severity", "page"}}),
              ElementsAre(R"(pager {}/{severity="page"}:{alertname="X\"y", severity="page"})"))
      << "the default route takes only what no other took";
  EXPECT_EQ(routes.Of({{"team", "a"}})[0]->group_wait_ns, 1);
  EXPECT_EQ(routes.Of({{"team", "a"}})[0]->group_interval_ns, 2);
  EXPECT_EQ(routes.Of({{"team", "a"}})[0]->repeat_interval_ns, 3);
  EXPECT_EQ(routes.Of({{"team", "b"}})[0]->group_wait_ns, options.group_wait_ns);
}

class DispatcherTest : public WithState {
 protected:
  DispatcherTest() {
    options_.default_receiver = "ops";
    options_.group_by = {"alertname"};
    silences_ = *Silences::Open(nullptr, 10, kStart);
    Open();
  }
  void Open(UnixNanos now = kStart) {
    dispatcher_.reset();
    auto dispatcher = Dispatcher::Open(options_, *silences_, state_.get(), now);
    ASSERT_TRUE(dispatcher.ok()) << dispatcher.status();
    dispatcher_ = *std::move(dispatcher);
  }

  AlertOptions options_;
  std::unique_ptr<Silences> silences_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, TheSameMomentTwiceSendsOnce) {
  std::vector<Alert> alerts = {Firing({{"alertname", "X"}})};
  EXPECT_THAT(dispatcher_->Tick(alerts, kStart), IsEmpty());
  EXPECT_EQ(dispatcher_->NextDue(), kStart + options_.group_wait_ns);
  const UnixNanos due = dispatcher_->NextDue();
  const auto sent = dispatcher_->Tick(alerts, due);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].sequence, 1u);
  EXPECT_EQ(sent[0].group_key, R"({}:{alertname="X"})");
  EXPECT_THAT(dispatcher_->Tick(alerts, due), IsEmpty()) << "it is with the sender";
  EXPECT_EQ(dispatcher_->NextDue(), INT64_MAX);
  EXPECT_TRUE(dispatcher_->Groups()[0].sending);
  dispatcher_->Sent(sent[0], true, due);
  dispatcher_->Sent(sent[0], true, due);
  EXPECT_THAT(dispatcher_->Tick(alerts, due), IsEmpty()) << "it was sent";
  EXPECT_EQ(dispatcher_->NextDue(), due + options_.group_interval_ns);
  EXPECT_EQ(alerts[0].last_sent_at, due);
}

TEST_F(DispatcherTest, AlertsWithoutReceiverAreShownInGroups) {
  options_.default_receiver.clear();
  Open();
  std::vector<Alert> alerts = {Firing({{"alertname", "X"}})};
  EXPECT_THAT(dispatcher_->Tick(alerts, kStart + 60 * kMinute), IsEmpty());
  EXPECT_EQ(dispatcher_->NextDue(), INT64_MAX);
  ASSERT_EQ(dispatcher_->Groups().size(), 1u);
  EXPECT_EQ(dispatcher_->Groups()[0].receiver, "");
  EXPECT_THAT(dispatcher_->Groups()[0].alerts, ElementsAre(alerts[0].fingerprint));
  EXPECT_THAT(dispatcher_->ReceiversOf(alerts[0].labels), IsEmpty());
}

TEST_F(DispatcherTest, ManyAlertsAreCountedAndAllAreTold) {
  std::vector<Alert> alerts;
  for (int i = 0; i < 250; ++i) {
    alerts.push_back(Firing({{"alertname", "X"}, {"n", std::to_string(i)}}));
  }
  const UnixNanos at = kStart + options_.group_wait_ns;
  const auto sent = dispatcher_->Tick(alerts, at);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].alerts.size(), kNotificationAlertsMax);
  EXPECT_EQ(sent[0].alerts_left_out, 250 - kNotificationAlertsMax);
  dispatcher_->Sent(sent[0], true, at);
  EXPECT_THAT(dispatcher_->Tick(alerts, at + options_.group_interval_ns), IsEmpty());
}

TEST_F(DispatcherTest, WhatWasSentIsKnownAfterARestart) {
  std::vector<Alert> alerts = {Firing({{"alertname", "X"}})};
  const UnixNanos at = kStart + options_.group_wait_ns;
  const auto sent = dispatcher_->Tick(alerts, at);
  ASSERT_EQ(sent.size(), 1u);
  dispatcher_->Sent(sent[0], true, at);
  OpenState();
  Open(at);
  const std::vector<NotificationRecord> recent = dispatcher_->Recent(10);
  ASSERT_EQ(recent.size(), 1u);
  EXPECT_EQ(recent[0].receiver, "ops");
  EXPECT_EQ(recent[0].reason, NotifyReason::kFirst);
  EXPECT_EQ(recent[0].at, at);
  EXPECT_EQ(recent[0].firing, 1u);
  EXPECT_TRUE(recent[0].ok);
  dispatcher_->Mark(alerts, at);
  EXPECT_EQ(alerts[0].last_sent_at, at);
  EXPECT_EQ(dispatcher_->Groups()[0].sequence, 1u);
}

TEST_F(DispatcherTest, TheLogForgetsWhatIsOver) {
  std::vector<Alert> alerts = {Firing({{"alertname", "X"}})};
  UnixNanos now = kStart + options_.group_wait_ns;
  for (const Notification& one : dispatcher_->Tick(alerts, now)) dispatcher_->Sent(one, true, now);
  alerts[0].state = AlertState::kResolved;
  now += options_.group_interval_ns;
  for (const Notification& one : dispatcher_->Tick(alerts, now)) dispatcher_->Sent(one, true, now);
  alerts.clear();
  dispatcher_->Tick(alerts, now + kNotificationRetentionNs);
  EXPECT_EQ(state_->Latest("notification").size(), 1u);
  dispatcher_->Tick(alerts, now + kNotificationRetentionNs + 1);
  EXPECT_THAT(state_->Latest("notification"), IsEmpty());
}

TEST_F(DispatcherTest, StateThatCannotBeReadIsLeftOut) {
  for (const auto& [kind, id, body] :
       {std::tuple("notification", "ops/1", "{}"), std::tuple("notification", "ops/2", "["),
        std::tuple("silence", "s", R"({"matchers":[{"name":"a","value":"(","is_regex":true}]})")}) {
    StateEvent event;
    event.kind = kind;
    event.id = id;
    event.body = body;
    ASSERT_TRUE(state_->Append(event).ok());
  }
  Open();
  EXPECT_THAT(dispatcher_->Groups(), IsEmpty());
  const auto silences = Silences::Open(state_.get(), 10, kStart);
  ASSERT_TRUE(silences.ok()) << silences.status();
  EXPECT_THAT((*silences)->List(kStart), IsEmpty());
}

TEST_F(DispatcherTest, TheMostUrgentIsSentFirst) {
  options_.group_wait_ns = 0;
  Open();
  std::vector<Alert> alerts = {Firing({{"alertname", "A"}, {"severity", "info"}}),
                               Firing({{"alertname", "B"}, {"severity", "page"}}),
                               Firing({{"alertname", "C"}, {"severity", "warning"}})};
  std::vector<std::string> order;
  for (const Notification& one : dispatcher_->Tick(alerts, kStart)) {
    order.emplace_back(one.alerts[0].AlertName());
  }
  EXPECT_THAT(order, ElementsAre("B", "C", "A"));
}

}  // namespace
}  // namespace pitot
