// gateway/budget/budget_test_util.h
//
// A ledger for tests: its folder, clock and state log; opened, crashed (what is on the disk at that
// moment is opened again elsewhere) and asked, waiting where Reserve does.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "gateway/budget/budgets.h"

namespace pitot {

// In memory where there is such a place: these tests sync often, and what they test is the order.
inline std::filesystem::path MakeTestFolder() {
  const char* const base = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  std::string name = std::string(base) + "/pitot_budget_XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr) << name;
  return name;
}

inline constexpr UnixNanos kTestNow = 1'795'000'000 * kNanosPerSecond;  // 2026-11-18T14:26:40Z

inline BudgetSpec SpecOf(std::vector<std::pair<std::string, std::string>> fields) {
  const auto spec = BudgetFromFields(fields);
  EXPECT_TRUE(spec.ok()) << spec.status();
  return spec.ok() ? *spec : BudgetSpec();
}

class BudgetWorld {
 public:
  explicit BudgetWorld(std::vector<BudgetSpec> specs) : root_(MakeTestFolder()) {
    options_.specs = std::move(specs);
    options_.boot_id = "boot-1";
    options_.folder = root_ / "ledger-0";
    auto state = StateLog::Open(root_ / "state", clock_);
    EXPECT_TRUE(state.ok()) << state.status();
    state_ = *std::move(state);
  }
  ~BudgetWorld() {
    budgets_.reset();
    old_.clear();
    std::filesystem::remove_all(root_);
  }

  absl::Status Open() {
    auto budgets = Budgets::Open(options_, *state_, clock_);
    if (!budgets.ok()) return budgets.status();
    budgets_ = *std::move(budgets);
    return absl::OkStatus();
  }
  // What a killed process leaves. Reservations of before stay good, for a ledger nobody asks again.
  void Copy() {
    const std::filesystem::path from = options_.folder;
    options_.folder = root_ / ("ledger-" + std::to_string(++copies_));
    std::filesystem::copy(from, options_.folder);
    old_.push_back(std::move(budgets_));
  }
  // Ledgers of before a crash, none of whose reservations are left.
  void ForgetOld() { old_.clear(); }
  absl::Status Crash() {
    Copy();
    return Open();
  }
  void Stop() { budgets_.reset(); }

  BudgetDecision Reserve(const CallScope& scope, const CallBound& bound) {
    auto promise = std::make_shared<std::promise<BudgetDecision>>();
    std::future<BudgetDecision> decision = promise->get_future();
    budgets_->Reserve(scope, bound,
                      [promise](BudgetDecision made) { promise->set_value(std::move(made)); });
    if (decision.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      ADD_FAILURE() << "Reserve did not answer within 30 s";
      return {};
    }
    return decision.get();
  }
  BudgetDecision Reserve(const CallScope& scope, int64_t nano) {
    CallBound bound;
    bound.worst = NanoUsd{nano};
    return Reserve(scope, bound);
  }

  BudgetCounter Counter(std::string_view id, std::string_view value = {}) const {
    const auto state = budgets_->Show(id, 1, value);
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() && !state->top.empty() ? state->top.front() : BudgetCounter();
  }

  Budgets& budgets() { return *budgets_; }
  BudgetOptions& options() { return options_; }
  FakeClock& clock() { return clock_; }
  StateLog& state() { return *state_; }
  const std::filesystem::path& root() const { return root_; }

 private:
  const std::filesystem::path root_;
  FakeClock clock_{kTestNow};
  BudgetOptions options_;
  std::unique_ptr<StateLog> state_;
  std::unique_ptr<Budgets> budgets_;
  std::vector<std::unique_ptr<Budgets>> old_;
  int copies_ = 0;
};

}  // namespace pitot
