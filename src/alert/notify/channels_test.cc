// Webhook, Slack, PagerDuty and Alertmanager against a server that answers as the test says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "alert/notify/channel.h"
#include "alert/notify/forwarder.h"
#include "alert/notify/http_post.h"
#include "alert/notify/test_server.h"
#include "base/hex.h"
#include "base/status.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

class ChannelsTest : public testing::Test {
 protected:
  ChannelsTest() {
    char name[] = "/tmp/pitot_channels_XXXXXX";
    folder_ = ::mkdtemp(name);
    context_.receiver = "ops";
    context_.name = "one";
    context_.user_agent = "pitot/test";
    context_.clock = &clock_;
  }
  ~ChannelsTest() override { std::filesystem::remove_all(folder_); }

  std::unique_ptr<Channel> Make(const ChannelOptions& options) {
    auto channel = MakeChannel(options, context_);
    EXPECT_TRUE(channel.ok()) << channel.status();
    return channel.ok() ? *std::move(channel) : nullptr;
  }
  static ChannelOptions Webhook(const std::string& url) {
    ChannelOptions options;
    options.kind = "webhook";
    options.url = url;
    return options;
  }
  static ChannelOptions Bot(const std::string& api_url) {
    ChannelOptions options;
    options.kind = "slack";
    options.token = "xoxb-1234-secret";
    options.channel = "#ops";
    options.urls = {api_url};
    return options;
  }
  static json::object BodyOf(const ScriptedHttpServer::Request& request) {
    return json::parse(request.body).as_object();
  }

  const FakeClock clock_{kTestNow};
  std::string folder_;
  ChannelContext context_;
};

TEST_F(ChannelsTest, AWebhookIsSigned) {
  ::setenv("PITOT_TEST_SIGNING", "s3cret", 1);
  const ScriptedHttpServer server;
  ChannelOptions options = Webhook(server.url("/hook?a=b"));
  options.secret = "env:PITOT_TEST_SIGNING";
  options.headers = {{"X-Team", "shop"}};
  ASSERT_TRUE(Make(options)->Deliver(TestNotificationOf({TestAlert()}), nullptr).ok());
  const ScriptedHttpServer::Request request = server.requests().front();
  EXPECT_EQ(request.path, "/hook?a=b");
  EXPECT_EQ(request.headers.Get("x-team"), "shop");
  EXPECT_EQ(request.headers.Get("content-type"), "application/json");
  EXPECT_EQ(request.headers.Get("x-timestamp"), std::to_string(kTestNow / kNanosPerSecond));
  const std::string signed_text =
      std::string(request.headers.Get("x-timestamp")) + "." + request.body;
  unsigned char digest[32];
  HMAC(EVP_sha256(), "s3cret", 6, reinterpret_cast<const unsigned char*>(signed_text.data()),
       signed_text.size(), digest, nullptr);
  EXPECT_EQ(request.headers.Get("x-signature"),
            "sha256=" + ToHex({reinterpret_cast<const char*>(digest), sizeof digest}));
}

TEST_F(ChannelsTest, TheStatusSaysWhetherToTryAgain) {
  const auto is = [this](int http, absl::StatusCode code) {
    const ScriptedHttpServer server([http](const auto&, size_t) {
      return ScriptedHttpServer::Reply{http, "words of the server", {{"Retry-After", "7"}}};
    });
    const absl::Status status =
        Make(Webhook(server.url()))->Deliver(TestNotificationOf({TestAlert()}), nullptr);
    EXPECT_EQ(status.code(), code) << http << ": " << status;
    if (status.ok() || http == 0) return;
    EXPECT_THAT(std::string(Message(status)), HasSubstr("words of the server"));
    const bool passing = code == absl::StatusCode::kUnavailable;
    EXPECT_EQ(RetryAfter(status), std::chrono::seconds(passing ? 7 : 0)) << http;
  };
  is(200, absl::StatusCode::kOk);
  is(204, absl::StatusCode::kOk);
  is(301, absl::StatusCode::kInvalidArgument);
  is(400, absl::StatusCode::kInvalidArgument);
  is(404, absl::StatusCode::kInvalidArgument);
  is(429, absl::StatusCode::kUnavailable);
  is(500, absl::StatusCode::kUnavailable);
  is(503, absl::StatusCode::kUnavailable);
  is(0, absl::StatusCode::kUnavailable);  // The connection breaks.
}

TEST_F(ChannelsTest, RetryAfterMayBeADate) {
  const auto is = [](const char* text, std::chrono::milliseconds want) {
    EXPECT_EQ(RetryAfterOf({{"Retry-After", text}}, kTestNow), want) << text;
  };
  is("120", std::chrono::seconds(120));
  is("Fri, 20 Nov 2026 10:36:00 GMT", std::chrono::seconds(30));
  is("Fri, 20 Nov 2026 10:00:00 GMT", std::chrono::seconds(0));
  is("-5", std::chrono::seconds(0));
  is("soon", std::chrono::seconds(0));
  is("99999999999", std::chrono::hours(24));
}

TEST_F(ChannelsTest, NoMessageShowsMoreOfAUrlThanItsHost) {
  const ScriptedHttpServer server([](const auto& request, size_t) {
    return ScriptedHttpServer::Reply{404, "no hook at " + request.path};
  });
  const std::string url = server.url("/services/T0/B0/s3cr3tp4rt");
  const std::unique_ptr<Channel> channel = Make(Webhook(url));
  EXPECT_THAT(channel->target(), Not(HasSubstr("s3cr3t")));
  for (const std::string& target : {url, std::string("http://127.0.0.1:1/s3cr3tp4rt")}) {
    const absl::Status status =
        Make(Webhook(target))->Deliver(TestNotificationOf({TestAlert()}), nullptr);
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(std::string(Message(status)), HasSubstr("127.0.0.1"));
    EXPECT_THAT(std::string(Message(status)), Not(HasSubstr("s3cr3t")));
  }
}

TEST_F(ChannelsTest, ASecretIsReadWhenItIsUsed) {
  const ScriptedHttpServer server;
  const std::string path = folder_ + "/url";
  const std::unique_ptr<Channel> channel = Make(Webhook("file:" + path));
  const Notification notification = TestNotificationOf({TestAlert()});
  EXPECT_TRUE(absl::IsFailedPrecondition(channel->Deliver(notification, nullptr)));
  EXPECT_EQ(channel->target(), "file:" + path);
  std::ofstream(path) << server.url("/one") << "\n";
  EXPECT_TRUE(channel->Deliver(notification, nullptr).ok());
  std::ofstream(path) << server.url("/two") << "\n";
  EXPECT_TRUE(channel->Deliver(notification, nullptr).ok());
  EXPECT_EQ(server.requests()[1].path, "/two");
  std::ofstream(path) << "http://a.example/\r\nX-Header: injected";
  EXPECT_TRUE(absl::IsFailedPrecondition(channel->Deliver(notification, nullptr)));
}

TEST_F(ChannelsTest, ASlackWebhookAnswersOk) {
  ScriptedHttpServer::Reply reply = {200, "ok"};
  const ScriptedHttpServer server([&reply](const auto&, size_t) { return reply; });
  ChannelOptions options;
  options.kind = "slack";
  options.url = server.url();
  const std::unique_ptr<Channel> channel = Make(options);
  EXPECT_TRUE(channel->Deliver(TestNotificationOf({TestAlert()}), nullptr).ok());
  reply = {200, "<html>a proxy's login page</html>"};
  EXPECT_TRUE(
      absl::IsInvalidArgument(channel->Deliver(TestNotificationOf({TestAlert()}), nullptr)));
}

// A workspace of Slack.
ScriptedHttpServer::Reply Workspace(const ScriptedHttpServer::Request&, size_t n) {
  return {200, fmt::format(R"({{"ok":true,"channel":"C0123","ts":"1700000000.00{}"}})", n)};
}

TEST_F(ChannelsTest, ABotEditsItsMessageAndRepliesWithNews) {
  const ScriptedHttpServer server(Workspace);
  const std::unique_ptr<Channel> channel = Make(Bot(server.url("/api")));
  Notification notification = TestNotificationOf({TestAlert("a")});
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.reason = NotifyReason::kRepeat;
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.reason = NotifyReason::kNewAlerts;
  notification.alerts.push_back(TestAlert("b"));
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.reason = NotifyReason::kAllResolved;
  for (Alert& alert : notification.alerts) alert = Resolved(alert);
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  // The next incident of the group is a message of its own.
  ASSERT_TRUE(channel->Deliver(TestNotificationOf({TestAlert("a")}), nullptr).ok());

  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 5u);
  EXPECT_EQ(requests[0].path, "/api/chat.postMessage");
  EXPECT_EQ(requests[0].headers.Get("authorization"), "Bearer xoxb-1234-secret");
  EXPECT_EQ(BodyOf(requests[0]).at("channel"), "#ops");
  EXPECT_EQ(requests[1].path, "/api/chat.update");
  EXPECT_EQ(BodyOf(requests[1]).at("channel"), "C0123");
  EXPECT_EQ(BodyOf(requests[1]).at("ts"), "1700000000.000");
  EXPECT_EQ(requests[2].path, "/api/chat.postMessage");
  EXPECT_EQ(BodyOf(requests[2]).at("thread_ts"), "1700000000.000");
  EXPECT_EQ(BodyOf(requests[2]).at("reply_broadcast"), true);
  EXPECT_EQ(requests[3].path, "/api/chat.update");
  EXPECT_EQ(BodyOf(requests[3]).at("ts"), "1700000000.000");
  EXPECT_EQ(requests[4].path, "/api/chat.postMessage");
  EXPECT_FALSE(BodyOf(requests[4]).contains("thread_ts"));
}

TEST_F(ChannelsTest, ABotFindsItsMessageAfterARestart) {
  const ScriptedHttpServer server(Workspace);
  const Notification firing = TestNotificationOf({TestAlert()});
  Notification over = firing;
  over.reason = NotifyReason::kAllResolved;
  over.alerts[0] = Resolved(over.alerts[0]);
  {
    const auto state = StateLog::Open(folder_, clock_);
    ASSERT_TRUE(state.ok()) << state.status();
    context_.state = state->get();
    ASSERT_TRUE(Make(Bot(server.url()))->Deliver(firing, nullptr).ok());
  }
  {
    const auto state = StateLog::Open(folder_, clock_);
    context_.state = state->get();
    ASSERT_TRUE(Make(Bot(server.url()))->Deliver(over, nullptr).ok());
    EXPECT_TRUE((*state)->Latest("slack_message").empty());
  }
  EXPECT_EQ(server.requests()[1].path, "/chat.update");
}

TEST_F(ChannelsTest, AMessageThatSomebodyDeletedIsPostedAnew) {
  const ScriptedHttpServer server([](const auto& request, size_t n) {
    if (request.path == "/chat.update") {
      return ScriptedHttpServer::Reply{200, R"({"ok":false,"error":"message_not_found"})"};
    }
    return Workspace(request, n);
  });
  const std::unique_ptr<Channel> channel = Make(Bot(server.url()));
  Notification notification = TestNotificationOf({TestAlert()});
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.reason = NotifyReason::kRepeat;
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  EXPECT_EQ(server.requests()[2].path, "/chat.postMessage");
  EXPECT_EQ(BodyOf(server.requests()[2]).at("channel"), "#ops");
}

TEST_F(ChannelsTest, ABotSaysWhySlackRefuses) {
  const auto is = [this](const char* body, absl::StatusCode code) {
    const ScriptedHttpServer server([body](const auto&, size_t) {
      return ScriptedHttpServer::Reply{200, body};
    });
    const absl::Status status =
        Make(Bot(server.url()))->Deliver(TestNotificationOf({TestAlert()}), nullptr);
    EXPECT_EQ(status.code(), code) << body << ": " << status;
    EXPECT_THAT(std::string(Message(status)), Not(HasSubstr("xoxb")));
  };
  is(R"({"ok":false,"error":"channel_not_found"})", absl::StatusCode::kInvalidArgument);
  is(R"({"ok":false,"error":"invalid_auth"})", absl::StatusCode::kInvalidArgument);
  is(R"({"ok":false,"error":"ratelimited"})", absl::StatusCode::kUnavailable);
  is(R"({"ok":false,"error":"internal_error"})", absl::StatusCode::kUnavailable);
  is(R"({"ok":false})", absl::StatusCode::kInvalidArgument);
  is("<html>", absl::StatusCode::kUnavailable);
  is("[]", absl::StatusCode::kUnavailable);
}

TEST_F(ChannelsTest, PagerDutyClosesWhatItOpened) {
  const ScriptedHttpServer server([](const auto&, size_t) {
    return ScriptedHttpServer::Reply{202, R"({"status":"success"})"};
  });
  ChannelOptions options;
  options.kind = "pagerduty";
  options.url = server.url("/v2/enqueue");
  options.secret = "R0UT1NG";
  const std::unique_ptr<Channel> channel = Make(options);
  Notification notification = TestNotificationOf({TestAlert("a"), TestAlert("b")});
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.alerts[0] = Resolved(notification.alerts[0]);
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  notification.alerts[1] = Resolved(notification.alerts[1]);
  ASSERT_TRUE(channel->Deliver(notification, nullptr).ok());
  const auto requests = server.requests();
  const json::object first = BodyOf(requests[0]);
  EXPECT_EQ(first.at("event_action"), "trigger");
  EXPECT_EQ(BodyOf(requests[1]).at("event_action"), "trigger") << "one of two still fires";
  EXPECT_EQ(BodyOf(requests[2]).at("event_action"), "resolve");
  EXPECT_EQ(BodyOf(requests[2]).at("dedup_key"), first.at("dedup_key"));
}

TEST_F(ChannelsTest, PagerDutyGetsNoMoreThanItTakes) {
  const ScriptedHttpServer server([](const auto&, size_t) {
    return ScriptedHttpServer::Reply{202, "{}"};
  });
  ChannelOptions options;
  options.kind = "pagerduty";
  options.url = server.url();
  options.secret = "R0UT1NG";
  Alert alert = TestAlert();
  alert.annotations["summary"] = std::string(5000, 's');
  Notification notification = TestNotificationOf({alert});
  notification.group_key = std::string(600'000, 'k');
  ASSERT_TRUE(Make(options)->Deliver(notification, nullptr).ok());
  const auto request = server.requests().front();
  EXPECT_LT(request.body.size(), 512'000u);
  const json::object payload = BodyOf(request).at("payload").as_object();
  EXPECT_LE(payload.at("summary").as_string().size(), 1024u);
  EXPECT_THAT(std::string(payload.at("custom_details").at("error").as_string()),
              HasSubstr("PagerDuty takes 512000"));
}

TEST_F(ChannelsTest, AnAlertmanagerGetsAllInPiecesAndTheHeadersItWants) {
  const ScriptedHttpServer server;
  ChannelOptions options;
  options.kind = "alertmanager";
  options.headers = {{"Authorization", "Basic abc"}};
  SenderOptions sender;
  sender.inline_delivery = true;
  const auto forwarder = Forwarder::Create(server.url("/prefix/"), options, context_, sender);
  ASSERT_TRUE(forwarder.ok()) << forwarder.status();
  std::vector<Alert> alerts;
  for (int i = 0; i < 300; ++i) alerts.push_back(TestAlert(fmt::format("m{}", i)));
  ASSERT_TRUE((*forwarder)->SendDue(alerts, kTestNow).ok());
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].path, "/prefix/api/v2/alerts");
  EXPECT_EQ(requests[0].headers.Get("authorization"), "Basic abc");
  EXPECT_EQ(json::parse(requests[0].body).as_array().size() +
                json::parse(requests[1].body).as_array().size(),
            300u);
}

TEST_F(ChannelsTest, WhatAnAlertmanagerDidNotGetIsDueAgain) {
  int status = 503;
  const ScriptedHttpServer server([&status](const auto&, size_t) {
    return ScriptedHttpServer::Reply{status, "x"};
  });
  ChannelOptions options;
  options.kind = "alertmanager";
  SenderOptions sender;
  sender.inline_delivery = true;
  const auto forwarder = *Forwarder::Create(server.url(), options, context_, sender);
  const std::vector<Alert> alerts = {TestAlert()};
  EXPECT_TRUE(absl::IsUnavailable(forwarder->SendDue(alerts, kTestNow)));
  EXPECT_EQ(forwarder->status().failed, 1u);
  status = 400;  // Some of it was bad; what was good is kept there.
  EXPECT_TRUE(forwarder->SendDue(alerts, kTestNow + 1).ok());
  EXPECT_EQ(server.count(), 2u);
  EXPECT_TRUE(forwarder->SendDue(alerts, kTestNow + 2).ok());
  EXPECT_EQ(server.count(), 2u) << "the same again would be refused again";
  status = 200;
  EXPECT_TRUE(forwarder->SendDue(alerts, kTestNow + 2 * kResendNs).ok());
  EXPECT_EQ(server.count(), 3u);
}

TEST_F(ChannelsTest, RefusesOptionsThatCannotWork) {
  const auto bad = [this](const char* why, const ChannelOptions& options) {
    EXPECT_TRUE(absl::IsInvalidArgument(MakeChannel(options, context_).status())) << why;
  };
  ChannelOptions options;
  bad("no kind", options);
  options.kind = "carrier pigeon";
  bad("no such kind", options);
  options.kind = "webhook";
  bad("no URL", options);
  options.url = "ops@example.com";
  bad("no URL either", options);
  options.kind = "slack";
  options.url = "";
  bad("neither URL nor token", options);
  options.token = "env:T";
  bad("no channel", options);
  options.channel = "#ops";
  options.url = "env:U";
  bad("both", options);
  options = {};
  options.kind = "pagerduty";
  bad("no key", options);
  options.kind = "command";
  bad("no program", options);
}

}  // namespace
}  // namespace pitot
