#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "base/status.h"
#include "gateway/budget/impl.h"

namespace pitot {
namespace {

constexpr std::chrono::milliseconds kHousekeeping(1000);
// Counters looked at in one hold of the mutex.
constexpr size_t kSweepLines = 1024;
constexpr int64_t kSweepsEach = 16;
// Records kept while a new journal is being written.
constexpr size_t kPendingBytesMax = 8 << 20;

}  // namespace

void Budgets::Impl::Keep() {
  auto housekeep_at = std::chrono::steady_clock::now() + kHousekeeping;
  while (true) {
    bool stopping = false;
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && wants_.empty() && waiting_.empty()) {
        if (!work_.WaitUntil(mutex_, housekeep_at)) break;
      }
      stopping = stopping_;
    }
    LeaseRound(stopping);
    if (stopping) return;
    if (std::chrono::steady_clock::now() < housekeep_at) continue;
    housekeep_at = std::chrono::steady_clock::now() + kHousekeeping;
    Recover();
    FoldIfLong();
    for (int64_t i = 0; i < kSweepsEach; ++i) {
      MutexLock lock(&mutex_);
      if (i * static_cast<int64_t>(kSweepLines) > static_cast<int64_t>(ledger_.size())) break;
      NowLocked();
      Sweep(kSweepLines);
    }
  }
}

// What each wanted counter may then spend: what it has used, and a slice.
void Budgets::Impl::GrantAll(std::vector<Want>& wants) {
  const UnixNanos now = NowLocked();
  for (Want& want : wants) {
    BudgetLine& line = *want.line;
    BudgetLedger::Roll(line, now);
    const LiveBudget* const budget = BudgetOf(line);
    if (line.buckets.empty() || budget == nullptr) continue;
    const BudgetBucket& bucket = line.buckets.back();
    // Pieces of a rolling window that are no longer charged keep what they use: what all may spend
    // after a power failure stays within the limit.
    for (BudgetBucket& old : line.buckets) {
      if (&old == &bucket || old.leased <= old.used()) continue;
      old.leased = old.used();
      BudgetRecords(records_).Lease(line, old.start, old.leased);
    }
    const int64_t room = std::max<int64_t>(LimitOf(*budget, &line) - line.used(), 0);
    want.start = bucket.start;
    want.leased =
        std::max(bucket.leased, AddUsd(bucket.used(), std::min(room, SliceOf(line, *budget))));
    BudgetRecords(records_).Lease(line, want.start, want.leased);
  }
}

void Budgets::Impl::LeaseRound(bool stopping) {
  std::vector<Want> wants;
  std::vector<Waiting> waiting;
  std::vector<Answer> answers;
  std::shared_ptr<File> file;
  absl::Status status = stopping ? Unavailable("the gateway stops") : absl::OkStatus();
  {
    MutexLock lock(&mutex_);
    if (wants_.empty() && waiting_.empty()) return;
    for (BudgetLine* line : wants_) wants.push_back({line, 0, 0});
    wants_.clear();
    waiting = std::exchange(waiting_, {});
    records_.clear();
    GrantAll(wants);
    if (status.ok() && !AppendLocked(records_)) status = broken_;
    file = journal_->file();
  }
  if (status.ok()) status = file->SyncData();
  {
    MutexLock lock(&mutex_);
    if (!status.ok() && !stopping && broken_.ok()) {
      // After a failed sync nobody knows what the file holds: all is written anew, elsewhere.
      broken_ = status;
      journal_->Close();
      LogError("budgets: {}; hard budgets refuse calls until it can be written", Message(status));
    }
    for (const Want& want : wants) {
      want.line->lease_wanted = false;
      BudgetBucket* const bucket = want.leased > 0 ? want.line->Find(want.start) : nullptr;
      if (status.ok() && bucket != nullptr) bucket->leased = std::max(bucket->leased, want.leased);
    }
    AnswerWaiting(std::move(waiting), status, answers);
  }
  for (Answer& answer : answers) answer.done(std::move(answer.decision));
}

std::optional<BudgetRefusal> Budgets::Impl::CommitWaiting(Waiting& waiting,
                                                          const absl::Status& leased, bool& again) {
  const UnixNanos now = NowLocked();
  BudgetCall& call = *ledger_.FindCall(waiting.call);
  const BudgetHold* short_of = nullptr;
  const BudgetHold* any = nullptr;
  for (const BudgetHold& hold : call.holds) {
    const BudgetBucket* const bucket = hold.line->Find(hold.start);
    // A window that is over, a budget that is gone: nothing to exceed.
    if (!hold.leases || bucket == nullptr || BudgetOf(*hold.line) == nullptr) continue;
    any = &hold;
    if (AddUsd(bucket->used() - bucket->waiting, hold.amount) > bucket->leased) short_of = &hold;
  }
  if (any == nullptr) any = &call.holds.front();
  const auto refuse = [&](const BudgetHold& hold, BudgetRefusal::Why why, std::string_view detail) {
    LiveBudget* const budget = BudgetOf(*hold.line);
    LiveBudget gone;
    return Refuse(budget == nullptr ? gone : *budget, hold.line, hold.line->value, hold.amount, why,
                  now, detail);
  };
  if (!leased.ok()) return refuse(*any, BudgetRefusal::Why::kUnavailable, Message(leased));
  if (short_of != nullptr) {
    // Another call has cost more than it had reserved, meanwhile.
    again = short_of->line->used() <= LimitOf(*BudgetOf(*short_of->line), short_of->line);
    if (again) return std::nullopt;
    return refuse(*short_of, BudgetRefusal::Why::kExhausted, {});
  }
  records_.clear();
  BudgetRecords(records_).Reserve(waiting.call, call);
  if (AppendLocked(records_)) return std::nullopt;
  return refuse(*any, BudgetRefusal::Why::kUnavailable, Message(broken_));
}

void Budgets::Impl::AnswerWaiting(std::vector<Waiting> waiting, const absl::Status& leased,
                                  std::vector<Answer>& answers) {
  for (Waiting& one : waiting) {
    bool again = false;
    BudgetDecision& decision = one.decision;
    decision.refusal = CommitWaiting(one, leased, again);
    BudgetCall& call = *ledger_.FindCall(one.call);
    if (again) {
      for (const BudgetHold& hold : call.holds) {
        if (hold.leases) WantLease(*hold.line);
      }
      waiting_.push_back(std::move(one));
      continue;
    }
    for (const BudgetHold& hold : call.holds) {
      BudgetBucket* const bucket = hold.leases ? hold.line->Find(hold.start) : nullptr;
      if (bucket != nullptr) bucket->waiting -= hold.amount;
    }
    call.waiting = false;
    decision.allowed = !decision.refusal;
    if (!decision.allowed) {
      decision.reservation.owner_ = nullptr;
      ledger_.Cancel(one.call);
    }
    answers.push_back({std::move(one.done), std::move(decision)});
  }
}

// A broken journal is replaced by one that begins with all there is. Calls that end meanwhile are
// recorded behind it.
void Budgets::Impl::Recover() {
  std::string snapshot;
  UnixNanos now = 0;
  {
    MutexLock lock(&mutex_);
    if (broken_.ok()) return;
    now = NowLocked();
    snapshot = EncodeLedger(ledger_, boot_id_, lifetime_idle_ns_);
    pending_.clear();
    recovering_ = true;
  }
  // Nobody else uses the journal while it is broken.
  absl::Status status = journal_->Begin(snapshot, boot_id_, now);
  MutexLock lock(&mutex_);
  recovering_ = false;
  if (status.ok() && pending_.size() > kPendingBytesMax) status = Unavailable("too much is new");
  if (status.ok()) status = journal_->Append(pending_);
  pending_.clear();
  if (!status.ok()) {
    journal_->Close();
    return;
  }
  broken_ = absl::OkStatus();
  LogInfo("budgets: the journal can be written again");
}

void Budgets::Impl::FoldIfLong() {
  UnixNanos now = 0;
  {
    MutexLock lock(&mutex_);
    if (!broken_.ok() || journal_->bytes() < options_.journal_bytes_max) return;
    now = NowLocked();
  }
  absl::StatusOr<BudgetJournal::NextFile> next = journal_->Next(boot_id_, now);
  if (!next.ok()) {
    LogWarning("budgets: {}; the journal grows on", Message(next.status()));
    return;
  }
  const uint64_t number = next->number;
  {
    MutexLock lock(&mutex_);
    if (!broken_.ok()) return;
    journal_->Switch(*std::move(next));
  }
  const absl::Status folded = journal_->Fold(number, boot_id_, lifetime_idle_ns_);
  if (!folded.ok()) LogWarning("budgets: {}; the journal stays as it is", Message(folded));
}

void Budgets::Impl::Sweep(size_t lines) {
  for (; lines > 0 && ledger_.size() > 0; --lines) {
    if (sweep_at_ >= ledger_.size()) sweep_at_ = 0;
    BudgetLine& line = ledger_.at(sweep_at_);
    if (BudgetLedger::IsOver(line, ledger_.last_now(), lifetime_idle_ns_)) {
      ledger_.Erase(line);  // Another takes its place.
    } else {
      ++sweep_at_;
    }
  }
}

}  // namespace pitot
