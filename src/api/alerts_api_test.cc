// Alerts, silences, rules and receivers over real HTTP, in our own form and in an Alertmanager's; who
// sees which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/alerting_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kNobody = "00000000-0000-4000-8000-000000000000";

class AlertsApiTest : public AlertingTestBase {
 protected:
  void SetUp() override {
    AlertingTestBase::SetUp();
    now_.Set(wall_.Now());
    AlertOptions options;
    for (const char* name : {"ops", "night"}) {
      ReceiverOptions receiver{.name = name};
      receiver.channels.push_back({.kind = "command", .command = {"/bin/cat"}});
      options.receivers.push_back(std::move(receiver));
    }
    options.default_receiver = "ops";
    options.routes.push_back({.match = *ParseMatchers("severity=page"), .receiver = "night"});
    Serve(std::move(options));
  }

  // From outside: fires at once.
  void Fire(std::string_view name, const Labels& labels = {}) {
    json::object all{{"alertname", name}};
    for (const auto& [key, value] : labels) all[key] = value;
    json::array body;
    body.push_back({{"labels", all}, {"annotations", {{"summary", "as told"}}}});
    const HttpReply reply = Call("POST", "/api/v2/alerts", json::serialize(body));
    ASSERT_EQ(reply.status, 200) << reply.body;
    EXPECT_EQ(reply.body, "");
  }
  std::vector<std::string> Names(const std::string& path) {
    std::vector<std::string> names;
    const json::value answer = Get(path);
    const json::array& alerts =
        answer.is_array() ? answer.get_array() : answer.at("alerts").as_array();
    for (const json::value& alert : alerts) {
      names.emplace_back(alert.at("labels").at("alertname").as_string());
    }
    return names;
  }
  std::string FingerprintOfFirst(const std::string& path) {
    return std::string(Get(path).at("alerts").at(0).at("fingerprint").as_string());
  }
  std::string Silenced(const std::string& body) {
    const HttpReply reply = Call("POST", "/api/v1/silences", body);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return std::string(json::parse(reply.body).at("id").as_string());
  }
  std::string After(std::chrono::minutes later) {
    return FormatTime(now_.Now() + std::chrono::nanoseconds(later).count());
  }
  std::string MakeKey(std::string_view scope, std::string project) {
    ApiKey spec;
    spec.name = scope;
    spec.scopes = *ParseScopes({std::string(scope)});
    spec.project = std::move(project);
    return keys_->Create(std::move(spec), "tester")->secret;
  }

  const Limits limits_;
  HttpClient client_;
};

PITOT_FOR_EACH_STORE(AlertsApiTest);

TEST_P(AlertsApiTest, ListedLoudestFirstAndNarrowed) {
  Fire("Quiet", {{"severity", "info"}, {"project", "shop"}});
  Fire("Loud", {{"severity", "page"}});
  Fire("Middle", {{"severity", "warning"}, {"feature", "checkout"}});
  EXPECT_THAT(Names("/api/v1/alerts"), ElementsAre("Loud", "Middle", "Quiet"));
  EXPECT_THAT(Names("/api/v1/alerts?state=active"), ElementsAre("Loud", "Middle", "Quiet"));
  EXPECT_THAT(Names("/api/v1/alerts?state=pending,resolved"), IsEmpty());
  EXPECT_THAT(Names("/api/v1/alerts?receiver=night"), ElementsAre("Loud"));
  EXPECT_THAT(Names("/api/v1/alerts?match=feature%3D~%22check.*%22"), ElementsAre("Middle"));
  EXPECT_THAT(Names("/api/v1/alerts?project=shop"), ElementsAre("Quiet"));
  const json::value page = Get("/api/v1/alerts?limit=1&groups=true");
  EXPECT_EQ(page.at("left_out").as_int64(), 2);
  EXPECT_EQ(page.at("counts").at("firing").as_int64(), 3) << "counts are of all";
  const json::value& loud = page.at("alerts").at(0);
  EXPECT_EQ(loud.at("receivers"), json::array({"night"}));
  EXPECT_TRUE(loud.at("rule_id").is_null()) << "from outside";
  EXPECT_EQ(loud.at("annotations").at("summary").as_string(), "as told");

  alerts_->Tick(now_.Now());
  const json::value groups = Get("/api/v1/alerts?groups=true").at("groups");
  EXPECT_EQ(groups.as_array().size(), 3u) << json::serialize(groups);
}

TEST_P(AlertsApiTest, WhatIsAskedWronglyIsNamed) {
  for (const auto& [path, words] : {
           std::pair("/api/v1/alerts?state=burning", "burning"),
           {"/api/v1/alerts?match=a%3D~(", "a"},
           {"/api/v1/alerts?receivers=ops", "receiver"},
           {"/api/v1/alerts/xyz", "16 hex digits"},
           {"/api/v1/alerts/history?since=yesterday", "yesterday"},
           {"/api/v1/alerts/history?match=a%3D~(", "a"},
           {"/api/v1/alerts/history?limit=0", "limit"},
           {"/api/v1/silences?state=over", "over"},
       }) {
    const HttpReply reply = Call("GET", path);
    EXPECT_EQ(reply.status, 400) << path;
    EXPECT_THAT(reply.body, HasSubstr(words)) << path;
  }
  EXPECT_EQ(Call("GET", "/api/v1/alerts/0000000000000001").status, 404);
  EXPECT_EQ(Call("POST", "/api/v1/alerts/0000000000000001/ack").status, 404);
  EXPECT_EQ(Call("POST", "/api/v1/receivers/nobody/test").status, 404);
  EXPECT_EQ(Call("DELETE", fmt::format("/api/v1/silences/{}", kNobody)).status, 404);
}

TEST_P(AlertsApiTest, HistoryHasEachChangeOfStateOnce) {
  const auto changes = [&](const std::string& query = "") {
    std::string text;
    const json::value answer = Get("/api/v1/alerts/history" + query);
    EXPECT_TRUE(answer.at("complete").as_bool());
    for (const json::value& change : answer.at("changes").as_array()) {
      text += fmt::format("{} {}; ", std::string_view(change.at("alertname").as_string()),
                          std::string_view(change.at("state").as_string()));
    }
    return text;
  };
  EXPECT_EQ(changes(), "");
  const UnixNanos start = now_.Now();
  Fire("Loud");
  alerts_->Tick(now_.Now());
  const std::string path = "/api/v1/alerts/" + FingerprintOfFirst("/api/v1/alerts");
  EXPECT_EQ(Call("POST", path + "/ack", R"({"for":"2h"})").status, 200);
  now_.Advance(std::chrono::seconds(10));
  Fire("Other", {{"project", "shop"}});
  alerts_->Tick(now_.Now());
  EXPECT_EQ(changes(), "Other firing; Loud firing; ") << "an acknowledgement is no change of state";
  // What nobody repeats is over.
  for (int minute = 0; minute < 60 && Names("/api/v1/alerts?state=active").size() > 0; ++minute) {
    now_.Advance(std::chrono::minutes(1));
    alerts_->Tick(now_.Now());
  }
  const json::value answer = Get("/api/v1/alerts/history?match=alertname%3DLoud");
  const json::value& over = answer.at("changes").at(0);
  EXPECT_EQ(over.at("state").as_string(), "resolved");
  EXPECT_EQ(over.at("summary").as_string(), "as told");
  EXPECT_EQ(over.at("fired_at").as_string(), FormatTimeNanos(start));
  EXPECT_GE(over.at("resolved_at").as_string(), FormatTimeNanos(start));
  EXPECT_EQ(answer.at("changes").as_array().size(), 2u);
  // Also when the alerts themselves are forgotten.
  now_.Advance(std::chrono::hours(24));
  for (int tick = 0; tick < 3; ++tick) alerts_->Tick(now_.Now());
  EXPECT_THAT(Names("/api/v1/alerts"), IsEmpty());
  EXPECT_EQ(Get("/api/v1/alerts/history").at("changes").as_array().size(), 4u) << changes();
  EXPECT_EQ(changes("?since=1h"), "");
  EXPECT_EQ(changes("?project=shop&match=alertname%3DLoud"), "");
  const json::value first = Get("/api/v1/alerts/history?limit=1&project=shop");
  EXPECT_EQ(first.at("changes").at(0).at("alertname").as_string(), "Other");
  EXPECT_EQ(first.at("left_out").as_int64(), 1);
}

TEST_P(AlertsApiTest, AcknowledgedUntilATimeOrAPersonSaysSo) {
  Fire("Loud");
  const std::string path = "/api/v1/alerts/" + FingerprintOfFirst("/api/v1/alerts");
  const HttpReply acked =
      Call("POST", path + "/ack", R"({"by":"alice","comment":"on it","for":"2h"})");
  ASSERT_EQ(acked.status, 200) << acked.body;
  const json::value ack = Get(path).at("alert").at("ack");
  EXPECT_EQ(ack.at("by").as_string(), "alice");
  EXPECT_EQ(ack.at("comment").as_string(), "on it");
  EXPECT_EQ(ack.at("until").as_string(), FormatTimeNanos(now_.Now() + 120 * kNanosPerMinute));
  EXPECT_EQ(Get("/api/v1/alerts").at("counts").at("acknowledged").as_int64(), 1);
  EXPECT_EQ(Call("POST", path + "/unack").status, 200);
  EXPECT_TRUE(Get(path).at("alert").at("ack").is_null());
  for (const char* body : {R"({"until":"2020-01-01T00:00:00Z"})", R"({"for":"soon"})",
                           R"({"why":"x"})", "[]", R"({"until":3})"}) {
    EXPECT_EQ(Call("POST", path + "/ack", body).status, 400) << body;
  }
  const auto audit = state_->History(engine(), kAuditKind, "", 100, kStoreTestDeadline);
  ASSERT_TRUE(audit.ok()) << audit.status();
  int found = 0;
  for (const StateEvent& event : *audit)
    found += event.body.find("alert_acknowledged") != std::string::npos;
  EXPECT_EQ(found, 1);
}

TEST_P(AlertsApiTest, ASilenceHoldsAtOnceAndEnds) {
  Fire("Loud", {{"feature", "checkout"}});
  const std::string id = Silenced(
      R"({"matchers":["alertname=Loud","feature=~\"check.*\""],"for":"2h","comment":"known"})");
  EXPECT_EQ(Get("/api/v1/alerts").at("alerts").at(0).at("silenced_by"), json::array({id}));
  const json::value list = Get("/api/v1/silences");
  const json::value& silence = list.at("silences").at(0);
  EXPECT_EQ(silence.at("alerts").as_int64(), 1);
  EXPECT_EQ(silence.at("state").as_string(), "active");
  EXPECT_EQ(silence.at("matchers").at(1).at("is_regex").as_bool(), true);
  EXPECT_EQ(Call("DELETE", "/api/v1/silences/" + id).status, 200);
  EXPECT_EQ(Call("DELETE", "/api/v1/silences/" + id).status, 409) << "it is over";
  EXPECT_THAT(Get("/api/v1/alerts").at("alerts").at(0).at("silenced_by").as_array(), IsEmpty());
  EXPECT_EQ(Get("/api/v1/silences?state=expired").at("silences").as_array().size(), 1u);
  EXPECT_EQ(Get("/api/v1/silences?state=active").at("silences").as_array().size(), 0u);

  // One text, an object as it is shown, from a time on.
  Silenced(R"({"matchers":"a=b,c!=d","for":"1h","comment":"x"})");
  Silenced(fmt::format(R"({{"matchers":[{{"name":"a","value":"b"}}],"starts_at":"{}",)"
                       R"("ends_at":"{}","comment":"x","created_by":"bob"}})",
                       After(std::chrono::minutes(10)), After(std::chrono::minutes(20))));
  const json::value pending = Get("/api/v1/silences?state=pending");
  EXPECT_EQ(pending.at("silences").at(0).at("created_by").as_string(), "bob");
}

TEST_P(AlertsApiTest, ASilenceThatMeansNothingIsRefused) {
  for (const auto& [body, words] : {
           std::pair(R"({"matchers":["a=b"],"for":"1h"})", "comment"),
           {R"({"matchers":["a=b"],"comment":"x"})", "end"},
           {R"({"matchers":[],"for":"1h","comment":"x"})", "matcher"},
           {R"({"matchers":["a=~("],"for":"1h","comment":"x"})", "a"},
           {R"({"matchers":[{"value":"b"}],"for":"1h","comment":"x"})", "name"},
           {R"({"matchers":["a=b"],"for":"1h","ends_at":"2030-01-01T00:00:00Z","comment":"x"})",
            "either"},
           {R"({"matchers":["a=b"],"ends_at":"2020-01-01T00:00:00Z","comment":"x"})", "past"},
           {R"({"matchers":["a=b"],"ends_at":"soon","comment":"x"})", "ends_at"},
           {R"({"matcher":["a=b"]})", "matcher"},
           {"nothing", "JSON"},
       }) {
    const HttpReply reply = Call("POST", "/api/v1/silences", body);
    EXPECT_EQ(reply.status, 400) << body << reply.body;
    EXPECT_THAT(reply.body, HasSubstr(words)) << body;
  }
}

TEST_P(AlertsApiTest, RulesReceiversAndWhoWasTold) {
  Fire("Loud", {{"severity", "page"}});
  alerts_->Tick(now_.Now());
  const json::value rules = Get("/api/v1/rules");
  bool found = false;
  for (const json::value& rule : rules.at("rules").as_array()) {
    found = found || rule.at("id").as_string() == "latency_p99";
  }
  EXPECT_TRUE(found) << json::serialize(rules);
  EXPECT_EQ(rules.at("interval_s").to_number<double>(), 30);
  const json::value told = Get("/api/v1/notifications");
  ASSERT_EQ(told.at("notifications").as_array().size(), 1u) << json::serialize(told);
  const json::value& first = told.at("notifications").at(0);
  EXPECT_EQ(first.at("receiver").as_string(), "night");
  EXPECT_EQ(first.at("reason").as_string(), "first");
  EXPECT_TRUE(first.at("ok").as_bool());
  EXPECT_THAT(Get("/api/v1/notifications?receiver=ops").at("notifications").as_array(), IsEmpty());

  const HttpReply tested = Call("POST", "/api/v1/receivers/ops/test");
  ASSERT_EQ(tested.status, 200) << tested.body;
  EXPECT_TRUE(json::parse(tested.body).at("ok").as_bool()) << tested.body;
  const json::value receivers = Get("/api/v1/receivers");
  EXPECT_EQ(receivers.at("receivers").at(0).at("channels").at(0).at("kind").as_string(), "command");
}

TEST_P(AlertsApiTest, AnAlertmanagersAlerts) {
  Fire("Loud", {{"severity", "page"}, {"feature", "checkout"}});
  Fire("Quiet");
  const json::value list = Get("/api/v2/alerts?filter=alertname%3D%22Loud%22&filter=feature!%3Dx");
  ASSERT_EQ(list.as_array().size(), 1u);
  const json::value& loud = list.at(0);
  EXPECT_EQ(loud.at("status").at("state").as_string(), "active");
  EXPECT_EQ(loud.at("receivers").at(0).at("name").as_string(), "night");
  EXPECT_EQ(loud.at("startsAt").as_string(), FormatTime(now_.Now()));
  EXPECT_THAT(Names("/api/v2/alerts?receiver=op.*"), ElementsAre("Quiet"));
  EXPECT_THAT(Names("/api/v2/alerts?receiver=p"), IsEmpty()) << "whole names";
  EXPECT_EQ(Call("GET", "/api/v2/alerts?receiver=(").status, 400);
  EXPECT_EQ(Call("GET", "/api/v2/alerts?unknown=1").status, 200);
  Silenced(R"({"matchers":["alertname=Loud"],"for":"1h","comment":"x"})");
  EXPECT_THAT(Names("/api/v2/alerts?silenced=false"), ElementsAre("Quiet"));
  EXPECT_THAT(Names("/api/v2/alerts?active=false"), ElementsAre("Loud"));
  alerts_->Tick(now_.Now());
  const json::value groups = Get("/api/v2/alerts/groups?receiver=ops");
  ASSERT_EQ(groups.as_array().size(), 1u) << json::serialize(groups);
  EXPECT_EQ(groups.at(0).at("alerts").at(0).at("labels").at("alertname").as_string(), "Quiet");
  // Resolved ones are not listed.
  const HttpReply over =
      Call("POST", "/api/v2/alerts",
           fmt::format(R"([{{"labels":{{"alertname":"Quiet"}},"endsAt":"{}"}}])", After({})));
  EXPECT_EQ(over.status, 200) << over.body;
  alerts_->Tick(now_.Now());
  EXPECT_THAT(Names("/api/v2/alerts"), ElementsAre("Loud"));
}

TEST_P(AlertsApiTest, AnAlertmanagersErrorsAreTexts) {
  const std::pair<const char*, const char*> cases[] = {
      {"/api/v2/alerts", "nothing"},
      {"/api/v2/alerts", R"({"labels":{}})"},
      {"/api/v2/alerts", R"([{"labels":{"0":"x"}}])"},
      {"/api/v2/alerts", R"([{"labels":{"alertname":3}}])"},
      {"/api/v2/alerts", R"([{"labels":{"alertname":"A"},"startsAt":"soon"}])"},
      {"/api/v2/silences", R"({"matchers":[]})"},
      {"/api/v2/silences",
       R"({"matchers":[{"name":"a","value":"(","isRegex":true}],"startsAt":"2030-01-01T00:00:00Z","endsAt":"2030-01-01T01:00:00Z","createdBy":"a","comment":"b"})"},
  };
  for (const auto& [path, body] : cases) {
    const HttpReply reply = Call("POST", path, body);
    EXPECT_EQ(reply.status, 400) << path << body;
    EXPECT_TRUE(json::parse(reply.body).is_string()) << reply.body;
  }
  const std::string path = fmt::format("/api/v2/silence/{}", kNobody);
  for (const char* method : {"GET", "DELETE"}) {
    const HttpReply reply = Call(method, path);
    EXPECT_EQ(reply.status, 404) << method;
    EXPECT_TRUE(json::parse(reply.body).is_string()) << reply.body;
  }
}

TEST_P(AlertsApiTest, AnAlertmanagersStatusHasTheRoutes) {
  const json::value status = Get("/api/v2/status");
  EXPECT_EQ(status.at("cluster").at("status").as_string(), "disabled");
  const std::string config(status.at("config").at("original").as_string());
  EXPECT_THAT(config, HasSubstr("route:\n  receiver: \"ops\"\n"));
  EXPECT_THAT(config, HasSubstr(R"(matchers: ["severity=\"page\""])"));
  EXPECT_EQ(Get("/api/v2/receivers").at(0).at("name").as_string(), "ops");
}

TEST_P(AlertsApiTest, OthersProjectsAreNotSeen) {
  Fire("Ours", {{"project", "shop"}});
  Fire("Theirs", {{"project", "bank"}});
  Fire("Ourselves");
  Silenced(R"({"matchers":["project=bank"],"for":"1h","comment":"theirs"})");
  Silenced(R"({"matchers":["alertname=X"],"for":"1h","comment":"everybody's"})");
  const std::string theirs = FingerprintOfFirst("/api/v1/alerts?project=bank");
  const std::string admin = MakeKey("admin", "default");
  secret_ = MakeKey("read", "shop");
  EXPECT_THAT(Names("/api/v1/alerts"), ElementsAre("Ours"));
  EXPECT_THAT(Names("/api/v2/alerts"), ElementsAre("Ours"));
  EXPECT_EQ(Call("GET", "/api/v1/alerts?project=bank").status, 403);
  EXPECT_EQ(Call("GET", "/api/v1/alerts/" + theirs).status, 404);
  EXPECT_EQ(Get("/api/v1/silences").at("silences").as_array().size(), 1u);
  EXPECT_EQ(Get("/api/v2/silences").as_array().size(), 1u);
  EXPECT_EQ(Call("POST", "/api/v2/alerts", "[]").status, 403) << "reading is not sending";
  // Who sends for one project cannot speak of another.
  secret_ = MakeKey("ingest", "shop");
  EXPECT_EQ(Call("POST", "/api/v2/alerts", R"([{"labels":{"alertname":"A"}}])").status, 200);
  const HttpReply foreign =
      Call("POST", "/api/v2/alerts", R"([{"labels":{"alertname":"B","project":"bank"}}])");
  EXPECT_EQ(foreign.status, 403) << foreign.body;
  secret_ = admin;
  EXPECT_THAT(Names("/api/v1/alerts?project=shop"), testing::UnorderedElementsAre("A", "Ours"));
  EXPECT_THAT(Names("/api/v1/alerts?project=bank"), ElementsAre("Theirs"));
}

}  // namespace
}  // namespace pitot
