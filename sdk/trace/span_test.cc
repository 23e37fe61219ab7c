#include "pitot/span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <coroutine>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "sdk/trace/pool_test_util.h"

namespace pitot {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

TEST(Span, WithoutACollectorHasIdsAndNests) {
  EXPECT_FALSE(Context::current().valid());
  {
    Span outer = traced("outer");
    EXPECT_FALSE(outer.recording());
    EXPECT_TRUE(outer.context().valid());
    EXPECT_TRUE(outer.context().sampled());
    outer.set("key", "value").event("event").fail("type", "message").rename("other");
    const Span inner = traced("inner");
    EXPECT_EQ(inner.context().trace_id(), outer.context().trace_id());
    EXPECT_NE(inner.context().span_id(), outer.context().span_id());
    EXPECT_EQ(Context::current().span_id(), inner.context().span_id());
  }
  EXPECT_FALSE(Context::current().valid());
}

TEST(Span, NestsByTheCurrentContext) {
  TestPool pool;
  {
    const Span root = traced("root", Kind::kAgent);
    EXPECT_TRUE(root.recording());
    { const Span first = traced("first", Kind::kLlm); }
    const Span second = traced("second", Kind::kTool);
    const Span leaf = traced("leaf");
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 4u);
  const PlainSpan& first = spans[0];
  const PlainSpan& leaf = spans[1];
  const PlainSpan& second = spans[2];
  const PlainSpan& root = spans[3];
  EXPECT_EQ(root.name, "root");
  EXPECT_EQ(root.kind, Kind::kAgent);
  EXPECT_TRUE(root.parent_span_id.empty());
  EXPECT_EQ(first.parent_span_id, root.span_id);
  EXPECT_EQ(second.parent_span_id, root.span_id);
  EXPECT_EQ(leaf.parent_span_id, second.span_id);
  for (const PlainSpan& span : spans) {
    EXPECT_EQ(span.trace_id, root.trace_id);
    EXPECT_GE(span.start_ns, root.start_ns);
    EXPECT_LE(span.end_ns, root.end_ns);
    EXPECT_LE(span.start_ns, span.end_ns);
    EXPECT_EQ(span.status, SpanStatus::kUnset);
  }
}

TEST(Span, AnExplicitParentWins) {
  TestPool pool;
  const Context remote(TraceId::FromBytes("0123456789abcdef"), SpanId::FromBytes("01234567"), true);
  {
    const Span other = traced("other");
    const Span under = traced_under(remote.with_trace_state("a=b"), "under");
    const Span child = traced("child");
    EXPECT_EQ(Context::current().trace_id(), remote.trace_id());
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[1].name, "under");
  EXPECT_EQ(spans[1].trace_id, remote.trace_id());
  EXPECT_EQ(spans[1].parent_span_id, remote.span_id());
  EXPECT_EQ(spans[1].trace_state, "a=b");
  EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
  EXPECT_EQ(spans[0].trace_state, "a=b");
  EXPECT_NE(spans[2].trace_id, remote.trace_id());
}

TEST(Span, OpenSpanIsNeverCurrent) {
  TestPool pool;
  {
    const Span root = traced("root");
    const Span side = open_span("side");
    EXPECT_EQ(Context::current().span_id(), root.context().span_id());
    const Span below = open_span_under(side.context(), "below");
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
  EXPECT_EQ(spans[1].parent_span_id, spans[2].span_id);
}

TEST(Span, CarriesTagsOfItsContext) {
  TestPool pool;
  {
    const TagScope outer({.feature = "checkout", .user = "u-1"});
    const TagScope inner({.user = "u-2", .prompt_version = "7"});
    const Span span = traced("span");
    EXPECT_EQ(span.context().tags().user, "u-2");
  }
  { const Span bare = traced("bare"); }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].tags, (Tags{.feature = "checkout", .user = "u-2", .prompt_version = "7"}));
  EXPECT_EQ(spans[1].tags, Tags());
}

TEST(Context, CutsLongTagsBetweenCharacters) {
  std::string text(255, 'a');
  text += "\xC3\xA9";  // One character of two bytes.
  const Context context = Context().with_tags({.feature = text, .user = std::string(300, 'b')});
  EXPECT_EQ(context.tags().feature, std::string(255, 'a'));
  EXPECT_EQ(context.tags().user, std::string(256, 'b'));
}

TEST(Context, KeepsTheRestWhenSomethingIsSet) {
  const Context context =
      Context(TraceId::FromBytes("0123456789abcdef"), SpanId::FromBytes("01234567"), false)
          .with_trace_state("a=b")
          .with_baggage({{"k", "v"}})
          .with_tags({.agent = "planner"})
          .with_span(SpanId::FromBytes("76543210"));
  EXPECT_EQ(context.trace_id_hex(), "30313233343536373839616263646566");
  EXPECT_EQ(context.span_id_hex(), "3736353433323130");
  EXPECT_FALSE(context.sampled());
  EXPECT_EQ(context.trace_state(), "a=b");
  EXPECT_THAT(context.baggage(), ElementsAre(Pair("k", "v")));
  EXPECT_EQ(context.tags().agent, "planner");
  EXPECT_FALSE(Context(TraceId::FromBytes("0123456789abcdef"), SpanId(), true).valid());
}

TEST(Span, ScopesThatEndOutOfOrderLeaveTheRestCurrent) {
  Span first = traced("first");
  Span second = traced("second");
  Span third = traced("third");
  second.end();
  EXPECT_EQ(Context::current().span_id(), third.context().span_id());
  third.end();
  EXPECT_EQ(Context::current().span_id(), first.context().span_id());
  first.end();
  EXPECT_FALSE(Context::current().valid());
  EXPECT_TRUE(first.context().valid()) << "a span keeps its context after its end";
  first.end();
}

TEST(Span, Moves) {
  TestPool pool;
  {
    Span first = traced("first");
    const SpanId id = first.context().span_id();
    Span moved = std::move(first);
    EXPECT_EQ(moved.context().span_id(), id);
    EXPECT_EQ(Context::current().span_id(), id);
    EXPECT_FALSE(first.recording());        // NOLINT(bugprone-use-after-move): it is an empty one.
    EXPECT_FALSE(first.context().valid());  // NOLINT(bugprone-use-after-move)
    first.end();
    EXPECT_TRUE(moved.recording());
    moved = traced("second");
    EXPECT_EQ(Context::current().span_id(), moved.context().span_id());
    Span& self = moved;
    moved = std::move(self);
    EXPECT_TRUE(moved.recording());
    moved = Span();
    EXPECT_FALSE(Context::current().valid());
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].name, "first");
  EXPECT_EQ(spans[1].name, "second");
  EXPECT_EQ(spans[1].parent_span_id, spans[0].span_id) << "the first was current when it opened";
}

TEST(Span, EndingOnAnotherThreadDisturbsNeither) {
  TestPool pool;
  const Span base = traced("base");
  Span moved = traced("moved");
  std::thread([&base, span = std::move(moved)]() mutable {
    Span own = traced("own");
    span.end();
    EXPECT_EQ(Context::current().span_id(), own.context().span_id());
    EXPECT_NE(own.context().trace_id(), base.context().trace_id());
  }).join();
  EXPECT_EQ(Context::current().span_id(), base.context().span_id())
      << "what ended elsewhere is no longer current here";
  EXPECT_EQ(pool.Take().size(), 2u);
}

TEST(Span, OutlivesItsThread) {
  TestPool pool;
  Span left;
  std::thread([&] { left = traced("left"); }).join();
  EXPECT_TRUE(left.context().valid());
  left.set("key", 1);
  left.end();
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0]["key"], "1");
}

TEST(Span, AContextIsCarriedByValue) {
  TestPool pool;
  {
    const TagScope tags({.feature = "carried"});
    const Span root = traced("root");
    std::thread([context = Context::current()] {
      EXPECT_FALSE(Context::current().valid());
      {
        const ContextScope here(context);
        const Span work = traced("work");
      }
      EXPECT_FALSE(Context::current().valid());
    }).join();
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 2u);
  const PlainSpan& work = spans[0].name == "work" ? spans[0] : spans[1];
  const PlainSpan& root = spans[0].name == "work" ? spans[1] : spans[0];
  EXPECT_EQ(work.parent_span_id, root.span_id);
  EXPECT_EQ(work.tags.feature, "carried");
}

// A coroutine that starts at once and goes on wherever it is resumed.
struct Task {
  struct promise_type {
    Task get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

Task Steps(Context parent) {
  Span all = open_span_under(parent, "all");
  { const Span before = traced_under(all.context(), "before"); }
  co_await std::suspend_always();
  {
    const Span after = traced_under(all.context(), "after");
    const Span below = traced("below");
  }
  all.end();
}

TEST(Span, FollowsACoroutineToAnotherThread) {
  TestPool pool;
  {
    const Span root = traced("root");
    Task task = Steps(root.context());
    EXPECT_EQ(Context::current().span_id(), root.context().span_id());
    std::thread([&] {
      const Span unrelated = traced("unrelated");
      task.handle.resume();
      EXPECT_EQ(Context::current().span_id(), unrelated.context().span_id());
    }).join();
    EXPECT_TRUE(task.handle.done());
    task.handle.destroy();
  }
  std::map<std::string, PlainSpan> spans;
  for (PlainSpan& span : pool.Take()) spans.emplace(span.name, std::move(span));
  ASSERT_EQ(spans.size(), 6u);
  EXPECT_EQ(spans.at("all").parent_span_id, spans.at("root").span_id);
  EXPECT_EQ(spans.at("before").parent_span_id, spans.at("all").span_id);
  EXPECT_EQ(spans.at("after").parent_span_id, spans.at("all").span_id);
  EXPECT_EQ(spans.at("below").parent_span_id, spans.at("after").span_id);
  EXPECT_TRUE(spans.at("unrelated").parent_span_id.empty());
}

TEST(Span, ACallableReturnsWhatItReturns) {
  TestPool pool;
  EXPECT_EQ(traced("sum", Kind::kTool, [] { return 4; }), 4);
  int value = 1;
  int& reference = traced("reference", Kind::kTool, {{"a", 1}}, [&](Span& span) -> int& {
    span.set("b", 2);
    return value;
  });
  EXPECT_EQ(&reference, &value);
  traced("nothing", Kind::kSpan, [] {});
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_THAT(spans[1].attributes, ElementsAre(Pair("a", "1"), Pair("b", "2")));
}

TEST(Span, KeepsValuesOfEveryType) {
  TestPool pool;
  {
    std::string local = "local";
    Span span =
        traced("span", Kind::kSpan, {{"text", local}, {"json", AttributeValue::json("[1]")}});
    local = "other";
    span.set("int", -7).set("unsigned", 7u).set("size", size_t{9}).set("double", 1.5f);
    span.set("bool", true).set("null", static_cast<const char*>(nullptr)).set("empty", "");
    const std::vector<Attribute> more = {{"more", int64_t{1} << 40}};
    span.set(more);
    span.set({{"int", "replaced"}});
    span.set("text", 1).set("text", "a longer text than before");
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_THAT(spans[0].attributes,
              ElementsAre(Pair("text", "a longer text than before"), Pair("json", "[1]"),
                          Pair("int", "replaced"), Pair("unsigned", "7"), Pair("size", "9"),
                          Pair("double", "1.500000"), Pair("bool", "true"), Pair("null", ""),
                          Pair("empty", ""), Pair("more", "1099511627776")));
  using Type = AttributeValue::Type;
  EXPECT_THAT(spans[0].types,
              ElementsAre(Type::kString, Type::kJson, Type::kString, Type::kInt, Type::kInt,
                          Type::kDouble, Type::kBool, Type::kString, Type::kString, Type::kInt));
}

TEST(Span, KeepsEventsLinksNameAndStatus) {
  TestPool pool;
  const Context other(TraceId::FromBytes("0123456789abcdef"), SpanId::FromBytes("01234567"), true);
  {
    Span span = traced("span");
    span.event("retry", {{"attempt", 2}, {"why", "429"}}).event("done");
    span.link(other, {{"because", "cache"}}).link(Context());
    span.rename("renamed").status(SpanStatus::kError, "bad").status(SpanStatus::kOk);
    span.status(SpanStatus::kRunning, "no");
  }
  const std::vector<PlainSpan> spans = pool.Take();
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].name, "renamed");
  EXPECT_EQ(spans[0].status, SpanStatus::kOk);
  EXPECT_EQ(spans[0].status_message, "");
  ASSERT_EQ(spans[0].events.size(), 2u);
  EXPECT_EQ(spans[0].events[0].name, "retry");
  EXPECT_THAT(spans[0].events[0].attributes, ElementsAre(Pair("attempt", "2"), Pair("why", "429")));
  EXPECT_THAT(spans[0].links, ElementsAre(other.span_id()));
}

TEST(Span, SamplesNewTracesByTheirId) {
  PoolOptions options;
  options.sample_ratio = 0.25;
  TestPool pool(options);
  int sampled = 0;
  for (int i = 0; i < 4000; ++i) {
    const Span root = traced("root");
    const Span child = traced("child");
    EXPECT_EQ(root.recording(), root.context().sampled());
    EXPECT_EQ(child.recording(), root.recording()) << "a trace is recorded whole or not at all";
    EXPECT_EQ(child.context().trace_id(), root.context().trace_id());
    sampled += root.recording();
  }
  EXPECT_NEAR(sampled, 1000, 150);
  EXPECT_EQ(pool->Stats().unsampled, static_cast<uint64_t>(2 * (4000 - sampled)));
  EXPECT_EQ(pool->Stats().started, static_cast<uint64_t>(2 * sampled));
}

TEST(Span, BelowAnotherProcessItsParentDecides) {
  PoolOptions options;
  options.sample_ratio = 0;
  TestPool pool(options);
  const TraceId trace = TraceId::FromBytes("0123456789abcdef");
  const SpanId parent = SpanId::FromBytes("01234567");
  EXPECT_FALSE(traced("root").recording());
  EXPECT_TRUE(traced_under(Context(trace, parent, true), "sampled").recording());
  EXPECT_FALSE(traced_under(Context(trace, parent, false), "unsampled").recording());
}

}  // namespace
}  // namespace pitot
