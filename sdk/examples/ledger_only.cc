// A program that has a client of its own and keeps it. It wants to know what its calls cost, how long
// they take and whether they succeed, and to stop when the day's budget is spent: no collector, no
// server, no key.
//
//   ./ledger_only
#include <chrono>
#include <iostream>
#include <string>

#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/llm_metrics.h"
#include "pitot/slo_monitor.h"

namespace {

// What the program has today: a call, and what its client says about it.
struct Completion {
  std::string model;
  int64_t prompt_tokens = 0;  // With those from the cache.
  int64_t cached_tokens = 0;
  int64_t completion_tokens = 0;
  std::chrono::milliseconds took{0};
  bool timed_out = false;
};

Completion Complete(int n) {
  const bool large = n % 5 == 0;
  return {.model = large ? "claude-opus-4-8" : "claude-sonnet-5",
          .prompt_tokens = 1'200 + 40 * n,
          .cached_tokens = 1'000,
          .completion_tokens = 150 + 3 * n,
          .took = std::chrono::milliseconds(600 + 25 * (n * 7 % 40) + (large ? 1'500 : 0)),
          .timed_out = n == 13};
}

// All that is new: the client's figures in Pitot's words.
pitot::LlmCallMetrics Measured(const Completion& done) {
  pitot::LlmCallMetrics call;
  call.provider = "anthropic";
  call.model = done.model;
  call.duration = done.took;
  if (done.timed_out) {
    call.error = pitot::ErrorCategory::kTimeout;
    return call;
  }
  call.has_usage = true;
  call.usage[pitot::UsageBucket::kInput] = done.prompt_tokens - done.cached_tokens;
  call.usage[pitot::UsageBucket::kCacheRead] = done.cached_tokens;
  call.usage[pitot::UsageBucket::kOutput] = done.completion_tokens;
  pitot::price_call(call);
  return call;
}

}  // namespace

int main() {
  // A working day, 4 minutes a call. Without a clock of your own, leave `.clock` out.
  int64_t now_ns = 1'795'161'600'000'000'000;  // 2026-11-20 08:00 UTC
  const auto clock = [&now_ns] { return now_ns; };
  pitot::CostLedger ledger({.daily_budget = pitot::usd(0.50), .hard = true, .clock = clock});
  pitot::LatencyTracker latency;
  pitot::SloMonitor slo({.name = "completions", .target = 0.95, .clock = clock});
  const pitot::Recorders recorders = {.ledger = &ledger, .latency = &latency, .slo = &slo};

  try {
    for (int n = 0; n < 100; ++n) {
      ledger.admit();  // Throws once today's budget is spent: `.hard` above.
      pitot::LlmCallMetrics call = Measured(Complete(n));
      call.tags = {.feature = n % 3 == 0 ? "summary" : "chat",
                   .user = "u-" + std::to_string(n % 4)};
      pitot::record_llm_call(call, recorders);
      now_ns += 240'000'000'000;
    }
  } catch (const pitot::BudgetExceeded& over) {
    std::cout << "Stopped: " << over.what() << "\n\n";
  }

  std::cout << latency.summary().to_string() << "\n"
            << slo.to_string() << "\n\n"
            << ledger.report(3);
  return 0;
}
