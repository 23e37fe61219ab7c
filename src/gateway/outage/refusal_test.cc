#include "gateway/outage/refusal.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>

namespace pitot {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;

Refusal BudgetRefused() {
  return {.reason = RefusalReason::kBudgetExceeded,
          .message = "Budget \"daily\" is used up.",
          .details = {{"budget", "\"daily\""}, {"limit_usd", "50"}},
          .retry_after = milliseconds(61'500),
          .request_id = "t1"};
}

TEST(Refuse, EnvelopeOfEachDialect) {
  const Refusal refusal = BudgetRefused();
  EXPECT_EQ(
      Refuse(Dialect::kAnthropic, refusal).body,
      R"({"type":"error","error":{"type":"billing_error",)"
      R"("message":"Budget \"daily\" is used up.","details":{"error_code":"budget_exceeded"},)"
      R"("pitot":{"code":"budget_exceeded","budget":"daily","limit_usd":50}},)"
      R"("request_id":"t1"})");
  EXPECT_EQ(Refuse(Dialect::kOpenAi, refusal).body,
            R"({"error":{"message":"Budget \"daily\" is used up.","type":"insufficient_quota",)"
            R"("param":null,"code":"budget_exceeded",)"
            R"("pitot":{"code":"budget_exceeded","budget":"daily","limit_usd":50}}})");
  EXPECT_EQ(Refuse(Dialect::kGemini, refusal).body,
            R"({"error":{"code":402,"message":"Budget \"daily\" is used up.",)"
            R"("status":"RESOURCE_EXHAUSTED","details":[{)"
            R"("@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"budget_exceeded",)"
            R"("domain":"pitot"}],)"
            R"("pitot":{"code":"budget_exceeded","budget":"daily","limit_usd":50}}})");
}

TEST(Refuse, HeadersSayWhetherToRetry) {
  struct Case {
    const char* why;
    Refusal refusal;
    std::string_view should_retry;
    std::string_view retry_after;
    std::string_view retry_after_ms;
  };
  const Case kCases[] = {
      {"final", {.reason = RefusalReason::kLoopDetected}, "false", "", ""},
      {"final, with the time it resets", BudgetRefused(), "false", "62", "61500"},
      {"passing: the client decides", {.reason = RefusalReason::kUpstreamReset}, "", "", ""},
      {"passing, and our retries are used up",
       {.reason = RefusalReason::kUpstreamReset, .should_retry = false},
       "false",
       "",
       ""},
      {"passing, with a time",
       {.reason = RefusalReason::kBreakerOpen, .retry_after = milliseconds(2'000)},
       "",
       "2",
       "2000"},
      {"a time in the past",
       {.reason = RefusalReason::kBreakerOpen, .retry_after = milliseconds(-5)},
       "",
       "0",
       "0"},
  };
  for (const Case& c : kCases) {
    const HttpResponse response = Refuse(Dialect::kAnthropic, c.refusal);
    EXPECT_EQ(response.headers.Get("x-should-retry"), c.should_retry) << c.why;
    EXPECT_EQ(response.headers.Get("retry-after"), c.retry_after) << c.why;
    EXPECT_EQ(response.headers.Get("retry-after-ms"), c.retry_after_ms) << c.why;
    EXPECT_EQ(response.headers.Get("content-type"), "application/json") << c.why;
  }
}

TEST(Refuse, RequestIdUnderTheDialectsName) {
  Refusal refusal = BudgetRefused();
  refusal.headers = {{"x-pitot-trace-id", "t1"}};
  EXPECT_EQ(Refuse(Dialect::kAnthropic, refusal).headers.Get("request-id"), "t1");
  EXPECT_EQ(Refuse(Dialect::kOpenAi, refusal).headers.Get("x-request-id"), "t1");
  EXPECT_EQ(Refuse(Dialect::kOpenAi, refusal).headers.Get("x-pitot-trace-id"), "t1");
  refusal.request_id.clear();
  EXPECT_FALSE(Refuse(Dialect::kAnthropic, refusal).headers.Has("request-id"));
  EXPECT_EQ(Refuse(Dialect::kAnthropic, refusal).body.find("request_id"), std::string::npos);
}

// Every reason, in every dialect, is JSON with the message where that SDK reads it.
TEST(Refuse, EveryReasonInEveryDialect) {
  std::set<std::string_view> codes;
  const std::string nasty = "a \"b\" \\ \n\t\x01 \xFF \xF0\x9F\x98\x80 </script>";
  for (size_t r = 0; r < static_cast<size_t>(RefusalReason::kEnd); ++r) {
    const RefusalRow& row = RowOf(static_cast<RefusalReason>(r));
    EXPECT_TRUE(codes.insert(row.code).second) << row.code << " stands for two reasons";
    EXPECT_GE(row.status, 400) << row.code;
    // A retried status without x-should-retry would come back at once.
    EXPECT_TRUE(row.final || row.status == 429 || row.status >= 500) << row.code;
    for (size_t d = 0; d < static_cast<size_t>(Dialect::kEnd); ++d) {
      const auto dialect = static_cast<Dialect>(d);
      const HttpResponse response =
          Refuse(dialect, {.reason = row.reason, .message = nasty, .details = {{"n", "[1,null]"}}});
      boost::system::error_code error;
      const json::value body = json::parse(response.body, error);
      ASSERT_FALSE(error) << row.code << ": " << response.body;
      EXPECT_EQ(response.status, row.status);
      const json::object& inner = body.at("error").as_object();
      EXPECT_NE(std::string_view(inner.at("message").as_string()).find("</script>"),
                std::string_view::npos);
      EXPECT_EQ(inner.at("pitot").at("code").as_string(), row.code);
      EXPECT_EQ(inner.at("pitot").at("n").as_array().size(), 2u);
      if (dialect == Dialect::kGemini) {
        EXPECT_EQ(inner.at("code").as_int64(), row.status);
      }
    }
  }
}

TEST(RefuseInStream, IsOneEventWhichTheSdkRaises) {
  const Refusal refusal = BudgetRefused();
  struct Case {
    WireApi api;
    std::string_view starts, ends;
  };
  const Case kCases[] = {
      {WireApi::kAnthropicMessages, "event: error\ndata: {\"type\":\"error\",\"error\":{", "}\n\n"},
      {WireApi::kOpenAiChat, "data: {\"error\":{\"message\":", "}\n\n"},
      {WireApi::kOpenAiCompletions, "data: {\"error\":{\"message\":", "}\n\n"},
      {WireApi::kOpenAiResponses,
       "event: error\ndata: {\"type\":\"error\",\"code\":\"budget_exceeded\",\"message\":",
       "}\n\n"},
      {WireApi::kGeminiGenerate, "data: {\"error\":{\"code\":402,", "}\r\n\r\n"},
      {WireApi::kOther, "data: {\"error\":{\"message\":", "}\n\n"},
  };
  for (const Case& c : kCases) {
    const std::string event = RefuseInStream(c.api, true, refusal);
    EXPECT_TRUE(event.starts_with(c.starts)) << Name(c.api) << ": " << event;
    EXPECT_TRUE(event.ends_with(c.ends)) << Name(c.api) << ": " << event;
    const std::string data = event.substr(event.find("data: ") + 6);
    boost::system::error_code error;
    const json::value body = json::parse(data, error);
    ASSERT_FALSE(error) << event;
    EXPECT_EQ(body.at("error").at("pitot").at("budget").as_string(), "daily") << Name(c.api);
  }
  EXPECT_EQ(RefuseInStream(WireApi::kGeminiGenerate, false, refusal), "")
      << "a JSON array has no place for an error";
}

TEST(DialectOf, ApisAndOthers) {
  EXPECT_EQ(DialectOf(WireApi::kAnthropicMessages, Dialect::kOpenAi), Dialect::kAnthropic);
  EXPECT_EQ(DialectOf(WireApi::kGeminiEmbed, Dialect::kOpenAi), Dialect::kGemini);
  EXPECT_EQ(DialectOf(WireApi::kOpenAiEmbeddings, Dialect::kGemini), Dialect::kOpenAi);
  EXPECT_EQ(DialectOf(WireApi::kOther, Dialect::kGemini), Dialect::kGemini);
}

}  // namespace
}  // namespace pitot
