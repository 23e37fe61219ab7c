// What resolving costs: a span of an agent's trace into the table, resolved, its row made and
// compared. Target: 1 us a span of 20-span traces; 300 ms for a trace of 200,000 spans.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "ingest/resolve/active_traces.h"
#include "ingest/resolve/resolve_test_util.h"

namespace pitot {
namespace {

using testing::SpanIdOf;
using testing::TraceIdOf;

constexpr int64_t kNow = 1'700'000'000 * kNanosPerSecond;

// An agent's run: a root, then turns of a model call and a tool call.
std::vector<Span> AgentTrace(uint64_t trace, uint32_t spans, Arena& arena) {
  std::vector<Span> out;
  for (uint32_t n = 0; n < spans; ++n) {
    Span span;
    span.trace_id = TraceIdOf(trace);
    span.span_id = SpanIdOf(trace * 0x9e3779b97f4a7c15ULL + n);
    if (n > 0) span.parent_span_id = out[0].span_id;
    span.kind = n == 0 ? Kind::kAgent : n % 2 == 1 ? Kind::kLlm : Kind::kTool;
    span.name = n == 0       ? "invoke_agent support"
                : n % 2 == 1 ? "chat gpt-4o"
                             : "execute_tool search";
    span.start_ns = kNow + n * kNanosPerMilli;
    span.end_ns = span.start_ns + kNanosPerSecond;
    span.service = "support-bot";
    span.environment = "production";
    span.scope = "@opentelemetry/instrumentation-openai";
    span.emitter = "otel_genai";
    if (n == 0) {
      span.feature = {"checkout", true};
      span.user_id = arena.Copy(fmt::format("user-{:08}", trace % 10'000));
      span.session_id = arena.Copy(fmt::format("{:032x}", trace));
    } else if (n % 2 == 1) {
      span.provider = "openai";
      span.model = "gpt-4o-2024-08-06";
      span.response_id = arena.Copy(fmt::format("chatcmpl-{:029}", trace * 1000 + n));
      span.finish_reason = FinishReason::kToolUse;
      span.has_usage = true;
      span.usage[UsageBucket::kInput] = 1200 + n;
      span.usage[UsageBucket::kCacheRead] = 1024;
      span.usage[UsageBucket::kOutput] = 80 + n;
      span.cost = NanoUsd{4'000'000 + n};
      span.price_source = PriceSource::kCatalogue;
    } else {
      span.tool_name = "search";
      span.tool_status = ToolStatus::kSuccess;
    }
    out.push_back(span);
  }
  return out;
}

class NoStore final : public TraceLoader {
 public:
  absl::Status FilterExisting(std::span<const TraceRef>, std::vector<uint32_t>&) override {
    return absl::OkStatus();
  }
  absl::Status Load(std::span<const TraceRef>, TraceSink&) override { return absl::OkStatus(); }
  absl::StatusOr<bool> ListStored(std::string&,
                                  const std::function<void(const TraceRef&)>&) override {
    return false;
  }
  absl::Status ListOpen(const std::function<void(const TraceRef&, int64_t)>&) override {
    return absl::OkStatus();
  }
};

// A flush of 1000 traces after the other, evictions included, as a server under load has it.
void BM_NewTraces(benchmark::State& state) {
  const auto spans_a_trace = static_cast<uint32_t>(state.range(0));
  constexpr uint64_t kTraces = 1000;
  Arena arena;
  std::vector<Span> batch;
  for (uint64_t trace = 0; trace < kTraces; ++trace) {
    const std::vector<Span> spans = AgentTrace(trace, spans_a_trace, arena);
    batch.insert(batch.end(), spans.begin(), spans.end());
  }
  NoStore store;
  ActiveTraces active({}, store);
  (void)active.Prime();
  TraceChanges changes;
  uint64_t round = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ++round;
    for (Span& span : batch) {
      std::memcpy(span.trace_id.bytes.data() + 1, &round, sizeof round);
    }
    state.ResumeTiming();
    for (const Span& span : batch) active.Add("default", 30, span, round, round);
    benchmark::DoNotOptimize(active.Resolve(kNow, changes).ok());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * batch.size()));
  const ActiveTraces::Stats stats = active.stats();
  state.counters["bytes_a_span"] =
      static_cast<double>(stats.bytes) / static_cast<double>(stats.spans);
}
BENCHMARK(BM_NewTraces)->Arg(1)->Arg(20)->Arg(200)->Unit(benchmark::kMillisecond);

enum Shape { kChain, kStar, kTwoScopes };

void BM_LargeTrace(benchmark::State& state) {
  constexpr uint32_t kSpans = 200'000;
  Arena arena;
  std::vector<Span> spans = AgentTrace(1, kSpans, arena);
  for (uint32_t n = 1; n < kSpans; ++n) {
    if (state.range(0) == kChain) spans[n].parent_span_id = spans[n - 1].span_id;
    if (state.range(0) == kTwoScopes) {
      spans[n].kind = Kind::kLlm;
      spans[n].model = "m";
      spans[n].has_usage = true;
      spans[n].usage = {};
      spans[n].usage[UsageBucket::kInput] = 10;
      spans[n].response_id = {};
      spans[n].scope = n % 2 == 0 ? "oi" : "sdk";
    }
  }
  TraceSpans trace;
  for (const Span& span : spans) trace.Put(span, 1);
  ResolveScratch scratch;
  ResolvedTrace resolved;
  for (auto _ : state) {
    ResolveTrace(trace, TraceIdOf(1), {}, scratch, resolved);
    benchmark::DoNotOptimize(resolved.trace.spans);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kSpans));
}
BENCHMARK(BM_LargeTrace)->Arg(kChain)->Arg(kStar)->Arg(kTwoScopes)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pitot
