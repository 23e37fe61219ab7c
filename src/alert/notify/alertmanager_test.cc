// A real Alertmanager takes what the sender gives it: it lists, groups, silences and ends our alerts.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "alert/notify/sender.h"
#include "alert/notify/test_server.h"
#include "http/client.h"
#include "http/test_socket.h"

namespace pitot {
namespace {

namespace json = boost::json;

constexpr char kProgram[] = "prometheus-alertmanager";

// On a free port and in a folder of its own; tells `hook` of its groups after a second.
class RealAlertmanager {
 public:
  explicit RealAlertmanager(const std::string& hook) {
    char name[] = "/tmp/pitot_alertmanager_XXXXXX";
    folder_ = ::mkdtemp(name);
    {
      const TestListener free([](int, int) {});
      port_ = free.port();
    }
    std::ofstream(folder_ + "/config.yml") << fmt::format(
        R"({{"route": {{"receiver": "hook", "group_by": ["alertname"], "group_wait": "1s",
                        "group_interval": "1s", "repeat_interval": "1h"}},
            "receivers": [{{"name": "hook", "webhook_configs": [{{"url": "{}"}}]}}]}})",
        hook);
    const std::vector<std::string> words = {
        kProgram, "--config.file=" + folder_ + "/config.yml", "--storage.path=" + folder_,
        fmt::format("--web.listen-address=127.0.0.1:{}", port_), "--cluster.listen-address="};
    std::vector<char*> pointers;
    for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 2, (folder_ + "/log").c_str(), O_WRONLY | O_CREAT,
                                     0640);
    const int error = ::posix_spawnp(&pid_, kProgram, &actions, nullptr, pointers.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    EXPECT_EQ(error, 0) << kProgram << " is missing: install what tools/packages.txt lists";
    EXPECT_TRUE(Eventually([&] { return Get("/-/ready").status == 200; })) << Log();
  }
  ~RealAlertmanager() {
    if (pid_ != 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(folder_);
  }

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }

  HttpReply Get(const std::string& path) { return Ask("GET", path, ""); }
  HttpReply Ask(const std::string& method, const std::string& path, const std::string& body) {
    HttpCall call;
    call.method = method;
    call.url = url() + path;
    call.headers.Add("Content-Type", "application/json");
    call.body = body;
    const auto reply = client_.Call(call);
    return reply.ok() ? *reply : HttpReply();
  }
  json::array Alerts() {
    const HttpReply reply = Get("/api/v2/alerts");
    return reply.status == 200 ? json::parse(reply.body).as_array() : json::array();
  }
  std::string Log() const {
    std::ifstream file(folder_ + "/log");
    return std::string(std::istreambuf_iterator<char>(file), {});
  }

 private:
  std::string folder_;
  uint16_t port_ = 0;
  pid_t pid_ = 0;
  HttpClient client_;
};

std::string Text(const json::value& value) { return std::string(value.as_string()); }

TEST(RealAlertmanager, ReceivesGroupsSilencesAndEndsOurAlerts) {
  const ScriptedHttpServer hook;
  RealAlertmanager manager(hook.url());
  const SystemClock clock;
  ChannelOptions options;
  options.kind = "alertmanager";
  options.urls = {manager.url()};
  const auto sender = Sender::Open({{"ops", {options}}}, {}, nullptr, clock);
  ASSERT_TRUE(sender.ok()) << sender.status();
  std::vector<Alert> alerts = {TestAlert("a"), TestAlert("b")};
  for (Alert& alert : alerts) {
    alert.active_at = alert.fired_at = clock.Now() - kNanosPerMinute;
    alert.labels["gen_ai.system"] = "x";  // A name that it would refuse.
  }

  (*sender)->Forward("ops", alerts, clock.Now());
  ASSERT_TRUE(Eventually([&] { return manager.Alerts().size() == 2; })) << manager.Log();
  for (const json::value& alert : manager.Alerts()) {
    EXPECT_EQ(Text(alert.at("status").at("state")), "active");
    EXPECT_EQ(Text(alert.at("labels").at("gen_ai_system")), "x");
    EXPECT_THAT(Text(alert.at("annotations").at("summary")), testing::StartsWith("p99 of "));
  }
  const json::value groups = json::parse(manager.Get("/api/v2/alerts/groups").body);
  ASSERT_EQ(groups.as_array().size(), 1u);
  EXPECT_EQ(groups.at(0).at("alerts").as_array().size(), 2u);
  ASSERT_TRUE(Eventually([&] { return hook.count() == 1; })) << "it tells of the group once";

  const std::string silence = R"({"matchers": [{"name": "model", "value": "b", "isRegex": false}],
    "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2199-01-01T00:00:00Z",
    "createdBy": "bob", "comment": "known"})";
  EXPECT_EQ(manager.Ask("POST", "/api/v2/silences", silence).status, 200);
  ASSERT_TRUE(Eventually([&] {
    const json::array found = manager.Alerts();
    return std::ranges::any_of(found, [](const json::value& alert) {
      return Text(alert.at("status").at("state")) == "suppressed" &&
             Text(alert.at("labels").at("model")) == "b";
    });
  }));

  alerts[0] = Resolved(alerts[0]);
  alerts[0].resolved_at = clock.Now();
  (*sender)->Forward("ops", alerts, clock.Now());
  ASSERT_TRUE(Eventually([&] { return manager.Alerts().size() == 1; })) << manager.Log();
  ASSERT_TRUE(Eventually([&] { return hook.count() == 2; })) << "it tells that one is over";
  EXPECT_THAT(hook.requests()[1].body, testing::HasSubstr(R"("status":"resolved")"));
  (*sender)->Stop(std::chrono::seconds(1));
}

TEST(RealAlertmanager, ATestReachesItsReceiver) {
  const ScriptedHttpServer hook;
  RealAlertmanager manager(hook.url());
  const SystemClock clock;
  ChannelOptions options;
  options.kind = "alertmanager";
  options.urls = {manager.url()};
  const auto sender = Sender::Open({{"ops", {options}}}, {}, nullptr, clock);
  ASSERT_TRUE(sender.ok()) << sender.status();
  const auto results = (*sender)->Test("ops");
  ASSERT_TRUE(results.ok() && Delivered(*results)) << ResultText(*results);
  ASSERT_TRUE(Eventually([&] { return hook.count() > 0; }));
  EXPECT_THAT(hook.requests()[0].body, testing::HasSubstr("PitotTest"));
}

}  // namespace
}  // namespace pitot
