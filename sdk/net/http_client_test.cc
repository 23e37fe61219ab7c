#include "sdk/net/http_client.h"

#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/wait.h>

#include <future>
#include <stdexcept>

#include "sdk/net/test_server.h"

namespace pitot {
namespace {

using Error = HttpOutcome::Error;
using std::chrono::milliseconds;

std::string Answer(std::string_view body, std::string_view headers = "") {
  return "HTTP/1.1 200 OK\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

// Answers each request of a connection alike.
TestServer::Serve Always(std::string answer) {
  return [answer](TestPeer& peer, int) {
    while (!peer.ReadRequest().empty()) peer.Send(answer);
  };
}

HttpOutcome Get(HttpClient& http, const std::string& url, HttpLimits limits = {}) {
  return http.Call({.url = url}, limits);
}

TEST(HttpClient, SendsAndReceives) {
  std::promise<std::string> request;
  TestServer server([&](TestPeer& peer, int) {
    request.set_value(peer.ReadRequest());
    peer.Send("HTTP/1.1 418 Teapot\r\nX-Name: Value\r\nContent-Length: 5\r\n\r\nshort");
  });
  HttpClient http;
  const HttpOutcome outcome = http.Call({.method = "POST",
                                         .url = server.url("/a?b"),
                                         .headers = {{"content-type", "application/json"}},
                                         .body = "{}"},
                                        {});
  EXPECT_TRUE(outcome.ok()) << outcome.message;
  EXPECT_EQ(outcome.status, 418);
  EXPECT_EQ(outcome.header("x-name"), "Value");
  EXPECT_EQ(outcome.body, "short");
  EXPECT_TRUE(outcome.sent_any);
  EXPECT_EQ(request.get_future().get(),
            "POST /a?b HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                "\r\ncontent-type: application/json\r\nAccept-Encoding: identity\r\n"
                "Content-Length: 2\r\n\r\n{}");
}

TEST(HttpClient, KeepsConnectionsAlive) {
  TestServer server(Always(Answer("ok")));
  HttpClient http;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Get(http, server.url()).body, "ok");
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ClosesWhatIsNotToBeKept) {
  TestServer server(Always(Answer("ok", "Connection: close\r\n")));
  HttpClient http;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(http, server.url()).body, "ok");
  EXPECT_EQ(server.connections(), 3);

  TestServer other(Always(Answer("ok")));
  HttpClient none({.idle_connections_max = 0});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Get(none, other.url()).body, "ok");
  EXPECT_EQ(other.connections(), 3);
}

TEST(HttpClient, ReplacesADeadConnectionOnce) {
  // Each connection serves one request and dies on the second.
  TestServer server([](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send(Answer("ok"));
    peer.ReadRequest();
    peer.Reset();
  });
  HttpClient http;
  for (int i = 0; i < 4; ++i) {
    const HttpOutcome outcome = Get(http, server.url());
    EXPECT_EQ(outcome.body, "ok") << outcome.message;
  }
}

TEST(HttpClient, DoesNotAskAgainOnceSomethingCame) {
  TestServer server([](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send(Answer("ok"));
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  });
  HttpClient http;
  EXPECT_EQ(Get(http, server.url()).body, "ok");
  const HttpOutcome outcome = Get(http, server.url());
  EXPECT_EQ(outcome.error, Error::kClosed);
  EXPECT_EQ(outcome.body, "half");
  EXPECT_EQ(outcome.status, 200);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, DoesNotAskAgainOnAFreshConnection) {
  TestServer server([](TestPeer& peer, int) { peer.ReadRequest(); });
  HttpClient http;
  const HttpOutcome outcome = Get(http, server.url());
  EXPECT_EQ(outcome.error, Error::kClosed) << outcome.message;
  EXPECT_TRUE(outcome.sent_any);
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, ReadsAnAnswerCutAtEveryByte) {
  const std::string answer =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
  TestServer server([&](TestPeer& peer, int) {
    const int on = 1;
    ::setsockopt(peer.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    for (size_t cut = 0; !peer.ReadRequest().empty(); ++cut) {
      peer.Send(std::string_view(answer).substr(0, cut));
      peer.Send(std::string_view(answer).substr(std::min(cut, answer.size())));
    }
  });
  HttpClient http;
  for (size_t cut = 0; cut <= answer.size(); ++cut) {
    const HttpOutcome outcome = Get(http, server.url());
    ASSERT_EQ(outcome.body, "hello world") << "cut at " << cut << ": " << outcome.message;
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST(HttpClient, StreamsBodiesOfSuccessOnly) {
  TestServer server([](TestPeer& peer, int n) {
    peer.ReadRequest();
    peer.Send(n == 0 ? Answer("good") : "HTTP/1.1 500 No\r\nContent-Length: 3\r\n\r\nbad");
  });
  HttpClient http({.idle_connections_max = 0});
  std::string streamed;
  const auto on_body = [&](std::string_view bytes) {
    streamed += bytes;
    return true;
  };
  HttpOutcome outcome = http.Call({.url = server.url()}, {}, on_body);
  EXPECT_EQ(streamed, "good");
  EXPECT_EQ(outcome.body, "");
  outcome = http.Call({.url = server.url()}, {}, on_body);
  EXPECT_EQ(streamed, "good");
  EXPECT_EQ(outcome.body, "bad");
}

TEST(HttpClient, TheCallbackMayEndTheCall) {
  TestServer server([](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\nendless");
    peer.AwaitEnd();
  });
  HttpClient http;
  const HttpOutcome outcome =
      http.Call({.url = server.url()}, {}, [](std::string_view) { return false; });
  EXPECT_EQ(outcome.error, Error::kAborted);
  EXPECT_THROW(http.Call({.url = server.url()}, {},
                         [](std::string_view) -> bool { throw std::runtime_error("mine"); }),
               std::runtime_error);
}

TEST(HttpClient, DoesNotAwaitTheEndWhenEnoughHasCome) {
  TestServer server([](TestPeer& peer, int n) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nlast\r\n");
    if (n == 0) peer.AwaitEnd();
    if (n == 1) peer.Reset();
  });
  HttpClient http;
  for (int i = 0; i < 2; ++i) {
    bool enough = false;
    std::string body;
    const HttpOutcome outcome =
        http.Call({.url = server.url(), .enough = &enough}, {.idle = milliseconds(60'000)},
                  [&](std::string_view bytes) {
                    body += bytes;
                    return enough = true;
                  });
    EXPECT_TRUE(outcome.ok()) << outcome.message;
    EXPECT_EQ(outcome.status, 200);
    EXPECT_EQ(body, "last");
  }
  EXPECT_EQ(server.connections(), 2) << "neither connection may be used again";
}

TEST(HttpClient, ATokenEndsARunningCall) {
  TestServer server([](TestPeer& peer, int) { peer.AwaitEnd(); });
  HttpClient http;
  CancelToken cancel;
  auto call = std::async(std::launch::async,
                         [&] { return http.Call({.url = server.url(), .cancel = &cancel}, {}); });
  while (server.connections() == 0) std::this_thread::yield();
  cancel.Cancel();
  EXPECT_EQ(call.get().error, Error::kAborted);
  EXPECT_EQ(http.Call({.url = server.url(), .cancel = &cancel}, {}).error, Error::kAborted)
      << "later calls end too";
}

TEST(HttpClient, KeepsItsLimits) {
  TestServer silent([](TestPeer& peer, int) { peer.AwaitEnd(); });
  HttpClient http;
  HttpOutcome outcome = Get(http, silent.url(), {.idle = milliseconds(30)});
  EXPECT_EQ(outcome.error, Error::kTimeout);
  EXPECT_EQ(outcome.message,
            "nothing from 127.0.0.1:" + std::to_string(silent.port()) + " within 30 ms");
  outcome = Get(http, silent.url(), {.total = milliseconds(30)});
  EXPECT_EQ(outcome.error, Error::kTimeout);
  EXPECT_EQ(outcome.message,
            "no complete answer from 127.0.0.1:" + std::to_string(silent.port()) + " within 30 ms");

  outcome = Get(http, "https://localhost:" + std::to_string(silent.port()),
                {.connect = milliseconds(30)});
  EXPECT_EQ(outcome.error, Error::kTimeout) << "no TLS handshake";
  EXPECT_EQ(outcome.message,
            "no connection to localhost:" + std::to_string(silent.port()) + " within 30 ms");
}

TEST(HttpClient, TheTotalLimitHoldsForAnAnswerThatNeverEnds) {
  TestServer server([](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send("HTTP/1.1 200 OK\r\n\r\n");
    const std::string piece(64 << 10, 'x');
    for (int i = 0; i < 100'000; ++i) {
      if (::send(peer.fd(), piece.data(), piece.size(), MSG_NOSIGNAL) <= 0) return;
    }
  });
  HttpClient http;
  const HttpOutcome outcome =
      http.Call({.url = server.url()}, {.total = milliseconds(50), .response_bytes_max = 0},
                [](std::string_view) { return true; });
  EXPECT_EQ(outcome.error, Error::kTimeout);
}

TEST(HttpClient, RefusesAnswersBeyondTheLimit) {
  TestServer server(Always(Answer(std::string(1000, 'x'))));
  HttpClient http;
  const HttpOutcome outcome = Get(http, server.url(), {.response_bytes_max = 999});
  EXPECT_EQ(outcome.error, Error::kTooLarge);
  EXPECT_EQ(outcome.message, "the answer has 1000 bytes; the limit is 999 (127.0.0.1:" +
                                 std::to_string(server.port()) + ")");
}

TEST(HttpClient, SaysWhatIsWrong) {
  HttpClient http;
  EXPECT_EQ(Get(http, "nonsense").error, Error::kUrl);
  EXPECT_EQ(Get(http, "http://nobody.invalid/").error, Error::kResolve);
  uint16_t closed_port = 0;
  { closed_port = TestServer(Always("")).port(); }
  const HttpOutcome outcome = Get(http, "http://127.0.0.1:" + std::to_string(closed_port));
  EXPECT_EQ(outcome.error, Error::kConnect);
  EXPECT_EQ(outcome.message, "no connection to 127.0.0.1:" + std::to_string(closed_port) +
                                 " (127.0.0.1: Connection refused)");
  EXPECT_FALSE(outcome.sent_any);
}

TEST(HttpClient, TriesTheNextAddress) {
  // A name with two addresses, of which one listens.
  TestServer v4(Always(Answer("four")));
  HttpClient http;
  EXPECT_EQ(Get(http, "http://localhost:" + std::to_string(v4.port())).body, "four");
  TestServer v6(Always(Answer("six")), nullptr, AF_INET6);
  if (v6.port() == 0) GTEST_SKIP() << "this machine has no IPv6 on loopback";
  EXPECT_EQ(Get(http, "http://[::1]:" + std::to_string(v6.port())).body, "six");
}

TEST(HttpClient, ReadsAnAnswerThatComesBeforeTheRequestIsSent) {
  TestServer server([](TestPeer& peer, int) {
    char some[16];
    if (::recv(peer.fd(), some, sizeof(some), 0) <= 0) return;
    peer.Send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    ::shutdown(peer.fd(), SHUT_WR);
    peer.AwaitEnd();
  });
  HttpClient http;
  const std::string body(4 << 20, 'x');
  const HttpOutcome outcome = http.Call({.method = "POST", .url = server.url(), .body = body}, {});
  EXPECT_EQ(outcome.status, 413) << outcome.message;
  EXPECT_EQ(outcome.body, "big");
}

TEST(HttpClient, ABrokenConnectionRaisesNoSignal) {
  TestServer server([](TestPeer& peer, int) {
    // Not before the request has begun: that would be a connection that was never made.
    char byte;
    if (::recv(peer.fd(), &byte, 1, 0) == 1) peer.Reset();
  });
  HttpClient http;
  const std::string body(8 << 20, 'x');
  const HttpOutcome outcome = http.Call({.method = "POST", .url = server.url(), .body = body}, {});
  EXPECT_EQ(outcome.error, Error::kClosed) << outcome.message;
}

TEST(HttpClient, ManyThreads) {
  TestServer server(Always(Answer("ok")));
  HttpClient http;
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) good += Get(http, server.url()).body == "ok";
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 400);
  EXPECT_LE(server.connections(), 8 + 400 / 8);
}

TEST(HttpClient, AChildProcessHasItsOwnConnections) {
  TestServer server(Always(Answer("ok")));
  HttpClient http;
  ASSERT_EQ(Get(http, server.url()).body, "ok");
  const pid_t child = ::fork();
  if (child == 0) {
    http.AfterFork();
    ::_exit(Get(http, server.url()).body == "ok" ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(Get(http, server.url()).body, "ok");
  EXPECT_EQ(server.connections(), 2) << "the parent's connection is still its own";
}

}  // namespace
}  // namespace pitot
