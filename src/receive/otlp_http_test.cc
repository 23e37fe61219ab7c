// OTLP/HTTP over real sockets; ingest is a function of the test.
#include "receive/otlp_http.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "http/compress.h"
#include "http/server.h"
#include "http/test_socket.h"
#include "receive/otlp_reply.h"

namespace pitot {
namespace {

constexpr char kProtobuf[] = "application/x-protobuf";
constexpr char kJson[] = "application/json";

class OtlpHttpTest : public ::testing::Test {
 protected:
  void SetUp() override {
    otlp_ = std::make_unique<OtlpHttp>(
        [this](IngestRequest request, IngestDone done) {
          IngestReply reply;
          {
            MutexLock lock(&mutex_);
            last_ = std::move(request);
            reply = reply_;
          }
          std::thread([reply = std::move(reply), done = std::move(done)] { done(reply); }).join();
        },
        [this](const IngestRequest&, Drop drop, const absl::Status&) {
          MutexLock lock(&mutex_);
          drops_.push_back(drop);
        });
    HttpService service;
    service.admit = [this](HttpRequest& head, Admission& admission) {
      if (OtlpHttp::IsOtlp(head.path)) {
        admission.answer = otlp_->Admit(head);
      } else {
        admission.answer = ErrorResponse(404, "nothing here");
      }
    };
    service.handle = [this](HttpRequest request, Responder responder) {
      otlp_->Handle(std::move(request), std::move(responder));
    };
    service.refuse = [this](const HttpRequest& head, int status, std::string_view message) {
      return OtlpHttp::IsOtlp(head.path) ? otlp_->Refuse(head, status, message)
                                         : ErrorResponse(status, message);
    };
    server_ = HttpServer::Open({.body_bytes = 10'000}, std::move(service)).value();
    server_->Start();
  }

  RawReply Post(std::string_view path, std::string_view type, std::string_view body,
                std::string_view more = "") {
    return TestSocket(server_->port())
        .Ask(fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nUser-Agent: test/1\r\nContent-Type: {}\r\n"
                         "Content-Length: {}\r\n{}\r\n{}",
                         path, type, body.size(), more, body));
  }

  void SetReply(IngestReply reply) {
    MutexLock lock(&mutex_);
    reply_ = std::move(reply);
  }
  IngestRequest last() {
    MutexLock lock(&mutex_);
    return last_;
  }
  std::vector<Drop> drops() {
    MutexLock lock(&mutex_);
    return drops_;
  }

  Mutex mutex_;
  IngestRequest last_ ABSL_GUARDED_BY(mutex_);
  IngestReply reply_ ABSL_GUARDED_BY(mutex_);
  std::vector<Drop> drops_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<OtlpHttp> otlp_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(OtlpHttpTest, HandsTheBodyToIngest) {
  RawReply reply = Post("/v1/traces", kProtobuf, "spans");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.headers.Get("content-type"), kProtobuf);
  EXPECT_EQ(last().body, "spans");
  EXPECT_EQ(last().sender, "test/1");
  EXPECT_EQ(last().signal, Signal::kTraces);
  EXPECT_EQ(last().format, WireFormat::kProtobuf);

  reply = Post("/some/prefix/v1/logs", "Application/JSON; charset=utf-8", "{\"x\":1}");
  EXPECT_EQ(reply.body, "{}");
  EXPECT_EQ(reply.headers.Get("content-type"), kJson);
  EXPECT_EQ(last().signal, Signal::kLogs);
  EXPECT_EQ(last().format, WireFormat::kJson);

  Post("/v1/metrics", kProtobuf, CompressGzip("points"), "Content-Encoding: gzip\r\n");
  EXPECT_EQ(last().body, "points");
  EXPECT_EQ(last().signal, Signal::kMetrics);
}

TEST_F(OtlpHttpTest, SaysThatRunningSpansMayBeAnnounced) {
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "").headers.Get("x-pitot-running"), "1");
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "spans").headers.Get("x-pitot-running"), "1");
  EXPECT_EQ(Post("/v1/logs", kProtobuf, "logs").headers.Get("x-pitot-running"), "");
  SetReply({.status = Unavailable("full")});
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "spans").headers.Get("x-pitot-running"), "");
}

TEST_F(OtlpHttpTest, PartialSuccessInTheSameType) {
  SetReply({.accepted = 1, .rejected = 2, .message = "why"});
  EXPECT_EQ(Post("/v1/traces", kJson, "{ }").body,
            R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"why"}})");
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "x").body, std::string("\x0a\x07\x08\x02\x12\x03why"));
}

TEST_F(OtlpHttpTest, AnEmptyBodyIsASuccess) {
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "").status, 200);
  EXPECT_EQ(Post("/v1/traces", kJson, "").body, "{}");
  EXPECT_EQ(last().body, "") << "ingest was not asked";
}

TEST_F(OtlpHttpTest, ErrorsAreStatusMessagesInTheSameType) {
  SetReply({.status = InvalidArgument("not protobuf at byte 7")});
  RawReply reply = Post("/v1/traces", kProtobuf, "x");
  EXPECT_EQ(reply.status, 400);
  EXPECT_EQ(reply.body, EncodeRpcStatus(WireFormat::kProtobuf, 3, "not protobuf at byte 7"));
  EXPECT_FALSE(reply.headers.Has("retry-after"));
  reply = Post("/v1/traces", kJson, "x");
  EXPECT_EQ(reply.body, R"({"code":3,"message":"not protobuf at byte 7"})");

  SetReply({.status = WithRetryAfter(Unavailable("spool full"), std::chrono::milliseconds(4200))});
  reply = Post("/v1/traces", kJson, "x");
  EXPECT_EQ(reply.status, 503);
  EXPECT_EQ(reply.headers.Get("retry-after"), "5");
  SetReply({.status = Unavailable("queue full")});
  EXPECT_EQ(Post("/v1/traces", kJson, "x").headers.Get("retry-after"), "1");
}

TEST_F(OtlpHttpTest, Refusals) {
  RawReply reply = Post("/v1/traces", "text/plain", "x");
  EXPECT_EQ(reply.status, 415);
  EXPECT_EQ(reply.headers.Get("content-type"), kJson);
  EXPECT_EQ(Post("/v1/traces", kJson, "x", "Content-Encoding: compress\r\n").status, 415);
  EXPECT_EQ(Post("/v1/traces", kProtobuf, "not gzip", "Content-Encoding: gzip\r\n").status, 400);
  reply = Post("/v1/traces", kProtobuf, std::string(20'000, 'x'));
  EXPECT_EQ(reply.status, 413);
  EXPECT_EQ(reply.headers.Get("content-type"), kProtobuf);
  EXPECT_EQ(reply.body[1], 8) << "RESOURCE_EXHAUSTED";
  EXPECT_EQ(drops(), (std::vector<Drop>{Drop::kUnsupportedEncoding, Drop::kUnsupportedEncoding,
                                        Drop::kMalformedRequest, Drop::kRequestTooLarge}));

  TestSocket get(server_->port());
  reply = get.Ask("GET /v1/traces HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(reply.status, 405);
  EXPECT_EQ(reply.headers.Get("allow"), "POST");
  EXPECT_EQ(Post("/v1/nothing", kJson, "x").status, 404);
}

}  // namespace
}  // namespace pitot
