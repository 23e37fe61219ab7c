#include "alert/runbook/action_book.h"

#include <gmock/gmock.h>

#include <optional>

#include "alert/runbook/action_json.h"
#include "alert/runbook/runbook_test_util.h"
#include "store/state.h"

namespace pitot {
namespace {

using testing::HasSubstr;

// Remembers what is in force.
class FakeActuator final : public Actuator {
 public:
  absl::StatusOr<ActionEffect> Apply(const Action& action, UnixNanos) override {
    if (!refuse.empty()) return InvalidArgument("{}", refuse);
    in_force[action.id] = action;
    ++applied;
    return ActionEffect{.before = "no cap", .after = action.words};
  }
  absl::Status Revert(const Action& action, UnixNanos) override {
    in_force.erase(action.id);
    return absl::OkStatus();
  }
  std::map<std::string, Action> in_force;
  int applied = 0;
  std::string refuse;
};

class ActionBookTest : public RunbookTestBase {
 protected:
  void SetUp() override {
    RunbookTestBase::SetUp();
    clock_.Set(kNow);
    OpenState();
    Open();
  }

  void OpenState() {
    state_.reset();
    auto state = StateLog::Open(folder_ / "state", clock_);
    ASSERT_TRUE(state.ok()) << state.status().ToString();
    state_ = *std::move(state);
  }
  void Open(UnixNanos now = kNow) {
    auto book = ActionBook::Open(actions_, &actuator_, state_.get(), now);
    ASSERT_TRUE(book.ok()) << book.status().ToString();
    book_ = *std::move(book);
  }
  void Mode(std::string mode, std::vector<std::string> automatic = {}) {
    actions_.mode = std::move(mode);
    actions_.automatic = std::move(automatic);
    Open();
  }

  static Action Cap(double usd = 0.5) {
    Action action;
    action.kind = ActionKind::kCap;
    action.mode = ActionMode::kAuto;
    action.target = {.project = "default", .upstream = "openai", .model = "gpt-5"};
    action.settings.request_usd = usd;
    action.words = "cap";
    return action;
  }
  static Action Reroute(std::string to) {
    Action action;
    action.kind = ActionKind::kReroute;
    action.mode = ActionMode::kAuto;
    action.target = {.project = "default", .upstream = "openai", .model = "gpt-5"};
    action.settings.to_model = std::move(to);
    action.settings.share = 0.1;
    action.words = "reroute";
    return action;
  }

  // As the report of an alert, or as one run by hand.
  Action Offer(const Action& action, bool attached = true, UnixNanos now = kNow) {
    RunbookReport report;
    report.attached = attached;
    report.steps.emplace_back().actions.push_back(action);
    book_->Offer(report, now);
    return report.steps[0].actions[0];
  }

  void Tick(UnixNanos now) {
    book_->Tick({.engine = engine(),
                 .limits = limits_,
                 .now = now,
                 .deadline = std::chrono::steady_clock::now() + kStoreTestDeadline});
  }

  // Calls of openai within [since, until), one a second; one in `every` fails (0: none).
  void Calls(UnixNanos since, UnixNanos until, int every) {
    TrafficRun run;
    int n = 0;
    for (UnixNanos at = since; at < until; at += kNanosPerSecond) {
      run.start = at - kNanosPerSecond;
      TrafficSpan call;
      call.seconds = 1;
      if (every != 0 && ++n % every == 0) call.status = "error";
      run.steps = {call};
      AddRun(run);
    }
    Flush();
  }

  FakeActuator actuator_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<ActionBook> book_;
};

TEST_P(ActionBookTest, SuggestsOnlyUnlessToldOtherwise) {
  const Action action = Offer(Cap());
  EXPECT_EQ(action.mode, ActionMode::kSuggest);
  EXPECT_EQ(action.id.size(), 8u);
  EXPECT_EQ(book_->Confirm(action.id, "ann", kNow).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(book_->Confirm("00000000", "ann", kNow).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(actuator_.in_force.empty());
}

TEST_P(ActionBookTest, APersonConfirmsAndReverts) {
  Mode("confirm");
  const std::string id = Offer(Cap()).id;
  EXPECT_EQ(Offer(Cap()).id, id) << "the same, offered again";
  const auto dry = book_->Confirm(id, "ann", kNow, /*dry_run=*/true);
  ASSERT_TRUE(dry.ok());
  EXPECT_TRUE(actuator_.in_force.empty());
  const auto done = book_->Confirm(id, "ann", kNow);
  ASSERT_TRUE(done.ok()) << done.status().ToString();
  EXPECT_EQ(done->state, ActionState::kActive);
  EXPECT_EQ(done->actor, "ann");
  EXPECT_EQ(done->before, "no cap");
  EXPECT_EQ(done->expires_at, kNow + done->ttl_ns);
  EXPECT_EQ(actuator_.in_force.size(), 1u);
  EXPECT_EQ(Offer(Cap()).state, ActionState::kActive) << "a new report shows it as it is";
  EXPECT_FALSE(book_->Confirm(id, "ann", kNow).ok()) << "twice";
  const auto undone = book_->Revert(id, "bob", kNow + 1);
  ASSERT_TRUE(undone.ok());
  EXPECT_EQ(undone->state, ActionState::kReverted);
  EXPECT_TRUE(actuator_.in_force.empty());
  EXPECT_FALSE(book_->Revert(id, "bob", kNow + 2).ok()) << "twice";
}

TEST_P(ActionBookTest, AdviceIsNobodysButAPersons) {
  Mode("auto", {"advice"});
  Action advice;
  advice.words = "Roll the prompt back.";
  const Action offered = Offer(advice);
  EXPECT_EQ(offered.mode, ActionMode::kSuggest);
  EXPECT_THAT(std::string(Message(book_->Confirm(offered.id, "ann", kNow).status())),
              HasSubstr("advice"));
}

TEST_P(ActionBookTest, AutomaticIsWhatAllThreeAllow) {
  struct Case {
    const char* why;
    std::vector<std::string> automatic;
    Action action;
    bool attached, done;
  };
  Action not_by_itself = Cap();
  not_by_itself.mode = ActionMode::kConfirm;
  const Case kCases[] = {
      {"allowed", {"cap"}, Cap(1), true, true},
      {"another kind", {"timeout"}, Cap(2), true, false},
      {"run by hand", {"cap"}, Cap(3), false, false},
      {"the step wants to be asked", {"cap"}, not_by_itself, true, false},
      {"to a model that is not approved", {"reroute"}, Reroute("other"), true, false},
      {"to one that is", {"reroute"}, Reroute("gpt-5-mini"), true, true},
  };
  actions_.approved_models = {"gpt-*"};
  UnixNanos now = kNow;
  for (const Case& c : kCases) {
    Mode("auto", c.automatic);
    now += ActionBook::kAutoEveryNs;
    const Action action = Offer(c.action, c.attached, now);
    EXPECT_EQ(action.state == ActionState::kActive, c.done) << c.why;
    if (c.done) {
      EXPECT_EQ(action.actor, "pitot") << c.why;
    }
  }
}

TEST_P(ActionBookTest, OneAutomaticChangeInTenMinutes) {
  Mode("auto", {"cap"});
  EXPECT_EQ(Offer(Cap(1)).state, ActionState::kActive);
  EXPECT_EQ(Offer(Cap(2)).state, ActionState::kOffered);
  EXPECT_EQ(Offer(Cap(3), true, kNow + ActionBook::kAutoEveryNs).state, ActionState::kActive);
}

TEST_P(ActionBookTest, WhatCannotBeDoneSaysWhy) {
  Mode("auto", {"cap"});
  actuator_.refuse = "no upstream is named openai";
  const Action action = Offer(Cap());
  EXPECT_EQ(action.state, ActionState::kFailed);
  EXPECT_EQ(action.result, "no upstream is named openai");
}

TEST_P(ActionBookTest, EndsByItselfAndIsForgottenADayLater) {
  Mode("confirm");
  const std::string id = Offer(Cap()).id;
  ASSERT_TRUE(book_->Confirm(id, "ann", kNow).ok());
  Tick(kNow + 29 * kMinute);
  EXPECT_EQ(actuator_.in_force.size(), 1u);
  Tick(kNow + 30 * kMinute);
  EXPECT_TRUE(actuator_.in_force.empty());
  EXPECT_EQ(book_->Find(id)->state, ActionState::kExpired);
  Tick(kNow + 31 * kMinute + ActionBook::kOfferNs);
  EXPECT_FALSE(book_->Find(id));
}

TEST_P(ActionBookTest, IsUndoneWhenCallsFailMoreOften) {
  Mode("confirm");
  Calls(kNow - 40 * kMinute, kNow - 10 * kMinute, 100);
  const std::string id = Offer(Cap(), false, kNow - 10 * kMinute).id;
  ASSERT_TRUE(book_->Confirm(id, "ann", kNow - 10 * kMinute).ok());
  Calls(kNow - 10 * kMinute, kNow - 5 * kMinute, 0);
  Tick(kNow - 5 * kMinute);
  EXPECT_EQ(book_->Find(id)->state, ActionState::kActive);
  Calls(kNow - 5 * kMinute, kNow, 4);
  Tick(kNow);
  EXPECT_EQ(book_->Find(id)->state, ActionState::kReverted);
  EXPECT_THAT(book_->Find(id)->result, HasSubstr("its guard: "));
  EXPECT_TRUE(actuator_.in_force.empty());
}

TEST_P(ActionBookTest, AShareGrowsWhileTheGuardHolds) {
  actions_.approved_models = {"*"};
  Mode("confirm");
  Calls(kNow - 60 * kMinute, kNow, 0);
  const UnixNanos begun = kNow - 28 * kMinute;
  const std::string id = Offer(Reroute("gpt-5-mini"), false, begun).id;
  ASSERT_TRUE(book_->Confirm(id, "ann", begun).ok());
  const auto share = [&] { return actuator_.in_force.at(id).settings.share; };
  Tick(begun + 9 * kMinute);
  EXPECT_EQ(share(), 0.1);
  Tick(begun + 10 * kMinute);
  EXPECT_EQ(share(), 0.5);
  Tick(begun + 15 * kMinute);
  EXPECT_EQ(share(), 0.5) << "one change in ten minutes";
  Tick(begun + 21 * kMinute);
  EXPECT_EQ(share(), 1.0);
  EXPECT_EQ(book_->Find(id)->expires_at, begun + 30 * kMinute) << "growing makes it last no longer";
}

TEST_P(ActionBookTest, SurvivesARestart) {
  Mode("confirm");
  const std::string id = Offer(Cap()).id;
  ASSERT_TRUE(book_->Confirm(id, "ann", kNow).ok());
  actuator_.in_force.clear();
  OpenState();
  Open(kNow + 10 * kMinute);
  ASSERT_EQ(actuator_.in_force.count(id), 1u) << "in force again";
  EXPECT_EQ(actuator_.in_force.at(id).settings, Cap().settings);
  EXPECT_EQ(actuator_.in_force.at(id).target, Cap().target);
  OpenState();
  Open(kNow + 40 * kMinute);
  EXPECT_TRUE(actuator_.in_force.empty()) << "its time passed while nobody looked";
  EXPECT_EQ(book_->Find(id)->state, ActionState::kExpired);
}

TEST_P(ActionBookTest, EveryChangeIsAudited) {
  Mode("confirm");
  const std::string id = Offer(Cap()).id;
  ASSERT_TRUE(book_->Confirm(id, "ann", kNow).ok());
  ASSERT_TRUE(book_->Revert(id, "bob", kNow + 1).ok());
  const auto events = state_->History(engine(), kAuditKind, "", 10, std::chrono::seconds(10));
  ASSERT_TRUE(events.ok()) << events.status().ToString();
  ASSERT_EQ(events->size(), 2u);
  EXPECT_THAT((*events)[0].body, HasSubstr("runbook_reverted"));
  EXPECT_EQ((*events)[0].actor, "bob");
  EXPECT_THAT((*events)[1].body, HasSubstr("runbook_applied"));
}

TEST_P(ActionBookTest, IsBounded) {
  for (size_t i = 0; i < ActionBook::kActionsMax + 50; ++i) {
    Offer(Cap(static_cast<double>(i + 1)), false, kNow + static_cast<int64_t>(i));
  }
  EXPECT_EQ(book_->List().size(), ActionBook::kActionsMax);
  EXPECT_EQ(book_->List("default").size(), ActionBook::kActionsMax);
  EXPECT_TRUE(book_->List("other").empty());
}

TEST(ActionJsonTest, ComesBackAsItWas) {
  Action action;
  action.id = "01234567";
  action.kind = ActionKind::kThrottle;
  action.mode = ActionMode::kConfirm;
  action.state = ActionState::kActive;
  action.target = {"p", "u", "m", "f", "user \"x\"", "k", "t"};
  action.settings = {"tu", "tm", 0.5, 30 * kNanosPerSecond, 100, 0.25, 60};
  action.words = "w";
  action.alert = 0x9f2c61d000000001;
  action.applied_at = 1'795'000'000'123'456'789;
  const auto back = ActionFromJson(ActionJson(action));
  ASSERT_TRUE(back);
  EXPECT_EQ(ActionJson(*back), ActionJson(action));
  EXPECT_EQ(back->target, action.target);
  EXPECT_EQ(back->settings, action.settings);
  EXPECT_EQ(back->applied_at, action.applied_at);
  EXPECT_FALSE(ActionFromJson("{}"));
  EXPECT_FALSE(ActionFromJson("x"));
}

PITOT_FOR_EACH_STORE(ActionBookTest);

}  // namespace
}  // namespace pitot
