// Who may ask what: keys, projects and sessions over real HTTP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <set>

#include "api/api.h"
#include "api/ingested_test_util.h"
#include "gateway/budget/budgets.h"
#include "gateway/keys/authorizer.h"
#include "http/client.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

class KeysApiTest : public IngestedTestBase {
 protected:
  void SetUp() override {
    IngestedTestBase::SetUp();
    state_ = *StateLog::Open(folder_ / "state", wall_);
    keys_ = *KeyRing::Open({}, *state_, wall_);
    sessions_ = std::make_unique<Sessions>("", *keys_, wall_);
    BudgetOptions budgets;
    budgets.folder = folder_ / "gateway";
    budgets_ = *Budgets::Open(std::move(budgets), *state_, wall_);
    authorizer_ = std::make_unique<Authorizer>(Authorizer::Options{}, *keys_, sessions_.get());
    api_ = std::make_unique<Api>(ApiDeps{.store = *store_,
                                         .ingest = *ingest_,
                                         .limits = limits_,
                                         .clock = wall_,
                                         .state = state_.get(),
                                         .keys = keys_.get(),
                                         .sessions = sessions_.get(),
                                         .authorizer = authorizer_.get(),
                                         .budgets = budgets_.get(),
                                         .settings = Settings});
    HttpService service;
    service.admit = [this](HttpRequest& head, Admission& admission) {
      admission.answer = api_->Admit(head);
    };
    service.handle = [this](HttpRequest request, Responder responder) {
      api_->Handle(std::move(request), std::move(responder));
    };
    server_ = *HttpServer::Open({}, std::move(service));
    server_->Start();
  }
  void TearDown() override {
    api_->EndStreams();
    server_->Stop(std::chrono::seconds(1));
    server_.reset();
    api_.reset();
    budgets_.reset();
    IngestedTestBase::TearDown();
  }

  static ServerSettings Settings() {
    ServerSettings settings;
    settings.http_address = "127.0.0.1:4318";
    settings.values = {{"data_dir", "\"/srv/pitot\"", "Folder.", false}};
    settings.config = "data_dir: /srv/pitot\n";
    return settings;
  }

  NewKey Make(std::string name, const std::vector<std::string>& scopes,
              std::string project = "default") {
    ApiKey spec;
    spec.name = std::move(name);
    spec.scopes = *ParseScopes(scopes);
    spec.project = std::move(project);
    return *keys_->Create(std::move(spec), "tester");
  }

  HttpReply Call(std::string_view method, std::string_view path, HttpHeaders headers = {},
                 std::string_view body = "") {
    HttpCall call;
    call.method = method;
    call.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    call.headers = std::move(headers);
    call.body = body;
    auto reply = client_.Call(call);
    EXPECT_TRUE(reply.ok()) << reply.status().ToString();
    return reply.ok() ? *std::move(reply) : HttpReply{};
  }
  HttpReply CallWith(std::string_view secret, std::string_view method, std::string_view path,
                     std::string_view body = "") {
    return Call(method, path, {{"Authorization", fmt::format("Bearer {}", secret)}}, body);
  }

  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<Budgets> budgets_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
};
PITOT_FOR_EACH_STORE(KeysApiTest);

std::string Answered(const std::optional<HttpResponse>& response) {
  return response ? std::to_string(response->status) : "passed";
}

// The rule of docs/keys.md, written down once more.
bool MayCall(std::string_view scope, std::string_view method, std::string_view path) {
  static const std::set<std::string_view> kOpen = {"/healthz", "/readyz", "/api/v1/openapi.json",
                                                   "/api/v1/login"};
  if (kOpen.contains(path) || scope == "admin") return true;
  if (scope == "ingest") {
    return method == "POST" && (path == "/api/v1/spans" || path == "/api/v2/alerts");
  }
  if (scope == "sql") return path == "/api/v1/sql";
  if (scope != "read") return false;
  if (path.starts_with("/api/v1/keys")) return false;
  if (path.starts_with("/api/v1/views")) return true;
  return method == "GET" || path == "/api/v1/logout" || path == "/api/v1/runbooks/{name}";
}

TEST_P(KeysApiTest, EveryRouteNeedsItsScopeAndNoneIsForgotten) {
  std::map<std::string, std::string> secrets{{"nobody", ""}};
  for (const char* scope : {"admin", "ingest", "read", "sql", "gateway"}) {
    secrets[scope] = Make(scope, {scope}).secret;
  }
  for (const ApiRoute& route : ApiRoutes()) {
    for (const auto& [scope, secret] : secrets) {
      HttpRequest head;
      head.method = route.method;
      head.path = route.path;
      if (!secret.empty()) head.headers.Add("x-pitot-key", secret);
      const std::string wanted = MayCall(scope, route.method, route.path) ? "passed"
                                 : secret.empty()                         ? "401"
                                                                          : "403";
      EXPECT_EQ(Answered(api_->Admit(head)), wanted)
          << scope << ": " << route.method << " " << route.path
          << ": if the route's scope in src/api/api.cc is meant so, say so in docs/keys.md and "
             "here";
    }
  }
}

TEST_P(KeysApiTest, WithoutKeysEverybodyMayAndTheFirstIsAnAdmins) {
  EXPECT_EQ(Call("GET", "/api/v1/traces").status, 200);
  EXPECT_EQ(Call("GET", "/api/v1/session").body,
            R"({"keys_required":false,"key":null,"csrf_token":null})");
  const HttpReply refused =
      Call("POST", "/api/v1/keys", {}, R"({"name":"ci","scopes":["ingest"]})");
  EXPECT_EQ(refused.status, 409);
  EXPECT_THAT(refused.body, HasSubstr("the first key must have the scope admin"));

  const HttpReply made = Call("POST", "/api/v1/keys", {}, R"({"name":"ops","scopes":["admin"]})");
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(made.headers.Get("cache-control"), "no-store");
  const std::string secret(json::parse(made.body).at("secret").as_string());
  const HttpReply nobody = Call("GET", "/api/v1/traces");
  EXPECT_EQ(nobody.status, 401);
  EXPECT_EQ(nobody.headers.Get("www-authenticate"), "Bearer realm=\"pitot\"");
  EXPECT_EQ(CallWith(secret, "GET", "/api/v1/traces").status, 200);
}

TEST_P(KeysApiTest, KeysAreMadeShownRotatedAndRevoked) {
  const std::string admin = Make("ops", {"admin"}).secret;
  const HttpReply made = CallWith(
      admin, "POST", "/api/v1/keys",
      R"({"name":"shop","scopes":["gateway","read"],"project":"shop","pins":{"feature":"f"},)"
      R"("budget":{"limit_usd":5},"expires_in":"90d"})");
  ASSERT_EQ(made.status, 200) << made.body;
  const json::value answer = json::parse(made.body);
  const std::string id(answer.at("key").at("id").as_string());
  const std::string secret(answer.at("secret").as_string());
  EXPECT_THAT(secret, HasSubstr(id));

  const HttpReply list = CallWith(admin, "GET", "/api/v1/keys");
  EXPECT_EQ(json::parse(list.body).at("keys").as_array().size(), 2u);
  EXPECT_THAT(list.body, Not(HasSubstr(secret.substr(secret.size() - kSecretChars))));
  const HttpReply one = CallWith(admin, "GET", "/api/v1/keys/" + id);
  EXPECT_EQ(json::parse(one.body), answer.at("key"));
  EXPECT_EQ(CallWith(admin, "GET", "/api/v1/keys/nosuch").status, 404);

  const HttpReply rotated =
      CallWith(admin, "POST", "/api/v1/keys/" + id + "/rotate", R"({"grace":"0s"})");
  ASSERT_EQ(rotated.status, 200) << rotated.body;
  const std::string next(json::parse(rotated.body).at("secret").as_string());
  EXPECT_EQ(CallWith(secret, "GET", "/api/v1/traces").status, 401);
  EXPECT_EQ(CallWith(next, "GET", "/api/v1/traces").status, 200);
  EXPECT_EQ(CallWith(admin, "DELETE", "/api/v1/keys/" + id).status, 200);
  EXPECT_EQ(CallWith(next, "GET", "/api/v1/traces").status, 401);

  const auto bad = [&](std::string_view path, std::string_view body, const char* words) {
    const HttpReply reply = CallWith(admin, "POST", path, body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_THAT(reply.body, HasSubstr(words));
  };
  const std::string rotate = "/api/v1/keys/" + keys_->List()[0].id + "/rotate";
  bad("/api/v1/keys", "", "JSON object");
  bad("/api/v1/keys", R"({"name":"x"})", "scopes");
  bad("/api/v1/keys", R"({"name":"x","scopes":["read"],"expires_in":"0s"})", "expires_in");
  bad("/api/v1/keys", R"({"name":"x","scopes":["read"],"expire":"1d"})", "no member");
  bad(rotate, R"({"grace":"91d"})", "grace is out of range");
  bad(rotate, R"({"grce":"1d"})", "grace");
}

TEST_P(KeysApiTest, AKeysBudgetComesAndGoesWithIt) {
  const std::string admin = Make("ops", {"admin"}).secret;
  const HttpReply made = CallWith(
      admin, "POST", "/api/v1/keys",
      R"({"name":"shop","scopes":["gateway"],"budget":{"limit_usd":2.5,"window":"week"}})");
  ASSERT_EQ(made.status, 200) << made.body;
  const std::string id(json::parse(made.body).at("key").at("id").as_string());
  const auto budget = budgets_->Show("key-" + id, 1);
  ASSERT_TRUE(budget.ok()) << budget.status();
  EXPECT_EQ(budget->spec.limit, NanoUsd{2'500'000'000});
  EXPECT_EQ(budget->spec.match, id);
  EXPECT_TRUE(budget->spec.hard);
  EXPECT_EQ(CallWith(admin, "POST", "/api/v1/keys/" + id + "/rotate").status, 200);
  EXPECT_TRUE(budgets_->Show("key-" + id, 1).ok()) << "a rotated key has spent what it has spent";
  EXPECT_EQ(CallWith(admin, "DELETE", "/api/v1/keys/" + id).status, 200);
  EXPECT_EQ(budgets_->Show("key-" + id, 1).status().code(), absl::StatusCode::kNotFound);
}

TEST_P(KeysApiTest, EveryChangeIsInTheAuditLog) {
  const NewKey admin = Make("ops", {"admin"});
  const HttpReply made =
      CallWith(admin.secret, "POST", "/api/v1/keys", R"({"name":"ci","scopes":["read"]})");
  const std::string id(json::parse(made.body).at("key").at("id").as_string());
  CallWith(admin.secret, "POST", "/api/v1/keys/" + id + "/rotate");
  CallWith(admin.secret, "DELETE", "/api/v1/keys/" + id);
  const auto events = state_->History(engine(), kAuditKind, "", 100, std::chrono::seconds(10));
  ASSERT_TRUE(events.ok()) << events.status();
  std::vector<std::string> actions;
  for (const StateEvent& event : *events) {
    const json::value body = json::parse(event.body);
    if (body.at("key").as_string() != id) continue;
    actions.emplace_back(body.at("action").as_string());
    EXPECT_THAT(event.actor, HasSubstr(fmt::format("key {} (ops) from 127.0.0.1:", admin.key.id)));
    EXPECT_THAT(event.body, Not(HasSubstr("pk-pitot-")));
  }
  EXPECT_THAT(actions, testing::ElementsAre("key.revoke", "key.rotate", "key.create"));
}

constexpr std::string_view kSpan =
    R"({{"trace_id":"0af7651916cd43dd8448eb211c8031{}","span_id":"00000000000000a1",)"
    R"("start":{:.3f},"name":"{}","kind":"agent","duration_ms":5}})"
    "\n";

TEST_P(KeysApiTest, AKeySeesAndWritesItsProjectOnly) {
  const double start = static_cast<double>(wall_.Now()) / 1e9 - 60;
  Ingested(fmt::format(kSpan, "01", start, "of default"));
  const std::string admin = Make("ops", {"admin"}).secret;
  const std::string shop = Make("shop", {"read", "ingest", "sql"}, "shop").secret;

  const HttpReply sent =
      CallWith(shop, "POST", "/api/v1/spans", fmt::format(kSpan, "02", start, "of shop"));
  EXPECT_EQ(sent.status, 200) << sent.body;
  ASSERT_TRUE(ingest_->WaitWritten().ok());

  const std::string seen = CallWith(shop, "GET", "/api/v1/traces").body;
  EXPECT_THAT(seen, HasSubstr("of shop"));
  EXPECT_THAT(seen, Not(HasSubstr("of default")));
  EXPECT_EQ(CallWith(shop, "GET", "/api/v1/traces?project=shop").body.size(), seen.size());
  for (const char* path :
       {"/api/v1/traces?project=default", "/api/v1/cost?project=default",
        "/api/v1/cost/forecast?project=default", "/api/v1/cost/anomalies?project=default",
        "/api/v1/receipts?project=default"}) {
    const HttpReply refused = CallWith(shop, "GET", path);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_THAT(refused.body, HasSubstr("belongs to project shop"));
  }
  EXPECT_EQ(CallWith(shop, "POST", "/api/v1/spans?project=default", "{}").status, 403);
  EXPECT_EQ(CallWith(shop, "GET", "/api/v1/traces/0af7651916cd43dd8448eb211c803101").status, 404);
  EXPECT_THAT(CallWith(shop, "POST", "/api/v1/sql", "SELECT count() AS n FROM spans").body,
              HasSubstr("1"));

  EXPECT_THAT(CallWith(admin, "GET", "/api/v1/traces").body, HasSubstr("of default"));
  EXPECT_THAT(CallWith(admin, "GET", "/api/v1/traces?project=shop").body, HasSubstr("of shop"));

  const auto projects = [&](std::string_view secret) {
    std::set<std::string> names;
    const json::value receipts = json::parse(CallWith(secret, "GET", "/api/v1/receipts").body);
    for (const json::value& source : receipts.at("sources").as_array()) {
      names.emplace(source.at("project").as_string());
    }
    return names;
  };
  EXPECT_THAT(projects(shop), testing::ElementsAre("shop"));
  EXPECT_THAT(projects(admin), testing::ElementsAre("default", "shop"));
}

TEST_P(KeysApiTest, WhoeverMayReadSavesViewsOfItsOwn) {
  const std::string admin = Make("ops", {"admin"}).secret;
  const std::string ada = Make("ada", {"read"}, "shop").secret;
  const std::string bob = Make("bob", {"read"}, "shop").secret;
  const std::string other = Make("eve", {"read"}, "other").secret;
  const HttpReply made =
      CallWith(ada, "POST", "/api/v1/views",
               R"({"name":" Fails ","page":"/traces","search":{"q":"status = error","a":""}})");
  ASSERT_EQ(made.status, 200) << made.body;
  json::value view = json::parse(made.body);
  const std::string id(view.at("id").as_string());
  EXPECT_EQ(view.at("name").as_string(), "Fails");
  EXPECT_EQ(view.at("created_by").as_string(), "ada");
  EXPECT_TRUE(view.at("may_change").as_bool());

  // Seen by all of the project, changed by its maker and by admins.
  const auto views = [&](const std::string& secret, std::string_view query = "") {
    return json::parse(CallWith(secret, "GET", fmt::format("/api/v1/views{}", query)).body)
        .at("views");
  };
  EXPECT_EQ(views(ada).at(0), view);
  view.at("may_change") = false;
  EXPECT_EQ(views(bob).at(0), view);
  EXPECT_EQ(views(other), json::parse("[]"));
  EXPECT_EQ(views(admin), json::parse("[]")) << "of the project default";
  const std::string change =
      fmt::format(R"({{"id":"{}","name":"Slow","page":"/latency","search":{{}}}})", id);
  const HttpReply refused = CallWith(bob, "POST", "/api/v1/views", change);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(refused.body, HasSubstr("made by ada"));
  EXPECT_EQ(CallWith(bob, "DELETE", "/api/v1/views/" + id).status, 403);
  EXPECT_EQ(CallWith(other, "DELETE", "/api/v1/views/" + id).status, 404);
  EXPECT_EQ(CallWith(admin, "POST", "/api/v1/views?project=shop", change).status, 200);
  const json::value changed = views(ada).at(0);
  EXPECT_EQ(changed.at("name").as_string(), "Slow");
  EXPECT_EQ(changed.at("created_by").as_string(), "ada") << "still hers";
  EXPECT_EQ(changed.at("created_at"), view.at("created_at"));
  EXPECT_GT(changed.at("changed_at").as_string(), view.at("changed_at").as_string());
  EXPECT_EQ(CallWith(ada, "DELETE", "/api/v1/views/" + id).body,
            fmt::format(R"({{"deleted":"{}"}})", id));
  EXPECT_EQ(CallWith(ada, "DELETE", "/api/v1/views/" + id).status, 404);
  EXPECT_EQ(views(bob), json::parse("[]"));
}

TEST_P(KeysApiTest, SettingsTellReadersLessThanOperators) {
  const std::string admin = Make("ops", {"admin"}).secret;
  const std::string reader = Make("dash", {"read"}, "shop").secret;
  const json::value all = json::parse(CallWith(admin, "GET", "/api/v1/settings").body);
  const json::value some = json::parse(CallWith(reader, "GET", "/api/v1/settings").body);
  EXPECT_EQ(all.at("project").as_string(), "default");
  EXPECT_EQ(all.at("listen").at("http").as_string(), "127.0.0.1:4318");
  EXPECT_TRUE(all.at("auth").at("keys_required").as_bool());
  EXPECT_TRUE(all.at("store").at("ready").as_bool());
  EXPECT_EQ(all.at("settings").at(0).at("path").as_string(), "data_dir");
  EXPECT_EQ(all.at("limits").as_array().size(), std::size(kLimitRows));
  EXPECT_EQ(some.at("project").as_string(), "shop");
  EXPECT_TRUE(some.at("listen").is_null());
  EXPECT_TRUE(some.at("config").is_null());
  EXPECT_EQ(some.at("settings"), json::parse("[]"));
  EXPECT_EQ(some.at("limits"), all.at("limits"));
}

// "pitot_session=...", of a Set-Cookie header.
std::string CookieOf(const HttpReply& reply) {
  const std::string_view set = reply.headers.Get("set-cookie");
  return std::string(set.substr(0, set.find(';')));
}

TEST_P(KeysApiTest, ABrowserLogsInAndOut) {
  const NewKey admin = Make("ops", {"admin"});
  const HttpReply page = Call("GET", "/traces?q=x");
  EXPECT_EQ(page.status, 401);
  EXPECT_THAT(page.body, HasSubstr("<form method=\"post\" action=\"/api/v1/login\">"));

  const HttpHeaders form{{"Content-Type", "application/x-www-form-urlencoded"},
                         {"X-Forwarded-Proto", "https"}};
  const HttpReply wrong = Call("POST", "/api/v1/login", form, "key=pk-pitot-x&next=%2Ftraces");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_THAT(wrong.body, HasSubstr("no valid key"));
  EXPECT_THAT(wrong.body, HasSubstr("value=\"/traces\""));
  EXPECT_FALSE(wrong.headers.Has("set-cookie"));

  const HttpReply login = Call("POST", "/api/v1/login", form,
                               fmt::format("key=+{}+&next=%2Ftraces%3Fq%3Dx", admin.secret));
  EXPECT_EQ(login.status, 303) << login.body;
  EXPECT_EQ(login.headers.Get("location"), "/traces?q=x");
  const std::string set(login.headers.Get("set-cookie"));
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/", "Secure", "Max-Age=604800"}) {
    EXPECT_THAT(set, HasSubstr(part));
  }
  const std::string cookie = CookieOf(login);
  EXPECT_THAT(cookie, Not(HasSubstr("pk-pitot")));
  EXPECT_THAT(Call("GET", "/traces?q=x", {{"Cookie", cookie}}).body, Not(HasSubstr("<form")));
  EXPECT_EQ(Call("GET", "/api/v1/traces", {{"Cookie", cookie}}).status, 200);

  const json::value session =
      json::parse(Call("GET", "/api/v1/session", {{"Cookie", cookie}}).body);
  EXPECT_EQ(session.at("key").at("id").as_string(), admin.key.id);
  const std::string token(session.at("csrf_token").as_string());

  const std::string_view body = R"({"name":"ci","scopes":["read"]})";
  EXPECT_EQ(Call("POST", "/api/v1/keys", {{"Cookie", cookie}}, body).status, 403);
  EXPECT_EQ(Call("POST", "/api/v1/keys", {{"Cookie", cookie}, {"x-pitot-csrf", "x"}}, body).status,
            403);
  EXPECT_EQ(
      Call("POST", "/api/v1/keys", {{"Cookie", cookie}, {"x-pitot-csrf", token}}, body).status,
      200);

  EXPECT_EQ(Call("POST", "/api/v1/logout", {{"Cookie", cookie}}).status, 403);
  const HttpReply logout =
      Call("POST", "/api/v1/logout", {{"Cookie", cookie}, {"x-pitot-csrf", token}});
  EXPECT_EQ(logout.status, 200);
  EXPECT_THAT(std::string(logout.headers.Get("set-cookie")), HasSubstr("Max-Age=0"));
  EXPECT_EQ(Call("GET", "/api/v1/traces", {{"Cookie", cookie}}).status, 401);
  EXPECT_THAT(Call("GET", "/", {{"Cookie", cookie}}).body, HasSubstr("<form"));
}

TEST_P(KeysApiTest, WhoMayNotLogIn) {
  Make("ops", {"admin"});
  const std::string sender = Make("ci", {"ingest"}).secret;
  const std::string reader = Make("dash", {"read"}).secret;
  const auto login = [&](std::string_view secret, HttpHeaders headers) {
    headers.Add("Content-Type", "application/json");
    return Call("POST", "/api/v1/login", headers, fmt::format(R"({{"key":"{}"}})", secret));
  };
  EXPECT_EQ(login(reader, {}).status, 200);
  EXPECT_EQ(login(reader, {{"Sec-Fetch-Site", "same-origin"}}).status, 200);
  EXPECT_EQ(login(reader, {{"Origin", fmt::format("http://127.0.0.1:{}", server_->port())}}).status,
            200);
  const HttpReply no_reader = login(sender, {});
  EXPECT_EQ(no_reader.status, 403);
  EXPECT_THAT(no_reader.body, HasSubstr("may not read"));
  // A page of another site could log the browser in as somebody it watches.
  EXPECT_EQ(login(reader, {{"Sec-Fetch-Site", "cross-site"}}).status, 403);
  EXPECT_EQ(login(reader, {{"Sec-Fetch-Site", "same-site"}}).status, 403);
  EXPECT_EQ(login(reader, {{"Origin", "http://evil.example"}}).status, 403);
  EXPECT_EQ(login(reader, {{"Origin", "null"}}).status, 403);
  EXPECT_EQ(login("", {}).status, 401);
}

TEST_P(KeysApiTest, FilesOfThePagesNeedNoKey) {
  Make("ops", {"admin"});
  const HttpReply file = Call("GET", "/assets/none.js");
  EXPECT_EQ(file.status, 404);
  EXPECT_EQ(Call("GET", "/healthz").status, 200);
  EXPECT_EQ(Call("GET", "/metrics").status, 401);
}

}  // namespace
}  // namespace pitot
