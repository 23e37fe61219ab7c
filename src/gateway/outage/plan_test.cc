#include "gateway/outage/plan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

namespace pitot {
namespace {

constexpr UnixNanos kNow = 1'800'000'000 * kNanosPerSecond;

class PlanWalkTest : public testing::Test {
 protected:
  void Teach(std::string_view upstream, std::string_view model, int64_t ms, int calls = 20) {
    for (int i = 0; i < calls; ++i) {
      ProviderHealth::Admission admission = health.Begin(upstream, model, kNow);
      health.End(std::move(admission.call), {.duration_ns = ms * kNanosPerMilli}, kNow);
    }
  }
  void Break(std::string_view upstream, std::string_view model, UnixNanos now = kNow) {
    for (int i = 0; i < 5; ++i) {
      ProviderHealth::Admission admission = health.Begin(upstream, model, now);
      health.End(std::move(admission.call),
                 {.error = ErrorCategory::kNetwork, .connect_failed = true}, now);
    }
  }
  // The names of all targets in the order of one walk.
  std::string Order(const FallbackPlan& plan, uint64_t seed = 0) {
    std::mt19937_64 random(seed);
    PlanWalk walk(plan, health, "m", false);
    std::string out;
    while (const auto pick = walk.Next(kNow, random())) {
      out += fmt::format("{}{}/{}{}", out.empty() ? "" : " ", pick->target->upstream, pick->model,
                         pick->fallback ? "*" : "");
    }
    return out;
  }

  ProviderHealth health{HealthOptions{}};
};

TEST_F(PlanWalkTest, FallbacksInOrder) {
  const FallbackPlan plan{.equal = {{"a", ""}}, .fallback = {{"b", "mb"}, {"a", "ma"}}};
  EXPECT_EQ(Order(plan), "a/m b/mb* a/ma*");
}

TEST_F(PlanWalkTest, OpenBreakersArePassedOver) {
  const FallbackPlan plan{.equal = {{"a", ""}}, .fallback = {{"b", "mb"}, {"c", ""}}};
  Break("a", "m");
  EXPECT_EQ(Order(plan), "b/mb* c/m*") << "the first answer is already a fallback's";
  Break("b", "mb", kNow + 2 * kNanosPerSecond);
  Break("c", "m", kNow + kNanosPerSecond);
  PlanWalk walk(plan, health, "m", false);
  EXPECT_FALSE(walk.Next(kNow + 2 * kNanosPerSecond, 0).has_value());
  EXPECT_TRUE(walk.all_open());
  EXPECT_EQ(walk.retry_at(), kNow + 10 * kNanosPerSecond) << "the earliest";
  EXPECT_EQ(walk.Why(kNow + 2 * kNanosPerSecond),
            "a/m: breaker open for another 8.00 s; b/mb: breaker open for another 10.00 s; "
            "c/m: breaker open for another 9.00 s");
}

TEST_F(PlanWalkTest, WhyTheChainIsExhausted) {
  const FallbackPlan plan{.equal = {{"a", ""}}, .fallback = {{"b", "mb"}}};
  PlanWalk walk(plan, health, "m", false);
  ASSERT_TRUE(walk.Next(kNow, 0).has_value());
  walk.Failed("HTTP 529 overloaded_error");
  ASSERT_TRUE(walk.Next(kNow, 0).has_value());
  EXPECT_FALSE(walk.Next(kNow, 0).has_value());
  EXPECT_FALSE(walk.all_open());
  EXPECT_EQ(walk.retry_at(), 0);
  EXPECT_EQ(walk.Why(kNow), "a/m: HTTP 529 overloaded_error; b/mb: did not answer");
}

TEST_F(PlanWalkTest, EveryEqualTargetIsAskedOnce) {
  const FallbackPlan plan{.equal = {{"a", ""}, {"b", ""}, {"c", ""}}, .fallback = {{"d", ""}}};
  std::map<std::string, int> first;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    std::mt19937_64 random(seed);
    PlanWalk walk(plan, health, "m", false);
    std::map<std::string, int> seen;
    while (const auto pick = walk.Next(kNow, random())) {
      if (seen.empty()) ++first[pick->target->upstream];
      ++seen[pick->target->upstream];
      if (seen.size() == 4) {
        EXPECT_EQ(pick->target->upstream, "d");
      }
    }
    EXPECT_EQ(seen.size(), 4u);
    for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
  }
  for (const auto& [name, count] : first) EXPECT_GT(count, 60) << name << " is chosen too seldom";
}

TEST_F(PlanWalkTest, TheFasterOfEqualsGetsMost) {
  const FallbackPlan plan{.equal = {{"slow", ""}, {"fast", ""}}};
  Teach("slow", "m", 800);
  Teach("fast", "m", 100);
  std::mt19937_64 random(1);
  int fast = 0;
  constexpr int kCalls = 6400;
  for (int i = 0; i < kCalls; ++i) {
    PlanWalk walk(plan, health, "m", false);
    fast += walk.Next(kNow, random())->target->upstream == "fast";
  }
  EXPECT_GT(fast, kCalls * 95 / 100);
  EXPECT_LT(fast, kCalls) << "one in 64 goes to the other, so that its recovery is seen";
}

TEST_F(PlanWalkTest, BusyTargetsShareTheLoad) {
  const FallbackPlan plan{.equal = {{"a", ""}, {"b", ""}}};
  Teach("a", "m", 100);
  Teach("b", "m", 110);
  std::mt19937_64 random(1);
  std::vector<ProviderHealth::Call> in_flight;
  std::map<std::string, int> chosen;
  for (int i = 0; i < 1000; ++i) {
    PlanWalk walk(plan, health, "m", false);
    auto pick = walk.Next(kNow, random());
    ++chosen[pick->target->upstream];
    in_flight.push_back(std::move(pick->call));
  }
  EXPECT_GT(chosen["b"], 400) << "a little slower, and nearly as many";
}

TEST_F(PlanWalkTest, AnUnknownTargetIsTried) {
  const FallbackPlan plan{.equal = {{"known", ""}, {"new", ""}}};
  Teach("known", "m", 1);
  int asked = 0;
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    PlanWalk walk(plan, health, "m", false);
    asked += walk.Next(kNow, random())->target->upstream == "new";
  }
  EXPECT_GT(asked, 80);
}

TEST(FallbackPlan, Validate) {
  EXPECT_TRUE((FallbackPlan{.equal = {{"a", ""}}, .fallback = {{"a", "m"}}}).Validate().ok());
  const auto bad = [](FallbackPlan plan, std::string_view names) {
    const absl::Status status = plan.Validate();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << names;
    EXPECT_NE(status.ToString().find(names), std::string::npos) << status;
  };
  bad({}, "at least one target");
  bad({.equal = {{"", "m"}}}, "equal: a target without an upstream");
  bad({.equal = {{"a", ""}}, .fallback = {{"", ""}}}, "fallback: a target without");
  bad({.equal = {{"a", "m"}}, .fallback = {{"a", "m"}}}, "a/m stands in the route twice");
  bad({.equal = {{"a", ""}, {"a", ""}}}, "a stands in the route twice");
  FallbackPlan many;
  for (int i = 0; i < 17; ++i) many.equal.push_back({"u" + std::to_string(i), ""});
  bad(many, "17 targets; at most 16");
  EXPECT_EQ((FallbackPlan{.equal = {{"a", ""}}, .fallback = {{"b", "m"}}}).Targets(),
            (std::vector<PlanTarget>{{"a", ""}, {"b", "m"}}));
}

}  // namespace
}  // namespace pitot
