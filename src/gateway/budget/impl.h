// gateway/budget/impl.h
//
// Inside budget/: what a Budgets is made of. One mutex guards the ledger; the I/O threads hold it for
// in-memory work and the write of a record to the page cache. Whatever waits for a disk or for Redis
// does so on the keeper's thread, which leases slices, folds the journal and sweeps old counters.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "gateway/budget/budgets.h"
#include "gateway/budget/history.h"
#include "gateway/budget/journal.h"
#include "gateway/budget/ledger.h"
#include "gateway/budget/redis_link.h"
#include "gateway/budget/window.h"

namespace pitot {

// A budget in force.
struct LiveBudget {
  BudgetSpec spec;
  WindowRule rule;
  ChargePeriod period;  // The one charged last.
  uint32_t series = 0;
  bool each = false;
  bool disabled = false;
  std::string why;
  absl::flat_hash_map<std::string, std::string> disabled_values;  // With the reason.
  int64_t refused = 0;
};

// A counter's value is cut at as many bytes, with a hash of the whole.
inline constexpr size_t kCounterValueBytesMax = 160;

// In the ledger's folder: the generation of the Redis that was told what is spent.
inline constexpr std::string_view kGenerationFile = "/redis_generation";

// "budget", ... : kinds of the state log.
inline constexpr std::string_view kBudgetKind = "budget";
inline constexpr std::string_view kBudgetSwitchKind = "budget_switch";

class Budgets::Impl {
 public:
  Impl(Budgets& owner, BudgetOptions options, StateLog& state, const Clock& clock);
  ~Impl();

  // Once, before anything else.
  absl::Status Open();
  void Start();

  void Reserve(const CallScope& scope, const CallBound& bound,
               std::function<void(BudgetDecision)> done);
  void Settle(uint64_t call, std::optional<NanoUsd> cost);
  bool MustCut(uint64_t call, NanoUsd cost, std::string* why, std::string* by);

  std::vector<BudgetState> List() const;
  absl::StatusOr<BudgetState> Show(std::string_view id, size_t counters,
                                   std::optional<std::string_view> counter) const;
  absl::StatusOr<BudgetSpec> Set(BudgetSpec spec, std::string_view actor);
  absl::Status Remove(std::string_view id, std::string_view actor);
  absl::Status Disable(std::string_view id, std::optional<std::string_view> counter,
                       std::string_view reason, std::string_view actor);
  absl::Status Enable(std::string_view id, std::optional<std::string_view> counter, NanoUsd extra,
                      std::string_view actor);
  const std::vector<UnfinishedCall>& unfinished() const { return unfinished_; }
  bool empty() const;
  BudgetsHealth Health() const;

 private:
  // A budget that a call falls under, with its counter as far as there is one.
  struct Touch {
    LiveBudget* budget = nullptr;
    std::string_view value;
    BudgetLine* line = nullptr;
    BudgetBucket* bucket = nullptr;
    int64_t amount = 0;
  };
  using Touches = absl::InlinedVector<Touch, 8>;

  // A call whose reservation waits for a lease.
  struct Waiting {
    uint64_t call = 0;
    std::function<void(BudgetDecision)> done;
    BudgetDecision decision;
  };
  struct Answer {
    std::function<void(BudgetDecision)> done;
    BudgetDecision decision;
  };
  struct Want {
    BudgetLine* line = nullptr;
    UnixNanos start = 0;
    int64_t leased = 0;  // When granted; 0: it is not.
  };
  // On a call whose lease has come, or not.
  struct Verdict {
    enum What { kCommit, kAgain, kRefuse } what = kCommit;
    BudgetRefusal::Why why = BudgetRefusal::Why::kExhausted;
    BudgetHold hold;  // The one that is short, or the first.
    std::string detail;
  };
  // What became of a round of leases.
  struct Leased {
    absl::Status journal;
    absl::Status redis;
  };

  // reserve.cc
  UnixNanos NowLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TouchAll(const CallScope& scope, std::list<std::string>& long_values, UnixNanos now,
                Touches& touches) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<BudgetRefusal> Check(Touch& touch, const CallScope& scope, const CallBound& bound,
                                     UnixNanos now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t AmountOf(const LiveBudget& budget, const CallScope& scope, const CallBound& bound)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False: the call waits for a lease, and is `call`.
  bool Take(const CallScope& scope, const CallBound& bound, Touches& touches, UnixNanos now,
            BudgetDecision& decision, uint64_t& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Place(Touch& touch, BudgetRecords& records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void NoticeSoft(Touch& touch, BudgetDecision& decision) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool AppendLocked(std::string_view records) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WantLease(BudgetLine& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LeaseAhead(BudgetLine& line, const BudgetBucket& bucket, const LiveBudget& budget)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int64_t SliceOf(const BudgetLine& line, const LiveBudget& budget) const;
  bool IsFull() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ledger_.size() >= static_cast<size_t>(options_.counters_max);
  }
  LiveBudget* BudgetOf(const BudgetLine& line) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // refusal.cc
  static int64_t LimitOf(const LiveBudget& budget, const BudgetLine* line);
  static bool IsExhausted(const LiveBudget& budget, const BudgetLine& line);
  BudgetRefusal Refuse(LiveBudget& budget, BudgetLine* line, std::string_view value, int64_t needed,
                       BudgetRefusal::Why why, UnixNanos now, std::string_view detail = {})
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // budgets.cc
  void ShareFromHere() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void EndOpenCalls(bool exact) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  // manage.cc
  absl::Status LoadSpecs() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Install(BudgetSpec spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Uninstall(std::string_view id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LiveBudget* FindLocked(std::string_view id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoadSwitches() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status AddExtra(LiveBudget& budget, std::optional<std::string_view> value, NanoUsd extra)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Switch(std::string_view id, std::optional<std::string_view> counter,
                      std::optional<std::string_view> reason, NanoUsd extra,
                      std::string_view actor);
  BudgetState StateOf(const LiveBudget& budget) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  BudgetCounter CounterOf(const LiveBudget& budget, BudgetLine& line) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddLine(BudgetLine& line, BudgetState& state, size_t top) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Adds the counters' figures, by series, in pieces: calls go on meanwhile.
  void AddLines(absl::flat_hash_map<uint32_t, BudgetState*>& states, size_t top) const;

  // keeper.cc
  void Keep();
  void LeaseRound(bool stopping);
  void CloseOld(BudgetLine& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GrantAll(std::vector<Want>& wants) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AnswerWaiting(std::vector<Waiting> waiting, const Leased& leased,
                     std::vector<Answer>& answers) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Verdict CommitWaiting(const Waiting& waiting, const Leased& leased)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Syncs what was appended; a failure breaks the journal.
  absl::Status SyncLeases(std::shared_ptr<File> file);
  void FoldIfLong();

  // shared.cc: leases from the counters in Redis.
  void SaveGeneration();
  absl::Status GrantShared(std::vector<Want>& wants);
  void RecordGrants(const std::vector<Want>& wants) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  RedisAsk AskOf(const LiveBudget& budget, const BudgetLine& line, int64_t want) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ShareRound();
  // What was leased for a call that is not made.
  void GiveBack(BudgetLine& line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Gives back what idle counters have leased and not used; `all`: says what every counter holds.
  absl::Status Report(bool all, bool stopping);
  void Recover();
  void Sweep(size_t lines) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Budgets& owner_;
  const BudgetOptions options_;
  StateLog& state_;
  const Clock& clock_;
  const std::string boot_id_;
  const int64_t lifetime_idle_ns_;
  std::vector<UnfinishedCall> unfinished_;  // Set by Open.

  Mutex manage_mutex_;  // Held through a change of specs or switches, which syncs the state log.

  mutable Mutex mutex_;
  CondVar work_;  // wants_, waiting_, broken_ or stopping_.
  std::vector<std::unique_ptr<LiveBudget>> budgets_ ABSL_GUARDED_BY(mutex_);
  std::vector<LiveBudget*> by_series_ ABSL_GUARDED_BY(mutex_);  // Null: of no budget in force.
  mutable BudgetLedger ledger_ ABSL_GUARDED_BY(mutex_);
  CostHistory history_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<BudgetJournal> journal_;       // Its state: guarded by mutex_.
  absl::Status broken_ ABSL_GUARDED_BY(mutex_);  // Why the journal cannot be written.
  std::string records_ ABSL_GUARDED_BY(mutex_);  // Reused from call to call.
  std::string pending_ ABSL_GUARDED_BY(mutex_);  // Records since a recovery began.
  bool recovering_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<BudgetLine*> wants_ ABSL_GUARDED_BY(mutex_);
  std::vector<Waiting> waiting_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<RedisLink> redis_;  // The keeper's. Null: no Redis.
  std::string saved_generation_;      // The keeper's.
  uint64_t losses_seen_ = 0;          // The keeper's.
  absl::Status redis_status_ ABSL_GUARDED_BY(mutex_);
  size_t sweep_at_ ABSL_GUARDED_BY(mutex_) = 0;
  bool said_behind_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  std::jthread keeper_;  // Last: joined before anything it uses is gone.
};

}  // namespace pitot
