// gateway/budget/budgets.h
//
// Budgets that hold: each call reserves, before it is sent, the most it can cost from every hard
// budget it falls under, all or none; and settles what it did cost when it ends. A strict budget
// is therefore never exceeded, by whatever number of concurrent calls, by one nano-dollar.
//
// Ledger. Counters are in memory. What happens to them is in a journal under `folder` (journal.h):
// reservations and settlements are written before the call goes out and when it ends, so that after
// a crash of the process the replay is exact; calls then open count their reservation. Against a
// power failure, which loses what was not synced, budget is leased in slices: a counter spends only
// what a synced record says it may, and if the machine was restarted, all that was leased counts as
// spent in that window. With Redis (`redis`), slices come from one counter shared by all gateways.
//
// Windows. A call belongs to the window in which it was reserved, however long it runs. The
// ledger's time never goes back: a clock that does stands still for it until it has caught up.
//
// Threads: any; nothing here blocks but List, Show, Set, Remove, Enable, Disable (they sync).
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gateway/budget/bound.h"
#include "gateway/budget/spec.h"
#include "model/money.h"
#include "store/state.h"

namespace pitot {

// Whose call it is. Views: copied as far as needed.
struct CallScope {
  std::string_view project;
  std::string_view key;  // Its id.
  std::string_view feature;
  std::string_view workflow;
  std::string_view user;
  std::string_view model;
  std::string_view session;
  std::string_view trace;
  std::string_view call;  // The call's own id (its span's): names it if it stays unfinished.
};

struct BudgetRefusal {
  enum class Why : uint8_t {
    // What is left does not suffice. Once nine tenths of the limit are spent, the counter is then
    // exhausted: calls that would fit are refused too, until its window is over or it is enabled.
    kExhausted,
    kDisabled,  // By a person.
    kTooLarge,  // The call may cost more than the whole limit.
    kUnknownPrice,
    kUnboundedInput,  // Nothing bounds what the call may cost.
    kCounters,        // limits.budget_counters is reached.
    kUnavailable,     // The ledger cannot be written, or Redis is away: retry later.
  };
  std::string budget;
  std::string counter_key;  // The scope's value; empty for `per: all`, and for calls without one.
  BudgetScope scope = BudgetScope::kGlobal;
  NanoUsd limit;
  NanoUsd spent;
  NanoUsd reserved;  // By calls in flight.
  NanoUsd needed;
  UnixNanos resets_at = 0;  // When enough of it is free again; 0: never by itself.
  bool in_flight = false;   // It may fit sooner: it would if calls in flight cost nothing.
  Why why = Why::kExhausted;
  std::string message;  // For the caller: which budget, how much, what to do.
};
std::string_view Name(BudgetRefusal::Why v);  // "exhausted"

// A soft budget whose spend has passed its limit.
struct SoftNotice {
  std::string budget;
  std::string counter_key;
  NanoUsd limit;
  NanoUsd spent;
  bool first = false;  // The first call that was told so in this window.
};

class Budgets;

// What a call holds of the budgets. Movable. Destroyed unsettled, it counts as spent in full.
// REQUIRES: destroyed or settled before its Budgets.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)), call_(other.call_), amount_(other.amount_) {}
  Reservation& operator=(Reservation&& other) noexcept;
  ~Reservation();

  NanoUsd amount() const { return amount_; }  // The largest held of one budget.
  bool holds() const { return owner_ != nullptr; }

 private:
  friend class Budgets;
  Budgets* owner_ = nullptr;  // Null: holds nothing.
  uint64_t call_ = 0;
  NanoUsd amount_;
};

struct BudgetDecision {
  bool allowed = false;
  std::optional<BudgetRefusal> refusal;  // Set when not allowed.
  Reservation reservation;
  std::vector<SoftNotice> soft;
};

struct RedisOptions {
  std::string url;  // "redis://[:password@]host[:port][/db]"; empty: no Redis, one gateway.
  std::string prefix = "pitot:";
  std::chrono::milliseconds timeout{500};  // Of connecting and of one command.
  // A Redis that knows nothing gives nothing for as long, so that every gateway can say what it
  // holds.
  std::chrono::milliseconds wait_after_loss{3000};
  // Redis away: false refuses hard budgets, true lets each gateway spend up to the limit on its own.
  bool local_when_down = false;

  absl::Status Validate() const;
};

struct BudgetOptions {
  std::string folder;             // Made if absent.
  std::vector<BudgetSpec> specs;  // Of the configuration; marked from_config by Open.
  std::string config_name = "the configuration file";  // For messages.
  int64_t counters_max = 1'000'000;
  // A slice is this part of the limit, or the largest reservation if that is more: what a power
  // failure may cost at most for each counter.
  int64_t lease_parts = 100;
  // A lifetime counter (session, trace) unused for as long is forgotten.
  std::chrono::hours lifetime_idle{7 * 24};
  // A journal this long is folded into a snapshot.
  uint64_t journal_bytes_max = 32 << 20;
  RedisOptions redis;
  std::string boot_id;  // Of this run of the machine; empty: the kernel's.

  absl::Status Validate() const;
};

// A counter's state now.
struct BudgetCounter {
  std::string value;  // Empty for `per: all`, and for calls without one.
  NanoUsd limit;      // With what was added for this window.
  NanoUsd spent;
  NanoUsd reserved;
  NanoUsd leased;     // Hard budgets: what may be spent without asking again.
  NanoUsd elsewhere;  // Leased by other gateways, when Redis last said so.
  NanoUsd overshoot;  // In this window, by calls that cost more than they had reserved.
  int64_t calls = 0;  // Settled in this window.
  int64_t in_flight = 0;
  int64_t refused = 0;  // In this window, since the start of the program.
  UnixNanos window_start = 0;
  UnixNanos window_end = 0;  // 0: never.
  bool disabled = false;
  std::string why;  // Why it is disabled: "exhausted", or a person's reason.
};

struct BudgetState {
  BudgetSpec spec;
  bool disabled = false;  // As a whole, by a person.
  std::string why;
  int64_t counters = 0;
  int64_t counters_disabled = 0;
  NanoUsd spent;  // Of all counters.
  NanoUsd reserved;
  NanoUsd overshoot;
  int64_t refused = 0;
  std::vector<BudgetCounter> top;  // Largest spend first.
};

// A call that was open when the last process ended: its reservation counts as spent.
struct UnfinishedCall {
  std::string call;   // CallScope::call
  std::string trace;  // CallScope::trace
  UnixNanos at = 0;
  NanoUsd amount;
};

struct BudgetsHealth {
  absl::Status journal;  // Why hard budgets refuse, if they do.
  absl::Status redis;
  int64_t clock_behind_ns = 0;  // The clock went back by as much: windows wait for it.
};

class Budgets {
 public:
  // Borrows `state` and `clock`. kFailedPrecondition: the folder is damaged or in use; the message
  // says what to do. Threads start here.
  static absl::StatusOr<std::unique_ptr<Budgets>> Open(BudgetOptions options, StateLog& state,
                                                       const Clock& clock);
  // Waits for what runs, syncs the journal, gives unspent slices back. All reservations are gone by
  // then. Calls that still wait are refused.
  ~Budgets();

  // `done` runs once: here, before Reserve returns, unless a slice must be leased first; then on a
  // thread of this class, and must not block.
  void Reserve(const CallScope& scope, const CallBound& bound,
               std::function<void(BudgetDecision)> done);

  // Unset: the cost is not known, the reservation stands. More than was reserved is charged in full
  // and counted as overshoot. A reservation that holds nothing is ignored.
  void Settle(Reservation reservation, std::optional<NanoUsd> cost);

  // True: end the stream. A hard `on_exceed: cut` budget of this call would be exceeded by what the
  // call has cost so far, or was disabled by a person. What is over its reservation is reserved by
  // this, so that concurrent calls see each other. `why`, if given, is set to the reason in words,
  // `budget` to the id of the budget, empty where it is none's.
  bool MustCut(const Reservation& reservation, NanoUsd cost_so_far, std::string* why = nullptr,
               std::string* budget = nullptr);

  // All budgets by id, each with its largest counter.
  std::vector<BudgetState> List() const;
  // kNotFound. At most `counters`, or the one whose value is `counter`.
  absl::StatusOr<BudgetState> Show(std::string_view id, size_t counters,
                                   std::optional<std::string_view> counter = {}) const;

  // Makes or replaces a budget made here. Its counters stay as far as scope, per, window, length and
  // timezone do. kFailedPrecondition: the configuration defines it. kInvalidArgument. kUnavailable.
  absl::StatusOr<BudgetSpec> Set(BudgetSpec spec, std::string_view actor);
  absl::Status Remove(std::string_view id, std::string_view actor);

  // The whole budget, or one counter of it (which need not be there yet). Disabled: its calls are
  // refused, until enabled. Enabling also forgets that it was exhausted: calls that still fit are
  // made. `extra` adds to the limit of that counter's window that now runs (not of `each` budgets
  // as a whole: kInvalidArgument).
  absl::Status Disable(std::string_view id, std::optional<std::string_view> counter,
                       std::string_view reason, std::string_view actor);
  absl::Status Enable(std::string_view id, std::optional<std::string_view> counter, NanoUsd extra,
                      std::string_view actor);

  // Of the process before this one, as found by Open.
  const std::vector<UnfinishedCall>& unfinished() const;
  bool empty() const;  // No budgets: Reserve allows everything.
  BudgetsHealth Health() const;

 private:
  friend class Reservation;
  class Impl;
  Budgets();

  std::unique_ptr<Impl> impl_;
};

}  // namespace pitot
