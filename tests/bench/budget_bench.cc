// What budgets cost a call: reserved and settled, journal included. Target: 1.5 us each with four
// budgets.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "base/status.h"
#include "gateway/budget/budgets.h"

namespace pitot {
namespace {

constexpr std::string_view kScopes[] = {"global", "key", "user", "feature"};

class World {
 public:
  explicit World(int64_t budgets) {
    std::string name = "/tmp/pitot_budget_bench_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    folder_ = name;
    state_ = *StateLog::Open(folder_ / "state", clock_);
    BudgetOptions options;
    options.folder = folder_ / "ledger";
    for (int64_t i = 0; i < budgets; ++i) {
      options.specs.push_back(*BudgetFromFields(
          std::vector<std::pair<std::string, std::string>>{{"id", "b" + std::to_string(i)},
                                                           {"scope", std::string(kScopes[i % 4])},
                                                           {"window", "day"},
                                                           {"timezone", "Europe/Berlin"},
                                                           {"limit_usd", "1000000"},
                                                           {"hard", "true"}}));
    }
    budgets_ = *Budgets::Open(std::move(options), *state_, clock_);
  }
  ~World() {
    budgets_.reset();
    state_.reset();
    std::filesystem::remove_all(folder_);
  }
  Budgets& budgets() { return *budgets_; }

 private:
  SystemClock clock_;
  std::filesystem::path folder_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Budgets> budgets_;
};

std::unique_ptr<World> world;

CallScope Scope() {
  CallScope scope;
  scope.project = "default";
  scope.key = "1a2b3c4d";
  scope.user = "user-12345";
  scope.feature = "checkout";
  scope.model = "claude-sonnet-4-5";
  scope.trace = "0123456789abcdef0123456789abcdef";
  scope.call = "0123456789abcdef";
  return scope;
}

void BM_ReserveAndSettle(benchmark::State& state) {
  CallBound bound;
  bound.worst = NanoUsd{50'000'000};
  const CallScope scope = Scope();
  if (state.thread_index() == 0) {
    world = std::make_unique<World>(state.range(0));
    // The first call waits for a slice; those measured do not.
    std::promise<BudgetDecision> first;
    world->budgets().Reserve(
        scope, bound, [&](BudgetDecision decision) { first.set_value(std::move(decision)); });
    first.get_future().get();
  }
  for (auto _ : state) {
    world->budgets().Reserve(scope, bound, [](BudgetDecision decision) {
      world->budgets().Settle(std::move(decision.reservation), NanoUsd{1'000});
    });
  }
  state.SetItemsProcessed(state.iterations());
  if (state.thread_index() == 0) world.reset();
}
BENCHMARK(BM_ReserveAndSettle)->Arg(0)->Arg(1)->Arg(4)->Arg(16)->UseRealTime();
BENCHMARK(BM_ReserveAndSettle)->Arg(4)->Threads(2)->Threads(4)->UseRealTime();

void BM_WorstCase(benchmark::State& state) {
  PriceCache prices(PriceBook::BuiltIn({}));
  BoundInput input;
  input.provider = "anthropic";
  input.model = "claude-sonnet-4-5";
  input.input_tokens_max = 100'000;
  input.output_tokens_max = 8192;
  input.at = SystemClock().Now();
  for (auto _ : state) benchmark::DoNotOptimize(WorstCase(prices, input));
}
BENCHMARK(BM_WorstCase);

}  // namespace
}  // namespace pitot
