#include "ingest/resolve/active_traces.h"

#include <gtest/gtest.h>

#include <string>

#include "ingest/resolve/resolve_test_util.h"
#include "ingest/resolve/text_hash.h"

namespace pitot {
namespace {

using testing::Delivery;
using testing::ModelStore;
using testing::SpanIdOf;
using testing::TraceIdOf;

constexpr int64_t kNow = 1'700'000'000 * kNanosPerSecond;

class ActiveTracesTest : public ::testing::Test {
 protected:
  ActiveTraces& active() {
    if (active_ == nullptr) active_ = std::make_unique<ActiveTraces>(options_, store_);
    return *active_;
  }

  static Span MakeSpan(uint64_t trace, uint64_t number, uint64_t parent = 0) {
    Span span;
    span.trace_id = TraceIdOf(trace);
    span.span_id = SpanIdOf(number);
    if (parent != 0) span.parent_span_id = SpanIdOf(parent);
    span.name = "step";
    span.kind = Kind::kChain;
    span.start_ns = kNow - kNanosPerMinute;
    span.end_ns = kNow - 1;
    return span;
  }

  void Add(const Span& span, uint64_t batch = 1) {
    store_.InsertSpan({"default", 30, ++version_, span});
    active().Add("default", 30, span, version_, batch);
  }

  // Resolves and writes. The number of rows written.
  size_t Flush(int64_t now_ns = kNow, bool all = false) {
    EXPECT_TRUE(active().Resolve(now_ns, changes_, all).ok());
    for (const FactChange& change : changes_.facts) store_.InsertFact(change);
    for (const TraceChange& change : changes_.traces) store_.InsertTrace(change);
    return changes_.facts.size() + changes_.traces.size();
  }

  void Prime() {
    for (auto done = active().Prime(); !done.ok() || !*done; done = active().Prime()) {
    }
  }

  ActiveTracesOptions options_;
  ModelStore store_{1};
  std::unique_ptr<ActiveTraces> active_;
  TraceChanges changes_;
  uint64_t version_ = 0;
};

TEST_F(ActiveTracesTest, WritesOnlyWhatDiffers) {
  Add(MakeSpan(1, 1));
  Add(MakeSpan(1, 2, 1));
  EXPECT_EQ(Flush(), 3u);
  EXPECT_EQ(Flush(), 0u) << "nothing came";
  Add(MakeSpan(1, 2, 1));
  EXPECT_EQ(Flush(), 0u) << "the same span again";
  Add(MakeSpan(1, 3, 1));
  EXPECT_EQ(Flush(), 2u) << "the new span and the trace";
  Span root = MakeSpan(1, 1);
  root.user_id = "ann";
  Add(root);
  EXPECT_EQ(Flush(), 4u) << "every span inherits the user, and the trace has it";
}

TEST_F(ActiveTracesTest, MovedKeysLeaveTombstones) {
  Add(MakeSpan(1, 1));
  Flush();
  Span later = MakeSpan(1, 1);
  later.kind = Kind::kLlm;
  later.end_ns += 2 * kNanosPerMinute;
  Add(later);
  Flush();
  ASSERT_EQ(changes_.facts.size(), 2u);
  EXPECT_TRUE(changes_.facts[0].row.is_deleted);
  EXPECT_FALSE(changes_.facts[0].row.is_call);
  EXPECT_EQ(changes_.facts[0].row.end_ns / kNanosPerMinute, (kNow - 1) / kNanosPerMinute);
  EXPECT_TRUE(changes_.facts[1].row.is_call);
  EXPECT_EQ(store_.Final("default", TraceIdOf(1)).size(), 2u);
}

TEST_F(ActiveTracesTest, NewTracesCostNoQueryOncePrimed) {
  for (uint64_t trace = 1; trace <= 50; ++trace) Add(MakeSpan(trace, 1));
  Flush();
  EXPECT_EQ(active().stats().asked, 50u) << "before priming the store is asked";
  Prime();
  for (uint64_t trace = 51; trace <= 1050; ++trace) Add(MakeSpan(trace, 1));
  Flush();
  EXPECT_LE(active().stats().asked, 50u + 20u) << "the filter says yes wrongly about once in 100";
  EXPECT_LE(active().stats().loaded, 50u + 20u);
}

TEST_F(ActiveTracesTest, EvictedTracesComeBack) {
  options_.bytes_max = 0;
  Prime();
  Span root = MakeSpan(1, 1);
  root.user_id = "ann";
  Add(root);
  Flush();
  Flush();  // Evicts.
  EXPECT_EQ(active().stats().traces, 0u);
  EXPECT_EQ(active().stats().evicted, 1u);
  Add(MakeSpan(1, 2, 1));
  EXPECT_EQ(Flush(), 2u) << "the late child and the trace, not the root again";
  EXPECT_EQ(changes_.facts[0].row.user_id, "ann");
}

TEST_F(ActiveTracesTest, MemoryStaysBounded) {
  options_.bytes_max = 2 << 20;
  Prime();
  uint64_t number = 0;
  for (int flush = 0; flush < 50; ++flush) {
    for (int trace = 0; trace < 100; ++trace) {
      for (int span = 0; span < 20; ++span) {
        Add(MakeSpan(static_cast<uint64_t>(flush * 100 + trace), ++number));
      }
    }
    Flush();
    EXPECT_LE(active().stats().bytes, (2u << 20) + (1u << 20)) << "at most a batch over";
  }
  EXPECT_GT(active().stats().evicted, 0u);
}

TEST_F(ActiveTracesTest, LargeTracesWait) {
  options_.at_once_spans = 10;
  for (uint64_t n = 1; n <= 20; ++n) Add(MakeSpan(1, n), 1);
  EXPECT_EQ(Flush(kNow), 21u) << "the first time at once";
  EXPECT_EQ(active().oldest_pending_batch(), std::nullopt);
  Add(MakeSpan(1, 21), 2);
  Add(MakeSpan(2, 1), 2);
  EXPECT_EQ(Flush(kNow + kNanosPerSecond), 2u) << "only the small trace";
  Add(MakeSpan(1, 22), 3);
  EXPECT_EQ(Flush(kNow + 2 * kNanosPerSecond), 0u);
  EXPECT_EQ(active().oldest_pending_batch(), 2u) << "the spool must keep it";
  EXPECT_EQ(Flush(kNow + 5 * kNanosPerSecond), 3u);
  EXPECT_EQ(active().oldest_pending_batch(), std::nullopt);
  Add(MakeSpan(1, 23), 4);
  EXPECT_EQ(Flush(kNow + 6 * kNanosPerSecond, /*all=*/true), 2u);
}

TEST_F(ActiveTracesTest, ALargeTraceDoesNotWaitWhenMemoryIsShort) {
  options_.at_once_spans = 10;
  options_.bytes_max = 0;
  for (uint64_t n = 1; n <= 20; ++n) Add(MakeSpan(1, n), 1);
  Flush(kNow);
  Add(MakeSpan(1, 21), 2);
  EXPECT_EQ(Flush(kNow + kNanosPerSecond), 2u);
}

TEST_F(ActiveTracesTest, OpenSpansAreGivenUp) {
  Span open = MakeSpan(1, 1);
  open.kind = Kind::kLlm;
  open.status = SpanStatus::kRunning;
  open.start_ns = open.end_ns = kNow;
  Add(open);
  Flush(kNow);
  EXPECT_EQ(changes_.traces[0].row.status, SpanStatus::kRunning);
  EXPECT_EQ(active().ExpireOpen(kNow + options_.open_timeout_ns - 1), 0u);
  EXPECT_EQ(active().ExpireOpen(kNow + options_.open_timeout_ns), 1u);
  EXPECT_EQ(Flush(kNow + options_.open_timeout_ns), 2u);
  EXPECT_EQ(changes_.facts[0].row.status, SpanStatus::kUnfinished);
  EXPECT_EQ(changes_.traces[0].row.status, SpanStatus::kUnfinished);
  EXPECT_EQ(changes_.unfinished, 1u);
  EXPECT_EQ(active().ExpireOpen(kNow + 2 * options_.open_timeout_ns), 0u);
  // The end comes after all.
  open.status = SpanStatus::kOk;
  open.end_ns = kNow + options_.open_timeout_ns + kNanosPerSecond;
  Add(open);
  Flush(kNow + options_.open_timeout_ns + kNanosPerSecond);
  EXPECT_EQ(changes_.traces.back().row.status, SpanStatus::kOk);
}

TEST_F(ActiveTracesTest, CallsOfAGatewayThatIsGoneAreGivenUpAtOnce) {
  for (uint64_t n = 1; n <= 2; ++n) {
    Span open = MakeSpan(n, 1);
    open.status = SpanStatus::kRunning;
    open.start_ns = open.end_ns = kNow;
    open.source = n == 1 ? Source::kGateway : Source::kOtlp;
    Add(open);
  }
  Flush(kNow);
  options_.gateway_open_until_ns = kNow + 1;
  active_.reset();
  Prime();
  EXPECT_EQ(active().ExpireOpen(kNow + 2), 2u);
  Flush(kNow + 2);
  ASSERT_EQ(changes_.traces.size(), 1u);
  EXPECT_EQ(changes_.traces[0].row.trace_id, testing::TraceIdOf(1));
  EXPECT_EQ(changes_.traces[0].row.status, SpanStatus::kUnfinished);
  EXPECT_EQ(active().ExpireOpen(kNow + 3), 0u);
}

TEST_F(ActiveTracesTest, SpansThatEndedAreNotLookedAtAgain) {
  Span open = MakeSpan(1, 1);
  open.status = SpanStatus::kRunning;
  open.start_ns = open.end_ns = kNow;
  Add(open);
  Flush(kNow);
  open.status = SpanStatus::kOk;
  Add(open);
  Flush(kNow + 1);
  EXPECT_EQ(active().ExpireOpen(kNow + options_.open_timeout_ns), 0u);
}

TEST_F(ActiveTracesTest, OpenSpansFromBeforeARestartAreGivenUp) {
  Span open = MakeSpan(1, 1);
  open.status = SpanStatus::kRunning;
  open.start_ns = open.end_ns = kNow;
  Add(open);
  Flush(kNow);
  active_.reset();
  Prime();
  EXPECT_EQ(active().ExpireOpen(kNow + options_.open_timeout_ns), 1u);
  EXPECT_EQ(Flush(kNow + options_.open_timeout_ns), 2u);
  EXPECT_EQ(changes_.facts[0].row.status, SpanStatus::kUnfinished);
}

TEST_F(ActiveTracesTest, NothingIsLostWhileTheStoreIsAway) {
  Add(MakeSpan(1, 1), 7);
  store_.fail_percent = 100;
  EXPECT_EQ(active().Resolve(kNow, changes_).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(active().oldest_pending_batch(), 7u);
  store_.fail_percent = 0;
  EXPECT_EQ(Flush(), 2u);
  EXPECT_EQ(active().oldest_pending_batch(), std::nullopt);
}

TEST_F(ActiveTracesTest, ProjectsAreApart) {
  const Span span = MakeSpan(1, 1);
  active().Add("a", 30, span, 1, 1);
  active().Add("b", 30, span, 2, 1);
  active().Add("a", 30, span, 3, 1);
  EXPECT_EQ(Flush(), 4u);
  EXPECT_EQ(active().stats().traces, 2u);
}

TEST_F(ActiveTracesTest, ForgottenTracesAreReadAgain) {
  Prime();
  Add(MakeSpan(1, 1));
  Flush();
  active().Forget("default", TraceIdOf(1));
  EXPECT_EQ(active().stats().traces, 0u);
  EXPECT_EQ(active().stats().spans, 0u);
  Add(MakeSpan(1, 2, 1));
  EXPECT_EQ(Flush(), 2u);
  EXPECT_EQ(changes_.traces[0].row.spans, 2u);
}

TEST(TraceFilter, NeverSaysNoWrongly) {
  TraceFilter filter(1 << 20);
  uint64_t wrong = 0;
  constexpr uint64_t kCount = 500'000;
  for (uint64_t n = 0; n < kCount; ++n) filter.Insert(Mix(n, 1));
  for (uint64_t n = 0; n < kCount; ++n) ASSERT_TRUE(filter.MayContain(Mix(n, 1)));
  for (uint64_t n = 0; n < 100'000; ++n) wrong += filter.MayContain(Mix(n, 2)) ? 1 : 0;
  EXPECT_LE(wrong, 3000u) << "of 100000; about 1 % for each of the filters";
  EXPECT_LE(filter.bytes(), size_t{1} << 20);
}

}  // namespace
}  // namespace pitot
