// Random trees from many threads: every span that was started is exported once, or counted.
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "pitot/collector.h"
#include "pitot/span.h"
#include "sdk/collect/collect_test_util.h"

namespace pitot {
namespace {

using namespace std::chrono_literals;

constexpr int kThreads = 8;

struct Expected {
  SpanId parent;
  int attributes = 0;
  bool failed = false;
};

// Spans that a thread leaves for another one to end.
class Exchange {
 public:
  void Put(Span span) {
    std::lock_guard lock(mutex_);
    spans_.push_back(std::move(span));
  }
  Span Take() {
    std::lock_guard lock(mutex_);
    if (spans_.empty()) return Span();
    Span span = std::move(spans_.back());
    spans_.pop_back();
    return span;
  }
  void Clear() { spans_.clear(); }

 private:
  std::mutex mutex_;
  std::vector<Span> spans_;
};

class Grower {
 public:
  // `gives_current`: also spans that are current are left to others. Then they are it until those end
  // them, and what is current here after a scope cannot be told.
  Grower(unsigned seed, Exchange& exchange, bool gives_current)
      : random_(seed), exchange_(exchange), gives_current_(gives_current) {}

  void Grow(int depth) {
    const Context parent = Context::current();
    const Steady steady(gives_current_, parent);
    const bool current = Pick(4) > 0;
    Span span = Open(parent, current);
    Expected expected{.parent = parent.valid() ? parent.span_id() : SpanId()};
    const bool recording = span.recording();
    const SpanId id = span.context().span_id();
    expected.attributes = Pick(20);
    for (int i = 0; i < expected.attributes; ++i) {
      span.set("key" + std::to_string(i), std::string(Pick(200), 'x'));
    }
    if (Pick(4) == 0) span.event("event", {{"depth", depth}});
    if (Pick(10) == 0) {
      span.fail("failure", "on purpose");
      expected.failed = true;
      expected.attributes += 2;
    }
    {
      const ContextScope here(span.context());
      for (int children = depth == 0 ? 0 : Pick(4); children > 0; --children) {
        if (Pick(8) == 0) {
          GrowAndThrow(depth - 1);
        } else {
          Grow(depth - 1);
        }
      }
    }
    if (!gives_current_) {
      EXPECT_EQ(Context::current().span_id(), current ? id : parent.span_id());
    }
    if (recording) spans[id] = expected;
    if (Pick(6) == 0 && (gives_current_ || !current)) exchange_.Put(std::move(span));
    if (Pick(6) == 0) exchange_.Take().end();
  }

  std::map<SpanId, Expected> spans;  // That were recorded.

 private:
  // What is current may be ended by another thread at any moment, where spans that are current are left
  // to others: here `parent` is it all the while.
  struct Steady {
    Steady(bool needed, const Context& parent) {
      if (needed) scope.emplace(parent);
    }
    std::optional<ContextScope> scope;
  };

  int Pick(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }

  Span Open(const Context& parent, bool current) {
    if (!current) return open_span("open", Kind::kTool);
    if (Pick(2) == 0) return traced_under(parent, "under", Kind::kChain);
    return traced("traced", Kind::kAgent);
  }

  void GrowAndThrow(int depth) {
    const Context parent = Context::current();
    const Steady steady(gives_current_, parent);
    SpanId id;
    bool recording = false;
    try {
      traced("throws", Kind::kSpan, [&](Span& span) {
        id = span.context().span_id();
        recording = span.recording();
        Grow(depth);
        throw std::runtime_error("on purpose");
      });
    } catch (const std::runtime_error&) {
    }
    if (!gives_current_) {
      EXPECT_EQ(Context::current().span_id(), parent.span_id());
    }
    if (recording) spans[id] = {parent.span_id(), 2, true};
  }

  std::mt19937 random_;
  Exchange& exchange_;
  const bool gives_current_;
};

// `queue_spans_max` decides whether spans are dropped on the way.
void CheckTrees(size_t queue_spans_max, bool gives_current) {
  constexpr int kTrees = 100;
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options;
  options.exporters = {sink};
  options.queue_spans_max = queue_spans_max;
  options.batch_delay = 1ms;
  options.announce_after = 1ms;
  options.on_problem = [](std::string_view) {};
  TraceCollector collector(options);
  Exchange exchange;
  std::vector<Grower> growers;
  for (unsigned i = 0; i < kThreads; ++i) growers.emplace_back(i, exchange, gives_current);
  {
    std::vector<std::jthread> threads;
    for (Grower& grower : growers) {
      threads.emplace_back([&grower] {
        for (int i = 0; i < kTrees; ++i) grower.Grow(4);
      });
    }
  }
  exchange.Clear();
  ASSERT_TRUE(collector.flush(60s));
  std::map<SpanId, Expected> expected;
  for (Grower& grower : growers) expected.merge(grower.spans);
  const std::vector<PlainSpan> spans = sink->spans();
  EXPECT_EQ(spans.size(), expected.size());
  for (const PlainSpan& span : spans) {
    const auto found = expected.find(span.span_id);
    ASSERT_NE(found, expected.end()) << span.name << " was exported twice, or never recorded";
    EXPECT_EQ(span.parent_span_id, found->second.parent) << span.name;
    EXPECT_EQ(span.attributes.size(), static_cast<size_t>(found->second.attributes));
    EXPECT_EQ(span.status == SpanStatus::kError, found->second.failed);
    expected.erase(found);
  }
  const CollectorStats stats = collector.stats();
  uint64_t dropped = 0;
  for (const auto& [reason, count] : stats.dropped) dropped += count;
  EXPECT_EQ(stats.ended, spans.size());
  EXPECT_EQ(stats.open, 0u);
  EXPECT_EQ(stats.started, stats.ended + dropped);
  EXPECT_EQ(stats.truncated, 0u);
}

TEST(SpanTrees, ArriveWhole) { CheckTrees(1 << 17, false); }

TEST(SpanTrees, ArriveWholeWhenCurrentSpansEndElsewhere) { CheckTrees(1 << 17, true); }

TEST(SpanTrees, ArriveOrAreCountedWhenTheQueueIsShort) { CheckTrees(64, true); }

TEST(SpanTrees, CollectorsMayComeAndGoMeanwhile) {
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> recorded = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        Span outer = traced("outer");
        Span inner = traced("inner", Kind::kTool, {{"key", "value"}});
        inner.set("more", std::string(2000, 'x'));
        recorded += outer.recording() + inner.recording();
      }
    });
  }
  uint64_t accounted = 0;
  for (int i = 0; i < 100; ++i) {
    const auto sink = std::make_shared<KeepingSink>();
    CollectorOptions options;
    options.exporters = {sink};
    options.on_problem = [](std::string_view) {};
    {
      const TraceCollector collector(options);
      EXPECT_TRUE(Eventually([&] { return collector.stats().ended > 50; }));
    }
    accounted += sink->spans().size();
  }
  stop = true;
  threads.clear();
  EXPECT_GT(accounted, 50u * 100u);
  // The rest was still open when its collector went.
  EXPECT_GE(recorded, accounted);
  EXPECT_LE(recorded, accounted + 100u * 8u);
}

}  // namespace
}  // namespace pitot
