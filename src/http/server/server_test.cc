// The server over real sockets on free ports.
#include "http/server.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <random>
#include <thread>

#include "http/compress.h"
#include "http/memory_budget.h"
#include "http/test_socket.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;

// Echoes method, path and body, unless the path says otherwise.
class HttpServerTest : public ::testing::Test {
 protected:
  void Open(HttpServerOptions options = {}) {
    HttpService service;
    service.admit = [](HttpRequest& head, Admission& admission) {
      if (head.path == "/forbidden") admission.answer = ErrorResponse(403, "no");
      if (head.path == "/raw") admission.decode_body = false;
      if (head.path == "/small") admission.body_bytes = 10;
      admission.reply_headers.Add("X-Admitted", "yes");
    };
    service.handle = [this](HttpRequest request, Responder responder) {
      Handle(std::move(request), std::move(responder));
    };
    absl::StatusOr<std::unique_ptr<HttpServer>> server =
        HttpServer::Open(std::move(options), std::move(service));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Start();
  }

  void Handle(HttpRequest request, Responder responder) {
    ++handled_;
    if (request.path == "/drop") return;
    if (request.path == "/throw") throw std::runtime_error("thrown by the test");
    if (request.path == "/hold") {
      std::lock_guard lock(mutex_);
      held_.push_back(std::move(responder));
      return;
    }
    if (request.path == "/thread") {
      std::lock_guard lock(mutex_);
      threads_.emplace_back([responder = std::move(responder)]() mutable {
        responder.Send({.body = "from a thread"});
      });
      return;
    }
    responder.Send({.headers = {{"Content-Type", "text/plain"}},
                    .body = request.method + " " + request.path + " " + request.body});
  }

  size_t held() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }
  Responder TakeHeld() {
    std::lock_guard lock(mutex_);
    Responder responder = std::move(held_.back());
    held_.pop_back();
    return responder;
  }

  void TearDown() override {
    if (server_ != nullptr) server_->Stop(milliseconds(0));
    for (std::jthread& thread : threads_) thread.join();
    threads_.clear();
  }

  uint16_t port() const { return server_->port(); }

  std::unique_ptr<HttpServer> server_;
  std::atomic<int> handled_ = 0;
  std::mutex mutex_;
  std::vector<Responder> held_;
  std::vector<std::jthread> threads_;
};

std::string Post(std::string_view path, std::string_view body, std::string_view more = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), more, body);
}

std::string Chunked(std::string_view body, size_t chunk_bytes, std::string_view more = "") {
  std::string out =
      fmt::format("POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n{}\r\n", more);
  for (; !body.empty(); body.remove_prefix(std::min(chunk_bytes, body.size()))) {
    const std::string_view chunk = body.substr(0, chunk_bytes);
    out += fmt::format("{:x}\r\n{}\r\n", chunk.size(), chunk);
  }
  return out + "0\r\nTrailer: ignored\r\n\r\n";
}

TEST_F(HttpServerTest, KeepsTheConnection) {
  Open();
  TestSocket socket(port());
  for (int i = 0; i < 3; ++i) {
    const RawReply reply = socket.Ask(Post("/a%20b?x=1", "hello"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /a b hello");
    EXPECT_EQ(reply.headers.Get("x-admitted"), "yes");
    EXPECT_TRUE(reply.headers.Has("date"));
  }
  EXPECT_EQ(server_->connections(), 1);
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Open();
  TestSocket socket(port());
  std::string all;
  for (int i = 0; i < 20; ++i) {
    all += i % 2 == 0 ? Post(fmt::format("/{}", i), "body") : Chunked("chunked", 3);
    all += "GET /thread HTTP/1.1\r\nHost: h\r\n\r\n";
  }
  ASSERT_TRUE(socket.Send(all));
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(socket.Read().body, i % 2 == 0 ? fmt::format("POST /{} body", i) : "POST /c chunked");
    EXPECT_EQ(socket.Read().body, "from a thread");
  }
}

TEST_F(HttpServerTest, CutAtEveryByte) {
  Open();
  const std::string gzip = CompressGzip("zipped");
  const std::string requests[] = {Post("/p", "hello"), Chunked("hello, chunked", 5),
                                  Post("/z", gzip, "Content-Encoding: gzip\r\n"),
                                  Chunked(gzip, 4, "Content-Encoding: gzip\r\n")};
  const std::string expected[] = {"POST /p hello", "POST /c hello, chunked", "POST /z zipped",
                                  "POST /c zipped"};
  TestSocket socket(port());
  for (size_t r = 0; r < std::size(requests); ++r) {
    for (size_t cut = 1; cut < requests[r].size(); ++cut) {
      ASSERT_TRUE(socket.Send(requests[r].substr(0, cut)));
      // The first part has very likely been read on its own once the thread sleeps again; either
      // way the reply must be the same.
      std::this_thread::yield();
      ASSERT_TRUE(socket.Send(requests[r].substr(cut)));
      ASSERT_EQ(socket.Read().body, expected[r]) << "request " << r << " cut at " << cut;
    }
  }
}

TEST_F(HttpServerTest, LargeBodiesArriveWhole) {
  Open();
  std::string body(3 << 20, '\0');
  std::mt19937 random(3);
  for (char& c : body) c = static_cast<char>(random());
  TestSocket socket(port());
  std::thread sender([&] {
    socket.Send(Post("/l", body));
    socket.Send(Chunked(body, 100'000));
    socket.Send(Post("/l", CompressZstd(body), "Content-Encoding: zstd\r\n"));
  });
  EXPECT_TRUE(socket.Read().body == "POST /l " + body);
  EXPECT_TRUE(socket.Read().body == "POST /c " + body);
  EXPECT_TRUE(socket.Read().body == "POST /l " + body);
  sender.join();
}

TEST_F(HttpServerTest, OldAndOddClients) {
  Open();
  const auto ask = [&](const char* bytes) { return TestSocket(port()).Ask(bytes); };
  EXPECT_EQ(ask("GET / HTTP/1.0\r\n\r\n").headers.Get("connection"), "close");
  EXPECT_EQ(ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").headers.Get("connection"),
            "keep-alive");
  EXPECT_EQ(ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").headers.Get("connection"),
            "close");
  EXPECT_EQ(ask("\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /x ");
  EXPECT_EQ(ask("GET http://h:1/y?q HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /y ");
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").body, "OPTIONS * ");

  TestSocket head(port());
  head.Send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(head.Read(/*head_request=*/true).headers.Get("content-length"), "8");
  EXPECT_EQ(head.Ask("GET /x HTTP/1.1\r\nHost: h\r\n\r\n").body, "GET /x ");
}

TEST_F(HttpServerTest, RefusesWhatIsMalformed) {
  Open();
  const auto status = [&](const char* why, const std::string& bytes, int expected) {
    TestSocket socket(port());
    EXPECT_EQ(socket.Ask(bytes).status, expected) << why;
    EXPECT_TRUE(socket.ClosedByPeer()) << why;
  };
  status("not HTTP", "\x16\x03\x01 hello\r\n\r\n", 400);
  status("no host", "GET / HTTP/1.1\r\n\r\n", 400);
  status("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  status("two lengths",
         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400);
  status("length and chunked",
         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
         400);
  status("another transfer coding",
         "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
  status("bad chunk", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
         400);
  status("long head", "GET / HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x') + "\r\n\r\n",
         431);
  status("endless head", "GET /" + std::string(70'000, 'x'), 431);
}

TEST_F(HttpServerTest, BodyLimits) {
  Open({.body_bytes = 100'000});
  const std::string large(200'000, 'x');
  const auto status = [&](const char* why, const std::string& bytes, int expected) {
    const RawReply reply = TestSocket(port()).Ask(bytes);
    EXPECT_EQ(reply.status, expected) << why << ": " << reply.body;
  };
  status("at the limit", Post("/", large.substr(0, 100'000)), 200);
  status("over the limit", Post("/", large.substr(0, 100'001)), 413);
  status("a gigabyte is not read",
         "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1073741824\r\n\r\n", 413);
  status("chunked, over the limit", Chunked(large, 5000), 413);
  status("gzip, over the limit", Post("/", CompressGzip(large), "Content-Encoding: gzip\r\n"), 413);
  status("zstd, over the limit", Post("/", CompressZstd(large), "Content-Encoding: zstd\r\n"), 413);
  status("gzip, at the limit",
         Post("/", CompressGzip(large.substr(0, 100'000)), "Content-Encoding: gzip\r\n"), 200);
  status("limit by path", Post("/small", "12345678901"), 413);
  const std::string bomb = CompressGzip(std::string(64 << 20, '\0'));
  status("bomb", Post("/", bomb, "Content-Encoding: gzip\r\n"), 413);
  status("chunked bomb", Chunked(bomb, 1000, "Content-Encoding: gzip\r\n"), 413);
  status("unknown coding", Post("/", "x", "Content-Encoding: compress\r\n"), 415);
  status("truncated gzip",
         Post("/", CompressGzip("hello").substr(0, 20), "Content-Encoding: gzip\r\n"), 400);
  status("gzip that is not", Post("/", "hello", "Content-Encoding: gzip\r\n"), 400);
  EXPECT_EQ(TestSocket(port()).Ask(Post("/raw", "as is", "Content-Encoding: gzip\r\n")).body,
            "POST /raw as is");
}

TEST_F(HttpServerTest, AnAnswerOnTheHeadKeepsTheConnectionWhenTheBodyIsSmall) {
  Open();
  TestSocket socket(port());
  EXPECT_EQ(socket.Ask(Post("/forbidden", std::string(1000, 'x'))).status, 403);
  EXPECT_EQ(socket.Ask(Post("/ok", "x")).status, 200);
  EXPECT_EQ(
      socket.Ask("POST /forbidden HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n").status,
      403);
  EXPECT_TRUE(socket.ClosedByPeer());
}

TEST_F(HttpServerTest, ExpectContinue) {
  Open();
  TestSocket socket(port());
  socket.Send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.Read().status, 100);
  EXPECT_EQ(socket.Ask("hi").body, "POST /e hi");
  socket.Send(
      "POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(socket.Read().status, 413) << "refused before the body is sent";
}

TEST_F(HttpServerTest, SlowPeersAreCut) {
  Open({.idle_timeout = milliseconds(200),
        .header_timeout = milliseconds(200),
        .body_timeout = milliseconds(200)});
  EXPECT_TRUE(TestSocket(port()).ClosedByPeer()) << "idle";
  EXPECT_EQ(TestSocket(port()).Ask("GET / HT").status, 408) << "half a head";
  EXPECT_EQ(
      TestSocket(port()).Ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf").status,
      408);
  TestSocket trickle(port());
  trickle.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999\r\n\r\n");
  std::atomic<bool> stop = false;
  std::thread sender([&] {  // Never pauses for long, but far below body_rate_min.
    while (!stop && trickle.Send("x")) std::this_thread::sleep_for(milliseconds(20));
  });
  EXPECT_EQ(trickle.Read().status, 408);
  stop = true;
  sender.join();
}

TEST_F(HttpServerTest, MemoryIsBoundedAndGivenBack) {
  auto memory = std::make_shared<MemoryBudget>(100'000);
  Open({.memory = memory, .memory_wait = milliseconds(100)});
  const std::string body(80'000, 'x');
  TestSocket first(port());
  first.Send(Post("/hold", body));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  EXPECT_EQ(memory->used(), 80'000);

  const RawReply refused = TestSocket(port()).Ask(Post("/x", body));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.Get("retry-after"), "1");
  EXPECT_EQ(TestSocket(port()).Ask(Chunked(body, 9000)).status, 503);

  TakeHeld().Send({});
  EXPECT_EQ(first.Read().status, 200);
  EXPECT_TRUE(Eventually([&] { return memory->used() == 0; }));
  EXPECT_EQ(first.Ask(Post("/x", body)).status, 200);
  EXPECT_TRUE(Eventually([&] { return memory->used() == 0; }));
}

TEST_F(HttpServerTest, ABodyWaitsForMemory) {
  auto memory = std::make_shared<MemoryBudget>(100);
  Open({.memory = memory, .memory_wait = milliseconds(20'000)});
  ASSERT_TRUE(memory->TryAcquire(100));
  TestSocket socket(port());
  socket.Send(Post("/w", "waits"));
  ASSERT_TRUE(Eventually([&] { return !memory->TryAcquire(0); })) << "the request queues";
  EXPECT_EQ(handled_, 0);
  memory->Release(100);
  EXPECT_EQ(socket.Read().body, "POST /w waits");
}

// A session ends on its own thread: what whoever releases memory still holds must not keep it.
TEST_F(HttpServerTest, AConnectionEndsWhileOthersAreStillGranted) {
  auto memory = std::make_shared<MemoryBudget>(100);
  Open({.memory = memory, .memory_wait = milliseconds(20'000)});
  ASSERT_TRUE(memory->TryAcquire(100));
  TestSocket socket(port());
  socket.Send(Post("/w", "waits", "Connection: close\r\n"));
  ASSERT_TRUE(Eventually([&] { return !memory->TryAcquire(0); })) << "the request queues";
  bool ended = false;
  ASSERT_NE(memory->AcquireOrWait(
                10, [&] { ended = Eventually([&] { return server_->connections() == 0; }); }),
            0);
  memory->Release(100);  // Grants both, one after the other.
  EXPECT_TRUE(ended) << "the grant before it kept the connection";
  EXPECT_EQ(socket.Read().body, "POST /w waits");
}

TEST_F(HttpServerTest, ClientsThatLeave) {
  auto memory = std::make_shared<MemoryBudget>(1 << 20);
  Open({.memory = memory});
  {
    TestSocket socket(port());
    socket.Send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999\r\n\r\nhalf");
  }
  EXPECT_TRUE(Eventually([&] { return server_->connections() == 0 && memory->used() == 0; }));
  EXPECT_EQ(handled_, 0);

  std::atomic<bool> noticed = false;
  {
    TestSocket socket(port());
    socket.Send(Post("/hold", "x"));
    ASSERT_TRUE(Eventually([&] { return held() == 1; }));
    std::lock_guard lock(mutex_);
    held_.back().OnDisconnect([&] { noticed = true; });
  }
  EXPECT_TRUE(Eventually([&] { return noticed.load(); }));
  Responder late = TakeHeld();
  EXPECT_FALSE(late.connected());
  late.Send({});
  EXPECT_TRUE(Eventually([&] { return memory->used() == 0; }));
}

TEST_F(HttpServerTest, AHandlerThatFailsAnswers500) {
  Open();
  TestSocket socket(port());
  EXPECT_EQ(socket.Ask(Post("/drop", "x")).status, 500);
  EXPECT_EQ(socket.Ask(Post("/throw", "x")).status, 500);
  EXPECT_EQ(socket.Ask(Post("/fine", "x")).status, 200);
}

TEST_F(HttpServerTest, ManyThreadsAnswerManyConnections) {
  Open({.io_threads = 3});
  std::vector<std::jthread> clients;
  std::atomic<int> right = 0;
  for (int c = 0; c < 8; ++c) {
    clients.emplace_back([&] {
      TestSocket socket(port());
      for (int i = 0; i < 50; ++i) {
        right += socket.Ask("GET /thread HTTP/1.1\r\nHost: h\r\n\r\n").body == "from a thread";
      }
    });
  }
  clients.clear();
  EXPECT_EQ(right, 400);
}

TEST_F(HttpServerTest, ConnectionsOverTheLimitAreClosed) {
  Open({.connections = 2});
  TestSocket a(port());
  TestSocket b(port());
  ASSERT_EQ(a.Ask(Post("/a", "")).status, 200);
  ASSERT_EQ(b.Ask(Post("/b", "")).status, 200);
  EXPECT_TRUE(TestSocket(port()).ClosedByPeer());
  a.Close();
  ASSERT_TRUE(Eventually([&] { return server_->connections() == 1; }));
  EXPECT_EQ(TestSocket(port()).Ask(Post("/c", "")).status, 200);
}

TEST_F(HttpServerTest, StopWaitsForRequestsInFlight) {
  Open({.io_threads = 2});
  TestSocket idle(port());
  ASSERT_EQ(idle.Ask(Post("/x", "")).status, 200);
  TestSocket busy(port());
  busy.Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  std::thread stopper([&] { server_->Stop(milliseconds(20'000)); });
  EXPECT_TRUE(idle.ClosedByPeer());
  TakeHeld().Send({.body = "last"});
  const RawReply reply = busy.Read();
  EXPECT_EQ(reply.body, "last");
  EXPECT_EQ(reply.headers.Get("connection"), "close");
  stopper.join();
  EXPECT_FALSE(TestSocket(port()).connected());
}

TEST_F(HttpServerTest, StopCutsWhatDoesNotEnd) {
  Open();
  TestSocket busy(port());
  busy.Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  server_->Stop(milliseconds(50));
  EXPECT_TRUE(busy.ClosedByPeer());
  server_.reset();
  TakeHeld().Send({.body = "nobody hears it"});
}

TEST_F(HttpServerTest, StreamsInPieces) {
  Open();
  TestSocket socket(port());
  socket.Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  ResponseStream stream = TakeHeld().Begin({.headers = {{"Content-Type", "text/event-stream"}}});
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(stream.Write(fmt::format("data: {}\n\n", i)).ok());
    expected += fmt::format("data: {}\n\n", i);
  }
  stream.End();
  const RawReply reply = socket.Read();
  EXPECT_EQ(reply.headers.Get("transfer-encoding"), "chunked");
  EXPECT_EQ(reply.body, expected);
  EXPECT_EQ(socket.Ask(Post("/again", "")).status, 200);

  TestSocket old(port());
  old.Send("GET /hold HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  stream = TakeHeld().Begin({.body = "one "});
  ASSERT_TRUE(stream.Write("two").ok());
  stream.End();
  EXPECT_EQ(old.Read().body, "one two");
}

TEST_F(HttpServerTest, AStreamHasBackpressure) {
  Open({.stream_bytes = 100'000});
  TestSocket socket(port());
  socket.Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  ResponseStream stream = TakeHeld().Begin({});
  const std::string piece(50'000, 'x');
  size_t sent = 0;
  // The socket's buffers and the queue fill up while nobody reads.
  std::string chunk = piece;
  const auto fill = [&] {
    while (stream.TryWrite(chunk)) {
      sent += piece.size();
      chunk = piece;
    }
    return sent > 200'000 && stream.queued_bytes() >= 100'000;
  };
  ASSERT_TRUE(Eventually(fill));
  std::atomic<bool> writable = false;
  stream.OnWritable([&] { writable = true; });
  std::thread writer([&] {
    for (int i = 0; i < 100; ++i) {
      EXPECT_TRUE(stream.Write(piece).ok());
    }
    stream.End();
  });
  EXPECT_EQ(socket.Read().body.size(), sent + 100 * piece.size());
  EXPECT_TRUE(writable);
  writer.join();
}

TEST_F(HttpServerTest, AStreamNoticesThatItsPeerLeft) {
  Open();
  auto socket = std::make_unique<TestSocket>(port());
  socket->Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  ResponseStream stream = TakeHeld().Begin({});
  ASSERT_TRUE(stream.Write("hello").ok());
  socket.reset();
  EXPECT_TRUE(Eventually([&] { return !stream.connected(); }));
  EXPECT_EQ(stream.Write("more").code(), absl::StatusCode::kCancelled);
}

TEST_F(HttpServerTest, AnAbandonedStreamIsSeenAsIncomplete) {
  Open();
  TestSocket socket(port());
  socket.Send(Post("/hold", "x"));
  ASSERT_TRUE(Eventually([&] { return held() == 1; }));
  {
    ResponseStream stream = TakeHeld().Begin({});
    ASSERT_TRUE(stream.Write("half").ok());
  }
  EXPECT_EQ(socket.Read().status, 0);
}

TEST_F(HttpServerTest, AHeaderValueCannotStartALine) {
  HttpService service;
  service.handle = [](HttpRequest request, Responder responder) {
    responder.Send({.headers = {{"X-Echo", request.Param("v")}}});
  };
  server_ = HttpServer::Open({}, std::move(service)).value();
  server_->Start();
  const RawReply reply =
      TestSocket(port()).Ask("GET /?v=a%0d%0aSet-Cookie:%20x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(reply.headers.Get("x-echo"), "a  Set-Cookie: x");
}

TEST(HttpServerOpen, ATakenPortIsNamed) {
  HttpService service;
  service.handle = [](HttpRequest, Responder) {};
  auto first = HttpServer::Open({}, service).value();
  const absl::Status second = HttpServer::Open({.port = first->port()}, service).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.ToString().find(std::to_string(first->port())), std::string::npos) << second;
  EXPECT_FALSE(HttpServer::Open({.address = "not-an-address"}, service).ok());
}

}  // namespace
}  // namespace pitot
