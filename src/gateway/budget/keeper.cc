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
    ShareRound();
    for (int64_t i = 0; i < kSweepsEach; ++i) {
      MutexLock lock(&mutex_);
      if (i * static_cast<int64_t>(kSweepLines) > static_cast<int64_t>(ledger_.size())) break;
      NowLocked();
      Sweep(kSweepLines);
    }
  }
}

// Pieces of a rolling window that are no longer charged keep what they use: what all may spend after
// a power failure stays within the limit, and a shared counter gets back the rest.
void Budgets::Impl::CloseOld(BudgetLine& line) {
  for (BudgetBucket& old : line.buckets) {
    if (&old == &line.buckets.back() || old.leased <= old.used()) continue;
    old.leased = old.used();
    BudgetRecords(records_).Lease(line, old.start, old.leased);
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
    CloseOld(line);
    const BudgetBucket& bucket = line.buckets.back();
    const int64_t room = std::max<int64_t>(LimitOf(*budget, &line) - line.used(), 0);
    want.start = bucket.start;
    want.leased =
        std::max(bucket.leased, AddUsd(bucket.used(), std::min(room, SliceOf(line, *budget))));
    BudgetRecords(records_).Lease(line, want.start, want.leased);
  }
}

absl::Status Budgets::Impl::SyncLeases(std::shared_ptr<File> file) {
  absl::Status status = file->SyncData();
  if (status.ok()) return status;
  MutexLock lock(&mutex_);
  if (!broken_.ok()) return status;
  // After a failed sync nobody knows what the file holds: all is written anew, elsewhere.
  broken_ = status;
  journal_->Close();
  LogError("budgets: {}; hard budgets refuse calls until it can be written", Message(status));
  return status;
}

void Budgets::Impl::LeaseRound(bool stopping) {
  std::vector<Want> wants;
  std::vector<Waiting> waiting;
  std::vector<Answer> answers;
  {
    MutexLock lock(&mutex_);
    if (wants_.empty() && waiting_.empty()) return;
    for (BudgetLine* line : wants_) {
      wants.push_back({line, 0, 0});
      // A call that comes from here on wants it anew.
      line->lease_wanted = false;
      line->leasing = true;
    }
    wants_.clear();
    waiting = std::exchange(waiting_, {});
  }
  Leased leased;
  if (stopping) leased.journal = Unavailable("the gateway stops");
  std::shared_ptr<File> file;
  if (!stopping && redis_ != nullptr) leased.redis = GrantShared(wants);
  const bool alone = redis_ == nullptr || (!leased.redis.ok() && options_.redis.local_when_down);
  if (alone) leased.redis = absl::OkStatus();
  if (!stopping) {
    MutexLock lock(&mutex_);
    records_.clear();
    if (alone) GrantAll(wants);
    if (!alone) RecordGrants(wants);
    if (!AppendLocked(records_)) leased.journal = broken_;
    file = journal_->file();
  }
  if (leased.journal.ok()) leased.journal = SyncLeases(std::move(file));
  {
    MutexLock lock(&mutex_);
    for (const Want& want : wants) {
      want.line->leasing = false;
      BudgetBucket* const bucket = want.leased > 0 ? want.line->Find(want.start) : nullptr;
      if (bucket == nullptr || !leased.journal.ok()) continue;
      bucket->leased = std::max(bucket->leased, want.leased);
    }
    AnswerWaiting(std::move(waiting), leased, answers);
  }
  for (Answer& answer : answers) answer.done(std::move(answer.decision));
}

Budgets::Impl::Verdict Budgets::Impl::CommitWaiting(const Waiting& waiting, const Leased& leased) {
  using Why = BudgetRefusal::Why;
  const BudgetCall& call = *ledger_.FindCall(waiting.call);
  Verdict verdict;
  verdict.hold = call.holds.front();
  bool is_short = false;
  for (const BudgetHold& hold : call.holds) {
    const BudgetBucket* const bucket = hold.line->Find(hold.start);
    // A window that is over, a budget that is gone: nothing to exceed.
    if (!hold.leases || bucket == nullptr || BudgetOf(*hold.line) == nullptr) continue;
    if (AddUsd(bucket->used() - bucket->waiting, hold.amount) <= bucket->leased) continue;
    is_short = true;
    verdict.hold = hold;
  }
  const auto refuse = [&](Why why, std::string_view detail) {
    verdict.what = Verdict::kRefuse;
    verdict.why = why;
    verdict.detail = detail;
    return verdict;
  };
  if (!leased.journal.ok()) return refuse(Why::kUnavailable, Message(leased.journal));
  if (is_short && !leased.redis.ok()) return refuse(Why::kUnavailable, Message(leased.redis));
  if (is_short) {
    const BudgetLine& line = *verdict.hold.line;
    // Alone: another call has cost more than it had reserved, meanwhile. Else others have the rest.
    if (redis_ != nullptr || line.used() > LimitOf(*BudgetOf(line), &line)) {
      return refuse(Why::kExhausted, {});
    }
    verdict.what = Verdict::kAgain;
    return verdict;
  }
  records_.clear();
  BudgetRecords(records_).Reserve(waiting.call, call);
  if (!AppendLocked(records_)) return refuse(Why::kUnavailable, Message(broken_));
  return verdict;
}

void Budgets::Impl::AnswerWaiting(std::vector<Waiting> waiting, const Leased& leased,
                                  std::vector<Answer>& answers) {
  const UnixNanos now = NowLocked();
  for (Waiting& one : waiting) {
    const Verdict verdict = CommitWaiting(one, leased);
    BudgetCall& call = *ledger_.FindCall(one.call);
    if (verdict.what == Verdict::kAgain) {
      for (const BudgetHold& hold : call.holds) {
        if (hold.leases) WantLease(*hold.line);
      }
      waiting_.push_back(std::move(one));
      continue;
    }
    const auto holds = call.holds;
    for (const BudgetHold& hold : holds) {
      BudgetBucket* const bucket = hold.leases ? hold.line->Find(hold.start) : nullptr;
      if (bucket == nullptr) continue;
      bucket->waiting -= hold.amount;
      if (bucket->waiting == 0) hold.line->least = 0;
    }
    call.waiting = false;
    BudgetDecision& decision = one.decision;
    decision.allowed = verdict.what == Verdict::kCommit;
    if (!decision.allowed) {
      decision.reservation.owner_ = nullptr;
      ledger_.Cancel(one.call);
      LiveBudget gone;
      LiveBudget* const budget = BudgetOf(*verdict.hold.line);
      decision.refusal =
          Refuse(budget == nullptr ? gone : *budget, verdict.hold.line, verdict.hold.line->value,
                 verdict.hold.amount, verdict.why, now, verdict.detail);
      for (const BudgetHold& hold : holds) {
        if (hold.leases && redis_ != nullptr) GiveBack(*hold.line);
      }
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
