// Budgets over real HTTP: made, shown, switched and removed; what the file defines is not changed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <future>

#include "api/api.h"
#include "api/ingested_test_util.h"
#include "gateway/budget/budgets.h"
#include "http/client.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class BudgetsApiTest : public IngestedTestBase {
 protected:
  void SetUp() override {
    IngestedTestBase::SetUp();
    state_ = *StateLog::Open(folder_ / "state", wall_);
    BudgetOptions options;
    options.folder = folder_ / "gateway";
    options.config_name = "pitot.yaml";
    options.specs.push_back(*BudgetFromFields(std::vector<std::pair<std::string, std::string>>{
        {"id", "filed"}, {"scope", "global"}, {"window", "day"}, {"limit_usd", "10"}}));
    budgets_ = *Budgets::Open(std::move(options), *state_, wall_);
    Serve(budgets_.get());
  }
  void TearDown() override {
    Stop();
    budgets_.reset();
    IngestedTestBase::TearDown();
  }

  void Serve(Budgets* budgets) {
    api_ = std::make_unique<Api>(ApiDeps{.store = *store_,
                                         .ingest = *ingest_,
                                         .limits = limits_,
                                         .clock = wall_,
                                         .state = state_.get(),
                                         .budgets = budgets});
    HttpService service;
    service.handle = [this](HttpRequest request, Responder responder) {
      api_->Handle(std::move(request), std::move(responder));
    };
    server_ = *HttpServer::Open({}, std::move(service));
    server_->Start();
  }
  void Stop() {
    api_->EndStreams();
    server_->Stop(std::chrono::seconds(1));
    server_.reset();
    api_.reset();
  }

  HttpReply Call(std::string method, std::string path, std::string body = "") {
    HttpCall call;
    call.method = std::move(method);
    call.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    call.body = body;
    if (!body.empty()) call.headers.Set("Content-Type", "application/json");
    auto reply = client_.Call(call);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *std::move(reply) : HttpReply();
  }

  BudgetDecision Reserve(const CallScope& scope, int64_t nano) {
    std::promise<BudgetDecision> promise;
    CallBound bound;
    bound.worst = NanoUsd{nano};
    budgets_->Reserve(scope, bound,
                      [&](BudgetDecision made) { promise.set_value(std::move(made)); });
    return promise.get_future().get();
  }

  Limits limits_;
  SystemClock wall_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Budgets> budgets_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
};

PITOT_FOR_EACH_STORE(BudgetsApiTest);

TEST_P(BudgetsApiTest, MadeShownSwitchedRemoved) {
  const HttpReply made = Call("PUT", "/api/v1/budgets/per-user",
                              R"({"scope":"user","window":"day","limit_usd":2.5,"hard":true})");
  ASSERT_EQ(made.status, 200) << made.body;
  CallScope alice;
  alice.user = "alice";
  BudgetDecision decision = Reserve(alice, 1'000'000'000);
  ASSERT_TRUE(decision.allowed);
  budgets_->Settle(std::move(decision.reservation), NanoUsd{250'000'001});

  json::value shown = json::parse(Call("GET", "/api/v1/budgets/per-user?counter=alice").body);
  EXPECT_EQ(shown.at("limit_usd").as_double(), 2.5);
  EXPECT_EQ(shown.at("source").as_string(), "api");
  EXPECT_EQ(shown.at("counters").at(0).at("value").as_string(), "alice");
  EXPECT_EQ(shown.at("counters").at(0).at("spent_usd").as_double(), 0.250000001);
  EXPECT_EQ(shown.at("counters").at(0).at("calls").as_int64(), 1);

  EXPECT_EQ(Call("POST", "/api/v1/budgets/per-user/disable",
                 R"({"counter":"alice","reason":"runs wild"})")
                .status,
            200);
  decision = Reserve(alice, 1);
  ASSERT_FALSE(decision.allowed);
  EXPECT_THAT(decision.refusal->message, HasSubstr("runs wild"));
  EXPECT_EQ(Call("POST", "/api/v1/budgets/per-user/enable", R"({"counter":"alice","extra_usd":1})")
                .status,
            200);
  shown = json::parse(Call("GET", "/api/v1/budgets/per-user?counter=alice").body);
  EXPECT_EQ(shown.at("counters").at(0).at("limit_usd").as_double(), 3.5);
  EXPECT_FALSE(shown.at("counters").at(0).at("disabled").as_bool());

  const json::value list = json::parse(Call("GET", "/api/v1/budgets").body);
  ASSERT_EQ(list.at("budgets").as_array().size(), 2);
  EXPECT_EQ(list.at("budgets").at(0).at("id").as_string(), "filed");
  EXPECT_TRUE(list.at("ledger").at("journal_error").is_null());
  EXPECT_EQ(Call("DELETE", "/api/v1/budgets/per-user").status, 200);
  EXPECT_EQ(Call("DELETE", "/api/v1/budgets/per-user").status, 404);
  EXPECT_TRUE(Reserve(alice, 100'000'000'000).allowed);
}

TEST_P(BudgetsApiTest, RefusesWithTheReason) {
  const auto refused = [&](int status, std::string_view message, std::string method,
                           std::string path, std::string body = "") {
    const HttpReply reply = Call(std::move(method), path, std::move(body));
    EXPECT_EQ(reply.status, status) << path << ' ' << reply.body;
    EXPECT_THAT(reply.body, HasSubstr(std::string(message))) << path;
  };
  const std::string good = R"({"scope":"user","window":"day","limit_usd":1})";
  refused(409, "is defined in pitot.yaml", "PUT", "/api/v1/budgets/filed", good);
  refused(409, "is defined in pitot.yaml", "DELETE", "/api/v1/budgets/filed");
  refused(404, "no budget has the id", "GET", "/api/v1/budgets/none");
  refused(404, "no budget has the id", "POST", "/api/v1/budgets/none/enable");
  refused(400, "did you mean", "PUT", "/api/v1/budgets/a", R"({"scop":"user"})");
  refused(400, "budget id", "PUT", "/api/v1/budgets", good);
  refused(400, "name no counter", "POST", "/api/v1/budgets/filed/enable", R"({"counter":"x"})");
  refused(400, "is not expected", "POST", "/api/v1/budgets/filed/disable", R"({"extra_usd":1})");
}

TEST_P(BudgetsApiTest, WithoutAGateway) {
  Stop();
  Serve(nullptr);
  const HttpReply reply = Call("GET", "/api/v1/budgets");
  EXPECT_EQ(reply.status, 404);
  EXPECT_THAT(reply.body, HasSubstr("runs no gateway"));
}

}  // namespace
}  // namespace pitot
