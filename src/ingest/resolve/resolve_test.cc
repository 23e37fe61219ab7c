// Shapes of any size, and sums against a truth that is known. Single rules: tests/golden/resolve.
#include "ingest/resolve/resolve.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "ingest/resolve/resolve_test_util.h"

namespace pitot {
namespace {

using testing::Describe;
using testing::SpanIdOf;
using testing::TraceIdOf;

constexpr uint32_t kMany = 200'000;

ResolvedTrace Resolve(const TraceSpans& spans) {
  ResolveScratch scratch;
  ResolvedTrace out;
  ResolveTrace(spans, TraceIdOf(1), {}, scratch, out);
  return out;
}

Span MakeSpan(uint64_t number, uint64_t parent) {
  Span span;
  span.trace_id = TraceIdOf(1);
  span.span_id = SpanIdOf(number);
  if (parent != 0) span.parent_span_id = SpanIdOf(parent);
  span.name = "step";
  span.kind = Kind::kChain;
  span.start_ns = static_cast<int64_t>(number);
  span.end_ns = span.start_ns + kMany;
  return span;
}

void MakeCall(Span& span, int64_t in, int64_t out) {
  span.kind = Kind::kLlm;
  span.model = "m";
  span.has_usage = true;
  span.usage[UsageBucket::kInput] = in;
  span.usage[UsageBucket::kOutput] = out;
}

TEST(Resolve, ChainOfCallsIsAsDeepAsItLikes) {
  // Every span wraps the next: only the innermost counts, and all know it.
  TraceSpans spans;
  for (uint32_t n = kMany; n >= 1; --n) {  // Children first.
    Span span = MakeSpan(n, n - 1);
    MakeCall(span, 10, 5);
    if (n == 1) span.user_id = "ann";
    spans.Put(span, 1);
  }
  const ResolvedTrace out = Resolve(spans);
  EXPECT_EQ(out.trace.spans, kMany);
  EXPECT_EQ(out.trace.llm_calls, 1u);
  EXPECT_EQ(out.trace.input_tokens, 10);
  const FactRow& outermost = out.facts[spans.Find(SpanIdOf(1))];
  const FactRow& innermost = out.facts[spans.Find(SpanIdOf(kMany))];
  EXPECT_EQ(outermost.counted_by, SpanIdOf(kMany));
  EXPECT_TRUE(innermost.counted);
  EXPECT_EQ(innermost.user_id, "ann");
}

TEST(Resolve, ACallThatTheGatewayCountsDoesNotCountHereNorWhatSumsItUp) {
  TraceSpans spans;
  Span agent = MakeSpan(1, 0);
  MakeCall(agent, 10, 5);
  agent.kind = Kind::kAgent;
  agent.usage_rollup = true;
  spans.Put(agent, 1);
  Span call = MakeSpan(2, 1);
  MakeCall(call, 10, 5);
  call.usage_flags = kUsageCountedByGateway;
  spans.Put(call, 1);
  const ResolvedTrace out = Resolve(spans);
  EXPECT_EQ(out.trace.input_tokens, 0);
  EXPECT_FALSE(out.facts[0].counted);
  EXPECT_FALSE(out.facts[1].counted);
  EXPECT_EQ(out.facts[1].counted_reason, counted_reason::kGatewayCall);
}

TEST(Resolve, StarOfCalls) {
  TraceSpans spans;
  spans.Put(MakeSpan(1, 0), 1);
  for (uint32_t n = 2; n <= kMany; ++n) {
    Span span = MakeSpan(n, 1);
    MakeCall(span, 10, 5);
    spans.Put(span, 1);
  }
  const ResolvedTrace out = Resolve(spans);
  EXPECT_EQ(out.trace.llm_calls, kMany - 1);
  EXPECT_EQ(out.trace.input_tokens, 10 * (kMany - 1));
}

TEST(Resolve, LoopOfAll) {
  TraceSpans spans;
  for (uint32_t n = 1; n <= kMany; ++n) spans.Put(MakeSpan(n, n % kMany + 1), 1);
  const ResolvedTrace out = Resolve(spans);
  EXPECT_EQ(out.trace.orphans, 1u);
  EXPECT_TRUE(out.facts[spans.Find(SpanIdOf(1))].is_orphan);
}

// The sibling rule's worst: everything alike and at once, seen by two scopes.
TEST(Resolve, ManyEqualCallsAtOnceSeenTwice) {
  TraceSpans spans;
  spans.Put(MakeSpan(1, 0), 1);
  for (uint32_t n = 2; n <= kMany + 1; ++n) {
    Span span = MakeSpan(n, 1);
    MakeCall(span, 10, 5);
    span.scope = n <= kMany / 2 + 1 ? "oi" : "sdk";
    span.start_ns = n % (kMany / 2);
    spans.Put(span, 1);
  }
  EXPECT_EQ(Resolve(spans).trace.llm_calls, kMany / 2);
}

TEST(Resolve, ManyScopesAndResponseIds) {
  TraceSpans spans;
  for (uint32_t n = 1; n <= kMany; ++n) {
    Span span = MakeSpan(n, 0);
    MakeCall(span, 10, 5);
    const std::string scope = std::to_string(n);
    const std::string response_id = std::to_string(n / 2);
    span.scope = scope;
    span.response_id = response_id;
    spans.Put(span, 1);
  }
  EXPECT_EQ(Resolve(spans).trace.llm_calls, kMany / 2 + 1);
}

TEST(Resolve, SumsStopAtTheLargestNumber) {
  TraceSpans spans;
  for (uint64_t n = 1; n <= 2; ++n) {
    Span span = MakeSpan(n, 0);
    MakeCall(span, 1, 1);
    span.cost = NanoUsd{std::numeric_limits<int64_t>::max()};
    spans.Put(span, 1);
  }
  EXPECT_EQ(Resolve(spans).trace.cost.value, std::numeric_limits<int64_t>::max());
}

// A provider that bills calls, and the layers that see each of them: what counts must sum to what
// was billed, bucket by bucket.
class Provider {
 public:
  explicit Provider(uint64_t seed) : random_(seed) {}

  std::string Check() {
    const uint64_t root = Add(0, Kind::kAgent, 0, 1000, "app");
    const bool root_sums = Pick(2);
    int64_t at = 1;
    const uint64_t turns = 1 + Pick(5);
    for (uint64_t turn = 0; turn < turns; ++turn) at = Turn(root, at, 0);
    if (root_sums) SetUsage(spans_[root - 1], billed_, billed_cost_);
    std::shuffle(spans_.begin(), spans_.end(), random_);
    TraceSpans spans;
    for (const Span& span : spans_) spans.Put(span, 1);
    const ResolvedTrace out = Resolve(spans);
    Usage counted;
    for (const FactRow& row : out.facts) {
      if (!row.counted) continue;
      for (size_t i = 0; i < kUsageBuckets; ++i) counted.tokens[i] += row.usage.tokens[i];
    }
    if (counted == billed_ && out.trace.cost.value == billed_cost_ &&
        out.trace.llm_calls == calls_) {
      return "";
    }
    std::string text = fmt::format(
        "billed {}/{} cost {} in {} calls, counted {}/{} cost {} in {}\n", billed_.input_total(),
        billed_.output_total(), billed_cost_, calls_, counted.input_total(), counted.output_total(),
        out.trace.cost.value, out.trace.llm_calls);
    for (const FactRow& row : out.facts) text += Describe(row) + "\n";
    return text;
  }

 private:
  uint64_t Pick(uint64_t n) { return random_() % n; }

  uint64_t Add(uint64_t parent, Kind kind, int64_t start, int64_t end, std::string_view scope) {
    Span span = MakeSpan(spans_.size() + 1, parent);
    span.kind = kind;
    span.start_ns = start;
    span.end_ns = end;
    span.scope = scope;
    spans_.push_back(span);
    return spans_.size();
  }

  static void SetUsage(Span& span, const Usage& usage, int64_t cost) {
    span.has_usage = true;
    span.usage = usage;
    span.cost = NanoUsd{cost};
  }

  // A turn of an agent: calls side by side, then perhaps a tool with an agent of its own.
  int64_t Turn(uint64_t parent, int64_t at, int depth) {
    const uint64_t step = Pick(2) ? Add(parent, Kind::kChain, at, at + 100, "app") : parent;
    const uint64_t calls = 1 + Pick(3);
    int64_t end = at;
    for (uint64_t n = 0; n < calls; ++n) {
      end = std::max(end, Call(step, at + static_cast<int64_t>(n)));
    }
    if (depth < 2 && Pick(3) == 0) {
      const uint64_t tool = Add(step, Kind::kTool, end + 1, end + 60, "app");
      end = Turn(Add(tool, Kind::kAgent, end + 1, end + 59, "app"), end + 2, depth + 1);
    }
    return end + 10;
  }

  // One billed call and the spans that see it. Returns when it ended.
  int64_t Call(uint64_t parent, int64_t at) {
    Usage usage;
    usage[UsageBucket::kInput] = static_cast<int64_t>(10 * Pick(3));  // Equal calls are common.
    usage[UsageBucket::kCacheRead] = static_cast<int64_t>(50 * Pick(2));
    usage[UsageBucket::kOutput] = static_cast<int64_t>(1 + Pick(2));
    const int64_t cost = usage.input_total() * 3 + usage.output_total() * 15;
    const int64_t end = at + 20;
    for (size_t i = 0; i < kUsageBuckets; ++i) billed_.tokens[i] += usage.tokens[i];
    billed_cost_ += cost;
    ++calls_;
    const std::string_view id =
        texts_.Copy(with_ids_ ? fmt::format("resp_{}", calls_) : std::string());
    Usage coarse;  // As one who does not see the cache reports it.
    coarse[UsageBucket::kInput] = usage.input_total();
    coarse[UsageBucket::kOutput] = usage.output_total();
    const bool beside = layers_ == 2;
    for (int layer = layers_; layer >= 0; --layer) {
      static constexpr std::string_view kScopes[] = {"sdk", "oi", "langchain"};
      const uint64_t span =
          Add(parent, Kind::kLlm, at + 2 - layer, end - 2 + layer, kScopes[layer]);
      Span& call = spans_[span - 1];
      call.model = "m";
      call.response_id = id;
      SetUsage(call, layer == fine_layer_ ? usage : coarse,
               layer == fine_layer_ ? cost : coarse.input_total() * 3 + usage.output_total() * 15);
      if (!beside) parent = Pick(2) ? span : Add(span, Kind::kSpan, at, end, "http");
    }
    return end;
  }

  std::mt19937_64 random_;
  Arena texts_;
  std::vector<Span> spans_;
  Usage billed_;
  int64_t billed_cost_ = 0;
  uint32_t calls_ = 0;
  const int layers_ = static_cast<int>(Pick(3));  // Above the innermost, or beside it.
  const int fine_layer_ =
      layers_ == 0 ? 0 : static_cast<int>(Pick(static_cast<uint64_t>(layers_) + 1));
  const bool with_ids_ = Pick(2);
};

TEST(Resolve, CountedBucketsSumToWhatWasBilled) {
  for (uint64_t seed = 1; seed <= 3000; ++seed) {
    ASSERT_EQ(Provider(seed).Check(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace pitot
