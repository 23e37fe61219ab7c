// The asynchronous client against servers that behave.
#include "http/async_client.h"

#include <gmock/gmock.h>

#include <atomic>
#include <random>

#include "http/client/async_test_util.h"
#include "http/client/connector.h"
#include "http/server.h"
#include "http/test_listener.h"
#include "http/test_tls_server.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

// Our own server at the other end: it echoes the body and tells who asked.
class AsyncClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    HttpService service;
    service.handle = [](HttpRequest request, Responder responder) {
      if (request.path == "/stream") {
        ResponseStream stream = responder.Begin({});
        for (int i = 0; i < 100; ++i) {
          std::string piece = fmt::format("{},", i);
          ASSERT_TRUE(stream.TryWrite(piece));
        }
        stream.End();
        return;
      }
      HttpResponse response{.headers = {{"X-Peer", request.peer}, {"x-lOwer", "Kept"}},
                            .body = std::move(request.body)};
      if (request.path == "/headers") {
        for (size_t i = 0; i < request.headers.size(); ++i) {
          const auto [name, value] = request.headers[i];
          response.body += fmt::format("{}={}\n", name, value);
        }
      }
      if (request.path == "/529") {
        response.status = 529;
        response.reason = "Overloaded today";
      }
      responder.Send(std::move(response));
    };
    server_ = HttpServer::Open({.io_threads = 2}, std::move(service)).value();
    server_->Start();
  }

  std::string Url(std::string_view target) const {
    return fmt::format("http://127.0.0.1:{}{}", server_->port(), target);
  }
  std::unique_ptr<TestCall> Call(AsyncCall call) {
    auto made = std::make_unique<TestCall>(thread_, client_);
    made->Run(std::move(call));
    return made;
  }

  std::unique_ptr<HttpServer> server_;
  AsyncClient client_{{}};
  TestIoThread thread_;
};

TEST_F(AsyncClientTest, CallsAndKeepsTheConnection) {
  const auto first = Call(CallTo(Url("/a?b=%20c"), "the body"));
  EXPECT_TRUE(first->Await().status.ok()) << first->Await().status;
  EXPECT_EQ(first->Await().stage, CallStage::kDone);
  EXPECT_FALSE(first->Await().reused);
  EXPECT_EQ(first->body(), "the body");
  EXPECT_EQ(first->head().status, 200);
  EXPECT_EQ(first->head().content_length, 8u);
  for (const std::string_view target : {"/b", "/stream", "/c"}) {
    const auto next = Call(CallTo(Url(target)));
    EXPECT_TRUE(next->Await().reused) << target;
    EXPECT_TRUE(next->Await().status.ok()) << next->Await().status;
  }
  EXPECT_EQ(Call(CallTo(Url("/d")))->head().headers.Get("x-peer"),
            first->head().headers.Get("x-peer"));
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(AsyncClientTest, HeadersPassVerbatimBothWays) {
  AsyncCall call = CallTo(Url("/headers"), "b");
  call.headers = {{"x-A", "1"},
                  {"X-a", "2"},
                  {"Content-Length", "999"},
                  {"Connection", "close"},
                  {"Transfer-Encoding", "chunked"},
                  {"Accept", ""}};
  const auto made = Call(std::move(call));
  EXPECT_EQ(made->body(), fmt::format("bHost=127.0.0.1:{}\nx-A=1\nX-a=2\nAccept=\n"
                                      "Content-Length=1\n",
                                      server_->port()));
  EXPECT_EQ(made->head().headers[1].name, "x-lOwer");
  EXPECT_EQ(Call(CallTo(Url("/529")))->head().reason, "Overloaded today");
  AsyncCall named = CallTo(Url("/headers"), "", "GET");
  named.headers = {{"host", "another.name"}};
  EXPECT_EQ(Call(std::move(named))->body(), "host=another.name\n");
}

TEST_F(AsyncClientTest, HeadAndGet) {
  const auto head = Call(CallTo(Url("/h"), "", "HEAD"));
  EXPECT_TRUE(head->Await().status.ok()) << head->Await().status;
  EXPECT_EQ(head->body(), "");
  AsyncCall get = CallTo(Url("/g"), "", "GET");
  get.body = nullptr;
  EXPECT_TRUE(Call(std::move(get))->Await().reused);
}

TEST_F(AsyncClientTest, BodiesOf32MiBBothWays) {
  std::string body(32 << 20, '\0');
  std::mt19937 random(1);
  for (size_t i = 0; i < body.size(); i += 509) body[i] = static_cast<char>(random());
  const auto made = Call(CallTo(Url("/large"), body));
  EXPECT_TRUE(made->Await().status.ok()) << made->Await().status;
  EXPECT_TRUE(made->body() == body) << made->body_bytes() << " bytes came back, or others";
  EXPECT_TRUE(Call(CallTo(Url("/after")))->Await().reused);
}

TEST_F(AsyncClientTest, ManyCallsAtOnceUseAsManyConnections) {
  std::vector<std::unique_ptr<TestCall>> calls;
  for (int i = 0; i < 100; ++i) {
    calls.push_back(std::make_unique<TestCall>(thread_, client_));
    calls.back()->Start(CallTo(Url("/m"), std::to_string(i)));
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(calls[static_cast<size_t>(i)]->Await().status.ok());
    EXPECT_EQ(calls[static_cast<size_t>(i)]->body(), std::to_string(i));
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() <= 64; }))
      << "64 are kept for a host, the others are closed";
}

TEST_F(AsyncClientTest, AHandlerMayStartTheNextCallInsideTheLast) {
  struct Chain : AsyncHandler {
    Chain(AsyncClient& c, std::string u) : client(c), url(std::move(u)) {}
    void Go() { running = client.Start(CallTo(url, "x"), *this); }
    void OnHead(AsyncHead) override {}
    void OnData(std::string_view) override {}
    void OnEnd(const AsyncEnd& end) override {
      EXPECT_TRUE(end.status.ok()) << end.status;
      reused += end.reused;
      if (++calls < 500) {
        Go();
      } else {
        done.set_value();
      }
    }
    AsyncClient& client;
    const std::string url;
    std::unique_ptr<RunningCall> running;
    int calls = 0;
    int reused = 0;
    std::promise<void> done;
  };
  Chain chain(client_, Url("/chain"));
  thread_.Do([&] { chain.Go(); });
  chain.done.get_future().wait();
  EXPECT_EQ(chain.reused, 499);
  thread_.Do([&] { chain.running.reset(); });
}

TEST_F(AsyncClientTest, CancelledFromInsideACallback) {
  TestCall call(thread_, client_);
  call.on_piece = [](TestCall& self) { self.running().reset(); };
  call.Start(CallTo(Url("/stream")));
  EXPECT_TRUE(call.AwaitBytes(1));
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  thread_.Do([] {});
  EXPECT_FALSE(call.ended());
}

TEST_F(AsyncClientTest, IdleConnectionsAreClosedAfterTheirTime) {
  AsyncClient client({.idle_time = milliseconds(10)});
  TestCall call(thread_, client);
  EXPECT_TRUE(call.Run(CallTo(Url("/a"))).Await().status.ok());
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
}

TEST_F(AsyncClientTest, NamesAreResolvedAndRemembered) {
  const std::string url = fmt::format("http://localhost:{}/n", server_->port());
  const auto first = Call(CallTo(url));
  EXPECT_TRUE(first->Await().status.ok()) << first->Await().status;
  EXPECT_TRUE(Call(CallTo(url))->Await().reused);
  const auto unknown = Call(CallTo("http://no-such-host.invalid/"));
  EXPECT_EQ(unknown->Await().status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(unknown->Await().stage, CallStage::kConnect);
  EXPECT_THAT(unknown->Await().status.ToString(), ::testing::HasSubstr("no-such-host.invalid"));
}

TEST_F(AsyncClientTest, MalformedCallsEndOutsideStart) {
  const auto bad = [&](const char* why, AsyncCall call) {
    const auto made = Call(std::move(call));
    EXPECT_EQ(made->Await().status.code(), absl::StatusCode::kInvalidArgument) << why;
  };
  AsyncCall value = CallTo(Url("/"));
  value.headers = {{"X", "a\r\nb: c"}};
  bad("line break in a header", std::move(value));
  AsyncCall name = CallTo(Url("/"));
  name.headers = {{"X y", "a"}};
  bad("space in a header's name", std::move(name));
  AsyncCall target = CallTo(Url("/"));
  target.url.target = "/a b";
  bad("space in the target", std::move(target));
}

TEST_F(AsyncClientTest, ASlowReaderHoldsLittleMemory) {
  constexpr size_t kBytes = 24 << 20;
  std::atomic<size_t> sent = 0;
  TestListener listener([&](int fd, int) {
    TestListener::ReadRequest(fd);
    TestListener::Send(fd, fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", kBytes));
    const std::string piece(64 << 10, 'p');
    while (sent < kBytes) {
      TestListener::Send(fd, piece);
      sent += piece.size();
    }
    TestListener::AwaitClose(fd);
  });
  TestCall call(thread_, client_);
  bool paused = false;
  call.on_piece = [&](TestCall& self) {
    EXPECT_FALSE(paused) << "a piece came while the call was paused";
    if (self.body_bytes() > 1'000'000 && !std::exchange(paused, true)) self.running()->Pause();
  };
  call.Start(CallTo(fmt::format("http://127.0.0.1:{}/", listener.port())));
  ASSERT_TRUE(call.AwaitBytes(1'000'000));
  size_t seen = 0;
  EXPECT_TRUE(Eventually([&] {  // The kernel's buffers fill up, then nothing moves any more.
    std::this_thread::sleep_for(milliseconds(20));
    return std::exchange(seen, sent.load()) == sent.load();
  }));
  EXPECT_LT(sent.load(), kBytes) << "the sender was not held up";
  EXPECT_LT(call.body_bytes(), 1'200'000u);
  EXPECT_FALSE(call.ended());
  thread_.Do([&] {
    paused = false;
    call.on_piece = nullptr;
    call.running()->Resume();
  });
  EXPECT_TRUE(call.Await().status.ok()) << call.Await().status;
  EXPECT_EQ(call.body_bytes(), kBytes);
  thread_.Stop();
}

TEST_F(AsyncClientTest, PausedAndResumedAtEveryPiece) {
  for (int round = 0; round < 20; ++round) {
    TestCall call(thread_, client_);
    call.on_piece = [&](TestCall& self) {
      self.running()->Pause();
      IoThread::Current()->Post([&self] { self.running()->Resume(); });
    };
    call.Run(CallTo(Url(round % 2 == 0 ? "/stream" : "/echo"), std::string(300'000, 'e')));
    EXPECT_TRUE(call.Await().status.ok()) << call.Await().status;
    EXPECT_EQ(call.body_bytes(), round % 2 == 0 ? 290u : 300'000u);
  }
}

// Of [::1] and 127.0.0.1 at the same port, one listens; null: this machine has no IPv6.
class Ipv6Listener {
 public:
  Ipv6Listener() : fd_(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    socklen_t bytes = sizeof address;
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&address), bytes) != 0) return;
    ::listen(fd_, 4);
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin6_port);
  }
  ~Ipv6Listener() { ::close(fd_); }
  int fd() const { return fd_; }
  uint16_t port() const { return port_; }  // 0: there is no IPv6.

 private:
  const int fd_;
  uint16_t port_ = 0;
};

TEST(AsyncClientAddresses, Ipv6) {
  Ipv6Listener listener;
  if (listener.port() == 0) GTEST_SKIP() << "this machine has no IPv6";
  std::jthread server([&] {
    const int fd = ::accept(listener.fd(), nullptr, nullptr);
    TestListener::ReadRequest(fd);
    TestListener::Send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nsix");
    ::close(fd);
  });
  AsyncClient client({});
  TestIoThread thread;
  TestCall call(thread, client);
  call.Run(CallTo(fmt::format("http://[::1]:{}/", listener.port())));
  EXPECT_EQ(call.body(), "six") << call.Await().status;
}

TEST(AsyncClientAddresses, TheFirstThatAnswers) {
  using Endpoint = boost::asio::ip::tcp::endpoint;
  const auto v4 = [](uint16_t port) {
    return Endpoint(boost::asio::ip::address_v4::loopback(), port);
  };
  TestListener good([](int fd, int) { TestListener::AwaitClose(fd); }, true);
  FullListener full;
  uint16_t closed = 0;
  {
    TestListener listener([](int, int) {});
    closed = listener.port();
  }
  const struct {
    const char* name;
    std::vector<Endpoint> endpoints;
    uint16_t port;  // 0: none answers.
  } kCases[] = {
      {"refused, then good", {v4(closed), v4(good.port())}, good.port()},
      {"silent, then good", {v4(full.port()), v4(good.port())}, good.port()},
      {"silent, refused, good", {v4(full.port()), v4(closed), v4(good.port())}, good.port()},
      {"good at once", {v4(good.port()), v4(full.port())}, good.port()},
      {"all refused", {v4(closed), v4(closed)}, 0},
  };
  for (const auto& c : kCases) {
    TestIoThread thread;
    std::promise<uint16_t> done;
    std::shared_ptr<Connector> connector;
    thread.Do([&] {
      connector = std::make_shared<Connector>(
          IoThread::Current()->core().context(), c.endpoints, "the host",
          [&](const absl::Status& status, Connector::Socket socket) {
            EXPECT_EQ(status.ok(), c.port != 0) << c.name << status;
            done.set_value(status.ok() ? socket.remote_endpoint().port() : 0);
          });
      connector->Start();
    });
    EXPECT_EQ(done.get_future().get(), c.port) << c.name;
    thread.Stop();
  }
}

class AsyncTlsTest : public ::testing::Test {
 protected:
  AsyncEnd Call(AsyncClient& client, const std::string& url, std::string* body = nullptr,
                std::string sent = "hello") {
    TestCall call(thread_, client);
    call.Run(CallTo(url, std::move(sent)));
    if (body != nullptr) *body = call.body();
    return call.Await();
  }
  TestIoThread thread_;
};

TEST_F(AsyncTlsTest, VerifiesTheCertificateAndTheName) {
  TestTlsServer server;
  const std::string url = fmt::format("https://localhost:{}/", server.port());
  {
    AsyncClient client({.ca_file = server.ca_file()});
    std::string body;
    const AsyncEnd first = Call(client, url, &body);
    EXPECT_TRUE(first.status.ok()) << first.status;
    EXPECT_EQ(body, "secret");
    EXPECT_TRUE(Call(client, url).reused);
    thread_.Do([] {});
  }
  TestIoThread other;  // Its own kept connections: the server takes one connection after another.
  const auto code = [&](AsyncClient& client, const std::string& to) {
    TestCall call(other, client);
    call.Run(CallTo(to));
    EXPECT_EQ(call.Await().stage, CallStage::kConnect);
    return call.Await().status.code();
  };
  thread_.Stop();
  AsyncClient wrong_name({.ca_file = server.ca_file()});
  EXPECT_EQ(code(wrong_name, fmt::format("https://127.0.0.1:{}/", server.port())),
            absl::StatusCode::kFailedPrecondition)
      << "the certificate names localhost only";
  AsyncClient stranger({});
  EXPECT_EQ(code(stranger, url), absl::StatusCode::kFailedPrecondition);
  AsyncClient misconfigured({.ca_file = "/does/not/exist.pem"});
  EXPECT_EQ(code(misconfigured, url), absl::StatusCode::kFailedPrecondition);
}

TEST_F(AsyncTlsTest, LargeBodiesAndCleanEnds) {
  constexpr size_t kBytes = 5 << 20;
  TestTlsServer server([](SSL* ssl) {
    std::string got;
    char bytes[16384];
    while (got.size() < kBytes || !got.ends_with("END")) {
      const int n = SSL_read(ssl, bytes, sizeof bytes);
      if (n <= 0) return;
      got.append(bytes, static_cast<size_t>(n));
    }
    const bool clean = got.find("POST /clean ") == 0;
    const std::string reply = "HTTP/1.1 200 OK\r\n\r\n" + got.substr(got.find("\r\n\r\n") + 4);
    SSL_write(ssl, reply.data(), static_cast<int>(reply.size()));
    if (clean) SSL_shutdown(ssl);
  });
  AsyncClient client({.ca_file = server.ca_file()});
  const std::string sent = std::string(kBytes, 'T') + "END";
  std::string body;
  const AsyncEnd clean =
      Call(client, fmt::format("https://localhost:{}/clean", server.port()), &body, sent);
  EXPECT_TRUE(clean.status.ok()) << clean.status;
  EXPECT_TRUE(body == sent) << body.size();
  const AsyncEnd cut =
      Call(client, fmt::format("https://localhost:{}/cut", server.port()), &body, sent);
  EXPECT_EQ(cut.status.code(), absl::StatusCode::kDataLoss)
      << "an answer that only the connection ends must end with TLS's own goodbye";
  thread_.Stop();
}

TEST_F(AsyncTlsTest, APeerThatSpeaksNoTls) {
  TestListener listener([](int fd, int n) {
    TestListener::Send(fd, n == 0 ? "HTTP/1.1 400 Bad Request\r\n\r\n" : "");
    TestListener::ReadRequest(fd);
  });
  AsyncClient client({});
  const std::string url = fmt::format("https://localhost:{}/", listener.port());
  const AsyncEnd end = Call(client, url);
  EXPECT_EQ(end.status.code(), absl::StatusCode::kUnavailable) << end.status;
  EXPECT_EQ(end.stage, CallStage::kConnect);
}

}  // namespace
}  // namespace pitot
