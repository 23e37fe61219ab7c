// Random interleavings of concurrent calls, cancels, crashes, power failures and window rollovers,
// against a model that adds up what each call may cost, and did.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "base/file.h"
#include "gateway/budget/budget_test_util.h"

namespace pitot {
namespace {

constexpr int64_t kUsd = 1'000'000'000;
constexpr int64_t kHour = 60 * kNanosPerMinute;

int64_t RunsOf(int64_t runs) {
  const char* const more = std::getenv("PITOT_PROPERTY_RUNS");
  return more == nullptr ? runs : std::atoll(more);
}

BudgetSpec Hard(std::vector<std::pair<std::string, std::string>> fields) {
  fields.emplace_back("hard", "true");
  return SpecOf(std::move(fields));
}

std::vector<BudgetSpec> Specs() {
  return {
      Hard({{"id", "all"}, {"scope", "global"}, {"window", "day"}, {"limit_usd", "4"}}),
      Hard({{"id", "user"}, {"scope", "user"}, {"window", "hour"}, {"limit_usd", "1.000000001"}}),
      Hard({{"id", "trace"}, {"scope", "trace"}, {"limit_usd", "1.5"}}),
      Hard({{"id", "roll"},
            {"scope", "feature"},
            {"window", "rolling"},
            {"length", "1h"},
            {"limit_usd", "1.7"}}),
  };
}

// What the ledger should hold, kept call by call.
class Model {
 public:
  struct Charge {
    size_t budget = 0;
    std::string value;
    UnixNanos at = 0;
    int64_t amount = 0;
  };

  explicit Model(std::vector<BudgetSpec> specs) : specs_(std::move(specs)) {}

  static std::string ValueOf(const BudgetSpec& spec, const CallScope& scope) {
    switch (spec.scope) {
      case BudgetScope::kUser:
        return std::string(scope.user);
      case BudgetScope::kTrace:
        return std::string(scope.trace);
      default:
        return {};
    }
  }
  // First charge of the call; the others follow.
  size_t Add(const CallScope& scope, UnixNanos at, int64_t amount) {
    const size_t first = charges_.size();
    for (size_t i = 0; i < specs_.size(); ++i) {
      charges_.push_back({i, ValueOf(specs_[i], scope), at, amount});
    }
    return first;
  }
  void Set(size_t first, int64_t amount) {
    for (size_t i = 0; i < specs_.size(); ++i) charges_[first + i].amount = amount;
  }
  // Charged to the window that holds `now`. `late`: what a rolling window may hold beyond it.
  int64_t Sum(size_t budget, const std::string& value, UnixNanos now, int64_t late) const {
    int64_t sum = 0;
    for (const Charge& charge : charges_) {
      if (charge.budget != budget || charge.value != value) continue;
      if (InWindow(specs_[budget], charge.at, now, late)) sum += charge.amount;
    }
    return sum;
  }
  const std::vector<BudgetSpec>& specs() const { return specs_; }

 private:
  static bool InWindow(const BudgetSpec& spec, UnixNanos at, UnixNanos now, int64_t late) {
    switch (spec.the_window()) {
      case BudgetWindow::kDay:
        return at / kNanosPerDay == now / kNanosPerDay;
      case BudgetWindow::kHour:
        return at / kHour == now / kHour;
      case BudgetWindow::kRolling:
        return at > now - spec.length_ns - late;
      default:
        return true;
    }
  }

  const std::vector<BudgetSpec> specs_;
  std::vector<Charge> charges_;
};

// Cuts the newest journal of a folder where a power failure may: behind the last lease, which was
// synced, at any byte; now and then with a hole before the cut.
void LosePower(const std::string& folder, std::mt19937_64& random) {
  std::string newest;
  uint64_t number = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename();
    if (!name.starts_with("journal.")) continue;
    const uint64_t its = std::stoull(name.substr(8));
    if (its >= number) newest = entry.path();
    number = std::max(number, its);
  }
  std::string bytes = *ReadFile(newest);
  size_t synced = 0;
  for (size_t at = 0; at + 9 <= bytes.size();) {
    uint32_t size = 0;
    std::memcpy(&size, bytes.data() + at + 4, 4);
    const bool is_header_or_lease = bytes[at + 8] == 1 || bytes[at + 8] == 6;
    at += 8 + size;
    if (is_header_or_lease) synced = at;
  }
  const size_t cut = synced + random() % (bytes.size() - synced + 1);
  bytes.resize(cut);
  if (random() % 3 == 0 && cut > synced) {
    const size_t hole = synced + random() % (cut - synced);
    std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(hole), std::min<size_t>(40, cut - hole),
                '\0');
  }
  std::ofstream(newest, std::ios::binary | std::ios::trunc) << bytes;
}

class Interleaving {
 public:
  explicit Interleaving(uint64_t seed) : random_(seed), world_(Specs()), model_(Specs()) {}

  void Run(int steps) {
    ASSERT_TRUE(world_.Open().ok());
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) Step();
    while (!open_.empty()) SettleOne(NanoUsd{Pick(open_.front().reserved + 1)}, 0);
    CheckAtRest();
  }

 private:
  struct OpenCall {
    Reservation reservation;
    int64_t reserved = 0;
    size_t first = 0;
  };

  int64_t Pick(int64_t below) { return static_cast<int64_t>(random_() % below); }

  void Step() {
    const int64_t what = Pick(100);
    if (what < 45) return ReserveOne();
    if (what < 78 && !open_.empty()) {
      const size_t at = static_cast<size_t>(Pick(static_cast<int64_t>(open_.size())));
      const int64_t reserved = open_[at].reserved;
      // Some cost nothing (cancelled before they went out), some are never settled.
      if (what < 52) return SettleOne(NanoUsd{0}, at);
      if (what < 56) return SettleOne(std::nullopt, at);
      return SettleOne(NanoUsd{what < 66 ? reserved : Pick(reserved + 1)}, at);
    }
    if (what < 88) return world_.clock().Advance(std::chrono::seconds(Pick(40 * 60)));
    if (what < 90) return world_.clock().Advance(-std::chrono::seconds(Pick(7200)));
    if (what < 92) return Restart();
    if (what < 97) return Crash(false);
    if (what < 99) return Crash(true);
  }

  // The ledger's: a clock that went back stands still for it.
  UnixNanos Now() { return world_.clock().Now() + world_.budgets().Health().clock_behind_ns; }

  CallScope Scope() {
    static constexpr std::string_view kUsers[] = {"", "ann", "bob"};
    static constexpr std::string_view kTraces[] = {"t1", "t2"};
    CallScope scope;
    scope.user = kUsers[Pick(3)];
    scope.trace = kTraces[Pick(2)];
    return scope;
  }

  void ReserveOne() {
    const CallScope scope = Scope();
    const int64_t amount = Pick(4) == 0 ? 1 + Pick(3) : 1 + Pick(kUsd);
    const UnixNanos now = Now();
    BudgetDecision decision = world_.Reserve(scope, amount);
    if (decision.allowed) {
      open_.push_back({std::move(decision.reservation), amount, model_.Add(scope, now, amount)});
      for (size_t i = 0; i < model_.specs().size(); ++i) {
        const BudgetSpec& spec = model_.specs()[i];
        const int64_t sum = model_.Sum(i, Model::ValueOf(spec, scope), now, 0);
        ASSERT_LE(sum, spec.limit.value) << spec.id << " was exceeded";
      }
      return;
    }
    const BudgetRefusal& refusal = *decision.refusal;
    ASSERT_EQ(refusal.why, BudgetRefusal::Why::kExhausted) << refusal.message;
    CheckRefusal(refusal, scope, amount, now);
  }

  // A call that fits is never refused: nothing leaks.
  void CheckRefusal(const BudgetRefusal& refusal, const CallScope& scope, int64_t amount,
                    UnixNanos now) {
    for (size_t i = 0; i < model_.specs().size(); ++i) {
      const BudgetSpec& spec = model_.specs()[i];
      if (spec.id != refusal.budget || tainted_.contains(i)) continue;
      const std::string value = Model::ValueOf(spec, scope);
      const int64_t most = model_.Sum(i, value, now, kHour / 60);
      const bool exhausted = refusal.spent.value >= spec.limit.value - spec.limit.value / 10;
      ASSERT_TRUE(most + amount > spec.limit.value || exhausted)
          << refusal.message << ": the model has " << most << ", the call needs " << amount;
      ASSERT_LE(refusal.spent.value + refusal.reserved.value, most) << refusal.message;
    }
  }

  void SettleOne(std::optional<NanoUsd> cost, size_t at) {
    OpenCall call = std::move(open_[at]);
    open_.erase(open_.begin() + static_cast<ptrdiff_t>(at));
    model_.Set(call.first, cost ? cost->value : call.reserved);
    if (cost || Pick(2) == 0) world_.budgets().Settle(std::move(call.reservation), cost);
  }

  // Open calls count what they reserved.
  void DropOpen() {
    open_.clear();
    world_.ForgetOld();
  }
  void Restart() {
    DropOpen();
    world_.Stop();
    ASSERT_TRUE(world_.Open().ok());
  }
  void Crash(bool power) {
    world_.Copy();
    if (power) {
      world_.options().boot_id += "'";
      LosePower(world_.options().folder, random_);
      // More may count as spent than was, in whatever window now runs.
      for (size_t i = 0; i < model_.specs().size(); ++i) tainted_.insert(i);
    }
    DropOpen();
    const absl::Status status = world_.Open();
    ASSERT_TRUE(status.ok()) << status;
  }

  void CheckAtRest() {
    const UnixNanos now = Now();
    world_.Reserve(Scope(), 0);  // Sees the time.
    for (size_t i = 0; i < model_.specs().size(); ++i) {
      const BudgetSpec& spec = model_.specs()[i];
      const auto state = world_.budgets().Show(spec.id, 100);
      ASSERT_TRUE(state.ok());
      EXPECT_EQ(state->reserved.value, 0) << spec.id << " leaks a reservation";
      for (const BudgetCounter& counter : state->top) {
        EXPECT_EQ(counter.in_flight, 0) << spec.id << ' ' << counter.value;
        EXPECT_EQ(counter.overshoot.value, 0) << spec.id << ' ' << counter.value;
        const int64_t least = model_.Sum(i, counter.value, now, 0);
        const int64_t most = model_.Sum(i, counter.value, now, kHour / 60);
        EXPECT_GE(counter.spent.value, least) << spec.id << ' ' << counter.value;
        EXPECT_LE(counter.spent.value, spec.limit.value) << spec.id << ' ' << counter.value;
        if (!tainted_.contains(i)) {
          EXPECT_LE(counter.spent.value, most) << spec.id << ' ' << counter.value;
        }
      }
    }
  }

  std::mt19937_64 random_;
  BudgetWorld world_;
  Model model_;
  std::vector<OpenCall> open_;
  std::set<size_t> tainted_;
};

TEST(BudgetProperty, NeverExceededNeverLeaked) {
  const int64_t runs = RunsOf(10'000);
  for (int64_t seed = 1; seed <= runs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Interleaving(static_cast<uint64_t>(seed)).Run(40);
    if (HasFailure()) return;
  }
}

TEST(BudgetProperty, SixtyFourThreads) {
  constexpr int kThreads = 64;
  constexpr int kCalls = 400;
  constexpr int64_t kLimit = 3 * kUsd;
  BudgetWorld world({
      Hard({{"id", "all"}, {"scope", "global"}, {"window", "month"}, {"limit_usd", "3"}}),
      Hard({{"id", "user"}, {"scope", "user"}, {"window", "month"}, {"limit_usd", "0.5"}}),
  });
  world.options().journal_bytes_max = 64 << 10;
  ASSERT_TRUE(world.Open().ok());
  std::atomic<int64_t> held = 0;  // At most what the ledger holds, at each moment.
  std::atomic<int64_t> spent = 0;
  std::atomic<int64_t> made = 0;
  std::atomic<bool> exceeded = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      CallScope scope;
      const std::string user = "user-" + std::to_string(t % 8);
      scope.user = user;
      for (int i = 0; i < kCalls; ++i) {
        const auto amount = static_cast<int64_t>(random() % (kUsd / 100)) + 1;
        BudgetDecision decision = world.Reserve(scope, amount);
        if (!decision.allowed) continue;
        if (held += amount; held > kLimit) exceeded = true;
        const auto cost = static_cast<int64_t>(random() % amount) / 4;
        held -= amount - cost;
        spent += cost;
        ++made;
        if (i % 7 != 0) std::this_thread::yield();
        world.budgets().Settle(std::move(decision.reservation), NanoUsd{cost});
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(exceeded);
  EXPECT_GT(made, 1000);
  EXPECT_LE(spent, kLimit);
  EXPECT_EQ(world.Counter("all").spent.value, spent);
  EXPECT_EQ(world.Counter("all").reserved.value, 0);
  ASSERT_TRUE(world.Crash().ok());
  EXPECT_EQ(world.Counter("all").spent.value, spent) << "the journal says the same";
}

TEST(BudgetProperty, ExpectedModeOvershootsByNoMoreThanItSays) {
  constexpr int64_t kLimit = 2 * kUsd;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    std::mt19937_64 random(seed);
    BudgetWorld world({Hard({{"id", "all"},
                             {"scope", "global"},
                             {"window", "day"},
                             {"limit_usd", "2"},
                             {"mode", "expected"}})});
    ASSERT_TRUE(world.Open().ok());
    std::vector<std::pair<Reservation, int64_t>> open;  // With what it will cost.
    int64_t bound = 0;
    const auto settle = [&](size_t at) {
      auto [reservation, cost] = std::move(open[at]);
      open.erase(open.begin() + static_cast<ptrdiff_t>(at));
      world.budgets().Settle(std::move(reservation), NanoUsd{cost});
    };
    for (int i = 0; i < 300; ++i) {
      if (open.size() > 8 || (!open.empty() && random() % 2 == 0)) {
        settle(random() % open.size());
        continue;
      }
      const int64_t worst = kUsd / 2;
      BudgetDecision decision = world.Reserve({}, worst);
      if (!decision.allowed) continue;
      // Mostly cheap, now and then all of it.
      const int64_t cost =
          static_cast<int64_t>(random() % (random() % 20 == 0 ? worst : worst / 50));
      bound += std::max<int64_t>(cost - decision.reservation.amount().value, 0);
      open.emplace_back(std::move(decision.reservation), cost);
    }
    while (!open.empty()) settle(0);
    const BudgetCounter counter = world.Counter("all");
    EXPECT_EQ(counter.overshoot.value, bound);
    EXPECT_LE(counter.spent.value, kLimit + counter.overshoot.value);
    EXPECT_GT(counter.calls, 12) << "a worst case of a quarter of the limit does not stop the rest";
  }
}

}  // namespace
}  // namespace pitot
