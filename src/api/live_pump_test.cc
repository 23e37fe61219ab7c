// The live stream over real connections: who gets what, in which order, and what a slow, gone or
// returning reader is told.
#include "api/live_pump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/status.h"
#include "http/sse.h"
#include "http/test_socket.h"

namespace pitot {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Reads one stream event by event.
class LiveClient {
 public:
  LiveClient(uint16_t port, std::string_view target, std::string_view last_id = "",
             int receive_bytes = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_bytes > 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n", target);
    if (!last_id.empty()) request += fmt::format("Last-Event-ID: {}\r\n", last_id);
    request += "\r\n";
    EXPECT_GT(::send(fd_, request.data(), request.size(), MSG_NOSIGNAL), 0);
    while (raw_.find("\r\n\r\n") == std::string::npos && More()) {
    }
    status_ = raw_.size() > 12 ? std::atoi(raw_.c_str() + 9) : 0;
    head_ = raw_.substr(0, raw_.find("\r\n\r\n"));
    raw_.erase(0, head_.size() + 4);
  }
  ~LiveClient() { ::close(fd_); }
  LiveClient(const LiveClient&) = delete;
  LiveClient& operator=(const LiveClient&) = delete;

  int status() const { return status_; }
  const std::string& head() const { return head_; }
  const std::string& text() const { return text_; }

  // The next event; nullopt at the end of the stream or after 20 s.
  std::optional<SseEvent> Next() {
    TakeChunks();
    while (events_.empty()) {
      if (ended_ || !More()) return std::nullopt;
      TakeChunks();
    }
    SseEvent event = std::move(events_.front());
    events_.erase(events_.begin());
    return event;
  }
  // Of the next event, which must be a span's.
  std::string NextName() {
    const auto event = Next();
    if (!event) return "(no event)";
    return event->event == "span"
               ? std::string(json::parse(event->data).at("span").at("name").as_string())
               : event->event + " " + event->data;
  }
  // True when the reply ends as a reply should: with the last chunk.
  bool EndsCleanly() {
    while (Next()) {
    }
    return ended_;
  }
  bool WaitText(std::string_view words) {
    TakeChunks();
    while (text_.find(words) == std::string::npos) {
      if (!More()) return false;
      TakeChunks();
    }
    return true;
  }

 private:
  bool More() {
    pollfd poll_fd = {fd_, POLLIN, 0};
    if (::poll(&poll_fd, 1, 20'000) <= 0) return false;
    char bytes[65536];
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    raw_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  void TakeChunks() {
    for (;;) {
      const size_t eol = raw_.find("\r\n");
      if (eol == std::string::npos) return;
      const size_t bytes = std::strtoull(raw_.c_str(), nullptr, 16);
      if (raw_.size() < eol + 2 + bytes + 2) return;
      const std::string chunk = raw_.substr(eol + 2, bytes);
      raw_.erase(0, eol + 2 + bytes + 2);
      if (bytes == 0) {
        ended_ = true;
        return;
      }
      text_ += chunk;
      EXPECT_TRUE(parser_.Put(chunk, events_).ok());
    }
  }

  int fd_;
  int status_ = 0;
  bool ended_ = false;
  std::string head_;
  std::string raw_;
  std::string text_;
  SseParser parser_;
  std::vector<SseEvent> events_;
};

std::vector<LiveSpans> Spans(const std::vector<std::string>& names,
                             SpanStatus status = SpanStatus::kUnset, Kind kind = Kind::kSpan) {
  std::vector<LiveSpans> out(1);
  uint8_t id = 0;
  for (const std::string& name : names) {
    Span span;
    span.trace_id.bytes[0] = 1;
    span.span_id.bytes[0] = ++id;
    span.name = name;
    span.kind = kind;
    span.status = status;
    span.start_ns = 1'795'000'000'123'456'789;
    span.end_ns = span.start_ns + 2'500'000;
    out.back().Add(span);
  }
  return out;
}

class LivePumpTest : public ::testing::Test {
 protected:
  ~LivePumpTest() override {
    pump_->Stop();
    server_->Stop(std::chrono::seconds(10));
  }

  void Open(LiveOptions options = {},
            std::chrono::milliseconds heartbeat = std::chrono::seconds(15)) {
    feed_ = std::make_unique<LiveFeed>(options, clock_);
    pump_ = std::make_unique<LivePump>(*feed_, limits_, heartbeat);
    HttpService service;
    service.handle = [this](HttpRequest request, Responder responder) {
      auto gone = std::make_shared<CancelToken>();
      responder.OnDisconnect([gone] { gone->Cancel(); });
      LiveRequest live{.project = std::string(request.Param("project")), .gone = gone};
      if (const auto q = request.Param("q"); !q.empty()) live.filter = ParseFilter(q).value();
      if (const auto id = request.headers.Get("Last-Event-ID"); !id.empty()) {
        live.last_id = std::stoull(std::string(id));
      }
      if (const absl::Status status = pump_->Add(std::move(live), responder); !status.ok()) {
        responder.Send(ErrorResponse(503, Message(status)));
      }
    };
    HttpServerOptions http;
    http.stream_bytes = 16 << 10;
    auto server = HttpServer::Open(http, std::move(service));
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    server_->Start();
  }
  uint16_t port() const { return server_->port(); }

  FakeClock clock_{1'795'000'000'000'000'000};
  Limits limits_;
  std::unique_ptr<LiveFeed> feed_;
  std::unique_ptr<LivePump> pump_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(LivePumpTest, ShowsSpansAsTheyStartAndEnd) {
  Open();
  LiveClient client(port(), "/?project=a");
  ASSERT_EQ(client.status(), 200) << client.head();
  EXPECT_THAT(client.head(), HasSubstr("text/event-stream"));
  feed_->Publish("a", Spans({"chat"}, SpanStatus::kRunning, Kind::kLlm));
  feed_->Publish("a", Spans({"chat"}, SpanStatus::kOk, Kind::kLlm));
  const auto start = client.Next();
  ASSERT_TRUE(start.has_value());
  EXPECT_EQ(start->event, "span");
  EXPECT_EQ(json::parse(start->data), json::parse(R"({"phase":"start","span":{
      "trace_id":"01000000000000000000000000000000","span_id":"0100000000000000","name":"chat",
      "kind":"llm","status":"running","started_at":"2026-11-18T11:06:40.123456789Z",
      "source":"otlp"}})"))
      << start->data;
  const auto end = client.Next();
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(json::parse(end->data).at("phase").as_string(), "end");
  EXPECT_EQ(json::parse(end->data).at("span").at("duration_ms").to_number<double>(), 2.5);
  EXPECT_EQ(std::stoull(end->id), std::stoull(start->id) + 1);
}

TEST_F(LivePumpTest, ProjectsDoNotSeeEachOther) {
  Open();
  LiveClient a(port(), "/?project=a");
  LiveClient b(port(), "/?project=b");
  feed_->Publish("a", Spans({"of a"}));
  feed_->Publish("b", Spans({"of b"}));
  EXPECT_EQ(a.NextName(), "of a");
  EXPECT_EQ(b.NextName(), "of b");
}

TEST_F(LivePumpTest, KeepsNothingWhileNobodyWatches) {
  Open();
  EXPECT_FALSE(feed_->Wants("a"));
  {
    LiveClient client(port(), "/?project=a");
    ASSERT_EQ(client.status(), 200);
    EXPECT_TRUE(feed_->Wants("a"));
    EXPECT_FALSE(feed_->Wants("b"));
  }
  EXPECT_TRUE(feed_->Wants("a")) << "the reader may come back";
  EXPECT_TRUE(Eventually([&] {
    clock_.Advance(
        std::chrono::seconds(61));  // Again and again: the pump notices the end on its own.
    feed_->Expire();
    return !feed_->Wants("a");
  }));
}

TEST_F(LivePumpTest, AFilterLeavesOutWhatItDoesNotMatch) {
  Open({}, std::chrono::milliseconds(20));
  LiveClient client(port(), "/?project=a&q=kind%20%3D%20llm");
  feed_->Publish("a", Spans({"a tool"}, SpanStatus::kUnset, Kind::kTool));
  feed_->Publish("a", Spans({"a call"}, SpanStatus::kUnset, Kind::kLlm));
  feed_->Publish("a", Spans({"tool two", "tool three"}, SpanStatus::kUnset, Kind::kTool));
  const auto call = client.Next();
  ASSERT_TRUE(call.has_value());
  EXPECT_THAT(call->data, HasSubstr("a call"));
  // The sign of life moves the last id past what was left out, so that resuming does not ask for it.
  const std::string after = fmt::format("id: {}\n\n", std::stoull(call->id) + 2);
  EXPECT_TRUE(client.WaitText(after)) << client.text();
  EXPECT_THAT(client.text(), HasSubstr(": hb\n"));
}

TEST_F(LivePumpTest, ResumesWhereTheReaderWas) {
  Open();
  std::string last;
  {
    LiveClient client(port(), "/?project=a");
    feed_->Publish("a", Spans({"one", "two"}));
    EXPECT_EQ(client.NextName(), "one");
    last = client.Next()->id;
  }
  feed_->Publish("a", Spans({"three", "four"}));
  clock_.Advance(std::chrono::seconds(30));
  feed_->Publish("a", Spans({"five"}));
  LiveClient client(port(), "/?project=a", last);
  EXPECT_EQ(client.NextName(), "three");
  EXPECT_EQ(client.NextName(), "four");
  EXPECT_EQ(client.NextName(), "five");
  LiveClient middle(port(), "/?project=a", std::to_string(std::stoull(last) + 1));
  EXPECT_EQ(middle.NextName(), "four") << "in the middle of a request's spans";
}

TEST_F(LivePumpTest, SaysWhatCouldNotBeResumed) {
  Open();
  LiveClient keeps(port(), "/?project=a");
  feed_->Publish("a", Spans({"one", "two", "three"}));
  EXPECT_EQ(keeps.NextName(), "one");
  const std::string second = keeps.Next()->id;
  EXPECT_EQ(keeps.NextName(), "three");
  clock_.Advance(std::chrono::seconds(61));
  feed_->Publish("a", Spans({"four"}));

  LiveClient late(port(), "/?project=a", second);
  const auto gap = late.Next();
  ASSERT_TRUE(gap.has_value());
  EXPECT_EQ(gap->event, "gap");
  EXPECT_EQ(json::parse(gap->data).at("lost").as_int64(), 1) << gap->data;
  EXPECT_EQ(std::stoull(gap->id), std::stoull(second) + 1) << "the next time it is not told again";
  EXPECT_EQ(late.NextName(), "four");

  LiveClient stranger(port(), "/?project=a", "17");
  const auto unknown = stranger.Next();
  ASSERT_TRUE(unknown.has_value());
  EXPECT_EQ(unknown->event, "gap");
  EXPECT_TRUE(json::parse(unknown->data).at("lost").is_null()) << unknown->data;
  EXPECT_EQ(stranger.NextName(), "four");
}

TEST_F(LivePumpTest, ASlowReaderLosesSpansAndIsToldHowMany) {
  Open({.bytes = 64 << 10});
  LiveClient slow(port(), "/?project=a", "", 4096);
  LiveClient quick(port(), "/?project=a");
  ASSERT_EQ(slow.status(), 200);
  const std::string name(1000, 'x');
  constexpr int kSpans = 20'000;  // 20 MB: more than sockets, stream and feed hold.
  for (int i = 0; i < kSpans; i += 10) {
    feed_->Publish("a", Spans(std::vector<std::string>(10, name)));
    // The quick one keeps up, whatever the slow one does.
    for (int n = 0; n < 10; ++n) {
      const auto event = quick.Next();
      ASSERT_TRUE(event.has_value());
      ASSERT_EQ(event->event, "span") << event->data << " after " << i + n;
    }
  }
  feed_->Publish("a", Spans({"last"}));
  int64_t seen = 0;
  int64_t lost = 0;
  for (;;) {
    const auto event = slow.Next();
    ASSERT_TRUE(event.has_value()) << seen << " seen, " << lost << " lost";
    if (event->event == "gap") {
      const json::value gap = json::parse(event->data);
      lost += gap.at("lost").as_int64();
      EXPECT_THAT(std::string(gap.at("reason").as_string()), HasSubstr("too slow"));
      continue;
    }
    if (event->data.find("\"last\"") != std::string::npos) break;
    ++seen;
  }
  EXPECT_EQ(seen + lost, kSpans);
  EXPECT_GT(lost, 0);
  EXPECT_LE(feed_->stats().bytes, 64u << 10);
}

TEST_F(LivePumpTest, ReadersAreLimitedAndLeave) {
  limits_.live_subscribers = 2;
  Open();
  auto one = std::make_unique<LiveClient>(port(), "/?project=a");
  LiveClient two(port(), "/?project=a");
  LiveClient three(port(), "/?project=a");
  EXPECT_EQ(one->status(), 200);
  EXPECT_EQ(two.status(), 200);
  EXPECT_EQ(three.status(), 503);
  EXPECT_TRUE(Eventually([&] { return LiveClient(port(), "/?project=a").status() == 503; }));
  one.reset();
  EXPECT_TRUE(Eventually([&] { return LiveClient(port(), "/?project=a").status() == 200; }))
      << "a reader that went away still counts";
}

TEST_F(LivePumpTest, EndsEveryStreamWhenTheServerStops) {
  Open();
  LiveClient idle(port(), "/?project=a");
  LiveClient busy(port(), "/?project=a");
  feed_->Publish("a", Spans({"one"}));
  EXPECT_EQ(busy.NextName(), "one");
  const auto before = std::chrono::steady_clock::now();
  pump_->Stop();
  EXPECT_TRUE(idle.EndsCleanly());
  EXPECT_TRUE(busy.EndsCleanly());
  server_->Stop(std::chrono::seconds(10));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(5))
      << "the server waited for live streams";
  pump_->Stop();
}

TEST_F(LivePumpTest, ManyWritersAndReaders) {
  Open();
  std::vector<std::unique_ptr<LiveClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(
        std::make_unique<LiveClient>(port(), i % 2 == 0 ? "/?project=a" : "/?project=b"));
  }
  {
    std::vector<std::jthread> writers;
    for (const char* project : {"a", "a", "b", "b"}) {
      writers.emplace_back([this, project] {
        for (int i = 0; i < 50; ++i) feed_->Publish(project, Spans({"s", "s"}));
      });
    }
  }
  for (const auto& client : clients) {
    uint64_t last = 0;
    for (int i = 0; i < 200; ++i) {
      const auto event = client->Next();
      ASSERT_TRUE(event.has_value()) << i;
      const uint64_t id = std::stoull(event->id);
      EXPECT_TRUE(last == 0 || id == last + 1);
      last = id;
    }
  }
}

}  // namespace
}  // namespace pitot
