// The queue and its thread, against a receiver that is a table of verdicts.
#include "sdk/export/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>

#include "sdk/base/problems.h"
#include "sdk/export/export_test_util.h"

namespace pitot {
inline namespace sdk {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = std::chrono::steady_clock;
using Kind = Verdict::Kind;
using Dropped = std::map<std::string, uint64_t>;

constexpr seconds kPatience{20};

Deadline In(milliseconds time) { return Clock::now() + time; }

// One byte a span: the last of its id.
class ByteEncoder : public SpanEncoder {
 public:
  void Append(const SpanData& span, std::string& out) override {
    out += static_cast<char>(span.span_id.bytes.back());
  }
  void Frame(std::string_view spans, std::string& body) const override { body = spans; }
};

// What the receiver is: shared by the transports of a test.
struct Receiver {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Verdict> verdicts;  // For the requests to come; then `always`.
  Verdict always;
  std::vector<std::string> requests;  // Their bytes.
  bool hangs = false;                 // Until interrupted.
  bool interrupted = false;

  void AwaitRequests(size_t count) {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, kPatience, [&] { return requests.size() >= count; }))
        << requests.size() << " of " << count << " requests came";
  }
  std::vector<std::string> Requests() {
    std::lock_guard lock(mutex);
    return requests;
  }
};

class FakeTransport : public Transport {
 public:
  explicit FakeTransport(Receiver& receiver) : receiver_(receiver) {}

  Verdict Send(const SpanBatch& batch) override {
    std::unique_lock lock(receiver_.mutex);
    receiver_.requests.push_back(batch.bytes);
    receiver_.changed.notify_all();
    receiver_.changed.wait(lock, [&] { return !receiver_.hangs || receiver_.interrupted; });
    if (receiver_.interrupted) return {.kind = Kind::kRetry, .error = "interrupted"};
    if (receiver_.verdicts.empty()) return receiver_.always;
    Verdict verdict = receiver_.verdicts.front();
    receiver_.verdicts.pop_front();
    return verdict;
  }
  void Interrupt() override {
    std::lock_guard lock(receiver_.mutex);
    receiver_.interrupted = true;
    receiver_.changed.notify_all();
  }

 private:
  Receiver& receiver_;
};

class OutboxTest : public testing::Test {
 protected:
  OutboxTest()
      : problems_([this](std::string_view message) {
          std::lock_guard lock(mutex_);
          said_.emplace_back(message);
        }) {
    options_.name = "fake";
    options_.make_transport = [this] { return std::make_unique<FakeTransport>(receiver_); };
    options_.delivery.backoff_first = milliseconds(1);
    options_.delivery.backoff_max = milliseconds(4);
    retry_.kind = Kind::kRetry;
    retry_.error = "away";
  }

  std::unique_ptr<Outbox> Open(bool start = true) {
    auto outbox = std::make_unique<Outbox>(options_, std::make_shared<ByteEncoder>(), problems_);
    if (start) outbox->Start();
    return outbox;
  }
  std::vector<std::string> Said() {
    std::lock_guard lock(mutex_);
    return said_;
  }

  Receiver receiver_;
  Verdict retry_;
  OutboxOptions options_;
  std::mutex mutex_;
  std::vector<std::string> said_;
  Problems problems_;
};

TEST_F(OutboxTest, SendsInOrder) {
  const auto outbox = Open();
  outbox->Take(SmallSpans(2));
  outbox->Take(SmallSpans(1, 2));
  outbox->Take({});
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"\1\2", "\3"}));
  const ExporterStats stats = outbox->Stats();
  EXPECT_EQ(stats.name, "fake");
  EXPECT_EQ(stats.sent, 3u);
  EXPECT_EQ(stats.retried, 0u);
  EXPECT_EQ(stats.queued, 0u);
  EXPECT_EQ(stats.dropped, Dropped());
  EXPECT_TRUE(Said().empty());
}

TEST_F(OutboxTest, TriesAgain) {
  receiver_.verdicts = {retry_, retry_, retry_};
  const auto outbox = Open();
  outbox->Take(SmallSpans(2));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  const ExporterStats stats = outbox->Stats();
  EXPECT_EQ(stats.sent, 2u);
  EXPECT_EQ(stats.retried, 3u);
  EXPECT_EQ(stats.last_error, "away");
  EXPECT_THAT(Said(), testing::ElementsAre(testing::HasSubstr("fake: away; 2 spans waiting")));
}

TEST_F(OutboxTest, BacksOffAndFlushHurries) {
  options_.delivery.backoff_first = options_.delivery.backoff_max = std::chrono::hours(10);
  receiver_.verdicts = {retry_};
  const auto outbox = Open();
  outbox->Take(SmallSpans(1));
  receiver_.AwaitRequests(1);
  const auto before = Clock::now();
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_LT(Clock::now() - before, kPatience);
  EXPECT_EQ(outbox->Stats().sent, 1u);
}

TEST_F(OutboxTest, RetryAfterIsKeptEvenInAHurry) {
  Verdict wait = retry_;
  wait.retry_after = std::chrono::hours(1'000'000);  // And does not overflow.
  receiver_.verdicts = {wait};
  const auto outbox = Open();
  outbox->Take(SmallSpans(1));
  receiver_.AwaitRequests(1);
  EXPECT_FALSE(outbox->Flush(In(milliseconds(50))));
  EXPECT_EQ(receiver_.Requests().size(), 1u);
  EXPECT_EQ(outbox->Stats().queued, 1u);
}

TEST_F(OutboxTest, RetryAfterEnds) {
  Verdict wait = retry_;
  wait.retry_after = milliseconds(30);
  receiver_.verdicts = {wait};
  const auto outbox = Open();
  const auto before = Clock::now();
  outbox->Take(SmallSpans(1));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_GE(Clock::now() - before, milliseconds(30));
}

TEST_F(OutboxTest, GivesUp) {
  options_.delivery.give_up_after = milliseconds(20);
  receiver_.always = retry_;
  const auto outbox = Open();
  outbox->Take(SmallSpans(3));
  EXPECT_TRUE(outbox->Flush(In(kPatience))) << "given up is done, too";
  const ExporterStats stats = outbox->Stats();
  EXPECT_EQ(stats.dropped, (Dropped{{"expired", 3}}));
  EXPECT_EQ(stats.sent, 0u);
  ASSERT_EQ(Said().size(), 2u);
  EXPECT_THAT(Said()[1], testing::HasSubstr("3 spans dropped (expired)"));
  EXPECT_THAT(Said()[1], testing::HasSubstr("away"));
}

TEST_F(OutboxTest, RefusedForGood) {
  receiver_.verdicts = {{.kind = Kind::kRefused, .error = "HTTP 400: no"}};
  const auto outbox = Open();
  outbox->Take(SmallSpans(3));
  outbox->Take(SmallSpans(1));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  const ExporterStats stats = outbox->Stats();
  EXPECT_EQ(stats.dropped, (Dropped{{"refused", 3}}));
  EXPECT_EQ(stats.sent, 1u);
  EXPECT_EQ(stats.retried, 0u);
  EXPECT_THAT(Said(), testing::ElementsAre(testing::HasSubstr(
                          "fake: 3 spans dropped (refused): the receiver refused the request: "
                          "HTTP 400: no")));
}

TEST_F(OutboxTest, RejectedAreCountedApart) {
  receiver_.verdicts = {{.rejected = 2, .error = "2 spans rejected: why"},
                        {.rejected = 1'000, .error = "more than there were"}};
  const auto outbox = Open();
  outbox->Take(SmallSpans(5));
  outbox->Take(SmallSpans(5));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(outbox->Stats().sent, 3u);
  EXPECT_EQ(outbox->Stats().dropped, (Dropped{{"rejected", 7}}));
}

TEST_F(OutboxTest, TooLargeIsHalved) {
  const Verdict too_large = {.kind = Kind::kTooLarge, .error = "HTTP 413"};
  // 12345 -> 12, 345 -> 345 is still too large -> 3, 45 -> 3 alone is too large.
  receiver_.verdicts = {too_large, {}, too_large, too_large, {}};
  const auto outbox = Open();
  outbox->Take(SmallSpans(5));
  outbox->Take(SmallSpans(1, 8));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(),
            (std::vector<std::string>{"\1\2\3\4\5", "\1\2", "\3\4\5", "\3", "\4\5", "\t"}));
  EXPECT_EQ(outbox->Stats().sent, 5u);
  EXPECT_EQ(outbox->Stats().dropped, (Dropped{{"too_large", 1}}));
}

TEST_F(OutboxTest, RequestsAreBounded) {
  options_.request_bytes_max = 3;
  const auto outbox = Open();
  outbox->Take(SmallSpans(8));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"\1\2\3", "\4\5\6", "\7\10"}));
}

TEST_F(OutboxTest, TheQueueIsBounded) {
  options_.delivery.queue_bytes_max = 10'000;
  receiver_.hangs = true;
  const auto outbox = Open();
  for (int i = 0; i < 200; ++i) outbox->Take(SmallSpans(10));
  const ExporterStats stats = outbox->Stats();
  EXPECT_GT(stats.queued, 0u);
  EXPECT_LT(stats.queued, 1'000u);
  EXPECT_EQ(stats.queued + stats.dropped.at("queue_full"), 2'000u);
  EXPECT_THAT(Said(), testing::ElementsAre(testing::HasSubstr("10 spans dropped (queue_full)")));
  outbox->Stop(In(milliseconds(1)));
  EXPECT_EQ(outbox->Stats().queued, 0u);
  EXPECT_EQ(outbox->Stats().dropped.at("stopped"), stats.queued);
}

TEST_F(OutboxTest, StopInterruptsARequest) {
  receiver_.hangs = true;
  const auto outbox = Open();
  outbox->Take(SmallSpans(4));
  receiver_.AwaitRequests(1);
  const auto before = Clock::now();
  EXPECT_FALSE(outbox->Flush(In(milliseconds(20))));
  outbox->Stop(In(milliseconds(20)));
  EXPECT_LT(Clock::now() - before, seconds(10));
  EXPECT_EQ(outbox->Stats().dropped, (Dropped{{"stopped", 4}}));
  outbox->Take(SmallSpans(2));
  EXPECT_EQ(outbox->Stats().dropped, (Dropped{{"stopped", 6}}));
  outbox->Stop(In(milliseconds(20)));
  EXPECT_TRUE(outbox->Flush(In(milliseconds(20)))) << "nothing is left to wait for";
}

TEST_F(OutboxTest, StopSendsWhatItCan) {
  receiver_.verdicts = {retry_, retry_};
  const auto outbox = Open();
  outbox->Take(SmallSpans(4));
  outbox->Stop(In(kPatience));
  EXPECT_EQ(outbox->Stats().sent, 4u);
  EXPECT_EQ(outbox->Stats().dropped, Dropped());
}

TEST_F(OutboxTest, AHangingSystemIsLeftBehind) {
  struct Stuck {
    std::mutex mutex;
    std::condition_variable changed;
    bool sent = false;
    bool released = false;
    bool gone = false;
  };
  // Does not hear an interruption, as a write to a disk that hangs.
  class StuckTransport : public Transport {
   public:
    explicit StuckTransport(std::shared_ptr<Stuck> stuck) : stuck_(std::move(stuck)) {}
    ~StuckTransport() override {
      std::lock_guard lock(stuck_->mutex);
      stuck_->gone = true;
      stuck_->changed.notify_all();
    }
    Verdict Send(const SpanBatch&) override {
      std::unique_lock lock(stuck_->mutex);
      stuck_->sent = true;
      stuck_->changed.notify_all();
      stuck_->changed.wait(lock, [&] { return stuck_->released; });
      return {.kind = Kind::kRetry, .error = "too late"};
    }

   private:
    const std::shared_ptr<Stuck> stuck_;
  };
  const auto stuck = std::make_shared<Stuck>();
  options_.make_transport = [stuck] { return std::make_unique<StuckTransport>(stuck); };
  auto outbox = Open();
  outbox->Take(SmallSpans(4));
  {
    std::unique_lock lock(stuck->mutex);
    ASSERT_TRUE(stuck->changed.wait_for(lock, kPatience, [&] { return stuck->sent; }));
  }
  const auto before = Clock::now();
  outbox->Stop(In(milliseconds(1)));
  EXPECT_LT(Clock::now() - before, seconds(10));
  EXPECT_EQ(outbox->Stats().dropped, (Dropped{{"stopped", 4}}));
  outbox.reset();
  std::unique_lock lock(stuck->mutex);
  stuck->released = true;
  stuck->changed.notify_all();
  EXPECT_TRUE(stuck->changed.wait_for(lock, kPatience, [&] { return stuck->gone; }))
      << "the thread did not end";
}

TEST_F(OutboxTest, TakenBeforeItStarts) {
  const auto outbox = Open(false);
  outbox->Take(SmallSpans(1));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(outbox->Stats().sent, 1u);
}

std::vector<SpanData> Announcements(int count) {
  std::vector<SpanData> spans = SmallSpans(count);
  for (SpanData& span : spans) span.status = SpanStatus::kRunning;
  return spans;
}

TEST_F(OutboxTest, AnnouncementsGoToWhoKnowsThem) {
  options_.announces = true;
  receiver_.verdicts = {{.takes_running = true}};  // The answer to the question.
  const auto outbox = Open();
  EXPECT_TRUE(outbox->wants_running());
  outbox->Take(Announcements(2));
  outbox->Take(SmallSpans(1));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"", "\1\2", "\1"}));
  EXPECT_TRUE(outbox->wants_running());
  EXPECT_EQ(outbox->Stats().sent, 1u);
  EXPECT_EQ(outbox->Stats().retried, 0u);
}

TEST_F(OutboxTest, AnnouncementsDoNotGoToOthers) {
  options_.announces = true;
  receiver_.always = {.takes_running = false};
  const auto outbox = Open();
  outbox->Take(Announcements(2));
  outbox->Take(SmallSpans(1));
  outbox->Take(Announcements(2));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"", "\1"}));
  EXPECT_FALSE(outbox->wants_running());
  EXPECT_EQ(outbox->Stats().dropped, Dropped());
}

TEST_F(OutboxTest, WhoRefusesTheQuestionIsNotPitot) {
  options_.announces = true;
  receiver_.verdicts = {retry_, {.kind = Kind::kRefused, .error = "HTTP 400"}};
  const auto outbox = Open();
  outbox->Take(Announcements(2));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_FALSE(outbox->wants_running());
  EXPECT_EQ(outbox->Stats().dropped, Dropped());
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"", ""}));
}

TEST_F(OutboxTest, AnnouncementsAndSpansAreNotMixed) {
  options_.announces = true;
  receiver_.always = {.takes_running = true};
  const auto outbox = Open();
  std::vector<SpanData> spans = Announcements(4);
  spans[1].status = SpanStatus::kOk;
  outbox->Take(spans);
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(receiver_.Requests(), (std::vector<std::string>{"", "\1", "\2", "\3\4"}));
  EXPECT_EQ(outbox->Stats().sent, 1u);
}

TEST_F(OutboxTest, ManyThreadsAsk) {
  const auto outbox = Open();
  std::atomic<bool> done = false;
  std::thread asking([&] {
    while (!done) {
      static_cast<void>(outbox->Stats());
      static_cast<void>(outbox->Flush(In(milliseconds(1))));
      static_cast<void>(outbox->wants_running());
    }
  });
  for (int i = 0; i < 300; ++i) outbox->Take(SmallSpans(3));
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  done = true;
  asking.join();
  EXPECT_EQ(outbox->Stats().sent, 900u);
}

// ThreadSanitizer cannot follow a fork into a program with threads.
#if defined(__SANITIZE_THREAD__)
#define PITOT_NO_FORK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PITOT_NO_FORK 1
#endif
#endif

TEST_F(OutboxTest, AForkHasItsOwn) {
#ifdef PITOT_NO_FORK
  GTEST_SKIP() << "under ThreadSanitizer";
#endif
  receiver_.hangs = true;
  const auto outbox = Open();
  outbox->Take(SmallSpans(4));
  receiver_.AwaitRequests(1);
  outbox->PrepareFork();
  receiver_.mutex.lock();  // Of the test's own receiver: whole in the child.
  const pid_t child = fork();
  receiver_.mutex.unlock();
  if (child == 0) {
    outbox->ChildAfterFork();
    new (&receiver_.changed) std::condition_variable();
    receiver_.hangs = false;
    receiver_.requests.clear();
    int result = 0;
    if (outbox->Stats().queued != 0) result |= 1;
    outbox->Take(SmallSpans(2));
    if (!outbox->Flush(In(kPatience))) result |= 2;
    if (outbox->Stats().sent != 2) result |= 4;
    outbox->Stop(In(kPatience));
    if (receiver_.Requests() != std::vector<std::string>{"\1\2"}) result |= 8;
    _exit(result);
  }
  outbox->ParentAfterFork();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "bits: 1 queue, 2 flush, 4 sent, 8 requests";
  EXPECT_EQ(outbox->Stats().queued, 4u);
  {
    std::lock_guard lock(receiver_.mutex);
    receiver_.hangs = false;
    receiver_.changed.notify_all();
  }
  EXPECT_TRUE(outbox->Flush(In(kPatience)));
  EXPECT_EQ(outbox->Stats().sent, 4u);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
