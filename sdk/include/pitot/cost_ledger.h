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
// Thread-safety: all of it, from any thread; up to eight threads recording at once do not wait for each
// other. What is read while others record has each call in whole or not at all. Do not read a ledger in
// the child of a fork() that another thread was recording during.
// Memory: bounded by Options::entries_max; recording allocates nothing for a combination that the thread
// has recorded before, but 2 KB once a day. Nothing is kept on disk: a program that starts again has
// spent nothing today.
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

// One thing that money was spent on. Empty text: not said; an empty user is shown as "anonymous". Of
// longer texts the first 256 bytes count. Borrowed for the call of record() only.
struct LedgerEntry {
  std::string_view feature = {};
  std::string_view user = {};
  std::string_view model = {};
  std::string_view workflow = {};
  std::optional<NanoUsd> cost = {};  // Unset or negative: not known; the call counts as unpriced.
  int64_t input_tokens = 0;          // All input buckets. Negative: 0.
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
  kProjected,  // Today's spending is at `alert_share` of the budget or beyond, or on its way there.
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
    // Of the budget, above 0 and at most 1: BudgetStatus::kProjected from there on.
    double alert_share = 0.8;
    int utc_offset_minutes = 0;  // When a day begins: minutes east of UTC, within 18 hours.
    // Distinct combinations of feature, user, model and workflow; further ones are summed up as
    // "(other)", in exact totals all the same. 1 to 10'000'000. About 300 bytes each, and 100 more for
    // each further of the eight groups of threads that records it.
    size_t entries_max = 10'000;
    // Unix nanoseconds; unset: the system's clock. Called by any thread that uses the ledger.
    std::function<int64_t()> clock = {};
  };

  CostLedger();
  explicit CostLedger(Options options);  // Throws std::invalid_argument naming the wrong option.
  ~CostLedger();
  CostLedger(const CostLedger&) = delete;
  CostLedger& operator=(const CostLedger&) = delete;

  // Counts one call, today.
  void record(const LedgerEntry& entry);
  // A template so that record({.model = "m", .cost = usd(0.01)}) can only mean an entry.
  template <std::same_as<LlmCallMetrics> Call>
  void record(const Call& call) {
    record_call(call);
  }

  // Throws BudgetExceeded when the budget is hard and spent; else does nothing. Some 100 ns.
  void admit() const;

  NanoUsd total() const;  // Of all calls with a known cost.
  NanoUsd spent_today() const;
  uint64_t calls() const;
  BudgetCheck budget_check() const;

  // Dearest first; calls without a value under "anonymous" (user) or "(none)".
  std::vector<LedgerRow> by(LedgerKey key) const;

  // A table for people, of 80 columns, with the `rows` dearest of each kind; a kind that no call named
  // is left out. What a terminal would act on in names is shown as '?'.
  std::string report(size_t rows = 10) const;
  // total, today (status "none", "ok", "projected", "over"; budget, spent, projected, method, gated,
  // hours_elapsed), by_feature[], by_user[], by_model[], by_workflow[] with all rows: key, cost, calls,
  // unpriced_calls, input_tokens, output_tokens. Money as ..._usd (exact decimals) and ..._nano_usd.
  std::string report_json() const;

 private:
  void record_call(const LlmCallMetrics& call);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sdk
}  // namespace pitot
