// What the trackers add to a model call. The floor is what any shared counter costs: a lock, an
// increment. With threads, Time is the wall time of all of them divided by their operations, and CPU the
// time that one operation took of a core: on a machine with other work the second is what compares.
#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/llm_metrics.h"
#include "pitot/slo_monitor.h"
#include "sdk/track/prices.h"

namespace pitot {
inline namespace sdk {
namespace {

void BM_FloorMutexIncrement(benchmark::State& state) {
  static std::mutex mutex;
  static uint64_t value = 0;
  for (auto _ : state) {
    const std::lock_guard lock(mutex);
    benchmark::DoNotOptimize(++value);
  }
}
BENCHMARK(BM_FloorMutexIncrement)->Threads(1)->Threads(4)->UseRealTime();

void BM_LatencyRecord(benchmark::State& state) {
  static LatencyTracker latency;
  auto duration = std::chrono::nanoseconds(state.thread_index());
  for (auto _ : state) latency.record(duration += std::chrono::nanoseconds(17));
}
BENCHMARK(BM_LatencyRecord)->Threads(1)->Threads(4)->UseRealTime();

void BM_LatencySummary(benchmark::State& state) {
  LatencyTracker latency(static_cast<size_t>(state.range(0)));
  for (int64_t i = 0; i < state.range(0); ++i) {
    latency.record(std::chrono::nanoseconds(i * 7'919 % 1'000'003));
  }
  for (auto _ : state) benchmark::DoNotOptimize(latency.summary());
}
BENCHMARK(BM_LatencySummary)->Arg(1'000)->Arg(1'000'000);

// 200 users on 4 features: keys that are known after the first round.
std::vector<LedgerEntry> Entries() {
  static constexpr std::array<const char*, 4> kFeatures = {"checkout", "search", "support",
                                                           "summaries"};
  static const std::vector<std::string> users = [] {
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i) names.push_back("user-" + std::to_string(100'000 + i));
    return names;
  }();
  std::vector<LedgerEntry> entries;
  for (size_t i = 0; i < users.size(); ++i) {
    entries.push_back({.feature = kFeatures[i % kFeatures.size()],
                       .user = users[i],
                       .model = "claude-sonnet-4-5-20250929",
                       .workflow = "refund",
                       .cost = NanoUsd{4'213'000},
                       .input_tokens = 3'000,
                       .output_tokens = 200});
  }
  return entries;
}

void BM_LedgerRecord(benchmark::State& state) {
  static CostLedger ledger({.daily_budget = usd(1e6)});
  const std::vector<LedgerEntry> entries = Entries();
  for (const LedgerEntry& entry : entries) ledger.record(entry);
  size_t next = 0;
  for (auto _ : state) {
    ledger.record(entries[next]);
    next = next + 1 == entries.size() ? 0 : next + 1;
  }
}
BENCHMARK(BM_LedgerRecord)->Threads(1)->Threads(4)->UseRealTime();

// Every call has a key for which there is no room.
void BM_LedgerRecordOther(benchmark::State& state) {
  static CostLedger ledger({.entries_max = 1});
  const std::vector<LedgerEntry> entries = Entries();
  size_t next = 0;
  for (auto _ : state) {
    ledger.record(entries[next]);
    next = next + 1 == entries.size() ? 0 : next + 1;
  }
}
BENCHMARK(BM_LedgerRecordOther)->Threads(1)->Threads(4)->UseRealTime();

void BM_LedgerAdmit(benchmark::State& state) {
  static CostLedger ledger({.daily_budget = usd(1e6), .hard = true});
  for (const LedgerEntry& entry : Entries()) ledger.record(entry);
  for (auto _ : state) ledger.admit();
}
BENCHMARK(BM_LedgerAdmit)->Threads(1)->Threads(4)->UseRealTime();

void BM_LedgerReport(benchmark::State& state) {
  CostLedger ledger({.daily_budget = usd(1e6)});
  for (const LedgerEntry& entry : Entries()) ledger.record(entry);
  for (auto _ : state) benchmark::DoNotOptimize(ledger.report());
}
BENCHMARK(BM_LedgerReport);

void BM_SloRecord(benchmark::State& state) {
  static SloMonitor slo;
  uint32_t turn = 0;
  for (auto _ : state) slo.record(++turn % 1'024 != 0);
}
BENCHMARK(BM_SloRecord)->Threads(1)->Threads(4)->UseRealTime();

void BM_SloStatus(benchmark::State& state) {
  SloMonitor slo;
  for (int i = 0; i < 100'000; ++i) slo.record(i % 300 != 0);
  for (auto _ : state) benchmark::DoNotOptimize(slo.status());
}
BENCHMARK(BM_SloStatus);

void BM_PriceCall(benchmark::State& state) {
  LlmCallMetrics call;
  call.provider = "anthropic";
  call.model = "claude-sonnet-4-5-20250929";
  call.has_usage = true;
  call.usage[UsageBucket::kInput] = 3'000;
  call.usage[UsageBucket::kCacheRead] = 20'000;
  call.usage[UsageBucket::kOutput] = 200;
  for (auto _ : state) price_call(call);
}
BENCHMARK(BM_PriceCall)->Threads(1)->Threads(4)->UseRealTime();

// Once in a process, at the first call that is priced.
void BM_ReadCatalogue(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(PriceBook::BuiltIn({}));
}
BENCHMARK(BM_ReadCatalogue)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace sdk
}  // namespace pitot
