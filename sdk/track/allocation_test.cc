// Recording allocates nothing once a key has been seen. A program of its own: it counts every operator
// new.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "pitot/cost_ledger.h"
#include "pitot/latency_tracker.h"
#include "pitot/llm_metrics.h"
#include "pitot/slo_monitor.h"

namespace {

std::atomic<uint64_t> allocations{0};

void* Allocate(std::size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

// Both pairs, as the compiler may choose either.
void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace pitot {
inline namespace sdk {
namespace {

template <typename Work>
uint64_t AllocationsOf(const Work& work) {
  work();  // Warm up.
  const uint64_t before = allocations.load();
  for (int i = 0; i < 1'000; ++i) work();
  return allocations.load() - before;
}

TEST(Allocations, LatencyRecord) {
  LatencyTracker latency;
  EXPECT_EQ(AllocationsOf([&] { latency.record(std::chrono::milliseconds(5)); }), 0u);
}

TEST(Allocations, SloRecordAndStatus) {
  SloMonitor slo;
  EXPECT_EQ(AllocationsOf([&] {
              slo.record(true);
              slo.status();
              slo.burn_rate();
            }),
            0u);
}

TEST(Allocations, LedgerRecordOfKnownKeys) {
  CostLedger ledger({.daily_budget = usd(1e6), .hard = true, .entries_max = 50});
  std::vector<std::string> users;
  for (int i = 0; i < 100; ++i) users.push_back("a user with a long name " + std::to_string(i));
  LlmCallMetrics call;
  call.model = "claude-sonnet-4-5-20250929";
  call.tags.feature = "checkout";
  EXPECT_EQ(AllocationsOf([&] {
              // Half of them find no room and are counted as others.
              for (const std::string& user : users) {
                ledger.record({.feature = "checkout", .user = user, .cost = usd(0.01)});
              }
              ledger.record(call);
              ledger.admit();
              ledger.spent_today();
              ledger.total();
            }),
            0u);
}

TEST(Allocations, PricingAKnownModel) {
  LlmCallMetrics call;
  call.provider = "anthropic";
  call.model = "claude-sonnet-4-5-20250929";
  call.has_usage = true;
  call.usage[UsageBucket::kOutput] = 200;
  EXPECT_EQ(AllocationsOf([&] { price_call(call); }), 0u);
}

}  // namespace
}  // namespace sdk
}  // namespace pitot
