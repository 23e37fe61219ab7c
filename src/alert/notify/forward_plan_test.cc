#include "alert/notify/forward_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alert/notify/test_server.h"

namespace pitot {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int64_t kInterval = 30 * kNanosPerSecond;

// Evaluations of one Alertmanager's plan, 30 s apart.
class ForwardPlanTest : public testing::Test {
 protected:
  // How many of `alerts` are sent `seconds` after the start.
  size_t SendAt(int64_t seconds, const std::vector<Alert>& alerts) {
    const UnixNanos now = kTestNow + seconds * kNanosPerSecond;
    plan_.Keep(alerts);
    const std::vector<const Alert*> due = plan_.Due(alerts, now);
    plan_.Sent(due, now);
    return due.size();
  }

  ForwardPlan plan_{kInterval};
};

TEST_F(ForwardPlanTest, NewsGoesAtOnceTheRestEachMinute) {
  const Alert first = TestAlert("a");
  const Alert second = TestAlert("b");
  EXPECT_EQ(SendAt(0, {first}), 1u);
  EXPECT_EQ(SendAt(30, {first}), 0u);
  EXPECT_EQ(SendAt(60, {first}), 1u);
  EXPECT_EQ(SendAt(90, {first, second}), 1u);
  EXPECT_EQ(SendAt(120, {first, second}), 1u);
  EXPECT_EQ(SendAt(150, {first, second}), 1u);
}

TEST_F(ForwardPlanTest, AnEvaluationThatIsALittleEarlyCostsNoMinute) {
  const Alert alert = TestAlert();
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  EXPECT_EQ(SendAt(59, {alert}), 1u);
}

TEST_F(ForwardPlanTest, AResolutionIsToldAtOnceAndForAQuarterOfAnHour) {
  const Alert alert = TestAlert();
  Alert over = Resolved(alert);
  over.resolved_at = kTestNow + 30 * kNanosPerSecond;
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  EXPECT_EQ(SendAt(30, {over}), 1u);
  EXPECT_EQ(SendAt(60, {over}), 0u);
  EXPECT_EQ(SendAt(90, {over}), 1u);
  EXPECT_EQ(SendAt(30 + 15 * 60, {over}), 1u);
  EXPECT_EQ(SendAt(60 + 15 * 60, {over}), 0u);
}

TEST_F(ForwardPlanTest, WhatFiresAgainIsNews) {
  const Alert alert = TestAlert();
  Alert again = alert;
  again.fired_at = kTestNow + 60 * kNanosPerSecond;
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  EXPECT_EQ(SendAt(30, {Resolved(alert)}), 1u);
  EXPECT_EQ(SendAt(60, {again}), 1u);
}

TEST_F(ForwardPlanTest, ADiagnosisIsNewsOnce) {
  Alert alert = TestAlert();
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  alert.annotations["cause"] = "openai answers 5 times slower than usual";
  EXPECT_EQ(SendAt(5, {alert}), 1u);
  alert.annotations["cause"] = "openai answers 6 times slower than usual";
  EXPECT_EQ(SendAt(10, {alert}), 0u);
}

TEST_F(ForwardPlanTest, PendingAndNeverFiredAreNotSent) {
  Alert pending = TestAlert();
  pending.state = AlertState::kPending;
  pending.fired_at = 0;
  EXPECT_EQ(SendAt(0, {pending}), 0u);
  EXPECT_EQ(SendAt(30, {Resolved(pending)}), 0u);
}

TEST_F(ForwardPlanTest, HeldAndUnmeasurableOnesFireOnOverThere) {
  Alert alert = TestAlert();
  alert.state = AlertState::kKeepFiring;
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  alert.state = AlertState::kNoData;
  EXPECT_EQ(SendAt(60, {alert}), 1u);
}

TEST_F(ForwardPlanTest, SilencedHereIsNotSentUnlessItIsKnownThere) {
  Alert silenced = TestAlert("silenced");
  silenced.silenced_by = {"s1"};
  Alert inhibited = TestAlert("inhibited");
  inhibited.inhibited_by = {7};
  EXPECT_EQ(SendAt(0, {silenced, inhibited}), 0u);
  silenced.silenced_by.clear();
  EXPECT_EQ(SendAt(30, {silenced, inhibited}), 1u);
  // Otherwise it would seem to be over.
  silenced.silenced_by = {"s2"};
  EXPECT_EQ(SendAt(90, {silenced, inhibited}), 1u);
}

TEST_F(ForwardPlanTest, AClockThatJumpsBackStopsNothing) {
  const Alert alert = TestAlert();
  EXPECT_EQ(SendAt(3600, {alert}), 1u);
  EXPECT_EQ(SendAt(0, {alert}), 1u);
  EXPECT_EQ(SendAt(30, {alert}), 0u);
}

TEST_F(ForwardPlanTest, EndsFarEnoughAhead) {
  const Alert alert = TestAlert();
  const Alert* const alerts[] = {&alert};
  const std::string body = plan_.Body(alerts, kTestNow);
  EXPECT_THAT(body, HasSubstr(R"("startsAt":"2026-11-20T10:31:30.000Z")"));
  EXPECT_THAT(body, HasSubstr(R"("endsAt":"2026-11-20T10:39:30.000Z")"));
  // Evaluations that are further apart than resends count instead.
  EXPECT_THAT(ForwardPlan(5 * kNanosPerMinute).Body(alerts, kTestNow),
              HasSubstr(R"("endsAt":"2026-11-20T10:55:30.000Z")"));
}

TEST_F(ForwardPlanTest, LabelsAreSuchThatEveryAlertmanagerTakesThem) {
  Alert alert = TestAlert();
  alert.labels["gen_ai.system"] = "x";
  alert.labels["2nd"] = "y";
  alert.labels["empty"] = "";
  const Alert* const alerts[] = {&alert};
  const std::string body = plan_.Body(alerts, kTestNow);
  EXPECT_THAT(body, HasSubstr(R"("gen_ai_system":"x")"));
  EXPECT_THAT(body, HasSubstr(R"("_2nd":"y")"));
  EXPECT_THAT(body, Not(HasSubstr("empty")));
  EXPECT_THAT(body, Not(HasSubstr("generatorURL")));
}

}  // namespace
}  // namespace pitot
