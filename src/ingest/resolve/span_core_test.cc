#include "ingest/resolve/span_core.h"

#include <gtest/gtest.h>

#include <string>

#include "ingest/resolve/resolve_test_util.h"

namespace pitot {
namespace {

using testing::SpanIdOf;
using testing::TraceIdOf;
using Outcome = TraceSpans::Outcome;

Span MakeSpan(uint64_t number, SpanStatus status = SpanStatus::kUnset) {
  Span span;
  span.trace_id = TraceIdOf(1);
  span.span_id = SpanIdOf(number);
  span.name = "chat";
  span.start_ns = 1000;
  span.end_ns = status == SpanStatus::kRunning ? 1000 : 2000;
  span.status = status;
  return span;
}

TEST(TraceSpans, WhichDeliveryHolds) {
  struct Row {
    const char* why;
    SpanStatus first;
    uint64_t first_version;
    SpanStatus second;
    uint64_t second_version;
    Outcome outcome;
  };
  const Row rows[] = {
      {"a newer end", SpanStatus::kOk, 1, SpanStatus::kError, 2, Outcome::kReplaced},
      {"an older end", SpanStatus::kOk, 2, SpanStatus::kError, 1, Outcome::kOutdated},
      {"the same again: the last given", SpanStatus::kOk, 1, SpanStatus::kError, 1,
       Outcome::kReplaced},
      {"an end after its announcement", SpanStatus::kRunning, 1, SpanStatus::kOk, 2,
       Outcome::kEnded},
      {"an end that was received before its announcement", SpanStatus::kRunning, 2, SpanStatus::kOk,
       1, Outcome::kEnded},
      {"a late announcement", SpanStatus::kOk, 1, SpanStatus::kRunning, 2, Outcome::kOutdated},
      {"a newer announcement", SpanStatus::kRunning, 1, SpanStatus::kRunning, 2,
       Outcome::kReplaced},
  };
  for (const Row& row : rows) {
    TraceSpans spans;
    EXPECT_EQ(spans.Put(MakeSpan(1, row.first), row.first_version), Outcome::kAdded) << row.why;
    EXPECT_EQ(spans.Put(MakeSpan(1, row.second), row.second_version), row.outcome) << row.why;
    EXPECT_EQ(spans.size(), 1u) << row.why;
    EXPECT_EQ(spans.span(0).status, row.outcome == Outcome::kOutdated ? row.first : row.second)
        << row.why;
  }
}

TEST(TraceSpans, FindsEverySpanAtEverySize) {
  TraceSpans spans;
  for (uint32_t n = 0; n < 1000; ++n) {
    EXPECT_EQ(spans.Find(SpanIdOf(n + 1)), TraceSpans::kNone);
    spans.Put(MakeSpan(n + 1), 1);
    for (uint32_t i = n < 50 ? 0 : n; i <= n; ++i) ASSERT_EQ(spans.Find(SpanIdOf(i + 1)), i);
  }
}

TEST(TraceSpans, NumbersComeBack) {
  Span span = MakeSpan(1);
  span.has_usage = true;
  for (size_t i = 0; i < kUsageBuckets; ++i) span.usage.tokens[i] = int64_t{1} << (i * 4);
  span.usage.web_searches = 7;
  span.usage.file_searches = 8;
  span.cost = NanoUsd{0};
  span.ttft_ns = 5;
  TraceSpans spans;
  spans.Put(MakeSpan(2), 1);
  spans.Put(span, 1);
  EXPECT_EQ(spans.call(0), nullptr);
  const CallNumbers numbers = spans.numbers(*spans.call(1));
  EXPECT_EQ(numbers.usage, span.usage);
  EXPECT_EQ(numbers.cost, span.cost);
  EXPECT_EQ(numbers.ttft_ns, span.ttft_ns);
  span.cost.reset();
  span.usage = {};
  spans.Put(span, 2);
  EXPECT_EQ(spans.numbers(*spans.call(1)).cost, std::nullopt);
  EXPECT_TRUE(spans.numbers(*spans.call(1)).usage.empty());
}

TEST(TraceSpans, LongTextsAreCutBetweenCharacters) {
  std::string name(TextPool::kTextBytes - 1, 'x');
  name += "\xc3\xa9 and more";  // The letter would stand across the limit.
  Span span = MakeSpan(1);
  span.name = name;
  TraceSpans spans;
  spans.Put(span, 1);
  EXPECT_EQ(spans.Text(spans.span(0).name), std::string(TextPool::kTextBytes - 1, 'x'));
}

TEST(TraceSpans, EndBeforeStartBecomesStart) {
  Span span = MakeSpan(1);
  span.end_ns = 10;
  TraceSpans spans;
  spans.Put(span, 1);
  EXPECT_EQ(spans.span(0).end_ns, span.start_ns);
}

// However often a sender repeats its spans with new texts, what is held is bounded.
TEST(TraceSpans, RepeatsDoNotPileUp) {
  TraceSpans spans;
  const auto put = [&](uint64_t n) {
    const std::string text = std::to_string(n) + std::string(100, 'x');
    Span span = MakeSpan(1 + n % 3);
    span.name = span.user_id = span.response_id = text;
    span.usage[UsageBucket::kInput] = static_cast<int64_t>(n);
    span.has_usage = true;
    spans.Put(span, n);
  };
  for (uint64_t n = 1; n <= 1000; ++n) put(n);
  const size_t bytes = spans.bytes();
  for (uint64_t n = 1001; n <= 50'000; ++n) put(n);
  EXPECT_LE(spans.bytes(), bytes * 2);
  EXPECT_EQ(spans.size(), 3u);
  const uint32_t last = spans.Find(SpanIdOf(1 + 50'000 % 3));
  EXPECT_EQ(spans.Text(spans.span(last).name).substr(0, 6), "50000x");
  EXPECT_EQ(spans.numbers(*spans.call(last)).usage[UsageBucket::kInput], 50'000);
}

TEST(TextPool, EqualTextsEqualSymbols) {
  TextPool pool;
  EXPECT_EQ(pool.Intern(""), 0u);
  std::vector<Symbol> symbols;
  for (int i = 0; i < 1000; ++i) symbols.push_back(pool.Intern(std::to_string(i)));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(pool.Intern(std::to_string(i)), symbols[i]);
    EXPECT_EQ(pool.Text(symbols[i]), std::to_string(i));
  }
}

}  // namespace
}  // namespace pitot
