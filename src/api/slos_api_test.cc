// Objectives over real HTTP, of spans that came through the real ingest; who sees which.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/alerting_test_util.h"

namespace pitot {
namespace {

namespace json = boost::json;
using testing::HasSubstr;

class SlosApiTest : public AlertingTestBase {
 protected:
  void SetUp() override {
    AlertingTestBase::SetUp();
    now_.Set(wall_.Now() / kNanosPerMinute * kNanosPerMinute);
    AlertOptions options;
    SloSpec runs{.name = "runs", .filter = "kind = agent", .good = "status != error"};
    SloSpec shop{.name = "shop-calls", .project = "shop"};
    options.slos = {runs, shop};
    for (const SloSpec& spec : options.slos) ASSERT_TRUE(spec.Validate().ok()) << spec.Validate();
    Serve(std::move(options));
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
    const json::value answer = Get(path);
    for (const json::value& slo : answer.at("slos").as_array()) {
      out += fmt::format("{}{} {} {} {}/{}", out.empty() ? "" : ", ",
                         std::string_view(slo.at("name").as_string()),
                         std::string_view(slo.at("project").as_string()),
                         std::string_view(slo.at("state").as_string()),
                         slo.at("bad").to_number<int64_t>(), slo.at("valid").to_number<int64_t>());
    }
    return out;
  }

  int last_ = 0;
};

TEST_P(SlosApiTest, ThereBeforeAnythingWasCounted) {
  EXPECT_EQ(Listed("/api/v1/slos"), "runs default no_data 0/0, shop-calls shop no_data 0/0");
  const json::value one = Get("/api/v1/slos/runs");
  EXPECT_TRUE(one.at("slo").at("as_of").is_null());
  EXPECT_TRUE(one.at("slo").at("budget_left").is_null());
  EXPECT_EQ(one.at("history").as_array().size(), 0U);
  const HttpReply none = Call("GET", "/api/v1/slos/run");
  EXPECT_EQ(none.status, 404);
  EXPECT_THAT(none.body, HasSubstr("did you mean \\\"runs\\\""));
  EXPECT_EQ(Call("GET", "/api/v1/slos/runs?points=0").status, 400);
}

TEST_P(SlosApiTest, AnOutageFromSpanToAlert) {
  const UnixNanos now = now_.Now();
  Runs(50, false, now - 2 * kNanosPerMinute);
  Runs(50, true, now);
  alerts_->Tick(now);
  EXPECT_EQ(Listed("/api/v1/slos"), "runs default burning 50/100, shop-calls shop no_data 0/0");

  const json::value answer = Get("/api/v1/slos/runs?points=10");
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
  EXPECT_EQ(Call("GET", "/api/v1/slos/runs?project=default").status, 403);
}

PITOT_FOR_EACH_STORE(SlosApiTest);

}  // namespace
}  // namespace pitot
