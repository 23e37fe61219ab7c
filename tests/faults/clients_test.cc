// Senders that break off, do not listen, or repeat themselves: nothing leaks, nothing counts twice.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "http/test_socket.h"
#include "store/testing/server.h"
#include "tests/faults/otlp_body.h"
#include "tests/faults/pitot_process.h"

namespace pitot {
namespace {

using std::chrono::seconds;

class ClientsTest : public testing::Test {
 protected:
  void SetUp() override {
    pitot_.Set("ingest.batch_delay", "20ms");
    if (IsSanitizedBuild()) {
      server_.Start();
      pitot_.Set("store.mode", "remote");
      pitot_.Set("store.urls", server_.url());
    }
    ASSERT_NO_FATAL_FAILURE(pitot_.Start());
    // The first request opens what stays open.
    GetText(pitot_, "/api/v1/receipts");
    SqlRows(pitot_, "SELECT count() FROM spans");
    sockets_ = pitot_.OpenSockets();
  }
  void ExpectNoLeak() {
    EXPECT_TRUE(Poll([&] { return pitot_.OpenSockets() <= sockets_ + 5; }, seconds(20)))
        << sockets_ << " open sockets before, now " << pitot_.OpenSockets();
  }
  std::string Stored() {
    EXPECT_TRUE(WaitForStore(pitot_)) << pitot_.Log();
    return SqlRows(pitot_, "SELECT toString(count()), toString(uniqExact(span_id)) FROM spans");
  }

  TempFolder folder_;
  TestServer server_{folder_ / "server"};
  PitotProcess pitot_{folder_ / "pitot"};
  size_t sockets_ = 0;
};

TEST_F(ClientsTest, ABodyBrokenOffIsNothing) {
  for (uint64_t i = 1; i <= 500; ++i) {
    const std::string bytes = PostBytes(SmallBody(i, std::string(5'000, 'b')));
    TestSocket socket(pitot_.port());
    ASSERT_TRUE(socket.Send(bytes.substr(0, bytes.size() * i / 501)));
  }
  HttpClient client;
  const auto reply = PostSpans(client, pitot_, SmallBody(1'000));
  ASSERT_TRUE(reply.ok() && reply->status == 200) << reply.status();
  EXPECT_EQ(Stored(), R"(["1", "1"])");
  EXPECT_EQ(JsonNumber(GetText(pitot_, "/api/v1/receipts"), "accepted"), 1);
  ExpectNoLeak();
}

TEST_F(ClientsTest, AReplyThatNobodyReadsChangesNothing) {
  constexpr int64_t kSpans = 500;
  for (int64_t i = 1; i <= kSpans; ++i) {
    PostAndForget(pitot_, SmallBody(static_cast<uint64_t>(i)));
  }
  const auto accepted = [&] {
    return JsonNumber(GetText(pitot_, "/api/v1/receipts"), "accepted") == kSpans;
  };
  EXPECT_TRUE(Poll(accepted, seconds(20))) << GetText(pitot_, "/api/v1/receipts");
  EXPECT_EQ(Stored(), R"(["500", "500"])");
  ExpectNoLeak();
}

TEST_F(ClientsTest, AStormOfRetriesIsOneSpan) {
  constexpr int kSenders = 16;
  constexpr int kTries = 50;
  const std::string body = SmallBody(1);
  std::atomic<int> accepted = 0;
  {
    std::vector<std::jthread> senders;
    for (int sender = 0; sender < kSenders; ++sender) {
      senders.emplace_back([&] {
        HttpClient client;
        for (int i = 0; i < kTries; ++i) {
          const auto reply = PostSpans(client, pitot_, body);
          if (reply.ok() && reply->status == 200) ++accepted;
        }
      });
    }
  }
  EXPECT_EQ(accepted, kSenders * kTries);
  EXPECT_EQ(Stored(), R"(["1", "1"])");
  EXPECT_EQ(SqlRows(pitot_, "SELECT toString(spans) FROM traces"), R"(["1"])");
  // Those under way together are each written; the store makes one of them.
  const std::string receipts = GetText(pitot_, "/api/v1/receipts");
  EXPECT_EQ(JsonNumber(receipts, "requests"), kSenders * kTries);
  EXPECT_EQ(DropTotal(pitot_, "duplicate_request") + JsonNumber(receipts, "accepted"),
            kSenders * kTries);
  EXPECT_EQ(DropTotal(pitot_, "duplicate_span"), JsonNumber(receipts, "accepted") - 1);
  ExpectNoLeak();
}

}  // namespace
}  // namespace pitot
