// What an answer means: the table of http_transport.h.
#include <gtest/gtest.h>

#include "sdk/export/http_transport.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT

HttpOutcome Answer(int status, HeaderList headers = {}, std::string body = "") {
  return {.status = status, .headers = std::move(headers), .body = std::move(body)};
}
HttpOutcome Failure(HttpOutcome::Error error, int status = 0) {
  return {.error = error, .message = "why", .status = status};
}

TEST(Judge, Statuses) {
  const struct {
    int status;
    Verdict::Kind kind;
  } rows[] = {
      {200, Verdict::Kind::kSent},    {202, Verdict::Kind::kSent},
      {204, Verdict::Kind::kSent},    {301, Verdict::Kind::kRefused},
      {400, Verdict::Kind::kRefused}, {401, Verdict::Kind::kRefused},
      {403, Verdict::Kind::kRefused}, {404, Verdict::Kind::kRefused},
      {408, Verdict::Kind::kRefused}, {413, Verdict::Kind::kTooLarge},
      {415, Verdict::Kind::kRefused}, {429, Verdict::Kind::kRetry},
      {500, Verdict::Kind::kRefused}, {501, Verdict::Kind::kRefused},
      {502, Verdict::Kind::kRetry},   {503, Verdict::Kind::kRetry},
      {504, Verdict::Kind::kRetry},
  };
  for (const AnswerFormat format : {AnswerFormat::kOtlp, AnswerFormat::kAny}) {
    for (const auto& row : rows) {
      const Verdict verdict = Judge(Answer(row.status), format, kNow);
      EXPECT_EQ(verdict.kind, row.kind) << row.status;
      EXPECT_EQ(verdict.error.empty(), row.kind == Verdict::Kind::kSent) << row.status;
      EXPECT_EQ(verdict.reason, DropReason::kRefused);
    }
  }
}

TEST(Judge, Failures) {
  using Error = HttpOutcome::Error;
  for (const Error error : {Error::kResolve, Error::kConnect, Error::kTls, Error::kTimeout,
                            Error::kClosed, Error::kProtocol, Error::kAborted}) {
    const Verdict verdict = Judge(Failure(error), AnswerFormat::kOtlp, kNow);
    EXPECT_EQ(verdict.kind, Verdict::Kind::kRetry) << static_cast<int>(error);
    EXPECT_EQ(verdict.error, "why");
  }
  EXPECT_EQ(Judge(Failure(Error::kClosed, 200), AnswerFormat::kOtlp, kNow).kind,
            Verdict::Kind::kRetry)
      << "half an answer says nothing";
  EXPECT_EQ(Judge(Failure(Error::kUrl), AnswerFormat::kOtlp, kNow).kind, Verdict::Kind::kRefused);
  EXPECT_EQ(Judge(Failure(Error::kTooLarge, 200), AnswerFormat::kAny, kNow).kind,
            Verdict::Kind::kSent);
  EXPECT_EQ(Judge(Failure(Error::kTooLarge, 400), AnswerFormat::kAny, kNow).kind,
            Verdict::Kind::kRefused);
}

TEST(Judge, RetryAfter) {
  const auto after = [](const char* value) {
    return Judge(Answer(503, {{"retry-after", value}}), AnswerFormat::kOtlp, kNow).retry_after;
  };
  EXPECT_EQ(after("7"), milliseconds(7'000));
  EXPECT_EQ(after("Sun, 06 Nov 1994 08:49:47 GMT"), milliseconds(10'000));
  EXPECT_EQ(after("soon"), std::nullopt);
  EXPECT_EQ(Judge(Answer(429), AnswerFormat::kOtlp, kNow).retry_after, std::nullopt);
}

TEST(Judge, PartialSuccess) {
  const std::string protobuf("\x0a\x07\x08\x02\x12\x03why", 9);
  const HeaderList as_protobuf = {{"content-type", "application/x-protobuf"}};
  const HeaderList as_json = {{"content-type", "application/json; charset=utf-8"}};
  for (const HttpOutcome& outcome :
       {Answer(200, as_protobuf, protobuf),
        Answer(200, as_json, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}})"),
        Answer(200, as_json, R"({"partialSuccess":{"rejectedSpans":2,"errorMessage":"why"}})")}) {
    const Verdict verdict = Judge(outcome, AnswerFormat::kOtlp, kNow);
    EXPECT_EQ(verdict.kind, Verdict::Kind::kSent);
    EXPECT_EQ(verdict.rejected, 2u);
    EXPECT_EQ(verdict.error, "2 spans rejected: why");
  }
  EXPECT_EQ(Judge(Answer(200, as_json, "{}"), AnswerFormat::kOtlp, kNow).error, "");
}

TEST(Judge, Garbage) {
  const HeaderList as_protobuf = {{"content-type", "application/x-protobuf"}};
  Verdict verdict = Judge(Answer(200, as_protobuf, "\x01\x02\xFF"), AnswerFormat::kOtlp, kNow);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kSent) << "the status decides";
  EXPECT_NE(verdict.error, "");
  verdict = Judge(Answer(200, {{"content-type", "text/html"}}, "<html>"), AnswerFormat::kAny, kNow);
  EXPECT_EQ(verdict.kind, Verdict::Kind::kRefused);
  EXPECT_NE(verdict.error.find("web page"), std::string::npos) << verdict.error;
}

TEST(Judge, SaysWhatTheReceiverSaid) {
  const auto error = [](int status, HeaderList headers, std::string body) {
    return Judge(Answer(status, std::move(headers), std::move(body)), AnswerFormat::kOtlp, kNow)
        .error;
  };
  EXPECT_EQ(error(401, {{"content-type", "text/plain"}}, "who\nare you?\n"),
            "HTTP 401: who are you?");
  EXPECT_EQ(error(400, {{"content-type", "application/x-protobuf"}},
                  "\x08\x03\x12\x03"
                  "bad"),
            "HTTP 400: bad");
  EXPECT_EQ(error(400, {{"content-type", "application/x-protobuf"}}, "\xFF\xFF"), "HTTP 400");
  EXPECT_EQ(error(302, {{"location", "https://other/"}}, ""), "HTTP 302, moved to https://other/");
  EXPECT_EQ(error(404, {{"content-type", "text/html"}}, "<html>"), "HTTP 404");
  EXPECT_EQ(error(400, {}, "\xFFx"), "HTTP 400: \xEF\xBF\xBDx");
  EXPECT_LT(error(400, {}, std::string(100'000, 'x')).size(), 400u);
}

TEST(Judge, WhoTakesAnnouncements) {
  EXPECT_EQ(Judge(Answer(200), AnswerFormat::kOtlp, kNow).takes_running, false);
  EXPECT_EQ(Judge(Answer(200, {{"x-pitot-running", "1"}}), AnswerFormat::kOtlp, kNow).takes_running,
            true);
  EXPECT_EQ(Judge(Answer(503), AnswerFormat::kOtlp, kNow).takes_running, std::nullopt);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
