#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "pitot/collector.h"
#include "pitot/span.h"
#include "sdk/collect/collect_test_util.h"

// Read by ThreadSanitizer only, which by default lets no child of a program with threads start one.
extern "C" const char* __tsan_default_options() { return "die_after_fork=0"; }

// The sanitizers' own allocators (clang 14) have no handlers for a fork: one whose lock another thread
// held then stays locked in the child, which waits for it for ever.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PITOT_FORK_NEEDS_QUIET 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PITOT_FORK_NEEDS_QUIET 1
#endif
#endif

namespace pitot {
namespace {

using namespace std::chrono_literals;

// Counts without a lock: one that was held elsewhere at the fork would be held for ever in the child.
class CountingSink : public SpanSink {
 public:
  void on_spans(std::span<const SpanData> spans) override {
    count += spans.size();
    for (const SpanData& span : spans) {
      if (getpid() != owner) {
        last_parent = span.parent_span_id;
        last_id = span.span_id;
      }
      if (span.name.starts_with("parent")) ++of_parent;
    }
  }

  const pid_t owner = getpid();
  std::atomic<uint64_t> count = 0;
  std::atomic<uint64_t> of_parent = 0;
  SpanId last_parent;  // Written in children only.
  SpanId last_id;
};

// Forks; runs `child` there, which tells what is wrong, or nothing. Fails if the child takes 20 s.
void InChild(const std::function<std::string()>& child) {
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    const std::string wrong = child();
    if (!wrong.empty()) {
      static_cast<void>(!write(STDERR_FILENO, wrong.data(), wrong.size()));
      static_cast<void>(!write(STDERR_FILENO, "\n", 1));
    }
    _exit(wrong.empty() ? 0 : 1);
  }
  int status = -1;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  pid_t ended = 0;
  while (ended == 0 && std::chrono::steady_clock::now() < deadline) {
    ended = waitpid(pid, &status, WNOHANG);
    if (ended == 0) std::this_thread::sleep_for(1ms);
  }
  if (ended == 0) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    FAIL() << "the child hangs";
  }
  EXPECT_EQ(status, 0);
}

class Fork : public testing::Test {
 protected:
  void Make(std::chrono::milliseconds batch_delay = 60s) {
    CollectorOptions options;
    options.exporters = {sink_};
    options.batch_delay = batch_delay;
    options.queue_spans_max = 4096;
    options.on_problem = [](std::string_view) {};
    collector_ = std::make_unique<TraceCollector>(options);
  }

  std::shared_ptr<CountingSink> sink_ = std::make_shared<CountingSink>();
  std::unique_ptr<TraceCollector> collector_;
};

TEST_F(Fork, TheChildHasAnEmptyCollectorThatWorks) {
  Make();
  Span open = traced("parent open");
  for (int i = 0; i < 10; ++i) traced("parent queued").end();
  InChild([&]() -> std::string {
    if (collector_->stats().started != 0) return "figures of the parent";
    if (collector_->stats().queued != 0) return "the parent's queue";
    const uint64_t before = sink_->count;
    Span own = traced("child");
    if (!own.recording()) return "nothing is recorded";
    if (own.context().trace_id() != open.context().trace_id()) return "another trace";
    const SpanId id = own.context().span_id();
    own.end();
    open.set("key", std::string(5000, 'x')).event("event");
    open.end();  // A copy of the parent's.
    if (!collector_->flush(10s)) return "flush failed";
    if (sink_->count - before != 1) return "not one span but " + std::to_string(sink_->count);
    if (sink_->last_id != id) return "another span";
    if (sink_->last_parent != open.context().span_id()) return "another parent";
    if (collector_->stats().open != 0) return "open spans";
    collector_.reset();
    if (traced("late").recording()) return "recording without a collector";
    return "";
  });
  EXPECT_EQ(collector_->stats().started, 11u);
  open.end();
  ASSERT_TRUE(collector_->flush(10s));
  EXPECT_EQ(sink_->count, 11u) << "what was the parent's stayed the parent's";
}

TEST_F(Fork, TheChildsThreadStartsWithItsFirstSpan) {
  Make(1ms);
  traced("parent").end();
  InChild([&]() -> std::string {
    const uint64_t before = sink_->count;
    traced("child").end();
    return Eventually([&] { return sink_->count > before; }) ? "" : "never handed on";
  });
}

TEST_F(Fork, AChildThatTracesNothingEndsQuickly) {
  Make();
  traced("parent").end();
  InChild([&]() -> std::string {
    const auto before = std::chrono::steady_clock::now();
    collector_.reset();
    return std::chrono::steady_clock::now() - before < 2s ? "" : "slow";
  });
}

TEST_F(Fork, ChildrenOfChildrenWork) {
  Make();
  InChild([&]() -> std::string {
    traced("child").end();
    int failed = 1;
    const pid_t pid = fork();
    if (pid == 0) {
      const uint64_t before = sink_->count;
      traced("grandchild").end();
      const bool well = collector_->flush(10s) && sink_->count == before + 1;
      _exit(well ? 0 : 1);
    }
    waitpid(pid, &failed, 0);
    const uint64_t before = sink_->count;
    if (!collector_->flush(10s) || sink_->count != before + 1) return "the child lost its span";
    return failed == 0 ? "" : "the grandchild failed";
  });
}

TEST_F(Fork, WhileOtherThreadsTrace) {
#ifdef PITOT_FORK_NEEDS_QUIET
  GTEST_SKIP() << "a sanitizer's allocator does not survive a fork while others allocate";
#endif
  Make(1ms);
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> started = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) {
        Span outer = traced("parent outer");
        Span inner = traced("parent inner", Kind::kTool, {{"key", std::string(1000, 'x')}});
        inner.set("more", "text").event("event");
        started += 2;
      }
    });
  }
  for (int i = 0; i < 30; ++i) {
    InChild([&]() -> std::string {
      const uint64_t of_parent = sink_->of_parent;
      for (int j = 0; j < 100; ++j) {
        Span span = traced("child", Kind::kAgent, {{"key", "value"}});
        if (!span.recording()) return "nothing is recorded";
        span.set("long", std::string(3000, 'y'));
      }
      if (!collector_->flush(10s)) return "flush failed";
      if (collector_->stats().ended != 100) return "not 100 spans";
      if (sink_->of_parent != of_parent) return "spans of the parent";
      return "";
    });
    if (HasFatalFailure()) break;
  }
  stop = true;
  threads.clear();
  ASSERT_TRUE(collector_->flush(10s));
  const CollectorStats stats = collector_->stats();
  EXPECT_EQ(stats.started, started);
  EXPECT_EQ(stats.ended, sink_->count);
}

// Stuck in the process it was made in only.
class StuckInParent : public SpanSink {
 public:
  void on_spans(std::span<const SpanData> spans) override {
    count += spans.size();
    while (getpid() == owner_ && !free) std::this_thread::sleep_for(1ms);
  }

  std::atomic<uint64_t> count = 0;
  std::atomic<bool> free = false;

 private:
  const pid_t owner_ = getpid();
};

TEST(ForkWithAStuckSink, DoesNotWaitForIt) {
  const auto sink = std::make_shared<StuckInParent>();
  CollectorOptions options;
  options.exporters = {sink};
  options.batch_delay = 1ms;
  TraceCollector collector(options);
  traced("parent").end();
  ASSERT_TRUE(Eventually([&] { return sink->count > 0; }));
  InChild([&]() -> std::string {
    traced("child").end();
    if (!collector.flush(10s)) return "flush failed";
    return sink->count == 2 ? "" : "not one span";
  });
  sink->free = true;
}

}  // namespace
}  // namespace pitot
