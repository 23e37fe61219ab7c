// gateway/budget/ledger.h
//
// Inside budget/: the counters and the open calls, in memory. What is done to them live is done again
// when the journal is read (journal.h), so that both end in the same state. No I/O, no clock.
// Thread-safety: none. Sums stop at the largest figure instead of overflowing.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>
#include <absl/hash/hash.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gateway/budget/window.h"

namespace pitot {

// All in nano-USD and at least 0.
inline int64_t AddUsd(int64_t a, int64_t b) {
  int64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<int64_t>::max() : sum;
}

// More ($1.1 million) no call costs: so large, 8000 of them are still a sum.
inline constexpr int64_t kCallUsdMax = int64_t{1} << 50;

// Counters of one budget that are counted alike: a budget whose shape changes starts anew.
struct BudgetSeries {
  uint32_t id = 0;
  std::string budget;
  std::string shape;
};

// What was charged in one period.
struct BudgetBucket {
  UnixNanos start = 0;
  UnixNanos leaves = kNever;
  int64_t spent = 0;
  int64_t reserved = 0;  // By open calls, those that wait for a lease included.
  int64_t waiting = 0;   // Of `reserved`.
  int64_t leased = 0;    // Synced: spent and reserved (without waiting) stay below.
  int64_t base = 0;      // Of `leased`: what an earlier process told Redis of. Not in the journal.
  int64_t overshoot = 0;
  int64_t calls = 0;

  int64_t used() const { return AddUsd(spent, reserved); }
  // What this process has taken of the shared counter.
  int64_t held() const { return (leased > used() - waiting ? leased : used() - waiting) - base; }
};

struct BudgetLine {
  uint64_t id = 0;
  uint32_t series = 0;
  std::string value;
  std::vector<BudgetBucket> buckets;  // Oldest first; those of the window.
  int64_t spent = 0;                  // Of all buckets.
  int64_t reserved = 0;
  int64_t extra = 0;        // Added to the limit for this window.
  int64_t refused = 0;      // Not in the journal.
  int64_t open = 0;         // Holds of open calls, of whatever window.
  int64_t elsewhere = 0;    // Leased by other gateways, when last heard. Not in the journal.
  int64_t least = 0;        // By the smallest call that waits. Not in the journal.
  int64_t largest = 0;      // Reserved by one call in this window. Not in the journal.
  UnixNanos dry_until = 0;  // The shared counter had nothing left. Not in the journal.
  UnixNanos used_at = 0;
  bool exhausted = false;     // A call was refused for want of budget in this window.
  bool noticed = false;       // A soft limit's passing was told. Not in the journal.
  bool lease_wanted = false;  // Not in the journal.
  bool leasing = false;       // The keeper uses it. Not in the journal.
  size_t slot = 0;            // In the ledger.

  int64_t used() const { return AddUsd(spent, reserved); }
  BudgetBucket* Find(UnixNanos start);
};

// What one call holds of one counter.
struct BudgetHold {
  BudgetLine* line = nullptr;
  UnixNanos start = 0;  // Of the bucket.
  int64_t amount = 0;
  bool leases = false;  // Of a hard budget. Not in the journal.
};

struct BudgetCall {
  UnixNanos at = 0;
  absl::InlinedVector<BudgetHold, 4> holds;
  std::string trace;
  std::string call;
  int64_t cut_above = std::numeric_limits<int64_t>::max();  // Not in the journal.
  int64_t worst = 0;                                        // Not in the journal.
  bool waiting = false;  // For a lease: it has not gone out, and is not in the journal.
  uint32_t history = 0;  // Where its cost is learned; 0: nowhere. Not in the journal.
};

class BudgetLedger {
 public:
  BudgetLedger() = default;
  BudgetLedger(const BudgetLedger&) = delete;
  BudgetLedger& operator=(const BudgetLedger&) = delete;

  // Null when there is none.
  BudgetSeries* FindSeries(std::string_view budget, std::string_view shape);
  const BudgetSeries* SeriesById(uint32_t id) const;
  BudgetSeries& AddSeries(uint32_t id, std::string budget, std::string shape);
  uint32_t next_series() const { return next_series_; }
  const std::vector<std::unique_ptr<BudgetSeries>>& series() const { return series_; }

  BudgetLine* Find(uint32_t series, std::string_view value) const;
  BudgetLine* FindById(uint64_t id) const;
  // One of the same name is replaced: its window was over, or it would have been found.
  BudgetLine& Add(uint64_t id, uint32_t series, std::string value);
  uint64_t next_line() const { return next_line_; }
  size_t size() const { return lines_.size(); }
  BudgetLine& at(size_t slot) { return *lines_[slot]; }
  // REQUIRES: nothing is open in it.
  void Erase(BudgetLine& line);

  // The line's sums, of its buckets.
  static void AddUp(BudgetLine& line);
  // Drops what has left the window by `now`.
  static void Roll(BudgetLine& line, UnixNanos now);
  static BudgetBucket& AddBucket(BudgetLine& line, UnixNanos start, UnixNanos leaves);
  // Over, and nobody's: forgetting it changes nothing.
  static bool IsOver(BudgetLine& line, UnixNanos now, int64_t lifetime_idle_ns);

  uint64_t next_call() const { return next_call_; }
  BudgetCall* FindCall(uint64_t id);
  BudgetCall& Open(uint64_t id, BudgetCall call);
  // Raises what the call holds of its hold `index`.
  static void Grow(BudgetCall& call, size_t index, int64_t amount);
  // Unset: what it holds.
  void Settle(uint64_t id, std::optional<int64_t> cost);
  // As if it had never been.
  void Cancel(uint64_t id);
  size_t open_calls() const { return calls_.size(); }
  const absl::flat_hash_map<uint64_t, BudgetCall>& calls() const { return calls_; }

  UnixNanos last_now() const { return last_now_; }
  void SawTime(UnixNanos now) { last_now_ = now > last_now_ ? now : last_now_; }

 private:
  struct Key {
    uint32_t series;
    std::string_view value;  // Of the line.
    bool operator==(const Key&) const = default;
    template <typename H>
    friend H AbslHashValue(H h, const Key& key) {
      h = H::combine(std::move(h), key.series, key.value.size());
      return H::combine_contiguous(std::move(h), key.value.data(), key.value.size());
    }
  };
  void Release(BudgetHold& hold, std::optional<int64_t> cost);

  std::vector<std::unique_ptr<BudgetSeries>> series_;
  std::vector<std::unique_ptr<BudgetLine>> lines_;
  absl::flat_hash_map<Key, BudgetLine*> by_name_;
  absl::flat_hash_map<uint64_t, BudgetLine*> by_id_;
  absl::flat_hash_map<uint64_t, BudgetCall> calls_;
  uint32_t next_series_ = 1;
  uint64_t next_line_ = 1;
  uint64_t next_call_ = 1;
  UnixNanos last_now_ = 0;
};

}  // namespace pitot
