#include "alert/notify/sender.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <filesystem>

#include "alert/notify/test_server.h"
#include "base/status.h"
#include "http/test_socket.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using Reply = ScriptedHttpServer::Reply;

// What Send told, in the order in which it did.
class Told {
 public:
  Sender::Done Done() {
    return [this](const Notification& notification, const std::vector<ChannelResult>& results) {
      MutexLock lock(&mutex_);
      sequences_.push_back(notification.sequence);
      results_.push_back(results);
    };
  }
  bool Await(size_t count) {
    return Eventually([&] {
      MutexLock lock(&mutex_);
      return results_.size() >= count;
    });
  }
  std::vector<std::vector<ChannelResult>> results() const {
    MutexLock lock(&mutex_);
    return results_;
  }
  std::vector<uint64_t> sequences() const {
    MutexLock lock(&mutex_);
    return sequences_;
  }

 private:
  mutable Mutex mutex_;
  std::vector<uint64_t> sequences_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<ChannelResult>> results_ ABSL_GUARDED_BY(mutex_);
};

ChannelOptions Webhook(const ScriptedHttpServer& server) {
  ChannelOptions options;
  options.kind = "webhook";
  options.url = server.url();
  return options;
}

class SenderTest : public testing::Test {
 protected:
  SenderTest() {
    options_.backoff_first = std::chrono::milliseconds(1);
    options_.deadline = std::chrono::seconds(20);
    options_.version = "test";
  }
  std::unique_ptr<Sender> Open(std::vector<ChannelOptions> channels, StateLog* state = nullptr) {
    auto sender = Sender::Open({{"ops", std::move(channels)}}, options_, state, clock_);
    EXPECT_TRUE(sender.ok()) << sender.status();
    return sender.ok() ? *std::move(sender) : nullptr;
  }

  FakeClock clock_{kTestNow};
  SenderOptions options_;
  Told told_;
};

TEST_F(SenderTest, TriesAgainWhatMayPass) {
  const ScriptedHttpServer server([](const auto&, size_t n) {
    return n < 3 ? Reply{503, "away"} : Reply{200, "ok"};
  });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}), told_.Done());
  ASSERT_TRUE(told_.Await(1));
  const std::vector<ChannelResult> results = told_.results()[0];
  EXPECT_TRUE(Delivered(results)) << ResultText(results);
  EXPECT_EQ(results[0].attempts, 4);
  const ChannelStatus status = sender->Statuses()[0];
  EXPECT_EQ(status.sent, 1u);
  EXPECT_EQ(status.retries, 3u);
  EXPECT_EQ(status.failed, 0u);
  EXPECT_EQ(status.last_success_at, kTestNow);
  EXPECT_THAT(status.last_error, HasSubstr("HTTP 503: away"));
}

TEST_F(SenderTest, DoesNotTryAgainWhatIsRefused) {
  const ScriptedHttpServer server([](const auto&, size_t) { return Reply{400, "bad key"}; });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}), told_.Done());
  ASSERT_TRUE(told_.Await(1));
  EXPECT_FALSE(Delivered(told_.results()[0]));
  EXPECT_EQ(server.count(), 1u);
  EXPECT_EQ(sender->Statuses()[0].failed, 1u);
}

TEST_F(SenderTest, HonoursRetryAfterAndItsOwnDeadline) {
  const ScriptedHttpServer server([](const auto&, size_t) {
    return Reply{429, "slowly", {{"Retry-After", "3600"}}};
  });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}), told_.Done());
  // An hour is beyond the deadline: it says so now, so that the dispatcher knows.
  ASSERT_TRUE(told_.Await(1));
  EXPECT_EQ(server.count(), 1u);
  EXPECT_EQ(told_.results()[0][0].attempts, 1);
}

TEST_F(SenderTest, GivesUpAtTheDeadline) {
  options_.deadline = std::chrono::milliseconds(100);
  const ScriptedHttpServer server([](const auto&, size_t) { return Reply{500, "broken"}; });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}), told_.Done());
  ASSERT_TRUE(told_.Await(1));
  const ChannelResult result = told_.results()[0][0];
  EXPECT_GT(result.attempts, 1);
  EXPECT_TRUE(absl::IsUnavailable(result.status)) << result.status;
}

TEST_F(SenderTest, OneChannelKeepsItsOrder) {
  const ScriptedHttpServer server([](const auto&, size_t n) {
    return n % 3 == 1 ? Reply{503, "now and then"} : Reply{200, "ok"};
  });
  const auto sender = Open({Webhook(server)});
  std::vector<uint64_t> all;
  for (uint64_t sequence = 1; sequence <= 30; ++sequence) {
    sender->Send(TestNotificationOf({TestAlert()}, sequence), told_.Done());
    all.push_back(sequence);
  }
  ASSERT_TRUE(told_.Await(30));
  EXPECT_EQ(told_.sequences(), all);
}

TEST_F(SenderTest, AChannelThatHangsHoldsUpNoOther) {
  std::atomic<bool> released = false;
  const ScriptedHttpServer slow([&released](const auto&, size_t) {
    Eventually([&released] { return released.load(); });
    return Reply{200, "ok"};
  });
  const ScriptedHttpServer quick;
  auto sender = Sender::Open({{"slow", {Webhook(slow)}}, {"quick", {Webhook(quick)}}}, options_,
                             nullptr, clock_);
  ASSERT_TRUE(sender.ok());
  Notification notification = TestNotificationOf({TestAlert()}, 1);
  notification.receiver = "slow";
  (*sender)->Send(notification, told_.Done());
  notification.receiver = "quick";
  notification.sequence = 2;
  (*sender)->Send(notification, told_.Done());
  ASSERT_TRUE(told_.Await(1));
  EXPECT_THAT(told_.sequences(), ElementsAre(2));
  released = true;
  EXPECT_TRUE(told_.Await(2));
}

TEST_F(SenderTest, ARepetitionGoesOnlyToWhoDoesNotHaveIt) {
  std::atomic<int> status = 400;
  const ScriptedHttpServer bad([&](const auto&, size_t) { return Reply{status, "x"}; });
  const ScriptedHttpServer good;
  const auto sender = Open({Webhook(bad), Webhook(good)});
  const Notification first = TestNotificationOf({TestAlert()}, 1);
  sender->Send(first, told_.Done());
  ASSERT_TRUE(told_.Await(1));
  EXPECT_FALSE(Delivered(told_.results()[0]));
  status = 200;
  Notification again = first;
  again.at += 5 * kNanosPerMinute;
  sender->Send(again, told_.Done());
  ASSERT_TRUE(told_.Await(2));
  EXPECT_TRUE(Delivered(told_.results()[1])) << ResultText(told_.results()[1]);
  EXPECT_EQ(ResultText(told_.results()[1]), "webhook: ok; webhook#2: nothing to tell");
  EXPECT_EQ(bad.count(), 2u);
  EXPECT_EQ(good.count(), 1u);
  // What says something else, or has a number of its own, is told.
  sender->Send(TestNotificationOf({TestAlert(), TestAlert("b")}, 1), told_.Done());
  sender->Send(TestNotificationOf({TestAlert(), TestAlert("b")}, 2), told_.Done());
  ASSERT_TRUE(told_.Await(4));
  EXPECT_EQ(good.count(), 3u);
}

TEST_F(SenderTest, AChannelThatWorksIsRemindedAlsoWhileAnotherIsBroken) {
  options_.inline_delivery = true;
  const ScriptedHttpServer bad([](const auto&, size_t) { return Reply{400, "x"}; });
  const ScriptedHttpServer good;
  const auto sender = Open({Webhook(bad), Webhook(good)});
  Notification notification = TestNotificationOf({TestAlert()}, 1);
  const auto told_after = [&](int64_t minutes) {
    notification.at = kTestNow + minutes * kNanosPerMinute;
    sender->Send(notification, told_.Done());
    return good.count();
  };
  EXPECT_EQ(told_after(0), 1u);
  EXPECT_EQ(told_after(5), 1u);
  EXPECT_EQ(told_after(59), 1u);
  EXPECT_EQ(told_after(60), 2u);
  EXPECT_EQ(told_after(65), 2u);
}

TEST_F(SenderTest, WhoDoesNotWantResolvedOnesGetsNone) {
  const ScriptedHttpServer server;
  ChannelOptions options = Webhook(server);
  options.send_resolved = false;
  const auto sender = Open({options});
  sender->Send(TestNotificationOf({TestAlert("a"), Resolved(TestAlert("b"))}, 1), told_.Done());
  sender->Send(TestNotificationOf({Resolved(TestAlert("a"))}, 2), told_.Done());
  // The next incident begins to count anew.
  sender->Send(TestNotificationOf({TestAlert("a")}, 1), told_.Done());
  ASSERT_TRUE(told_.Await(3));
  EXPECT_TRUE(told_.results()[1][0].skipped);
  ASSERT_EQ(server.count(), 2u);
  const json::value body = json::parse(server.requests()[0].body);
  EXPECT_EQ(body.at("alerts").as_array().size(), 1u);
  EXPECT_EQ(body.at("status"), "firing");
}

TEST_F(SenderTest, SaysNoWhenTooMuchWaits) {
  options_.queue_max = 2;
  std::atomic<bool> released = false;
  const ScriptedHttpServer server([&released](const auto&, size_t) {
    Eventually([&released] { return released.load(); });
    return Reply{200, "ok"};
  });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}, 1), told_.Done());
  ASSERT_TRUE(Eventually([&] { return server.count() == 1; }));
  for (uint64_t sequence = 2; sequence <= 4; ++sequence) {
    sender->Send(TestNotificationOf({TestAlert()}, sequence), told_.Done());
  }
  ASSERT_EQ(told_.sequences(), std::vector<uint64_t>{4});
  EXPECT_TRUE(absl::IsResourceExhausted(told_.results()[0][0].status));
  EXPECT_EQ(sender->Statuses()[0].queued, 2u);
  released = true;
  EXPECT_TRUE(told_.Await(4));
}

TEST_F(SenderTest, AStopDrainsAndThenGivesUp) {
  const ScriptedHttpServer server;
  const ScriptedHttpServer away([](const auto&, size_t) { return Reply{503, "away"}; });
  auto sender = Open({Webhook(server)});
  for (uint64_t i = 1; i <= 20; ++i) {
    sender->Send(TestNotificationOf({TestAlert()}, i), told_.Done());
  }
  sender->Stop(std::chrono::seconds(20));
  EXPECT_EQ(server.count(), 20u);
  EXPECT_EQ(told_.results().size(), 20u);
  sender->Send(TestNotificationOf({TestAlert()}, 21), told_.Done());
  EXPECT_EQ(told_.results().size(), 21u) << "told at once that nothing is taken any more";

  Told given_up;
  options_.backoff_first = std::chrono::minutes(1);
  options_.deadline = std::chrono::minutes(10);
  sender = Open({Webhook(away)});
  for (uint64_t i = 1; i <= 3; ++i) {
    sender->Send(TestNotificationOf({TestAlert()}, i), given_up.Done());
  }
  ASSERT_TRUE(Eventually([&] { return away.count() == 1; }));
  sender->Stop(std::chrono::milliseconds(10));
  ASSERT_EQ(given_up.results().size(), 3u);
  EXPECT_FALSE(Delivered(given_up.results()[0]));
  EXPECT_TRUE(absl::IsCancelled(given_up.results()[2][0].status));
  EXPECT_EQ(away.count(), 1u);
}

TEST_F(SenderTest, SaysThatAReceiverIsNotThere) {
  const ScriptedHttpServer server;
  const auto sender = Open({Webhook(server)});
  Notification notification = TestNotificationOf({TestAlert()});
  notification.receiver = "nobody";
  sender->Send(notification, told_.Done());
  ASSERT_EQ(told_.results().size(), 1u);
  EXPECT_TRUE(absl::IsNotFound(told_.results()[0][0].status));
  EXPECT_TRUE(absl::IsNotFound(sender->Test("nobody").status()));
}

TEST_F(SenderTest, InlineItIsDoneWhenSendReturns) {
  options_.inline_delivery = true;
  const ScriptedHttpServer server([](const auto&, size_t n) {
    return n == 0 ? Reply{503, "away"} : Reply{200, "ok"};
  });
  const auto sender = Open({Webhook(server)});
  sender->Send(TestNotificationOf({TestAlert()}, 1), told_.Done());
  ASSERT_EQ(told_.results().size(), 1u);
  EXPECT_FALSE(Delivered(told_.results()[0])) << "one attempt only";
  sender->Send(TestNotificationOf({TestAlert()}, 1), told_.Done());
  EXPECT_TRUE(Delivered(told_.results()[1]));
}

TEST_F(SenderTest, ATestIsMarkedAsOneAndClosesWhatItOpens) {
  const ScriptedHttpServer hook;
  const ScriptedHttpServer pager([](const auto&, size_t) { return Reply{202, "{}"}; });
  const ScriptedHttpServer manager;
  ChannelOptions pagerduty;
  pagerduty.kind = "pagerduty";
  pagerduty.url = pager.url();
  pagerduty.secret = "KEY";
  ChannelOptions alertmanager;
  alertmanager.kind = "alertmanager";
  alertmanager.urls = {manager.url()};
  const auto sender = Open({Webhook(hook), pagerduty, alertmanager});
  const auto results = sender->Test("ops");
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(ResultText(*results), "webhook: ok; pagerduty: ok; alertmanager: ok");
  ASSERT_EQ(hook.count(), 1u);
  EXPECT_THAT(hook.requests()[0].body, HasSubstr("PitotTest"));
  ASSERT_EQ(pager.count(), 2u);
  EXPECT_THAT(pager.requests()[1].body, HasSubstr(R"("event_action":"resolve")"));
  EXPECT_THAT(manager.requests()[0].body, HasSubstr("PitotTest"));
  for (const ChannelStatus& status : sender->Statuses()) {
    EXPECT_EQ(status.last_success_at, kTestNow) << status.channel;
  }
}

TEST_F(SenderTest, RemembersOverARestartThatAChannelWorks) {
  char name[] = "/tmp/pitot_sender_XXXXXX";
  const std::string folder = ::mkdtemp(name);
  const ScriptedHttpServer server;
  {
    const auto state = StateLog::Open(folder, clock_);
    ASSERT_TRUE(state.ok()) << state.status();
    const auto sender = Open({Webhook(server)}, state->get());
    EXPECT_EQ(sender->Statuses()[0].last_success_at, 0);
    ASSERT_TRUE(sender->Test("ops").ok());
  }
  const auto state = StateLog::Open(folder, clock_);
  EXPECT_EQ(Open({Webhook(server)}, state->get())->Statuses()[0].last_success_at, kTestNow);
  std::filesystem::remove_all(folder);
}

TEST_F(SenderTest, EveryAlertmanagerGetsEveryAlertAndOneThatWasAwayTheNewest) {
  std::atomic<bool> back = false;
  const ScriptedHttpServer away([&back](const auto&, size_t) {
    return back ? Reply{200, ""} : Reply{0};
  });
  const ScriptedHttpServer there;
  ChannelOptions alertmanager;
  alertmanager.kind = "alertmanager";
  alertmanager.urls = {away.url(), there.url()};
  const auto sender = Open({alertmanager});
  EXPECT_THAT(sender->ForwardReceivers(), ElementsAre("ops"));
  sender->Forward("ops", {TestAlert("a")}, kTestNow);
  ASSERT_TRUE(Eventually([&] { return there.count() == 1 && away.count() > 1; }));
  sender->Forward("ops", {TestAlert("a"), TestAlert("b")}, kTestNow);
  ASSERT_TRUE(Eventually([&] { return there.count() == 2; }));
  back = true;
  ASSERT_TRUE(Eventually([&] { return sender->Statuses()[0].sent > 0; }));
  EXPECT_EQ(json::parse(away.requests().back().body).as_array().size(), 2u);
  // Notices of groups are not for it.
  sender->Send(TestNotificationOf({TestAlert()}), told_.Done());
  ASSERT_EQ(told_.results().size(), 1u);
  EXPECT_TRUE(told_.results()[0][0].skipped);
}

TEST(ValidateReceivers, NamesReceiverChannelAndMistake) {
  ChannelOptions webhook;
  webhook.kind = "webhook";
  webhook.url = "https://a.example/";
  EXPECT_TRUE(ValidateReceivers({{"ops", {webhook}}}).ok());
  ChannelOptions bad = webhook;
  bad.url = "a.example";
  const absl::Status status = ValidateReceivers({{"ops", {webhook, bad}}});
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(Message(status)), HasSubstr("receiver \"ops\": webhook#2: "));
  ChannelOptions alertmanager;
  alertmanager.kind = "alertmanager";
  EXPECT_TRUE(absl::IsInvalidArgument(ValidateReceivers({{"ops", {alertmanager}}})));
}

}  // namespace
}  // namespace pitot
