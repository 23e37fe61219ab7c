// Exporters as a collector has them, against receivers that answer rightly, wrongly, late or never.
#include "sdk/export/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <stdexcept>

#include "sdk/base/problems.h"
#include "sdk/export/export_test_util.h"
#include "sdk/net/test_server.h"
#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Dropped = std::map<std::string, uint64_t>;
using testing::HasSubstr;

constexpr seconds kPatience{20};
constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

Deadline In(milliseconds time) { return Clock::now() + time; }

Delivery Quick() {
  Delivery delivery;
  delivery.timeout = seconds(10);
  delivery.backoff_first = milliseconds(1);
  delivery.backoff_max = milliseconds(5);
  return delivery;
}

// Answers one request after another with what `answer(request, n)` gives; empty: hangs up.
class Receiver {
 public:
  using Answer = std::function<std::string(const std::string& request, int n)>;

  explicit Receiver(Answer answer)
      : answer_(std::move(answer)), server_([this](TestPeer& peer, int) {
          while (true) {
            const std::string request = peer.ReadRequest();
            if (request.empty()) return;
            int n = 0;
            {
              std::lock_guard lock(mutex_);
              n = static_cast<int>(requests_.size());
              requests_.push_back(request);
            }
            const std::string answer = answer_(request, n);
            if (answer.empty()) return;
            peer.Send(answer);
          }
        }) {}

  std::string url(std::string_view path = "/v1/traces") const { return server_.url(path); }
  std::vector<std::string> requests() {
    std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const Answer answer_;
  std::mutex mutex_;
  std::vector<std::string> requests_;  // Guarded by mutex_.
  TestServer server_;
};

std::string Body(const std::string& request) {
  return request.substr(request.find("\r\n\r\n") + 4);
}

class ExporterTest : public testing::Test {
 protected:
  ExporterTest()
      : problems_([this](std::string_view message) {
          std::lock_guard lock(mutex_);
          said_.emplace_back(message);
        }) {}

  std::unique_ptr<Exporter> Open(const ExporterOptions& options) {
    std::unique_ptr<Exporter> exporter = MakeExporter(options, TestResource(), problems_);
    exporter->Start();
    return exporter;
  }
  std::unique_ptr<Exporter> OpenOtlp(const std::string& url) {
    return Open(Otlp{.endpoint = url, .delivery = Quick()});
  }
  std::vector<std::string> Said() {
    std::lock_guard lock(mutex_);
    return said_;
  }
  // What handing over spans costs the collector's thread, whatever the receiver does.
  static milliseconds TimeToTake(Exporter& exporter, int batches) {
    const std::vector<SpanData> spans = SmallSpans(10);
    const auto before = Clock::now();
    for (int i = 0; i < batches; ++i) exporter.Take(spans);
    return std::chrono::duration_cast<milliseconds>(Clock::now() - before);
  }

  std::mutex mutex_;
  std::vector<std::string> said_;
  Problems problems_;
};

TEST_F(ExporterTest, Otlp) {
  Receiver receiver([](const std::string&, int) { return std::string(kOk); });
  const auto exporter = Open(
      Otlp{.endpoint = receiver.url(), .headers = {{"X-Team", "orders"}}, .pitot_key = "key-1"});
  EXPECT_EQ(exporter->name(), "otlp " + receiver.url());
  EXPECT_TRUE(exporter->wants_running());
  exporter->Take(SmallSpans(2));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  ASSERT_EQ(receiver.requests().size(), 1u);
  const std::string request = receiver.requests()[0];
  EXPECT_THAT(request, HasSubstr("POST /v1/traces HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("Content-Type: application/x-protobuf\r\n"));
  EXPECT_THAT(request, HasSubstr("x-pitot-key: key-1\r\n"));
  EXPECT_THAT(request, HasSubstr("X-Team: orders\r\n"));
  EXPECT_THAT(DumpOtlp(Body(request)), HasSubstr("name: \"small\""));
  EXPECT_EQ(exporter->Stats().sent, 2u);
  EXPECT_FALSE(exporter->wants_running()) << "this receiver is not Pitot";
}

TEST_F(ExporterTest, AnnouncesToPitot) {
  Receiver receiver([](const std::string&, int) {
    return "HTTP/1.1 200 OK\r\nx-pitot-running: 1\r\nContent-Length: 0\r\n\r\n";
  });
  const auto exporter = OpenOtlp(receiver.url());
  std::vector<SpanData> spans = SmallSpans(1);
  spans[0].status = SpanStatus::kRunning;
  exporter->Take(spans);
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  ASSERT_EQ(receiver.requests().size(), 2u);
  EXPECT_EQ(Body(receiver.requests()[0]), "") << "the question";
  EXPECT_THAT(DumpOtlp(Body(receiver.requests()[1])), HasSubstr("\"pitot.running\" bool_value: 1"));
  EXPECT_TRUE(exporter->wants_running());
}

TEST_F(ExporterTest, Langfuse) {
  Receiver receiver([](const std::string&, int) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
  });
  const std::string base = receiver.url("/");
  const auto exporter =
      Open(Langfuse{.base_url = base, .public_key = "pk-lf-1", .secret_key = "sk-lf-2"});
  exporter->Take(SmallSpans(1));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  ASSERT_EQ(receiver.requests().size(), 1u);
  const std::string request = receiver.requests()[0];
  EXPECT_THAT(request, HasSubstr("POST /api/public/otel/v1/traces HTTP/1.1\r\n"));
  // base64("pk-lf-1:sk-lf-2")
  EXPECT_THAT(request, HasSubstr("Authorization: Basic cGstbGYtMTpzay1sZi0y\r\n"));
  EXPECT_THAT(DumpOtlp(Body(request)), HasSubstr("\"langfuse.observation.type\""));
  EXPECT_EQ(exporter->name().find("sk-lf"), std::string_view::npos);
  EXPECT_EQ(exporter->Stats().last_error, "");
}

TEST_F(ExporterTest, Zipkin) {
  Receiver receiver(
      [](const std::string&, int) { return "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"; });
  const auto exporter = Open(Zipkin{.endpoint = receiver.url("/api/v2/spans")});
  exporter->Take(SmallSpans(2));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  ASSERT_EQ(receiver.requests().size(), 1u);
  const std::string request = receiver.requests()[0];
  EXPECT_THAT(request, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_TRUE(IsJson(Body(request))) << Body(request);
  EXPECT_FALSE(exporter->wants_running());
}

TEST_F(ExporterTest, NobodyListens) {
  // A port that was free a moment ago.
  const std::string url = std::make_unique<TestServer>([](TestPeer&, int) {})->url("/v1/traces");
  const auto exporter = OpenOtlp(url);
  EXPECT_LT(TimeToTake(*exporter, 100), seconds(5));
  const auto before = Clock::now();
  EXPECT_FALSE(exporter->Flush(In(milliseconds(100))));
  exporter->Stop(In(milliseconds(100)));
  EXPECT_LT(Clock::now() - before, seconds(10));
  const ExporterStats stats = exporter->Stats();
  EXPECT_EQ(stats.sent, 0u);
  EXPECT_EQ(stats.dropped, (Dropped{{"stopped", 1000}}));
  EXPECT_THAT(stats.last_error, HasSubstr("127.0.0.1"));
  ASSERT_FALSE(Said().empty());
  EXPECT_THAT(Said()[0], HasSubstr("otlp " + url + ": "));
  EXPECT_THAT(Said()[0], HasSubstr(" waiting"));
}

TEST_F(ExporterTest, TakesAndNeverAnswers) {
  TestServer server([](TestPeer& peer, int) { peer.AwaitEnd(); });
  const auto exporter = OpenOtlp(server.url("/v1/traces"));
  EXPECT_LT(TimeToTake(*exporter, 100), seconds(5));
  const auto before = Clock::now();
  EXPECT_FALSE(exporter->Flush(In(milliseconds(50))));
  exporter->Stop(In(milliseconds(50)));
  EXPECT_LT(Clock::now() - before, seconds(8)) << "the request's own timeout is longer";
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"stopped", 1000}}));
}

TEST_F(ExporterTest, ARequestHasATimeout) {
  TestServer server([](TestPeer& peer, int n) {
    if (n == 0) return peer.AwaitEnd();
    peer.ReadRequest();
    peer.Send(kOk);
    peer.AwaitEnd();
  });
  Otlp otlp{.endpoint = server.url("/v1/traces"), .delivery = Quick()};
  otlp.delivery.timeout = milliseconds(100);
  const auto exporter = Open(otlp);
  exporter->Take(SmallSpans(3));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_EQ(exporter->Stats().sent, 3u);
  EXPECT_GE(exporter->Stats().retried, 1u);
}

TEST_F(ExporterTest, AnswersGarbage) {
  TestServer server([](TestPeer& peer, int) {
    peer.ReadRequest();
    peer.Send("\x16\x03\x01 this is no HTTP \xFF\r\n\r\n");
  });
  Otlp otlp{.endpoint = server.url("/v1/traces"), .delivery = Quick()};
  otlp.delivery.give_up_after = milliseconds(50);
  const auto exporter = Open(otlp);
  exporter->Take(SmallSpans(3));
  EXPECT_TRUE(exporter->Flush(In(kPatience))) << "given up";
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"expired", 3}}));
  EXPECT_NE(exporter->Stats().last_error, "");
}

TEST_F(ExporterTest, ComesBack) {
  Receiver receiver([](const std::string&, int n) {
    if (n == 0) return "HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
    if (n == 1) return "HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\nslow";
    if (n == 2) return "";                                                    // Hangs up.
    if (n == 3) return "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf";  // Then waits.
    return "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  });
  Otlp otlp{.endpoint = receiver.url(), .delivery = Quick()};
  otlp.delivery.timeout = milliseconds(300);
  const auto exporter = Open(otlp);
  const auto before = Clock::now();
  exporter->Take(SmallSpans(2));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_GE(Clock::now() - before, seconds(1)) << "Retry-After was 1 s";
  EXPECT_EQ(exporter->Stats().sent, 2u);
  EXPECT_EQ(exporter->Stats().dropped, Dropped());
  EXPECT_GE(exporter->Stats().retried, 3u) << "a kept connection is replaced without counting";
}

TEST_F(ExporterTest, BreaksOffMidAnswer) {
  TestServer server([](TestPeer& peer, int n) {
    peer.ReadRequest();
    peer.Send(n == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf" : kOk);
  });
  const auto exporter = OpenOtlp(server.url("/v1/traces"));
  exporter->Take(SmallSpans(2));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_EQ(exporter->Stats().sent, 2u);
  EXPECT_EQ(exporter->Stats().retried, 1u);
}

TEST_F(ExporterTest, Refuses) {
  Receiver receiver([](const std::string&, int) {
    return "HTTP/1.1 401 No\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nno key\r\n";
  });
  const auto exporter = OpenOtlp(receiver.url());
  exporter->Take(SmallSpans(5));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"refused", 5}}));
  EXPECT_EQ(exporter->Stats().last_error, "HTTP 401: no key");
  EXPECT_EQ(receiver.requests().size(), 1u) << "it was tried again";
  EXPECT_THAT(Said(), testing::ElementsAre(HasSubstr("5 spans dropped (refused): the receiver "
                                                     "refused the request: HTTP 401: no key")));
}

TEST_F(ExporterTest, FindsARequestTooLarge) {
  // Takes up to three small spans at once.
  Receiver receiver([](const std::string& request, int) {
    size_t spans = 0;
    const std::string body = Body(request);
    for (size_t at = 0; (at = body.find("small", at)) != std::string::npos; ++at) ++spans;
    return spans > 3 ? "HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n" : std::string(kOk);
  });
  const auto exporter = OpenOtlp(receiver.url());
  exporter->Take(SmallSpans(16));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_EQ(exporter->Stats().sent, 16u);
  EXPECT_EQ(exporter->Stats().dropped, Dropped());
  EXPECT_EQ(receiver.requests().size(), 1u + 2u + 4u + 8u);
}

TEST_F(ExporterTest, RejectsSome) {
  using namespace std::string_literals;
  Receiver receiver([](const std::string&, int) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 9\r\n\r\n"s +
           "\x0a\x07\x08\x02\x12\x03why";
  });
  const auto exporter = OpenOtlp(receiver.url());
  exporter->Take(SmallSpans(5));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  EXPECT_EQ(exporter->Stats().sent, 3u);
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"rejected", 2}}));
  EXPECT_EQ(exporter->Stats().last_error, "2 spans rejected: why");
}

TEST_F(ExporterTest, Sink) {
  struct Sink : SpanSink {
    void on_spans(std::span<const SpanData> spans) override {
      if (throws) throw std::runtime_error("full");
      got += spans.size();
    }
    bool throws = false;
    size_t got = 0;
  };
  const auto sink = std::make_shared<Sink>();
  const auto exporter = Open(std::shared_ptr<SpanSink>(sink));
  exporter->Take(SmallSpans(2));
  sink->throws = true;
  exporter->Take(SmallSpans(3));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  exporter->Stop(In(kPatience));
  EXPECT_EQ(sink->got, 2u);
  EXPECT_EQ(exporter->Stats().sent, 2u);
  EXPECT_EQ(exporter->Stats().dropped, (Dropped{{"threw", 3}}));
  EXPECT_EQ(exporter->Stats().last_error, "full");
}

TEST_F(ExporterTest, Options) {
  const auto refused = [&](const ExporterOptions& options) -> std::string {
    try {
      MakeExporter(options, TestResource(), problems_);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "taken";
  };
  EXPECT_EQ(refused(Otlp{.endpoint = "localhost:4318"}),
            "Otlp.endpoint is \"localhost:4318\"; it must be an http:// or https:// URL");
  EXPECT_EQ(refused(Otlp{.headers = {{"a b", "secret"}}}),
            "Otlp.headers is \"a b\"; it must be a header's name");
  EXPECT_THAT(refused(Otlp{.headers = {{"a", "secret\r\nb: c"}}}),
              testing::Not(HasSubstr("secret")));
  Delivery delivery;
  delivery.queue_bytes_max = 1;
  EXPECT_EQ(refused(Zipkin{.delivery = delivery}),
            "Zipkin.delivery.queue_bytes_max is 1; it must be at least 65536");
  delivery = {};
  delivery.give_up_after = milliseconds(-1);
  EXPECT_EQ(refused(Zipkin{.delivery = delivery}),
            "Zipkin.delivery.give_up_after is -1 ms; it must be 1 ms to 24 hours");
  EXPECT_EQ(refused(Langfuse{.public_key = "pk"}),
            "Langfuse.secret_key is empty; it must be set, or LANGFUSE_SECRET_KEY");
  EXPECT_EQ(refused(JsonLines{.path = ""}),
            "JsonLines.path is empty; it must be the path of a file");
  EXPECT_EQ(refused(JsonLines{.files_max = 0}), "JsonLines.files_max is 0; it must be 1 to 1000");
  EXPECT_EQ(refused(std::shared_ptr<SpanSink>()), "SpanSink.pointer is null; it must be a sink");
  EXPECT_EQ(
      MakeExporter(Otlp{.endpoint = "https://user:word@host/x"}, TestResource(), problems_)->name(),
      "otlp https://host/x");
}

TEST_F(ExporterTest, EnvironmentOfOtlp) {
  Receiver receiver([](const std::string&, int) { return std::string(kOk); });
  const std::string base = receiver.url("/otel/");
  setenv("OTEL_EXPORTER_OTLP_ENDPOINT", base.c_str(), 1);
  setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=orders,x-pitot-key=theirs", 1);
  setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", 1);
  setenv("PITOT_KEY", "key-2", 1);
  const auto exporter = Open(Otlp{});
  for (const char* name : {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS",
                           "OTEL_EXPORTER_OTLP_PROTOCOL", "PITOT_KEY"}) {
    unsetenv(name);
  }
  exporter->Take(SmallSpans(1));
  EXPECT_TRUE(exporter->Flush(In(kPatience)));
  ASSERT_EQ(receiver.requests().size(), 1u);
  EXPECT_THAT(receiver.requests()[0], HasSubstr("POST /otel/v1/traces HTTP/1.1\r\n"));
  EXPECT_THAT(receiver.requests()[0], HasSubstr("x-team: orders\r\n"));
  EXPECT_THAT(receiver.requests()[0], HasSubstr("x-pitot-key: key-2\r\n"));
  EXPECT_THAT(Said(), testing::ElementsAre(HasSubstr("OTEL_EXPORTER_OTLP_PROTOCOL is \"grpc\"")));
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
