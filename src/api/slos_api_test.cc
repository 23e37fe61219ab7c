// Objectives over real HTTP, of spans that came through the real ingest; who sees which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "alert/rules/system_figures.h"
#include "alert/service.h"
#include "api/api.h"
#include "api/ingested_test_util.h"
#include "base/text.h"
#include "gateway/keys/authorizer.h"
#include "http/client.h"
#include "store/state.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class SlosApiTest : public IngestedTestBase {
 protected:
  void SetUp() override {
    IngestedTestBase::SetUp();
    now_.Set(wall_.Now() / kNanosPerMinute * kNanosPerMinute);
    state_ = *StateLog::Open(folder_ / "state", now_);
    keys_ = *KeyRing::Open({}, *state_, now_);
    authorizer_ = std::make_unique<Authorizer>(Authorizer::Options{}, *keys_);
    AlertOptions options;
    SloSpec runs{.name = "runs", .filter = "kind = agent", .good = "status != error"};
    SloSpec shop{.name = "shop-calls", .project = "shop"};
    options.slos = {runs, shop};
    for (const SloSpec& spec : options.slos) ASSERT_TRUE(spec.Validate().ok()) << spec.Validate();
    auto alerts = AlertService::Open(std::move(options), {.engine = engine(),
                                                          .limits = limits_,
                                                          .state = state_.get(),
                                                          .clock = now_,
                                                          .figures = figures_,
                                                          .version = "test",
                                                          .send_inline = true});
    ASSERT_TRUE(alerts.ok()) << alerts.status();
    alerts_ = *std::move(alerts);
    api_ = std::make_unique<Api>(ApiDeps{.store = *store_,
                                         .ingest = *ingest_,
                                         .limits = limits_,
                                         .clock = now_,
                                         .state = state_.get(),
                                         .keys = keys_.get(),
                                         .authorizer = authorizer_.get(),
                                         .alerts = alerts_.get()});
    HttpService service;
    service.handle = [this](HttpRequest request, Responder responder) {
      api_->Handle(std::move(request), std::move(responder));
    };
    server_ = *HttpServer::Open({}, std::move(service));
    server_->Start();
  }
  void TearDown() override {
    if (server_ != nullptr) {
      api_->EndStreams();
      server_->Stop(std::chrono::seconds(1));
    }
    server_.reset();
    api_.reset();
    alerts_.reset();
    IngestedTestBase::TearDown();
  }

  HttpReply Get(std::string path) {
    HttpCall call;
    call.method = "GET";
    call.url = fmt::format("http://127.0.0.1:{}{}", server_->port(), path);
    if (!secret_.empty()) call.headers.Set("x-pitot-key", secret_);
    auto reply = client_.Call(call);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *std::move(reply) : HttpReply();
  }
  json::value Json(const std::string& path) {
    const HttpReply reply = Get(path);
    EXPECT_EQ(reply.status, 200) << path << ": " << reply.body;
    return json::parse(reply.body);
  }

  // Runs that ended in the minute before `until`.
  void Runs(int count, bool failed, UnixNanos until) {
    std::string body;
    for (int i = 0; i < count; ++i) {
      ++last_;
      const UnixNanos end = until - (i + 1) * kNanosPerSecond;
      body +=
          fmt::format(R"({{"trace_id":"{:032x}","span_id":"{:016x}","name":"run","kind":"agent",)"
                      R"("start":"{}","end":"{}","status":"{}"}})"
                      "\n",
                      last_, last_, FormatTimeNanos(end - kNanosPerSecond), FormatTimeNanos(end),
                      failed ? "error" : "ok");
    }
    Ingested(body);
  }

  // "runs default burning 30/90, ..."
  std::string Listed(const std::string& path) {
    std::string out;
    const json::value answer = Json(path);
    for (const json::value& slo : answer.at("slos").as_array()) {
      out += fmt::format("{}{} {} {} {}/{}", out.empty() ? "" : ", ",
                         std::string_view(slo.at("name").as_string()),
                         std::string_view(slo.at("project").as_string()),
                         std::string_view(slo.at("state").as_string()),
                         slo.at("bad").to_number<int64_t>(), slo.at("valid").to_number<int64_t>());
    }
    return out;
  }

  FakeClock now_{0};
  StaticFigures figures_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<KeyRing> keys_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<AlertService> alerts_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
  std::string secret_;
  int last_ = 0;
};

TEST_P(SlosApiTest, ThereBeforeAnythingWasCounted) {
  EXPECT_EQ(Listed("/api/v1/slos"), "runs default no_data 0/0, shop-calls shop no_data 0/0");
  const json::value one = Json("/api/v1/slos/runs");
  EXPECT_TRUE(one.at("slo").at("as_of").is_null());
  EXPECT_TRUE(one.at("slo").at("budget_left").is_null());
  EXPECT_EQ(one.at("history").as_array().size(), 0U);
  const HttpReply none = Get("/api/v1/slos/run");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, HasSubstr("did you mean \\\"runs\\\""));
  EXPECT_EQ(Get("/api/v1/slos/runs?points=0").status, 400);
}

TEST_P(SlosApiTest, AnOutageFromSpanToAlert) {
  const UnixNanos now = now_.Now();
  Runs(50, false, now - 2 * kNanosPerMinute);
  Runs(50, true, now);
  alerts_->Tick(now);
  EXPECT_EQ(Listed("/api/v1/slos"), "runs default burning 50/100, shop-calls shop no_data 0/0");

  const json::value answer = Json("/api/v1/slos/runs?points=10");
  const json::value& slo = answer.at("slo");
  EXPECT_EQ(slo.at("objective").at("good").as_string(), "status != error");
  EXPECT_EQ(slo.at("runbook").as_string(), "errors");
  EXPECT_DOUBLE_EQ(slo.at("sli").to_number<double>(), 0.5);
  EXPECT_NEAR(slo.at("burn").to_number<double>(), 50, 1e-9);
  EXPECT_NEAR(slo.at("budget_left").to_number<double>(), -49, 1e-9);
  EXPECT_EQ(slo.at("time_to_exhaust_s").to_number<double>(), 0);
  EXPECT_EQ(slo.at("burns").as_array().size(), 8U);
  const json::value& rule = slo.at("rules").at(0);
  EXPECT_EQ(rule.at("name").as_string(), "fast_page");
  EXPECT_EQ(rule.at("verdict").as_string(), "breach");
  ASSERT_EQ(answer.at("history").as_array().size(), 10U);
  EXPECT_EQ(answer.at("history").at(9).at("bad").to_number<int64_t>(), 50);

  bool paged = false;
  for (const Alert& alert : alerts_->Alerts()) {
    if (alert.AlertName() != "SLOBurnRate" || alert.Label("tier") != "page") continue;
    paged = true;
    EXPECT_EQ(alert.state, AlertState::kFiring);
    EXPECT_EQ(alert.Label("slo"), "runs");
    EXPECT_EQ(alert.Label("severity"), "page");
    EXPECT_EQ(alert.Label("project"), "default");
    EXPECT_EQ(alert.runbook, "errors");
    EXPECT_EQ(alert.exemplar_trace_ids.size(), kExemplarsMax);
    EXPECT_THAT(alert.annotations.at("summary"), HasSubstr("runs: 50 of 100 bad over 5m"));
  }
  EXPECT_TRUE(paged) << "no alert SLOBurnRate with tier page";
}

TEST_P(SlosApiTest, AProjectSeesItsOwn) {
  Runs(3, false, now_.Now());
  alerts_->Tick(now_.Now());
  ApiKey admin{.name = "admin", .scopes = *ParseScopes({"admin"})};  // The first key has to be one.
  ASSERT_TRUE(keys_->Create(std::move(admin), "tester").ok());
  ApiKey reader{.name = "reader", .project = "shop", .scopes = *ParseScopes({"read"})};
  const auto made = keys_->Create(std::move(reader), "tester");
  ASSERT_TRUE(made.ok()) << made.status();
  secret_ = made->secret;
  EXPECT_EQ(Listed("/api/v1/slos"), "runs shop no_data 0/0, shop-calls shop no_data 0/0");
  EXPECT_EQ(Get("/api/v1/slos/runs?project=default").status, 403);
}

PITOT_FOR_EACH_STORE(SlosApiTest);

}  // namespace
}  // namespace pitot
