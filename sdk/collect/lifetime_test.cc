// Spans and collectors as static and thread-local objects, in every order of destruction.
#include <gtest/gtest.h>

#include <cstdlib>
#include <thread>

#include "pitot/collector.h"
#include "pitot/span.h"
#include "sdk/collect/collect_test_util.h"

namespace pitot {
namespace {

using namespace std::chrono_literals;

CollectorOptions Options() {
  CollectorOptions options;
  options.exporters = {std::make_shared<KeepingSink>()};
  return options;
}

struct TracesWhenDestroyed {
  ~TracesWhenDestroyed() {
    Span span = traced("destroyed", Kind::kSpan, {{"key", "value"}});
    const TagScope tags({.feature = "late"});
    const Span inner = traced("inner");
    if (Context::current().tags().feature != "late") std::_Exit(3);
  }
};

class Lifetime : public testing::Test {
 protected:
  Lifetime() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};
using LifetimeDeathTest = Lifetime;

TEST_F(LifetimeDeathTest, AStaticSpanEndsBeforeTheCollector) {
  EXPECT_EXIT(
      {
        static TraceCollector collector(Options());
        static Span span = traced("static");
        std::exit(span.recording() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(LifetimeDeathTest, AStaticSpanEndsAfterTheCollector) {
  EXPECT_EXIT(
      {
        static Span span;
        static TraceCollector collector(Options());
        span = traced("static");
        span.set("key", std::string(10'000, 'x'));
        std::exit(span.recording() ? 0 : 1);
      },
      testing::ExitedWithCode(0), "1 span still open");
}

TEST_F(LifetimeDeathTest, StaticObjectsTraceBeforeAndAfterTheCollector) {
  EXPECT_EXIT(
      {
        static TracesWhenDestroyed after;
        static TraceCollector collector(Options());
        static TracesWhenDestroyed before;
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(LifetimeDeathTest, ACollectorThatIsNeverDestroyed) {
  EXPECT_EXIT(
      {
        static TraceCollector& collector = *new TraceCollector(Options());
        static Span span = traced("static");
        std::exit(collector.stats().open == 1 ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST_F(LifetimeDeathTest, OtherThreadsTraceWhileTheProgramEnds) {
  EXPECT_EXIT(
      {
        static TraceCollector collector(Options());
        for (int i = 0; i < 3; ++i) {
          std::thread([] {
            while (true) {
              const Span outer = traced("outer");
              const Span inner = traced("inner", Kind::kTool, {{"key", "value"}});
            }
          }).detach();
        }
        std::exit(Eventually([] { return collector.stats().ended > 100; }) ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

thread_local Span of_thread;
thread_local TracesWhenDestroyed traces_at_end;

TEST(ThreadLifetime, ThreadLocalSpansEndWithTheirThread) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options;
  options.exporters = {sink};
  TraceCollector collector(options);
  for (int i = 0; i < 3; ++i) {
    std::thread([] {
      static_cast<void>(&traces_at_end);
      of_thread = traced("of thread");
    }).join();
  }
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_EQ(collector.stats().open, 0u);
  EXPECT_GE(sink->spans().size(), 3u);
}

TEST(ThreadLifetime, ManyShortThreads) {
  const auto sink = std::make_shared<KeepingSink>();
  CollectorOptions options;
  options.exporters = {sink};
  TraceCollector collector(options);
  const Span root = traced("root");
  for (int i = 0; i < 200; ++i) {
    std::thread([context = root.context()] {
      const Span span = traced_under(context, "short");
    }).join();
  }
  ASSERT_TRUE(collector.flush(10s));
  EXPECT_EQ(sink->spans().size(), 200u);
}

}  // namespace
}  // namespace pitot
