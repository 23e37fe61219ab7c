// How replies leave: at once on the session's own thread, with the framing asked for, and not for
// peers that have gone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include "http/io_thread.h"
#include "http/server.h"
#include "http/test_socket.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

// Serves one function; it runs on the I/O thread.
class HttpReplyTest : public ::testing::Test {
 protected:
  using Handle = std::function<void(HttpRequest, Responder)>;

  void Open(Handle handle, HttpServerOptions options = {}) {
    HttpService service;
    service.handle = std::move(handle);
    absl::StatusOr<std::unique_ptr<HttpServer>> server =
        HttpServer::Open(std::move(options), std::move(service));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Start();
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Stop(milliseconds(0));
  }
  uint16_t port() const { return server_->port(); }

  std::unique_ptr<HttpServer> server_;
};

constexpr std::string_view kGet = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

TEST_F(HttpReplyTest, AnAnswerIsOnTheWireBeforeTheHandlerReturns) {
  std::promise<void> seen;
  Open([&](HttpRequest, Responder responder) {
    EXPECT_NE(IoThread::Current(), nullptr);
    responder.Send({.body = "now"});
    EXPECT_EQ(seen.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  });
  TestSocket socket(port());
  EXPECT_EQ(socket.Ask(kGet).body, "now");
  seen.set_value();
  server_->Stop(milliseconds(1000));  // The handler still looks at `seen`.
}

TEST_F(HttpReplyTest, PiecesAreOnTheWireBeforeTheHandlerReturns) {
  std::promise<void> first, second;
  Open([&](HttpRequest, Responder responder) {
    ResponseStream stream = responder.Begin({.content_length = 6});
    EXPECT_TRUE(stream.TryForward("abc"));
    EXPECT_EQ(stream.queued_bytes(), 0u);
    first.get_future().wait_for(std::chrono::seconds(20));
    std::string chunk = "def";
    EXPECT_TRUE(stream.TryWrite(chunk));
    second.get_future().wait_for(std::chrono::seconds(20));
    stream.End();
  });
  TestSocket socket(port());
  socket.Send(kGet);
  std::string got;
  const auto read_until = [&](std::string_view tail) {
    char bytes[4096];
    while (!got.ends_with(tail)) {
      const ssize_t n = ::recv(socket.fd(), bytes, sizeof bytes, 0);
      ASSERT_GT(n, 0) << got;
      got.append(bytes, static_cast<size_t>(n));
    }
  };
  read_until("abc");
  first.set_value();
  read_until("def");
  second.set_value();
  server_->Stop(milliseconds(1000));
  EXPECT_NE(got.find("Content-Length: 6\r\n"), std::string::npos) << got;
}

TEST_F(HttpReplyTest, AHeadAloneLeavesWithoutAPiece) {
  auto stream = std::make_shared<std::unique_ptr<ResponseStream>>();
  Open([&](HttpRequest, Responder responder) {
    *stream = std::make_unique<ResponseStream>(
        responder.Begin({.headers = {{"X-Early", "1"}}, .content_length = 2}));
  });
  TestSocket socket(port());
  socket.Send(kGet);
  char bytes[4096];
  const ssize_t n = ::recv(socket.fd(), bytes, sizeof bytes, 0);
  ASSERT_GT(n, 0);
  EXPECT_NE(std::string_view(bytes, static_cast<size_t>(n)).find("X-Early: 1\r\n"),
            std::string_view::npos);
  std::string chunk = "ok";
  EXPECT_TRUE((*stream)->TryWrite(chunk));
  (*stream)->End();
}

TEST_F(HttpReplyTest, AStreamWithALengthKeepsIt) {
  Open([](HttpRequest request, Responder responder) {
    ResponseStream stream = responder.Begin({.body = "0123", .content_length = 10});
    EXPECT_TRUE(stream.TryForward("456789"));
    if (request.path == "/long") {
      EXPECT_TRUE(stream.TryForward("too much"));
    }
    if (request.path == "/short") return;
    stream.End();
  });
  {
    TestSocket socket(port());
    for (int i = 0; i < 2; ++i) {
      const RawReply reply = socket.Ask(kGet);
      EXPECT_EQ(reply.body, "0123456789");
      EXPECT_EQ(reply.headers.Get("content-length"), "10");
      EXPECT_FALSE(reply.headers.Has("transfer-encoding"));
    }
    socket.Send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(socket.Read(true).headers.Get("content-length"), "10");
    EXPECT_EQ(socket.Ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").body, "0123456789");
    EXPECT_EQ(socket.Ask(kGet).body, "0123456789") << "a length keeps the connection of HTTP/1.0";
  }
  for (const std::string_view path : {"/long", "/short"}) {
    TestSocket socket(port());
    EXPECT_EQ(socket.Ask(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path)).body,
              "0123456789");
    EXPECT_TRUE(socket.ClosedByPeer()) << path;
  }
}

TEST_F(HttpReplyTest, AStreamCutBeforeItsLengthEndsTheConnection) {
  Open([](HttpRequest request, Responder responder) {
    ResponseStream stream = responder.Begin({.content_length = 10});
    EXPECT_TRUE(stream.TryForward("0123"));
    if (request.path == "/end") stream.End();
  });
  for (const std::string_view path : {"/end", "/drop"}) {
    TestSocket socket(port());
    EXPECT_EQ(socket.Ask(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path)).status, 0)
        << path << ": a shorter body must not look complete";
  }
}

TEST_F(HttpReplyTest, AForeignHeadPassesThrough) {
  Open([](HttpRequest, Responder responder) {
    responder.Send({.status = 529,
                    .headers = {{"dAtE", "Thu, 01 Jan 1970 00:00:00 GMT"}, {"x-RateLimit", "5"}},
                    .body = "b",
                    .reason = "Site is overloaded"});
  });
  TestSocket socket(port());
  socket.Send(kGet);
  std::string got;
  char bytes[4096];
  while (!got.ends_with("\r\n\r\nb")) {
    const ssize_t n = ::recv(socket.fd(), bytes, sizeof bytes, 0);
    ASSERT_GT(n, 0) << got;
    got.append(bytes, static_cast<size_t>(n));
  }
  EXPECT_EQ(got,
            "HTTP/1.1 529 Site is overloaded\r\ndAtE: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
            "x-RateLimit: 5\r\nContent-Length: 1\r\n\r\nb");
}

// On the thread itself: writes until there is no room, goes on when there is, and ends.
struct Producer : std::enable_shared_from_this<Producer> {
  explicit Producer(ResponseStream s) : stream(std::move(s)) {}
  void Go() {
    while (sent < kPieces) {
      if (!stream.TryForward(std::string(kPieceBytes, static_cast<char>('a' + sent % 26)))) {
        queued_max = std::max(queued_max, stream.queued_bytes());
        stream.OnWritable([self = shared_from_this()] { self->Go(); });
        return;
      }
      ++sent;
    }
    stream.End();
  }
  static constexpr size_t kPieceBytes = 100'003;
  static constexpr int kPieces = 200;
  ResponseStream stream;
  int sent = 0;
  size_t queued_max = 0;
};

TEST_F(HttpReplyTest, BackpressureOnTheIoThreadItself) {
  for (const bool length : {false, true}) {
    std::shared_ptr<Producer> producer;
    std::promise<void> started;
    Open([&](HttpRequest, Responder responder) {
      HttpResponse head;
      if (length) head.content_length = Producer::kPieceBytes * Producer::kPieces;
      producer = std::make_shared<Producer>(responder.Begin(std::move(head)));
      producer->Go();
      started.set_value();
    });
    TestSocket socket(port());
    socket.Send(kGet);
    started.get_future().wait();
    const RawReply reply = socket.Read();
    ASSERT_EQ(reply.body.size(), Producer::kPieceBytes * Producer::kPieces);
    for (int i = 0; i < Producer::kPieces; ++i) {
      const size_t at = static_cast<size_t>(i) * Producer::kPieceBytes;
      ASSERT_EQ(reply.body.find_first_not_of(static_cast<char>('a' + i % 26), at),
                i + 1 < Producer::kPieces ? at + Producer::kPieceBytes : std::string::npos);
    }
    server_->Stop(milliseconds(1000));  // From here on the producer is ours.
    EXPECT_GT(producer->queued_max, 0u) << "the peer read nothing at first: the queue must fill";
    EXPECT_LT(producer->queued_max, (256u << 10) + Producer::kPieceBytes);
  }
}

class HttpLeaverTest : public HttpReplyTest {
 protected:
  void OpenHolding() {
    Open([this](HttpRequest request, Responder responder) {
      responder.OnDisconnect([this] {
        EXPECT_NE(IoThread::Current(), nullptr);
        left_at_ = SteadyClock::now();
        left_ = true;
      });
      if (request.path == "/stream") {
        stream_ = std::make_unique<ResponseStream>(responder.Begin({}));
      } else {
        held_ = std::make_unique<Responder>(std::move(responder));
      }
      holding_ = true;
    });
  }
  void ExpectNoticed(SteadyClock::time_point gone_at, std::string_view what) {
    EXPECT_TRUE(Eventually([&] { return left_.load(); })) << what;
    EXPECT_LT(left_at_ - gone_at, milliseconds(100)) << what;
  }

  std::atomic<bool> holding_ = false;
  std::atomic<bool> left_ = false;
  SteadyClock::time_point left_at_;
  std::unique_ptr<Responder> held_;
  std::unique_ptr<ResponseStream> stream_;
};

TEST_F(HttpLeaverTest, APeerThatLeavesIsNoticedWhileTheHandlerWaits) {
  OpenHolding();
  for (const bool reset : {false, true}) {
    for (const std::string_view path : {"/wait", "/stream"}) {
      holding_ = left_ = false;
      TestSocket socket(port());
      socket.Send(fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n\r\n", path));
      ASSERT_TRUE(Eventually([&] { return holding_.load(); }));
      const linger hard = {.l_onoff = 1, .l_linger = 0};
      if (reset) ::setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
      const auto gone_at = SteadyClock::now();
      socket.Close();
      ExpectNoticed(gone_at, fmt::format("{} {}", path, reset ? "RST" : "FIN"));
      EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
    }
  }
}

TEST_F(HttpLeaverTest, APeerThatLeavesBehindAPipelinedRequestIsNoticedToo) {
  OpenHolding();
  TestSocket socket(port());
  socket.Send(fmt::format("{}{}", kGet, kGet));
  ASSERT_TRUE(Eventually([&] { return holding_.load(); }));
  const auto gone_at = SteadyClock::now();
  socket.Close();
  ExpectNoticed(gone_at, "pipelined");
}

// The peer is gone, the socket says so only when written to, and the handler ends first: what it set
// must not be called any more, for it may refer to the handler.
TEST_F(HttpReplyTest, AHandlerThatEndedHearsNothing) {
  std::atomic<bool> called = false;
  std::promise<void> close, done;
  Open([&](HttpRequest, Responder responder) {
    responder.OnDisconnect([&] { called = true; });
    ResponseStream stream = responder.Begin({});
    close.set_value();
    for (int i = 0; i < 100 && stream.TryForward(std::string(100'000, 'x')); ++i) {
      std::this_thread::sleep_for(milliseconds(1));  // Until the reset has come.
    }
    stream.End();
    done.set_value();
  });
  {
    TestSocket socket(port());
    socket.Send(kGet);
    close.get_future().wait();
    const linger hard = {.l_onoff = 1, .l_linger = 0};
    ::setsockopt(socket.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  done.get_future().wait();
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0; }));
  EXPECT_FALSE(called);
}

TEST_F(HttpLeaverTest, AHalfClosedPeerGetsItsAnswerWhenNobodyWatches) {
  std::promise<Responder> held;
  Open([&](HttpRequest, Responder responder) { held.set_value(std::move(responder)); });
  TestSocket socket(port());
  socket.Send(kGet);
  ::shutdown(socket.fd(), SHUT_WR);
  Responder responder = held.get_future().get();
  responder.Send({.body = "late"});
  EXPECT_EQ(socket.Read().body, "late");
  EXPECT_TRUE(socket.ClosedByPeer());
}

TEST(IoThread, PostsAndTimersRunInOrderOnTheThread) {
  std::promise<std::string> done;
  HttpService service;
  service.handle = [&](HttpRequest, Responder responder) {
    IoThread& thread = *IoThread::Current();
    auto log = std::make_shared<std::string>();
    auto timer = std::make_shared<IoTimer>(thread);
    auto never = std::make_shared<IoTimer>(thread);
    never->After(milliseconds(1), [log] { *log += "never "; });
    never->After(milliseconds(1), [log] { *log += "replaced "; });
    timer->After(milliseconds(20), [=, &done, &thread] {
      EXPECT_EQ(IoThread::Current(), &thread);
      done.set_value(*log + "timer");
      timer->Cancel();  // Inside its own work: nothing happens.
    });
    auto cancelled = std::make_shared<IoTimer>(thread);
    cancelled->After(milliseconds(1), [log] { *log += "cancelled "; });
    cancelled->Cancel();
    thread.Post([=, &thread] {
      *log += "1 ";
      thread.Post([=] { *log += "3 ", (void)never; });
    });
    thread.Post([log] { *log += "2 "; });
    *log += "0 ";
    responder.Send({});
  };
  auto server = HttpServer::Open({}, std::move(service));
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Start();
  TestSocket socket((*server)->port());
  socket.Send(kGet);
  EXPECT_EQ(done.get_future().get(), "0 1 2 3 timer");
  (*server)->Stop(milliseconds(1000));
  EXPECT_EQ(IoThread::Current(), nullptr);
}

TEST(IoThread, WorkPostedAfterTheStopIsDestroyed) {
  std::promise<std::shared_ptr<IoThread>> of;
  HttpService service;
  service.handle = [&](HttpRequest, Responder responder) {
    of.set_value(IoThread::Current()->shared_from_this());
    responder.Send({});
  };
  auto server = HttpServer::Open({}, std::move(service));
  ASSERT_TRUE(server.ok()) << server.status();
  (*server)->Start();
  TestSocket socket((*server)->port());
  socket.Send(kGet);
  const std::shared_ptr<IoThread> thread = of.get_future().get();
  server->reset();
  auto token = std::make_shared<int>(1);
  thread->Post([token] { ADD_FAILURE() << "work ran on a thread that has stopped"; });
  EXPECT_EQ(token.use_count(), 1);
}

}  // namespace
}  // namespace pitot
