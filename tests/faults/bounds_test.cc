// Input without measure: memory stays bounded, the server answers, and what was cut says so.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "http/test_socket.h"
#include "store/testing/server.h"
#include "tests/faults/otlp_body.h"
#include "tests/faults/pitot_process.h"

namespace pitot {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int64_t kMiB = 1 << 20;
constexpr int64_t kRequestBytes = 64 * kMiB;  // limits.request_bytes
// Above what an idle server has. limits.inflight_bytes of bodies, what decoding them takes, batches
// on their way to the store, and what the embedded engine needs for an insert.
constexpr int64_t kGrowthMax = 700 * kMiB;
// With as many large bodies as are let in at once: 760 MiB alone, up to 1,050 beside other tests, when
// the engine's inserts and merges fall behind. All 24 bodies at once would be several times that.
constexpr int64_t kGrowthOfManyMax = 1'280 * kMiB;
// An answer with 200,000 spans is made in memory, several times over.
constexpr int64_t kGrowthOfPageMax = 1'400 * kMiB;
constexpr milliseconds kAnswerWithin{1000};

// Asks /healthz all the time and keeps the longest answer.
class HealthWatch {
 public:
  explicit HealthWatch(const PitotProcess& pitot)
      : thread_([this, &pitot](const std::stop_token& stop) {
          HttpClient client;
          while (!stop.stop_requested()) {
            const auto begin = std::chrono::steady_clock::now();
            const auto reply = client.Call({.url = pitot.url("/healthz")});
            if (!reply.ok() || reply->status != 200) ++failures_;
            const auto took = std::chrono::steady_clock::now() - begin;
            longest_ms_ = std::max<int64_t>(longest_ms_,
                                            std::chrono::duration_cast<milliseconds>(took).count());
            std::this_thread::sleep_for(milliseconds(5));
          }
        }) {}

  void Expect() {
    thread_.request_stop();
    thread_.join();
    std::printf("  /healthz: at most %lld ms\n", static_cast<long long>(longest_ms_));
    EXPECT_EQ(failures_, 0);
    EXPECT_LE(longest_ms_, kAnswerWithin.count());
  }

 private:
  std::atomic<int64_t> longest_ms_{0};
  std::atomic<int> failures_{0};
  std::jthread thread_;  // Last: it uses the above.
};

class BoundsTest : public testing::Test {
 protected:
  void SetUp() override {
    pitot_.Set("ingest.batch_delay", "50ms");
    if (IsSanitizedBuild()) UseServer();
  }
  void UseServer() {
    server_.Start();
    pitot_.Set("store.mode", "remote");
    pitot_.Set("store.urls", server_.url());
  }
  void Start() {
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    base_ = pitot_.PeakBytes();
  }
  void ExpectBounded(int64_t growth_max = kGrowthMax) {
    const int64_t growth = pitot_.PeakBytes() - base_;
    std::printf("  memory: %lld MiB at first, at most %lld more\n",
                static_cast<long long>(base_ / kMiB), static_cast<long long>(growth / kMiB));
    EXPECT_TRUE(pitot_.Runs()) << pitot_.Log();
    // A sanitizer has shadows and a quarantine of its own.
    if (IsSanitizedBuild()) return;
    EXPECT_LE(growth, growth_max);
  }
  HttpReply Post(std::string_view body, HttpHeaders headers = {}) {
    auto reply = PostSpans(client_, pitot_, body, std::move(headers));
    EXPECT_TRUE(reply.ok()) << reply.status() << "\n" << pitot_.Log();
    return reply.ok() ? *std::move(reply) : HttpReply{};
  }
  // Spans [first, first + count) of a trace: number 1 is its root, even ones are agents, odd ones
  // calls of $0.0025.
  static std::string TraceBody(uint64_t trace, uint64_t first, uint64_t count,
                               std::string_view more = "") {
    std::vector<OtlpSpan> spans;
    const int64_t now = WallNanos() - kNanosPerMinute;
    const auto id = [trace](uint64_t i) { return SpanHex(trace << 32 | i); };
    for (uint64_t i = first; i < first + count; ++i) {
      const bool is_call = i % 2 == 1 && i > 1;
      const uint64_t parent = std::max<uint64_t>(1, i / 2 & ~uint64_t{1});
      spans.push_back(
          {.trace = TraceHex(trace),
           .id = id(i),
           .parent = i == 1 ? "" : id(parent),
           .name = is_call ? "chat gpt-4o" : "invoke_agent planner",
           .start_ns = now + static_cast<int64_t>(i),
           .attributes = TextAttribute("gen_ai.operation.name", is_call ? "chat" : "invoke_agent") +
                         "," + TextAttribute("note", more)});
      if (!is_call) continue;
      spans.back().attributes += "," + TextAttribute("gen_ai.provider.name", "openai") + "," +
                                 TextAttribute("gen_ai.response.model", "gpt-4o") + "," +
                                 IntAttribute("gen_ai.usage.input_tokens", 1'000);
    }
    return OtlpBody(spans);
  }

  TempFolder folder_;
  TestServer server_{folder_ / "server"};
  PitotProcess pitot_{folder_ / "pitot"};
  HttpClient client_;
  int64_t base_ = 0;
};

TEST_F(BoundsTest, SendersFasterThanTheStoreAreToldToWait) {
  if (!IsSanitizedBuild()) UseServer();
  pitot_.Set("spool.max_bytes", "64MiB");
  Start();
  server_.Kill();
  constexpr int kSenders = 4;
  std::atomic<int64_t> spans = 0;
  {
    std::vector<std::jthread> senders;
    for (uint64_t sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([this, sender, &spans] {
        HttpClient client;
        for (uint64_t i = 0; i < 1000; ++i) {
          const auto reply = PostSpans(
              client, pitot_, TraceBody(sender * 1000 + i + 1, 1, 500, std::string(500, 'n')));
          ASSERT_TRUE(reply.ok()) << reply.status();
          if (reply->status == 200) spans += 500;
          if (reply->status == 200) continue;
          EXPECT_EQ(reply->status, 503) << reply->body;
          EXPECT_TRUE(reply->headers.Has("retry-after"));
          EXPECT_NE(reply->body.find("spool.max_bytes"), std::string::npos) << reply->body;
          return;
        }
        ADD_FAILURE() << "never told to wait";
      });
    }
  }
  EXPECT_GT(spans, 5'000);
  EXPECT_GE(DropTotal(pitot_, "spool_full"), kSenders);
  server_.Start();
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(count()) FROM spans"), fmt::format("[\"{}\"]", spans));
  EXPECT_EQ(Post(SmallBody(1)).status, 200);
  ExpectBounded();
}

TEST_F(BoundsTest, ARequestOfTheLargestSizeIsTakenAndOneByteMoreIsNot) {
  Start();
  HealthWatch health(pitot_);
  // As large as spans make it; spaces make it exact.
  uint64_t count = 50'000;
  std::string body = TraceBody(1, 1, count, std::string(700, 'x'));
  ASSERT_LE(static_cast<int64_t>(body.size()), kRequestBytes);
  ASSERT_GE(static_cast<int64_t>(body.size()), kRequestBytes / 2);
  body.resize(kRequestBytes, ' ');
  EXPECT_EQ(Post(body).status, 200);
  body += ' ';
  const HttpReply refused = Post(body);
  EXPECT_EQ(refused.status, 413) << refused.body;
  EXPECT_NE(refused.body.find(std::to_string(kRequestBytes)), std::string::npos) << refused.body;
  EXPECT_EQ(DropTotal(pitot_, "request_too_large"), 1);
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(count()) FROM spans"), fmt::format("[\"{}\"]", count));
  health.Expect();
  ExpectBounded();
}

TEST_F(BoundsTest, ManyLargeRequestsAtOnceShareTheMemoryThereIs) {
  // Under a sanitizer each takes ten times as long, and the patience is the same.
  const int senders_max = IsSanitizedBuild() ? 8 : 24;
  Start();
  std::atomic<int> taken = 0;
  {
    std::vector<std::jthread> senders;
    for (int sender = 1; sender <= senders_max; ++sender) {
      senders.emplace_back([this, sender, &taken] {
        HttpClient client;
        std::string body =
            TraceBody(static_cast<uint64_t>(sender), 1, 10'000, std::string(4'000, 'x'));
        ASSERT_LE(static_cast<int64_t>(body.size()), kRequestBytes);
        Poll(
            [&] {
              const auto reply = PostSpans(client, pitot_, body);
              if (!reply.ok() || reply->status != 200) {
                EXPECT_TRUE(reply.ok() && reply->status == 503) << reply.status();
                return false;
              }
              ++taken;
              return true;
            },
            seconds(60));
      });
    }
  }
  EXPECT_EQ(taken, senders_max);
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(count()) FROM spans"),
            fmt::format("[\"{}\"]", senders_max * 10'000));
  ExpectBounded(kGrowthOfManyMax);
}

TEST_F(BoundsTest, AValueAboveTheLimitIsCutMarkedAndCounted) {
  Start();
  const OtlpSpan span{
      .trace = TraceHex(1),
      .id = SpanHex(1),
      .name = "chat",
      .start_ns = WallNanos() - kNanosPerMinute,
      .attributes = TextAttribute("gen_ai.operation.name", "chat") + "," +
                    TextAttribute("gen_ai.input.messages", std::string(20 * kMiB, 'v'))};
  const HttpReply reply = Post(OtlpBody({&span, 1}));
  EXPECT_EQ(reply.status, 200);
  EXPECT_NE(reply.body.find("payload_truncated"), std::string::npos) << reply.body;
  EXPECT_EQ(DropTotal(pitot_, "payload_truncated"), 1);
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  const std::string shown =
      GetText(pitot_, fmt::format("/api/v1/traces/{}/spans/{}", span.trace, span.id));
  EXPECT_GE(static_cast<int64_t>(shown.size()), 16 * kMiB);
  EXPECT_LT(static_cast<int64_t>(shown.size()), 17 * kMiB);
  EXPECT_NE(shown.find("cut by pitot: "), std::string::npos)
      << "the cut is not marked: " << shown.substr(shown.rfind('v'), 300);
  ExpectBounded();
}

TEST_F(BoundsTest, AttributesAboveTheLimitAreLeftOutAndCounted) {
  Start();
  OtlpSpan span{.trace = TraceHex(1),
                .id = SpanHex(1),
                .name = "many",
                .start_ns = WallNanos() - kNanosPerMinute};
  for (int i = 0; i < 10'000; ++i) {
    span.attributes += (i == 0 ? "" : ",") + IntAttribute(fmt::format("key{}", i), i);
  }
  EXPECT_EQ(Post(OtlpBody({&span, 1})).status, 200);
  EXPECT_EQ(DropTotal(pitot_, "attr_limit"), 10'000 - 4'096);
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  const std::string shown =
      GetText(pitot_, fmt::format("/api/v1/traces/{}/spans/{}", span.trace, span.id));
  EXPECT_NE(shown.find("key4095"), std::string::npos);
  EXPECT_EQ(shown.find("key4096"), std::string::npos);
}

TEST_F(BoundsTest, ATraceOf200000SpansIsRightAndHoldsUpNothing) {
  constexpr uint64_t kSpans = 200'000;
  constexpr uint64_t kRequestSpans = 1'000;
  Start();
  HealthWatch health(pitot_);
  {
    std::atomic<uint64_t> next = kSpans / kRequestSpans;
    std::vector<std::jthread> senders;
    for (int sender = 0; sender < 2; ++sender) {
      senders.emplace_back([&] {
        HttpClient client;
        // The last first: parents come after their children.
        for (uint64_t i = next--; i >= 1 && i <= kSpans; i = next--) {
          const auto reply =
              PostSpans(client, pitot_, TraceBody(1, (i - 1) * kRequestSpans + 1, kRequestSpans));
          ASSERT_TRUE(reply.ok()) << reply.status();
          ASSERT_EQ(reply->status, 200) << reply->body;
        }
      });
    }
  }
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_,
                    "SELECT toString(spans), toString(orphans), round(cost_usd, 6) "
                    "FROM traces"),
            R"(["200000", "0", 249.9975])");
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(count()), round(sum(cost_usd), 6) FROM calls"),
            R"(["99999", 249.9975])");
  ExpectBounded();
  const std::string page = GetText(pitot_, "/api/v1/traces/" + TraceHex(1));
  std::printf("  the trace's page: %zu MiB\n", page.size() / kMiB);
  EXPECT_NE(page.find(SpanHex(uint64_t{1} << 32 | kSpans)), std::string::npos);
  health.Expect();
  ExpectBounded(kGrowthOfPageMax);
}

TEST_F(BoundsTest, TimesOutOfReachAreRefusedByNameAndImportedOnesKept) {
  Start();
  const auto body = [](std::string_view name, uint64_t number, int64_t start_ns) {
    const OtlpSpan span{.trace = TraceHex(number),
                        .id = SpanHex(number),
                        .name = std::string(name),
                        .start_ns = start_ns};
    return OtlpBody({&span, 1});
  };
  const std::string ancient = body("ancient", 1, kNanosPerSecond);
  const std::string distant = body("distant", 2, 7'258'118'400 * kNanosPerSecond);
  const HttpReply too_old = Post(ancient);
  EXPECT_EQ(too_old.status, 200);
  EXPECT_NE(too_old.body.find("\"rejectedSpans\":\"1\""), std::string::npos) << too_old.body;
  EXPECT_NE(too_old.body.find("ancient"), std::string::npos) << too_old.body;
  EXPECT_NE(too_old.body.find("1970"), std::string::npos) << too_old.body;
  const HttpReply too_new = Post(distant);
  EXPECT_NE(too_new.body.find("distant"), std::string::npos) << too_new.body;
  EXPECT_NE(too_new.body.find("2200"), std::string::npos) << too_new.body;
  EXPECT_EQ(DropTotal(pitot_, "span_too_old"), 1);
  EXPECT_EQ(DropTotal(pitot_, "span_too_new"), 1);

  const HttpReply imported = Post(ancient, {{"x-pitot-import", "1"}});
  EXPECT_EQ(imported.body.find("rejectedSpans"), std::string::npos) << imported.body;
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_, "SELECT name, toYear(started_at) FROM spans"), "[\"ancient\", 1970]");
}

TEST_F(BoundsTest, AThousandConnectionsAreServed) {
  constexpr uint64_t kConnections = 1'000;
  rlimit files = {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = std::min<rlim_t>(files.rlim_max, 8'192);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &files), 0);
  Start();
  const size_t sockets = pitot_.OpenSockets();
  HealthWatch health(pitot_);
  {
    std::vector<std::unique_ptr<TestSocket>> sockets;
    for (uint64_t i = 1; i <= kConnections; ++i) {
      sockets.push_back(std::make_unique<TestSocket>(pitot_.port()));
      ASSERT_TRUE(sockets.back()->connected()) << i << ": " << std::strerror(errno);
    }
    for (int round = 0; round < 3; ++round) {
      for (uint64_t i = 0; i < kConnections; ++i) {
        ASSERT_TRUE(sockets[i]->Send(PostBytes(SmallBody(round * kConnections + i + 1))));
      }
      for (const auto& socket : sockets) ASSERT_EQ(socket->Read().status, 200);
    }
  }
  ASSERT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(count()) FROM spans"), "[\"3000\"]");
  health.Expect();
  EXPECT_TRUE(Poll([&] { return pitot_.OpenSockets() <= sockets + 5; }, seconds(20)))
      << sockets << " sockets before, now " << pitot_.OpenSockets();
  ExpectBounded();
}

// What `bytes` spaces make: a thousandth of it.
std::string Gzipped(int64_t bytes) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  const std::string spaces(kMiB, ' ');
  std::string out;
  std::string buffer(kMiB, '\0');
  for (int64_t left = bytes; left > 0; left -= kMiB) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(spaces.data()));
    stream.avail_in = static_cast<uInt>(std::min(left, kMiB));
    stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
    stream.avail_out = static_cast<uInt>(buffer.size());
    deflate(&stream, left > kMiB ? Z_NO_FLUSH : Z_FINISH);
    out.append(buffer.data(), buffer.size() - stream.avail_out);
  }
  deflateEnd(&stream);
  return out;
}

TEST_F(BoundsTest, AGzipBombIsRefusedBeforeItUnfolds) {
  Start();
  const std::string bomb = Gzipped(1'024 * kMiB);
  ASSERT_LT(static_cast<int64_t>(bomb.size()), 8 * kMiB);
  for (int i = 0; i < 5; ++i) {
    const HttpReply reply = Post(bomb, {{"Content-Encoding", "gzip"}});
    EXPECT_EQ(reply.status, 413) << reply.body;
  }
  EXPECT_EQ(DropTotal(pitot_, "request_too_large"), 5);
  ExpectBounded();
}

TEST_F(BoundsTest, SlowSendersHoldNobodyUp) {
  Start();
  std::vector<std::unique_ptr<TestSocket>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<TestSocket>(pitot_.port()));
    // Half of them within the head, half within the body.
    const std::string bytes = PostBytes(SmallBody(1'000));
    ASSERT_TRUE(slow.back()->Send(bytes.substr(0, i % 2 == 0 ? 20 : bytes.size() - 5)));
  }
  HealthWatch health(pitot_);
  for (uint64_t i = 1; i <= 200; ++i) EXPECT_EQ(Post(SmallBody(i)).status, 200);
  health.Expect();
  ExpectBounded();
}

}  // namespace
}  // namespace pitot
