// A program of its own, since it replaces malloc.
#include <gtest/gtest.h>

#include <cstdlib>

#include "pitot/collector.h"
#include "pitot/span.h"
#include "sdk/collect/collect_test_util.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PITOT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PITOT_SANITIZED 1
#endif
#endif

namespace {
thread_local uint64_t allocations = 0;  // operator new is among them.
}  // namespace

#ifndef PITOT_SANITIZED
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_memalign(size_t align, size_t bytes);
void* malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void* aligned_alloc(size_t align, size_t bytes) {
  ++allocations;
  return __libc_memalign(align, bytes);
}
}
#endif

namespace pitot {
namespace {

using namespace std::chrono_literals;

class IdleSink : public SpanSink {
  void on_spans(std::span<const SpanData>) override {}
};

void TraceSome() {
  for (int i = 0; i < 200; ++i) {
    Span turn = traced("answer", Kind::kAgent, {{"question", "what is the weather in Paris?"}});
    {
      Span step = traced("search", Kind::kTool, {{"query", "weather"}, {"limit", 10}});
      step.set("documents", 3).set("cached", false).event("page", {{"number", 1}});
    }
    Span moved = std::move(turn);
    moved.set("ratio", 0.5).status(SpanStatus::kOk);
    const Span side = open_span_under(moved.context(), "side");
  }
}

TEST(Allocation, AWarmProgramAllocatesNothingForOrdinarySpans) {
#ifdef PITOT_SANITIZED
  GTEST_SKIP() << "the sanitizer has its own malloc";
#endif
  CollectorOptions options;
  options.exporters = {std::make_shared<IdleSink>()};
  TraceCollector collector(options);
  const Span root = open_span("root");
  const ContextScope here(root.context().with_tags({.feature = "checkout", .user = "u-1"}));
  for (int round = 0; round < 3; ++round) {
    TraceSome();
    ASSERT_TRUE(collector.flush(10s));
  }
  const uint64_t before = allocations;
  EXPECT_GT(before, 0u) << "nothing is counted: this test would pass whatever happens";
  TraceSome();
  const uint64_t after = allocations;
  EXPECT_EQ(after - before, 0u);
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_TRUE(collector.stats().dropped.empty());
}

}  // namespace
}  // namespace pitot
