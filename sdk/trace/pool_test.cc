#include "sdk/trace/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "pitot/span.h"
#include "sdk/base/clock.h"
#include "sdk/trace/pool_test_util.h"

namespace pitot {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(SpanPool, IsBoundedBySpans) {
  PoolOptions options;
  options.spans_max = 10;
  TestPool pool(options);
  std::vector<Span> open;
  for (int i = 0; i < 6; ++i) open.push_back(open_span("open"));
  for (int i = 0; i < 6; ++i) {
    const Span queued = open_span("queued");
    EXPECT_EQ(queued.recording(), i < 4) << i;
    EXPECT_TRUE(queued.context().valid());
  }
  EXPECT_EQ(pool->Stats().queue_full, 2u);
  EXPECT_EQ(pool.Take().size(), 4u);
  { EXPECT_TRUE(traced("again").recording()); }
  open.clear();
  EXPECT_EQ(pool.Take().size(), 7u);
  const PoolStats stats = pool->Stats();
  EXPECT_EQ(stats.started, 13u);
  EXPECT_EQ(stats.ended, 11u);
  EXPECT_EQ(stats.open, 0u);
}

TEST(SpanPool, AThreadFindsTheRecordsOfOthers) {
  PoolOptions options;
  options.spans_max = 8;
  TestPool pool(options);
  for (int thread = 0; thread < 20; ++thread) {
    std::thread([] {
      for (int i = 0; i < 8; ++i) EXPECT_TRUE(traced("span").recording());
    }).join();
    EXPECT_EQ(pool.Take().size(), 8u) << thread;
  }
}

TEST(SpanPool, IsBoundedByBytes) {
  PoolOptions options;
  options.bytes_max = 100'000;
  TestPool pool(options);
  {
    Span span = traced("span");
    const std::string text(30'000, 'x');
    for (int i = 0; i < 5; ++i) span.set("text" + std::to_string(i), text);
    for (int i = 0; i < 5; ++i) span.event("event", {{"text", text}});
    span.set("number", 1).status(SpanStatus::kError, text);
  }
  std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].attributes.size(), 4u) << "three texts and a number fit";
  EXPECT_EQ(spans[0]["number"], "1");
  EXPECT_EQ(spans[0].dropped_attributes, 2u);
  EXPECT_EQ(spans[0].events.size(), 5u);
  EXPECT_EQ(spans[0].status_message, "");
  EXPECT_EQ(pool->Stats().truncated, 8u);
  // All of it came back.
  {
    Span span = traced("span");
    span.set("text", std::string(60'000, 'x'));
  }
  EXPECT_EQ(pool.Take()[0]["text"], std::string(60'000, 'x'));
  std::vector<Span> open;
  while (open.emplace_back(open_span("open")).recording()) {
  }
  EXPECT_EQ(open.size(), 100'000 / 2048 + 1u);
}

TEST(SpanPool, CutsAndLeavesOutBeyondTheLimits) {
  PoolOptions options;
  options.limits = {.attribute_bytes_max = 16, .attributes_max = 4, .events_max = 2};
  TestPool pool(options);
  {
    Span span = traced(std::string(2000, 'n'));
    span.set("text", "123456789012345\xC3\xA9").set("", 1).set(std::string(2000, 'k'), 1);
    span.set("json", AttributeValue::json("[1,2,3,4,5,6,7,8,9]")).set("a", 1).set("b", 2);
    span.set("c", 3).set("a", 4);
    for (int i = 0; i < 3; ++i) {
      span.event("e", {{"1", 1}, {"2", 2}, {"3", 3}, {"4", 4}, {"5", 5}});
      span.link(span.context());
    }
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].name.size(), 1024u);
  EXPECT_THAT(spans[0].attributes,
              ElementsAre(Pair("text", "123456789012345"), Pair("json", "[1,2,3,4,5,6,7,8"),
                          Pair("a", "4"), Pair("b", "2")));
  EXPECT_EQ(spans[0].types[1], AttributeValue::Type::kString) << "cut JSON is no JSON";
  EXPECT_EQ(spans[0].dropped_attributes, 3u);
  EXPECT_EQ(spans[0].events.size(), 2u);
  EXPECT_EQ(spans[0].events[0].attributes.size(), 4u);
  EXPECT_EQ(spans[0].dropped_events, 1u);
  EXPECT_EQ(spans[0].links.size(), 2u);
  // Name, two texts, three attributes, one event and its link, two attributes of events.
  EXPECT_EQ(pool->Stats().truncated, 1u + 2u + 3u + 2u + 2u);
}

TEST(SpanPool, AValueSetAgainTakesNoMoreMemory) {
  PoolOptions options;
  options.bytes_max = 64 * 1024;
  TestPool pool(options);
  {
    Span span = traced("span");
    for (int i = 0; i < 100'000; ++i) span.set("progress", std::string(i % 2000, 'x')).set("at", i);
  }
  const std::vector<PlainSpan> spans = pool.Take();
  EXPECT_EQ(spans[0].dropped_attributes, 0u);
  EXPECT_EQ(spans[0]["progress"], std::string(99'999 % 2000, 'x'));
  EXPECT_EQ(spans[0]["at"], "99999");
}

TEST(SpanPool, HasRoomForManyAttributesAndEvents) {
  TestPool pool;
  for (int round = 0; round < 3; ++round) {
    {
      Span span = traced("span");
      for (int i = 0; i < 256; ++i) {
        span.set("key" + std::to_string(i), "value" + std::to_string(i));
        span.event("event" + std::to_string(i), {{"i", i}});
      }
    }
    const std::vector<PlainSpan> spans = pool.Take();
    ASSERT_EQ(spans.size(), 1u);
    ASSERT_EQ(spans[0].attributes.size(), 256u);
    ASSERT_EQ(spans[0].events.size(), 256u);
    for (int i = 0; i < 256; ++i) {
      EXPECT_EQ(spans[0].attributes[i].second, "value" + std::to_string(i));
      EXPECT_EQ(spans[0].events[i].attributes[0].second, std::to_string(i));
    }
  }
}

TEST(SpanPool, ASpanMayEndAfterItsPool) {
  std::vector<Span> left;
  {
    TestPool pool;
    for (int i = 0; i < 3; ++i) left.push_back(traced("left"));
    pool->Close();
    EXPECT_FALSE(traced("late").recording());
    left.pop_back();
    EXPECT_EQ(pool->Stats().closed, 1u);
  }
  {
    TestPool next;  // Not the same pool: two spans are still out.
    { EXPECT_TRUE(traced("new").recording()); }
    left[0].set("key", std::string(10'000, 'x')).event("late");
    left.clear();
    EXPECT_EQ(next.Take().size(), 1u);
    EXPECT_EQ(next->Stats().closed, 0u);
  }
}

TEST(SpanPool, TheNewestThatLivesIsTheDefault) {
  EXPECT_EQ(SpanPool::Default(), nullptr);
  auto first = std::make_unique<TestPool>();
  auto second = std::make_unique<TestPool>();
  auto third = std::make_unique<TestPool>();
  EXPECT_EQ(SpanPool::Default(), third->operator->());
  second.reset();
  EXPECT_EQ(SpanPool::Default(), third->operator->());
  third.reset();
  EXPECT_EQ(SpanPool::Default(), first->operator->());
  { const Span span = traced("span"); }
  EXPECT_EQ(first->Take().size(), 1u);
  first.reset();
  EXPECT_EQ(SpanPool::Default(), nullptr);
}

TEST(SpanPool, AnnouncesOpenSpansOnce) {
  TestPool pool;
  Announcements told;
  Span first =
      open_span("first", Kind::kAgent, {{"short", "text"}, {"long", std::string(300, 'x')}});
  { const Span ended = open_span("ended"); }
  pool->Announce(MonotonicNanos(), 10, told);
  ASSERT_EQ(told.spans.size(), 1u);
  const PlainSpan running(told.spans[0]);
  EXPECT_EQ(running.status, SpanStatus::kRunning);
  EXPECT_EQ(running.name, "first");
  EXPECT_EQ(running.end_ns, running.start_ns);
  EXPECT_THAT(running.attributes, ElementsAre(Pair("short", "text")));
  told.Clear();

  const int64_t before_second_ns = MonotonicNanos();
  const Span second = open_span("second");
  EXPECT_GE(pool->OldestUnannounced(), before_second_ns);
  pool->Announce(before_second_ns - 1, 10, told);
  EXPECT_TRUE(told.spans.empty()) << "it has not been open for long enough";
  pool->Announce(MonotonicNanos(), 10, told);
  EXPECT_EQ(told.spans.size(), 1u);
  EXPECT_EQ(pool->OldestUnannounced(), INT64_MAX);
  told.Clear();

  std::vector<Span> more;
  for (int i = 0; i < 5; ++i) more.push_back(open_span("more"));
  more.erase(more.begin());  // The next one that would be told.
  pool->Announce(MonotonicNanos(), 3, told);
  EXPECT_EQ(told.spans.size(), 3u);
  told.Clear();
  pool->Announce(MonotonicNanos(), 3, told);
  EXPECT_EQ(told.spans.size(), 1u);
}

TEST(SpanPool, ASpanMayBeFilledWhileItIsAnnounced) {
  TestPool pool;
  std::atomic<bool> enough = false;
  const std::jthread filler([&enough] {
    while (!enough) {
      Span span = traced("span");
      for (int j = 0; j < 20; ++j) span.set("key" + std::to_string(j), std::string(j * 10, 'x'));
      for (int j = 0; j < 20; ++j) span.set("key" + std::to_string(j), "again");
      span.rename("renamed");
    }
  });
  Announcements told;
  size_t announced = 0;
  size_t ended = 0;
  while (ended < 2000 || announced == 0) {
    pool->Announce(MonotonicNanos(), 100, told);
    for (const SpanData& data : told.spans) {
      const PlainSpan span(data);
      for (const auto& [key, value] : span.attributes) {
        EXPECT_TRUE(value == "again" || value == std::string(value.size(), 'x')) << value;
      }
    }
    announced += told.spans.size();
    told.Clear();
    ended += pool.Take().size();
  }
  enough = true;
}

}  // namespace
}  // namespace pitot
