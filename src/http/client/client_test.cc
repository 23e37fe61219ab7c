#include "http/client.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "http/compress.h"
#include "http/server.h"
#include "http/test_listener.h"
#include "http/test_tls_server.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

HttpReply Ok(const absl::StatusOr<HttpReply>& reply) {
  EXPECT_TRUE(reply.ok()) << reply.status();
  return reply.value_or(HttpReply{});
}

// Our own server at the other end.
class HttpClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpService service;
    service.handle = [](HttpRequest request, Responder responder) {
      if (request.path == "/gzip") {
        responder.Send({.headers = {{"Content-Encoding", "gzip"}},
                        .body = CompressGzip(std::string(200'000, 'z'))});
      } else if (request.path == "/stream") {
        ResponseStream stream = responder.Begin({});
        for (int i = 0; i < 100; ++i) {
          std::string piece = fmt::format("{},", i);
          ASSERT_TRUE(stream.TryWrite(piece));
        }
        stream.End();
      } else {
        responder.Send({.status = request.path == "/404" ? 404 : 200,
                        .headers = {{"X-Peer", request.peer}},
                        .body = request.method + " " + request.target + " " + request.body});
      }
    };
    server_ = HttpServer::Open({.io_threads = 2}, std::move(service)).value();
    server_->Start();
  }

  std::string Url(std::string_view target) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), target);
  }

  std::unique_ptr<HttpServer> server_;
  HttpClient client_;
};

TEST_F(HttpClientTest, CallsAndKeepsTheConnection) {
  const HttpReply first = Ok(client_.Call({.url = Url("/a?b=%20c")}));
  EXPECT_EQ(first.body, "GET /a?b=%20c ");
  const HttpReply second =
      Ok(client_.Call({.method = "POST", .url = Url("/p"), .body = "the body"}));
  EXPECT_EQ(second.body, "POST /p the body");
  EXPECT_EQ(first.headers.Get("x-peer"), second.headers.Get("x-peer"));
  EXPECT_EQ(Ok(client_.Call({.url = Url("/404")})).status, 404);
  EXPECT_EQ(Ok(client_.Call({.method = "HEAD", .url = Url("/h")})).body, "");
  EXPECT_EQ(Ok(client_.Call({.url = Url("/after")})).headers.Get("x-peer"),
            first.headers.Get("x-peer"));
}

TEST_F(HttpClientTest, LargeBodies) {
  const std::string body(5 << 20, 'x');
  EXPECT_TRUE(Ok(client_.Call({.method = "POST", .url = Url("/l"), .body = body})).body ==
              "POST /l " + body);
}

TEST_F(HttpClientTest, UndoesCodings) {
  EXPECT_EQ(Ok(client_.Call({.url = Url("/gzip")})).body, std::string(200'000, 'z'));
  EXPECT_LT(Ok(client_.Call({.url = Url("/gzip"), .decode = false})).body.size(), 10'000u);
  EXPECT_EQ(client_.Call({.url = Url("/gzip"), .reply_bytes_max = 199'999}).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST_F(HttpClientTest, StreamsAndStops) {
  std::string got;
  const HttpReplySink sink = {.on_head =
                                  [](const HttpReply& head) {
                                    EXPECT_EQ(head.status, 200);
                                    return absl::OkStatus();
                                  },
                              .on_data =
                                  [&](std::string_view piece) {
                                    got += piece;
                                    return got.size() > 1000 ? absl::AbortedError("enough")
                                                             : absl::OkStatus();
                                  }};
  EXPECT_TRUE(client_.Stream({.url = Url("/stream")}, sink).ok());
  EXPECT_TRUE(got.starts_with("0,1,2,") && got.ends_with(",99,")) << got;
  EXPECT_EQ(client_.Stream({.url = Url("/gzip")}, sink).status().code(),
            absl::StatusCode::kAborted);
  EXPECT_EQ(Ok(client_.Call({.url = Url("/fine")})).status, 200);
}

TEST_F(HttpClientTest, ManyThreads) {
  std::atomic<int> right = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string target = fmt::format("/{}/{}", t, i);
        right += Ok(client_.Call({.url = Url(target)})).body == "GET " + target + " ";
      }
    });
  }
  threads.clear();
  EXPECT_EQ(right, 300);
}

TEST_F(HttpClientTest, ANewConnectionReplacesOneTheServerClosed) {
  const std::string port = std::to_string(server_->port());
  EXPECT_TRUE(client_.Call({.url = Url("/")}).ok());
  server_.reset();
  const absl::Status gone =
      client_.Call({.method = "POST", .url = "http://127.0.0.1:" + port}).status();
  EXPECT_EQ(gone.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(gone.ToString().find("127.0.0.1:" + port), std::string::npos) << gone;
}

TEST_F(HttpClientTest, Rejects) {
  const auto bad = [&](const char* why, const HttpCall& call) {
    EXPECT_EQ(client_.Call(call).status().code(), absl::StatusCode::kInvalidArgument) << why;
  };
  bad("URL", {.url = "localhost"});
  bad("line break in a header", {.url = Url("/"), .headers = {{"X", "a\r\nb: c"}}});
  bad("space in a header's name", {.url = Url("/"), .headers = {{"X y", "a"}}});
}

TEST(HttpClientOddServers, TimesOutNamingTheHost) {
  TestListener silent([](int fd, int) { TestListener::AwaitClose(fd); });
  HttpClient client;
  const absl::Status status = client
                                  .Call({.url = fmt::format("http://127.0.0.1:{}", silent.port()),
                                         .timeout = milliseconds(50)})
                                  .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(status.ToString().find(std::to_string(silent.port())), std::string::npos) << status;
}

TEST(HttpClientOddServers, ACancelledCallEndsAtOnceAndClosesTheConnection) {
  for (const bool begun : {false, true}) {
    std::atomic<bool> asked = false;
    std::atomic<bool> peer_left = false;
    TestListener listener([&](int fd, int) {
      TestListener::ReadRequest(fd);
      constexpr std::string_view kBeginning = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc";
      if (begun) ::send(fd, kBeginning.data(), kBeginning.size(), 0);
      asked = true;
      peer_left = TestListener::ReadRequest(fd).empty();
    });
    HttpClient client;
    HttpCall call{.url = fmt::format("http://127.0.0.1:{}/", listener.port()),
                  .timeout = std::chrono::minutes(5),
                  .cancel = std::make_shared<CancelToken>()};
    const auto start = std::chrono::steady_clock::now();
    absl::Status status;
    std::jthread caller([&] { status = client.Call(call).status(); });
    while (!asked) std::this_thread::yield();
    call.cancel->Cancel();
    caller.join();
    EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
    EXPECT_EQ(client.Call(call).status().code(), absl::StatusCode::kCancelled);
    while (!peer_left && std::chrono::steady_clock::now() < start + std::chrono::seconds(30)) {
    }
    EXPECT_TRUE(peer_left);
  }
}

// What is left of a cancellation must not disturb the next call on the same connection.
TEST_F(HttpClientTest, CancellingAFinishedCallChangesNothing) {
  for (int i = 0; i < 200; ++i) {
    HttpCall call{.url = Url("/a"), .cancel = std::make_shared<CancelToken>()};
    std::jthread canceller([cancel = call.cancel] { cancel->Cancel(); });
    const absl::Status status = client_.Call(call).status();
    EXPECT_TRUE(status.ok() || status.code() == absl::StatusCode::kCancelled) << status;
    EXPECT_EQ(Ok(client_.Call({.url = Url("/b")})).body, "GET /b ");
  }
}

TEST(HttpClientOddServers, RepliesOfEveryShape) {
  HttpClient client;
  const auto call = [&](const std::string& reply) {
    TestListener listener([reply](int fd, int) {
      TestListener::ReadRequest(fd);
      TestListener::Send(fd, reply);
    });
    return client.Call({.url = fmt::format("http://localhost:{}", listener.port())});
  };
  EXPECT_EQ(Ok(call("HTTP/1.1 200 OK\r\n\r\nuntil the end")).body, "until the end");
  EXPECT_EQ(Ok(call("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")).body, "ok");
  EXPECT_EQ(Ok(call("HTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
                    "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"))
                .status,
            201);
  EXPECT_EQ(Ok(call("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n"
                    "0\r\nTrailer: t\r\n\r\n"))
                .body,
            "abc");
  EXPECT_EQ(Ok(call("HTTP/1.1 204 No Content\r\n\r\n")).status, 204);
  for (const char* broken :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x1f\x8b\x08"}) {
    const absl::StatusCode code = call(broken).status().code();
    EXPECT_TRUE(code == absl::StatusCode::kUnavailable ||
                code == absl::StatusCode::kInvalidArgument)
        << broken;
  }
}

TEST(HttpClientOddServers, AStaleConnectionIsReplacedOnlyWhenTheCallMayRepeat) {
  std::atomic<int> connections = 0;
  TestListener listener([&](int fd, int) {
    ++connections;
    TestListener::ReadRequest(fd);
    TestListener::Send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    TestListener::ReadRequest(fd);  // Then closes without an answer.
  });
  const std::string url = fmt::format("http://127.0.0.1:{}", listener.port());
  HttpClient client;
  EXPECT_EQ(Ok(client.Call({.url = url})).body, "ok");
  EXPECT_EQ(Ok(client.Call({.url = url})).body, "ok");
  EXPECT_EQ(connections, 2);
  EXPECT_EQ(client.Call({.method = "POST", .url = url}).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(connections, 2);
}

TEST(HttpClientOddServers, AnEarlyRefusalIsHeard) {
  TestListener listener([&](int fd, int) {
    TestListener::ReadRequest(fd);
    TestListener::Send(fd,
                       "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    TestListener::AwaitClose(fd);
  });
  HttpClient client;
  const std::string body(1 << 20, 'x');
  EXPECT_EQ(Ok(client.Call({.method = "POST",
                            .url = fmt::format("http://127.0.0.1:{}", listener.port()),
                            .body = body}))
                .status,
            413);
}

TEST(HttpClientTls, VerifiesTheCertificateAndTheName) {
  TestTlsServer server;
  const std::string url = fmt::format("https://localhost:{}/", server.port());
  {
    HttpClient client({.ca_file = server.ca_file()});
    EXPECT_EQ(Ok(client.Call({.url = url})).body, "secret");
    EXPECT_EQ(Ok(client.Call({.url = url})).body, "secret");
  }
  {
    HttpClient client({.ca_file = server.ca_file()});
    EXPECT_EQ(
        client.Call({.url = fmt::format("https://127.0.0.1:{}/", server.port())}).status().code(),
        absl::StatusCode::kFailedPrecondition)
        << "the certificate names localhost only";
  }
  HttpClient stranger;
  EXPECT_EQ(stranger.Call({.url = url}).status().code(), absl::StatusCode::kFailedPrecondition);
  HttpClient misconfigured({.ca_file = "/does/not/exist.pem"});
  EXPECT_EQ(misconfigured.Call({.url = url}).status().code(),
            absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace pitot
