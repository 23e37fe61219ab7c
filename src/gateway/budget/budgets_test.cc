#include "gateway/budget/budgets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <thread>

#include "gateway/budget/budget_test_util.h"

namespace pitot {
namespace {

using ::testing::HasSubstr;
using Why = BudgetRefusal::Why;

constexpr int64_t kUsd = 1'000'000'000;

BudgetSpec Daily(std::string limit) {
  return SpecOf({{"id", "daily"},
                 {"scope", "global"},
                 {"window", "day"},
                 {"limit_usd", std::move(limit)},
                 {"hard", "true"}});
}

TEST(Budgets, ReservesTheWorstCaseAndSettlesTheCost) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision call = world.Reserve({}, kUsd * 6 / 10);
  ASSERT_TRUE(call.allowed) << call.refusal->message;
  EXPECT_EQ(world.Counter("daily").reserved.value, kUsd * 6 / 10);
  EXPECT_EQ(world.Counter("daily").in_flight, 1);

  BudgetDecision second = world.Reserve({}, kUsd * 5 / 10);
  ASSERT_FALSE(second.allowed) << "both could cost more than the limit";
  EXPECT_EQ(second.refusal->why, Why::kExhausted);
  EXPECT_TRUE(second.refusal->in_flight);
  EXPECT_EQ(second.refusal->resets_at, 1'795'046'400 * kNanosPerSecond);
  EXPECT_THAT(second.refusal->message, HasSubstr("Enough is free at 2026-11-19T00:00:00.000Z"));

  world.budgets().Settle(std::move(call.reservation), NanoUsd{kUsd / 10});
  EXPECT_EQ(world.Counter("daily").spent.value, kUsd / 10);
  EXPECT_EQ(world.Counter("daily").reserved.value, 0);
  EXPECT_TRUE(world.Reserve({}, kUsd * 9 / 10).allowed);
}

TEST(Budgets, AllMatchingBudgetsOrNone) {
  BudgetWorld world({Daily("10"), SpecOf({{"id", "user"},
                                          {"scope", "user"},
                                          {"window", "hour"},
                                          {"limit_usd", "1"},
                                          {"hard", "true"}})});
  ASSERT_TRUE(world.Open().ok());
  CallScope alice;
  alice.user = "alice";
  BudgetDecision decision = world.Reserve(alice, 2 * kUsd);
  ASSERT_FALSE(decision.allowed);
  EXPECT_EQ(decision.refusal->budget, "user");
  EXPECT_EQ(decision.refusal->counter_key, "alice");
  EXPECT_EQ(decision.refusal->why, Why::kTooLarge);
  EXPECT_EQ(world.Counter("daily").reserved.value, 0) << "refused by one, held by none";

  BudgetDecision good = world.Reserve(alice, kUsd);
  ASSERT_TRUE(good.allowed);
  EXPECT_EQ(world.Counter("daily").reserved.value, kUsd);
  EXPECT_EQ(world.Counter("user", "alice").reserved.value, kUsd);
  CallScope bob;
  bob.user = "bob";
  EXPECT_TRUE(world.Reserve(bob, kUsd).allowed) << "each user has a counter";
}

TEST(Budgets, NamingNobodyEvadesNothing) {
  BudgetWorld world({SpecOf({{"id", "user"},
                             {"scope", "user"},
                             {"window", "hour"},
                             {"limit_usd", "1"},
                             {"hard", "true"}})});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision first = world.Reserve({}, kUsd);
  EXPECT_TRUE(first.allowed);
  const BudgetDecision decision = world.Reserve({}, 1);
  ASSERT_FALSE(decision.allowed);
  EXPECT_THAT(decision.refusal->message, HasSubstr("for calls without a user"));
}

TEST(Budgets, DestroyedUnsettledIsSpent) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  { const BudgetDecision decision = world.Reserve({}, kUsd / 4); }
  EXPECT_EQ(world.Counter("daily").spent.value, kUsd / 4);
  EXPECT_EQ(world.Counter("daily").in_flight, 0);
}

TEST(Budgets, CostAboveTheReservationIsChargedInFullAndShown) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd / 4);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{2 * kUsd});
  const BudgetCounter counter = world.Counter("daily");
  EXPECT_EQ(counter.spent.value, 2 * kUsd);
  EXPECT_EQ(counter.overshoot.value, 2 * kUsd - kUsd / 4);
  EXPECT_FALSE(world.Reserve({}, 1).allowed);
  EXPECT_TRUE(world.Counter("daily").disabled);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("daily").spent.value, 2 * kUsd);
  EXPECT_TRUE(world.Counter("daily").disabled);
}

TEST(Budgets, UnknownPricesAndUnboundedInputsAreRefused) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  CallBound unpriced;
  unpriced.why_unknown = "the price of model \"x\" is not known";
  BudgetDecision decision = world.Reserve({}, unpriced);
  ASSERT_FALSE(decision.allowed);
  EXPECT_EQ(decision.refusal->why, Why::kUnknownPrice);
  EXPECT_THAT(decision.refusal->message, HasSubstr("model \"x\""));
  CallBound unbounded;
  unbounded.worst = NanoUsd{1};
  unbounded.input_known = false;
  decision = world.Reserve({}, unbounded);
  ASSERT_FALSE(decision.allowed);
  EXPECT_EQ(decision.refusal->why, Why::kUnboundedInput);
}

TEST(Budgets, UnknownPricesMayBeAllowed) {
  BudgetWorld world({SpecOf({{"id", "lax"},
                             {"scope", "global"},
                             {"window", "day"},
                             {"limit_usd", "1"},
                             {"hard", "true"},
                             {"unknown_price", "allow"}})});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, CallBound());
  EXPECT_TRUE(decision.allowed);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd / 2});
  EXPECT_EQ(world.Counter("lax").spent.value, kUsd / 2);
}

TEST(Budgets, SoftBudgetsTellAndDoNotRefuse) {
  BudgetWorld world(
      {SpecOf({{"id", "soft"}, {"scope", "global"}, {"window", "day"}, {"limit_usd", "1"}})});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, 5 * kUsd);
  ASSERT_TRUE(decision.allowed);
  EXPECT_TRUE(decision.soft.empty());
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{2 * kUsd});
  decision = world.Reserve({}, kUsd);
  ASSERT_TRUE(decision.allowed);
  ASSERT_EQ(decision.soft.size(), 1);
  EXPECT_TRUE(decision.soft[0].first);
  EXPECT_EQ(decision.soft[0].spent.value, 2 * kUsd);
  decision = world.Reserve({}, kUsd);
  ASSERT_EQ(decision.soft.size(), 1);
  EXPECT_FALSE(decision.soft[0].first);
}

TEST(Budgets, ExhaustedStaysExhaustedUntilItsWindowIsOverOrItIsEnabled) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd * 95 / 100});
  EXPECT_TRUE(world.Reserve({}, kUsd / 100).allowed) << "what fits is made";
  EXPECT_FALSE(world.Reserve({}, kUsd / 2).allowed);
  EXPECT_FALSE(world.Reserve({}, kUsd / 100).allowed) << "exhausted, for smaller calls too";
  EXPECT_EQ(world.Counter("daily").why, "exhausted");
  ASSERT_TRUE(world.budgets().Enable("daily", {}, NanoUsd{}, "me").ok());
  EXPECT_TRUE(world.Reserve({}, kUsd / 100).allowed);
  EXPECT_FALSE(world.Reserve({}, kUsd / 2).allowed) << "enabling grants nothing beyond the limit";
  world.clock().Advance(std::chrono::hours(24));
  EXPECT_TRUE(world.Reserve({}, kUsd).allowed);
  EXPECT_FALSE(world.Counter("daily").disabled);
}

TEST(Budgets, EnableMayAddToTheRunningWindow) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd});
  ASSERT_FALSE(world.Reserve({}, kUsd).allowed);
  ASSERT_TRUE(world.budgets().Enable("daily", {}, NanoUsd{2 * kUsd}, "me").ok());
  EXPECT_EQ(world.Counter("daily").limit.value, 3 * kUsd);
  decision = world.Reserve({}, 2 * kUsd);
  EXPECT_TRUE(decision.allowed);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{});
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("daily").limit.value, 3 * kUsd) << "after a crash too";
  world.clock().Advance(std::chrono::hours(24));
  EXPECT_FALSE(world.Reserve({}, 2 * kUsd).allowed) << "of that window only";
}

TEST(Budgets, DisabledByAPerson) {
  BudgetWorld world({SpecOf({{"id", "user"},
                             {"scope", "user"},
                             {"window", "day"},
                             {"limit_usd", "5"},
                             {"hard", "true"},
                             {"on_exceed", "cut"}})});
  ASSERT_TRUE(world.Open().ok());
  CallScope alice;
  alice.user = "alice";
  CallScope bob;
  bob.user = "bob";
  BudgetDecision running = world.Reserve(alice, kUsd);
  ASSERT_TRUE(running.allowed);
  EXPECT_FALSE(world.budgets().MustCut(running.reservation, NanoUsd{1}));
  ASSERT_TRUE(world.budgets().Disable("user", "alice", "runs wild", "me").ok());
  std::string why;
  std::string by;
  EXPECT_TRUE(world.budgets().MustCut(running.reservation, NanoUsd{1}, &why, &by));
  EXPECT_EQ(why, "budget \"user\" is disabled: runs wild");
  EXPECT_EQ(by, "user");
  const BudgetDecision refused = world.Reserve(alice, 1);
  ASSERT_FALSE(refused.allowed);
  EXPECT_EQ(refused.refusal->why, Why::kDisabled);
  EXPECT_THAT(refused.refusal->message, HasSubstr("runs wild"));
  EXPECT_TRUE(world.Reserve(bob, 1).allowed);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_FALSE(world.Reserve(alice, 1).allowed) << "after a crash too";
  ASSERT_TRUE(world.budgets().Enable("user", "alice", NanoUsd{}, "me").ok());
  EXPECT_TRUE(world.Reserve(alice, 1).allowed);
  ASSERT_TRUE(world.budgets().Disable("user", {}, "all of them", "me").ok());
  EXPECT_FALSE(world.Reserve(bob, 1).allowed);
  EXPECT_EQ(world.budgets().Disable("nobody", {}, "", "me").code(), absl::StatusCode::kNotFound);
}

TEST(Budgets, CutsWhatGrowsBeyondTheLimit) {
  BudgetWorld world({SpecOf({{"id", "run"},
                             {"scope", "trace"},
                             {"limit_usd", "1"},
                             {"hard", "true"},
                             {"mode", "expected"},
                             {"on_exceed", "cut"}})});
  ASSERT_TRUE(world.Open().ok());
  CallScope scope;
  scope.trace = "t1";
  BudgetDecision a = world.Reserve(scope, 2 * kUsd);  // Expected: a quarter of it.
  BudgetDecision b = world.Reserve(scope, 2 * kUsd);
  ASSERT_TRUE(a.allowed);
  ASSERT_TRUE(b.allowed);
  EXPECT_EQ(a.reservation.amount().value, kUsd / 2);
  EXPECT_FALSE(world.budgets().MustCut(a.reservation, NanoUsd{kUsd / 2}));
  EXPECT_TRUE(world.budgets().MustCut(a.reservation, NanoUsd{kUsd / 2 + 1}));
  world.budgets().Settle(std::move(b.reservation), NanoUsd{kUsd / 10});
  EXPECT_FALSE(world.budgets().MustCut(a.reservation, NanoUsd{kUsd * 9 / 10}));
  EXPECT_EQ(world.Counter("run", "t1").reserved.value, kUsd * 9 / 10) << "what it grew to is held";
  EXPECT_TRUE(world.budgets().MustCut(a.reservation, NanoUsd{kUsd * 9 / 10 + 1}));
}

TEST(Budgets, RequestsHaveALimitOfTheirOwn) {
  BudgetWorld world({SpecOf({{"id", "one"},
                             {"scope", "request"},
                             {"limit_usd", "1"},
                             {"hard", "true"},
                             {"on_exceed", "cut"}})});
  ASSERT_TRUE(world.Open().ok());
  EXPECT_FALSE(world.Reserve({}, kUsd + 1).allowed);
  BudgetDecision a = world.Reserve({}, kUsd);
  BudgetDecision b = world.Reserve({}, kUsd);
  EXPECT_TRUE(a.allowed && b.allowed) << "each request for itself";
  EXPECT_TRUE(world.budgets().MustCut(a.reservation, NanoUsd{kUsd + 1}));
}

TEST(Budgets, ChargedToTheWindowOfTheReservation) {
  BudgetWorld world({SpecOf({{"id", "minute"},
                             {"scope", "global"},
                             {"window", "minute"},
                             {"limit_usd", "1"},
                             {"hard", "true"}})});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd);
  world.clock().Advance(std::chrono::minutes(5));
  EXPECT_TRUE(world.Reserve({}, kUsd / 2).allowed) << "a new window";
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd});
  EXPECT_EQ(world.Counter("minute").spent.value, kUsd / 2) << "the old window is over";
}

TEST(Budgets, AClockThatGoesBackReopensNothing) {
  BudgetWorld world({SpecOf({{"id", "minute"},
                             {"scope", "global"},
                             {"window", "minute"},
                             {"limit_usd", "1"},
                             {"hard", "true"}})});
  ASSERT_TRUE(world.Open().ok());
  world.clock().Advance(std::chrono::minutes(10));
  BudgetDecision decision = world.Reserve({}, kUsd);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd});
  world.clock().Advance(-std::chrono::minutes(10));
  EXPECT_FALSE(world.Reserve({}, 1).allowed);
  EXPECT_EQ(world.budgets().Health().clock_behind_ns, 10 * kNanosPerMinute);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_FALSE(world.Reserve({}, 1).allowed) << "after a restart too";
  world.clock().Advance(std::chrono::minutes(11));
  EXPECT_TRUE(world.Reserve({}, 1).allowed);
}

TEST(Budgets, RollingWindowsFreeWhatHasLeftThem) {
  BudgetWorld world({SpecOf({{"id", "rolling"},
                             {"scope", "global"},
                             {"window", "rolling"},
                             {"length", "1h"},
                             {"limit_usd", "1"},
                             {"hard", "true"}})});
  ASSERT_TRUE(world.Open().ok());
  const auto spend = [&](int64_t nano) {
    BudgetDecision decision = world.Reserve({}, nano);
    if (!decision.allowed) return false;
    world.budgets().Settle(std::move(decision.reservation), NanoUsd{nano});
    return true;
  };
  EXPECT_TRUE(spend(kUsd / 2));
  world.clock().Advance(std::chrono::minutes(30));
  EXPECT_TRUE(spend(kUsd / 2));
  world.clock().Advance(std::chrono::minutes(29));
  EXPECT_FALSE(spend(kUsd / 2));
  world.clock().Advance(std::chrono::minutes(2));
  EXPECT_TRUE(spend(kUsd / 2)) << "the first half has left";
  EXPECT_FALSE(spend(1));
}

TEST(Budgets, SpecsMadeThroughTheApi) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  EXPECT_EQ(world.budgets().Set(Daily("2"), "me").status().code(),
            absl::StatusCode::kFailedPrecondition);
  BudgetSpec mine = SpecOf({{"id", "mine"},
                            {"scope", "feature"},
                            {"match", "chat*"},
                            {"window", "day"},
                            {"limit_usd", "1"},
                            {"hard", "true"}});
  ASSERT_TRUE(world.budgets().Set(mine, "me").ok());
  CallScope chat;
  chat.feature = "chat-1";
  BudgetDecision decision = world.Reserve(chat, kUsd / 2);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd / 2});
  EXPECT_EQ(world.Counter("mine").spent.value, kUsd / 2);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("mine").spent.value, kUsd / 2) << "after a crash too";
  mine.limit.value = 2 * kUsd;
  ASSERT_TRUE(world.budgets().Set(mine, "me").ok());
  EXPECT_EQ(world.Counter("mine").spent.value, kUsd / 2) << "a new limit keeps what was spent";
  ASSERT_TRUE(world.budgets().Remove("mine", "me").ok());
  ASSERT_TRUE(world.budgets().Set(mine, "me").ok());
  EXPECT_EQ(world.Counter("mine").spent.value, kUsd / 2) << "removing it and making it again too";
  mine.window = BudgetWindow::kHour;
  ASSERT_TRUE(world.budgets().Set(mine, "me").ok());
  EXPECT_EQ(world.Counter("mine").spent.value, 0) << "another window starts anew";
  ASSERT_TRUE(world.budgets().Remove("mine", "me").ok());
  EXPECT_EQ(world.budgets().Remove("mine", "me").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(world.budgets().List().size(), 1);
}

TEST(Budgets, CountersAreBounded) {
  BudgetWorld world({SpecOf({{"id", "user"},
                             {"scope", "user"},
                             {"window", "minute"},
                             {"limit_usd", "1"},
                             {"hard", "true"}})});
  world.options().counters_max = 3;
  ASSERT_TRUE(world.Open().ok());
  const auto call = [&](std::string_view user) {
    CallScope scope;
    scope.user = user;
    return world.Reserve(scope, 1);
  };
  for (const std::string_view user : {"a", "b", "c"}) EXPECT_TRUE(call(user).allowed);
  const BudgetDecision refused = call("d");
  ASSERT_FALSE(refused.allowed);
  EXPECT_EQ(refused.refusal->why, Why::kCounters);
  EXPECT_TRUE(call("a").allowed) << "those there work on";
  world.clock().Advance(std::chrono::minutes(1));
  EXPECT_TRUE(call("d").allowed) << "the others' window is over";
}

TEST(Budgets, AfterAPowerFailureWhatWasLeasedIsSpent) {
  BudgetWorld world({Daily("100")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd / 10);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{kUsd / 10});
  EXPECT_EQ(world.Counter("daily").leased.value, kUsd / 10 + kUsd) << "a slice is one percent";
  world.options().boot_id = "boot-2";
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("daily").spent.value, kUsd / 10 + kUsd);
}

TEST(Budgets, AStopIsExactWhateverHappensToTheMachine) {
  BudgetWorld world({Daily("100")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision decision = world.Reserve({}, kUsd / 10);
  world.budgets().Settle(std::move(decision.reservation), NanoUsd{7});
  world.Stop();
  world.options().boot_id = "boot-2";
  ASSERT_TRUE(world.Open().ok());
  EXPECT_EQ(world.Counter("daily").spent.value, 7);
}

TEST(Budgets, CallsOpenAtACrashCountTheirReservationAndAreNamed) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  CallScope scope;
  scope.trace = "0123";
  scope.call = "abcd";
  BudgetDecision open = world.Reserve(scope, kUsd / 2);
  ASSERT_TRUE(open.allowed);
  ASSERT_TRUE(world.Crash().ok());
  ASSERT_EQ(world.budgets().unfinished().size(), 1);
  EXPECT_EQ(world.budgets().unfinished()[0].call, "abcd");
  EXPECT_EQ(world.budgets().unfinished()[0].trace, "0123");
  EXPECT_EQ(world.budgets().unfinished()[0].amount.value, kUsd / 2);
  EXPECT_EQ(world.Counter("daily").spent.value, kUsd / 2);
  EXPECT_EQ(world.Counter("daily").in_flight, 0);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_TRUE(world.budgets().unfinished().empty()) << "said once";
}

TEST(Budgets, AFolderHasOneOwner) {
  BudgetWorld world({Daily("1")});
  ASSERT_TRUE(world.Open().ok());
  EXPECT_EQ(Budgets::Open(world.options(), world.state(), world.clock()).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST(Budgets, FoldsALongJournal) {
  BudgetWorld world({Daily("100")});
  world.options().journal_bytes_max = 1000;
  ASSERT_TRUE(world.Open().ok());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t spent = 0;
  // A copy taken while files are removed would be of no moment at all.
  while (std::filesystem::exists(world.options().folder + "/journal.1")) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the journal was not folded";
    for (int i = 0; i < 100; ++i) {
      BudgetDecision decision = world.Reserve({}, 1000);
      ASSERT_TRUE(decision.allowed) << decision.refusal->message;
      world.budgets().Settle(std::move(decision.reservation), NanoUsd{3});
      spent += 3;
    }
    std::this_thread::yield();
  }
  EXPECT_EQ(world.Counter("daily").spent.value, spent);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("daily").spent.value, spent);
}

// A full disk, as a limit on the size of this process's files.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_ = {};
};

TEST(Budgets, AFullDiskRefusesHardBudgetsUntilItHasRoom) {
  BudgetWorld world({Daily("100")});
  ASSERT_TRUE(world.Open().ok());
  BudgetDecision open = world.Reserve({}, 1000);
  ASSERT_TRUE(open.allowed);
  {
    const FileSizeLimit full(1);
    const BudgetDecision refused = world.Reserve({}, 1000);
    ASSERT_FALSE(refused.allowed);
    EXPECT_EQ(refused.refusal->why, Why::kUnavailable);
    world.budgets().Settle(std::move(open.reservation), NanoUsd{500});
    EXPECT_FALSE(world.budgets().Health().journal.ok());
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!world.budgets().Health().journal.ok()) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "the journal did not recover";
    std::this_thread::yield();
  }
  EXPECT_TRUE(world.Reserve({}, 1000).allowed);
  EXPECT_EQ(world.Counter("daily").spent.value, 1500);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("daily").spent.value, 1500) << "also what ended while the disk was full";
}

}  // namespace
}  // namespace pitot
