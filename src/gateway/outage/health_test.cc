#include "gateway/outage/health.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace pitot {
namespace {

namespace json = boost::json;

constexpr UnixNanos kStart = 1'800'000'000 * kNanosPerSecond;
constexpr int64_t kSecond = kNanosPerSecond;

constexpr CallOutcome kGood{.duration_ns = 100 * kNanosPerMilli};
constexpr CallOutcome kServerError{.error = ErrorCategory::kInternal};
constexpr CallOutcome kRefused{.error = ErrorCategory::kNetwork, .connect_failed = true};
constexpr CallOutcome kCancelled{.error = ErrorCategory::kCancelled};

class ProviderHealthTest : public testing::Test {
 protected:
  // False: refused.
  bool Run(const CallOutcome& outcome) {
    ProviderHealth::Admission admission = health.Begin("openai", "gpt", now);
    if (!admission.allowed) return false;
    health.End(std::move(admission.call), outcome, now);
    return true;
  }
  void RunMany(int calls, const CallOutcome& outcome) {
    for (int i = 0; i < calls; ++i) ASSERT_TRUE(Run(outcome)) << "call " << i;
  }
  ModelHealth Show() {
    for (ModelHealth& m : health.List(now)) {
      if (m.provider == "openai" && m.model == "gpt") return m;
    }
    return {};
  }

  UnixNanos now = kStart;
  ProviderHealth health{HealthOptions{}};
};

TEST_F(ProviderHealthTest, OpensOnShareOfErrorsOverEnoughCalls) {
  RunMany(10, kGood);
  RunMany(9, kServerError);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed) << "19 calls are under calls_min";
  RunMany(1, kServerError);
  EXPECT_EQ(Show().breaker, BreakerState::kOpen) << "10 of 20 failed";
  EXPECT_EQ(Show().opened_why, "10 of 20 calls failed within 60 s");
  EXPECT_FALSE(Run(kGood));
  EXPECT_EQ(health.Begin("openai", "gpt", now).retry_at, now + 10 * kSecond);
  EXPECT_FALSE(health.MayBegin("openai", "gpt", now));
  EXPECT_TRUE(health.MayBegin("openai", "other", now)) << "a breaker is of one model";
  EXPECT_TRUE(health.MayBegin("other", "gpt", now)) << "and one provider";
}

TEST_F(ProviderHealthTest, OldErrorsDoNotCount) {
  RunMany(19, kServerError);
  now += 70 * kSecond;
  RunMany(1, kServerError);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
  EXPECT_EQ(Show().errors, 20) << "they are shown for five minutes";
  now += 300 * kSecond;
  EXPECT_EQ(Show().provider, "") << "and then no more";
}

TEST_F(ProviderHealthTest, OpensOnConnectionsInARow) {
  RunMany(4, kRefused);
  RunMany(1, kGood);
  RunMany(4, kRefused);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed) << "a success lay between";
  RunMany(1, kRefused);
  EXPECT_EQ(Show().breaker, BreakerState::kOpen);
  EXPECT_EQ(Show().opened_why, "5 connections in a row failed");
}

TEST_F(ProviderHealthTest, WhatTheProviderIsNotToBlameFor) {
  for (ErrorCategory error :
       {ErrorCategory::kRateLimit, ErrorCategory::kQuota, ErrorCategory::kAuth,
        ErrorCategory::kInvalidArgs, ErrorCategory::kContextLength, ErrorCategory::kContentFilter,
        ErrorCategory::kCancelled, ErrorCategory::kUnknown}) {
    RunMany(100, {.error = error});
    EXPECT_EQ(Show().breaker, BreakerState::kClosed) << Name(error);
  }
  EXPECT_EQ(Show().cancelled, 100);
  EXPECT_EQ(Show().calls, 700) << "cancelled calls are not among them";
  EXPECT_EQ(Show().errors, 700);
}

TEST_F(ProviderHealthTest, HalfOpenLetsOneCallThrough) {
  RunMany(5, kRefused);
  now += 10 * kSecond;
  ProviderHealth::Admission probe = health.Begin("openai", "gpt", now);
  ASSERT_TRUE(probe.allowed);
  EXPECT_TRUE(probe.call.probe());
  EXPECT_EQ(Show().breaker, BreakerState::kHalfOpen);
  EXPECT_FALSE(Run(kGood)) << "one at a time";
  health.End(std::move(probe.call), kGood, now);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
  RunMany(4, kRefused);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed) << "it counts anew";
}

TEST_F(ProviderHealthTest, FailedProbesDoubleTheWait) {
  RunMany(5, kRefused);
  for (int64_t wait : {10, 20, 40, 80, 160, 300, 300}) {
    EXPECT_EQ(Show().retry_at, now + wait * kSecond);
    now += wait * kSecond - 1;
    EXPECT_FALSE(Run(kGood)) << wait;
    now += 1;
    EXPECT_TRUE(Run(kServerError)) << wait;
    EXPECT_EQ(Show().opened_why, "the trial call failed: internal");
  }
  now += 300 * kSecond;
  EXPECT_TRUE(Run(kGood));
  // Soon after it closed, the doubling goes on; later it starts anew.
  RunMany(5, kRefused);
  EXPECT_EQ(Show().retry_at, now + 300 * kSecond);
  now += 300 * kSecond;
  EXPECT_TRUE(Run(kGood));
  now += 61 * kSecond;
  RunMany(5, kRefused);
  EXPECT_EQ(Show().retry_at, now + 10 * kSecond);
}

TEST_F(ProviderHealthTest, FirstByteOfAProbeCloses) {
  RunMany(5, kRefused);
  now += 10 * kSecond;
  ProviderHealth::Admission probe = health.Begin("openai", "gpt", now);
  health.Answered(probe.call, now);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed) << "a stream may last for minutes";
  RunMany(3, kGood);
  health.End(std::move(probe.call), kServerError, now);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
}

TEST_F(ProviderHealthTest, ProbesThatNeverEnd) {
  RunMany(5, kRefused);
  now += 10 * kSecond;
  {
    ProviderHealth::Admission abandoned = health.Begin("openai", "gpt", now);
    ASSERT_TRUE(abandoned.allowed);
  }
  ProviderHealth::Admission hanging = health.Begin("openai", "gpt", now);
  EXPECT_TRUE(hanging.allowed) << "an abandoned probe makes room";
  EXPECT_FALSE(Run(kGood));
  now += 10 * kSecond;
  EXPECT_TRUE(Run(kGood)) << "a hanging one is given up on after open_for";
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
  health.End(std::move(hanging.call), kServerError, now);
  EXPECT_EQ(Show().breaker, BreakerState::kClosed) << "what began before does not count";
}

TEST_F(ProviderHealthTest, CancelledProbeLetsAnotherTry) {
  RunMany(5, kRefused);
  now += 10 * kSecond;
  EXPECT_TRUE(Run(kCancelled));
  EXPECT_EQ(Show().breaker, BreakerState::kHalfOpen);
  EXPECT_TRUE(Run(kGood));
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
}

TEST_F(ProviderHealthTest, CallsFromBeforeItOpenedJudgeNothing) {
  std::vector<ProviderHealth::Call> early;
  for (int i = 0; i < 30; ++i) early.push_back(health.Begin("openai", "gpt", now).call);
  EXPECT_EQ(Show().in_flight, 30);
  RunMany(5, kRefused);
  const UnixNanos retry_at = Show().retry_at;
  for (auto& call : early) health.End(std::move(call), kRefused, now);
  EXPECT_EQ(Show().retry_at, retry_at);
  EXPECT_EQ(Show().in_flight, 0);
  EXPECT_EQ(Show().errors, 35) << "they are shown all the same";
}

TEST_F(ProviderHealthTest, OperatorHoldsItOpen) {
  const UnixNanos until = now + 30 * kNanosPerMinute;
  EXPECT_TRUE(health.Open("openai", "gpt", until, "a runbook opened it", now));
  EXPECT_FALSE(health.MayBegin("openai", "gpt", until - 1));
  const std::vector<ModelHealth> list = health.List(now);
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].opened_why, "a runbook opened it");
  EXPECT_EQ(list[0].retry_at, until);
  EXPECT_TRUE(health.MayBegin("openai", "gpt", until));
  EXPECT_TRUE(health.Close("openai", "gpt", now));
  EXPECT_TRUE(health.MayBegin("openai", "gpt", now));
}

TEST_F(ProviderHealthTest, OperatorCloses) {
  RunMany(5, kRefused);
  EXPECT_TRUE(health.Close("openai", "gpt", now));
  EXPECT_TRUE(Run(kGood));
  EXPECT_FALSE(health.Close("openai", "unheard of", now));
}

TEST_F(ProviderHealthTest, Disabled) {
  ProviderHealth off(HealthOptions{.breaker = {.enabled = false}});
  for (int i = 0; i < 100; ++i) {
    ProviderHealth::Admission admission = off.Begin("a", "m", now);
    ASSERT_TRUE(admission.allowed);
    off.End(std::move(admission.call), kRefused, now);
  }
  EXPECT_EQ(off.List(now).at(0).errors, 100);
}

TEST_F(ProviderHealthTest, Percentiles) {
  for (int i = 1; i <= 100; ++i) {
    RunMany(
        1,
        {.streamed = true, .duration_ns = i * kNanosPerMilli, .first_ns = i * kNanosPerMilli / 10});
  }
  ModelHealth m = Show();
  EXPECT_EQ(m.p50_ns, 50 * kNanosPerMilli);
  EXPECT_EQ(m.p99_ns, 99 * kNanosPerMilli);
  EXPECT_EQ(m.ttft_p50_ns, 5 * kNanosPerMilli);
  EXPECT_EQ(m.ttft_p99_ns, 99 * kNanosPerMilli / 10);
  RunMany(1000, {.duration_ns = 7});
  m = Show();
  EXPECT_EQ(m.p99_ns, 7) << "the newest 512";
  EXPECT_EQ(m.ttft_p50_ns, std::nullopt) << "unknown where nothing was streamed";
}

TEST_F(ProviderHealthTest, Score) {
  const auto score = [&](bool streamed) { return health.Score("openai", "gpt", streamed, now); };
  EXPECT_EQ(score(false), 0) << "not known";
  RunMany(20, kGood);
  EXPECT_EQ(score(false), 100 * kNanosPerMilli);
  EXPECT_EQ(score(true), 100 * kNanosPerMilli)
      << "no stream yet: the other figure is better than none";
  RunMany(20, {.streamed = true, .duration_ns = kSecond, .first_ns = 10 * kNanosPerMilli});
  EXPECT_EQ(score(true), 10 * kNanosPerMilli);
  {
    const ProviderHealth::Admission busy = health.Begin("openai", "gpt", now);
    EXPECT_EQ(score(true), 20 * kNanosPerMilli) << "one in flight";
  }
  RunMany(20, {.duration_ns = kSecond});
  EXPECT_GT(score(false), 950 * kNanosPerMilli) << "it follows a change";
  const int64_t before = score(false);
  RunMany(1, {.error = ErrorCategory::kRateLimit});
  EXPECT_GT(score(false), before) << "failures count against it";
  now += 301 * kSecond;
  EXPECT_EQ(score(false), 0) << "old knowledge is none";

  for (int i = 0; i < 3; ++i) {
    ProviderHealth::Admission admission = health.Begin("bad", "m", now);
    health.End(std::move(admission.call), kServerError, now);
  }
  EXPECT_GT(health.Score("bad", "m", false, now), 60 * kSecond) << "it has only ever failed";
}

TEST_F(ProviderHealthTest, ModelsAreBounded) {
  ProviderHealth small(HealthOptions{.models_max = 3});
  std::vector<ProviderHealth::Call> busy;
  busy.push_back(small.Begin("p", "busy", now).call);
  for (int i = 0; i < 100; ++i) {
    now += kSecond;
    ProviderHealth::Admission admission = small.Begin("p", "m" + std::to_string(i), now);
    ASSERT_TRUE(admission.allowed);
    small.End(std::move(admission.call), kGood, now);
  }
  std::vector<std::string> models;
  for (const ModelHealth& m : small.List(now)) models.push_back(m.model);
  EXPECT_EQ(models, (std::vector<std::string>{"busy", "m98", "m99"}));
  busy.push_back(small.Begin("p", "a", now).call);
  busy.push_back(small.Begin("p", "b", now).call);
  ProviderHealth::Admission beyond = small.Begin("p", "c", now);
  EXPECT_TRUE(beyond.allowed) << "neither counted nor refused";
  small.End(std::move(beyond.call), kGood, now);
  EXPECT_EQ(small.List(now).size(), 3u);
}

TEST_F(ProviderHealthTest, ClockThatJumpsBack) {
  RunMany(10, kServerError);
  now -= 3600 * kSecond;
  RunMany(5, kRefused);
  EXPECT_EQ(Show().breaker, BreakerState::kOpen);
  now += 10 * kSecond;
  EXPECT_TRUE(Run(kGood));
  EXPECT_EQ(Show().breaker, BreakerState::kClosed);
}

TEST_F(ProviderHealthTest, Json) {
  RunMany(3, kGood);
  RunMany(1, {.error = ErrorCategory::kRateLimit});
  RunMany(5, kRefused);
  const json::value body = json::parse(health.Json(now));
  EXPECT_EQ(body.at("window_s").as_int64(), 300);
  const json::value& m = body.at("models").as_array().at(0);
  EXPECT_EQ(json::serialize(m),
            R"({"provider":"openai","model":"gpt","breaker":"open",)"
            R"("retry_at":"2027-01-15T08:00:10.000000000Z",)"
            R"("opened_at":"2027-01-15T08:00:00.000000000Z",)"
            R"("opened_why":"5 connections in a row failed","in_flight":0,"calls":9,"errors":6,)"
            R"("error_rate":6.667E-1,"cancelled":0,"errors_by_class":{"rate_limit":1,"network":5},)"
            R"("p50_ms":1E2,"p99_ms":1E2,"ttft_p50_ms":null,"ttft_p99_ms":null,)"
            R"("expected_ms":1E2,"expected_first_ms":null,)"
            R"("last_error_at":"2027-01-15T08:00:00.000000000Z",)"
            R"("last_call_at":"2027-01-15T08:00:00.000000000Z"})");
  EXPECT_EQ(ProviderHealth(HealthOptions{}).Json(now), R"({"window_s":300,"models":[]})");
}

TEST(ProviderHealth, ManyThreads) {
  ProviderHealth health(HealthOptions{.models_max = 8});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&health, t] {
      for (int i = 0; i < 20'000; ++i) {
        const UnixNanos now = kStart + i * kNanosPerMilli;
        ProviderHealth::Admission admission =
            health.Begin("p", std::to_string((i * 7 + t) % 12), now);
        if (i % 5 == 0) health.Answered(admission.call, now);
        if (i % 3 == 0) health.Score("p", "1", true, now);
        if (i % 1000 == 0) health.List(now);
        if (i % 11 != 0) {
          health.End(std::move(admission.call), i % 4 == 0 ? kServerError : kGood, now);
        }
      }
    });
  }
  threads.clear();
  for (const ModelHealth& m : health.List(kStart + 20 * kSecond)) EXPECT_EQ(m.in_flight, 0);
}

TEST(BreakerOptions, Validate) {
  EXPECT_TRUE(HealthOptions().Validate().ok());
  const auto bad = [](BreakerOptions breaker, std::string_view names) {
    const absl::Status status = HealthOptions{.breaker = breaker}.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << names;
    EXPECT_NE(status.ToString().find(names), std::string::npos) << status;
  };
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  bad({.connect_errors = 0}, "breaker.connect_errors is 0");
  bad({.error_rate = 0}, "breaker.error_rate is 0");
  bad({.error_rate = 1.5}, "breaker.error_rate is 1.5");
  bad({.calls_min = 0}, "breaker.calls_min is 0");
  bad({.window = seconds(15)}, "breaker.window is 15");
  bad({.window = seconds(600)}, "breaker.window is 600");
  bad({.open_for = milliseconds(10)}, "breaker.open_for is 10");
  bad({.open_for = milliseconds(500'000)}, "breaker.open_for is 500000");
  bad({.open_for_max = milliseconds(4'000'000)}, "breaker.open_for_max is 4000000");
  EXPECT_FALSE(HealthOptions{.models_max = 0}.Validate().ok());
}

}  // namespace
}  // namespace pitot
