// pitot/cost_ledger.h
//
// What model calls cost: by feature, user, model and workflow, today and in all, in exact integers; and
// whether today's budget will hold.
//
//   pitot::CostLedger ledger({.daily_budget = pitot::usd(50)});
//   ledger.record(call);                              // Or hand the ledger to an observable client.
//   std::cout << ledger.report();
//   if (ledger.budget_check().status == pitot::BudgetStatus::kOver) ...
//
// Thread-safety: all of it, from any thread; threads recording at once do not wait for each other.
// Memory: bounded by Options::entries_max.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "pitot/llm_metrics.h"
#include "pitot/money.h"

namespace pitot {
inline namespace sdk {

// One thing that money was spent on. Empty text: not said; an empty user is shown as "anonymous".
struct LedgerEntry {
  std::string_view feature = {};
  std::string_view user = {};
  std::string_view model = {};
  std::string_view workflow = {};
  std::optional<NanoUsd> cost = {};  // Unset: not known; the call counts as unpriced.
  int64_t input_tokens = 0;          // All input buckets.
  int64_t output_tokens = 0;         // All output buckets.
};

enum class LedgerKey : uint8_t { kFeature, kUser, kModel, kWorkflow };

struct LedgerRow {
  std::string key;
  NanoUsd cost;
  uint64_t calls = 0;
  uint64_t unpriced_calls = 0;
  int64_t input_tokens = 0;
  int64_t output_tokens = 0;
};

enum class BudgetStatus : uint8_t {
  kNone,  // No budget is set.
  kOk,
  kProjected,  // Today's spending is on its way to `alert_share` of the budget or beyond.
  kOver,       // It is spent.
};

struct BudgetCheck {
  BudgetStatus status = BudgetStatus::kNone;
  NanoUsd budget;
  NanoUsd spent;  // Today.
  // What the day will have cost; nothing while it is too early to tell. The larger of
  //   linear    spent / hours_elapsed * 24, from an hour on and a tenth of the budget spent;
  //   seasonal  from how the last days of its kind (working days, weekends) went on from this time of
  //             day, once seven of them have been seen whole.
  std::optional<NanoUsd> projected;
  std::string_view method;   // "linear" or "seasonal": which is told; empty without.
  std::string gated;         // Why nothing is projected, in words.
  double hours_elapsed = 0;  // Of the day.

  std::string to_string() const;  // "$12.40 of $50.00 today; $31.05 projected (62 %)"
};

// Thrown by CostLedger::admit, and so by clients, when a hard budget is spent.
class BudgetExceeded : public std::runtime_error {
 public:
  BudgetExceeded(const std::string& message, BudgetCheck check)
      : std::runtime_error(message), check_(std::move(check)) {}
  const BudgetCheck& check() const { return check_; }

 private:
  BudgetCheck check_;
};

class CostLedger {
 public:
  struct Options {
    std::optional<NanoUsd> daily_budget = {};
    // Refuse calls (admit() throws) once the budget is spent, until the next day. A call that is
    // admitted may still pass it: the gateway is what never exceeds a limit.
    bool hard = false;
    double alert_share =
        0.8;  // Of the budget, as projected: BudgetStatus::kProjected from there on.
    int utc_offset_minutes = 0;  // When a day begins: minutes east of UTC.
    // Distinct combinations of feature, user, model and workflow; further ones are summed up as
    // "(other)", in exact totals all the same. About 300 bytes each.
    size_t entries_max = 10'000;
    // Unix nanoseconds; unset: the system's clock.
    std::function<int64_t()> clock = {};
  };

  CostLedger();
  explicit CostLedger(Options options);  // Throws std::invalid_argument naming the wrong option.
  ~CostLedger();
  CostLedger(const CostLedger&) = delete;
  CostLedger& operator=(const CostLedger&) = delete;

  void record(const LedgerEntry& entry);
  // A template so that record({.model = "m", .cost = usd(0.01)}) can only mean an entry.
  template <std::same_as<LlmCallMetrics> Call>
  void record(const Call& call) {
    record_call(call);
  }

  // Throws BudgetExceeded when the budget is hard and spent; else does nothing.
  void admit() const;

  NanoUsd total() const;  // Of all calls with a known cost.
  NanoUsd spent_today() const;
  uint64_t calls() const;
  BudgetCheck budget_check() const;

  // Dearest first; calls without a value under "anonymous" (user) or "(none)".
  std::vector<LedgerRow> by(LedgerKey key) const;

  // A table for people, with the `rows` dearest of each kind.
  std::string report(size_t rows = 10) const;
  std::string report_json() const;  // All rows.

 private:
  void record_call(const LlmCallMetrics& call);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
