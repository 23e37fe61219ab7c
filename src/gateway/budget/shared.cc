#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/status.h"
#include "gateway/budget/impl.h"

namespace pitot {
namespace {

// Counters told of in one round trip.
constexpr size_t kReportAtOnce = 512;
// Looked at in one hold of the mutex.
constexpr size_t kLinesAtOnce = 2048;
// Unused for as long, a counter's slice is given back.
constexpr int64_t kIdleNs = 5 * kNanosPerSecond;
// An empty shared counter is not asked again, but by calls that wait, for as long.
constexpr int64_t kDryNs = kNanosPerSecond / 5;
// Clocks of gateways differ: a counter is kept for a day after its window.
constexpr int64_t kKeepNs = kNanosPerDay;

int64_t Seconds(int64_t ns) { return ns / kNanosPerSecond; }

}  // namespace

RedisAsk Budgets::Impl::AskOf(const LiveBudget& budget, const BudgetLine& line,
                              int64_t want) const {
  RedisAsk ask;
  const BudgetBucket& last = line.buckets.back();
  const BudgetSeries* const series = ledger_.SeriesById(line.series);
  ask.counter = fmt::format("{}:{}:{}", series->budget, series->shape, line.value);
  ask.current_s = Seconds(last.start);
  ask.limit = LimitOf(budget, &line);
  ask.want = want;
  if (budget.rule.kind == BudgetWindow::kRolling) {
    // As BudgetLedger::Roll: a piece counts until it has left the window as a whole.
    ask.oldest_s = Seconds(ledger_.last_now() - (last.leaves - last.start));
    ask.keep_s = Seconds(budget.rule.length_ns + kKeepNs);
  } else if (last.leaves == kNever) {
    ask.keep_s = Seconds(lifetime_idle_ns_);
  } else {
    ask.oldest_s = ask.current_s;
    ask.keep_s = Seconds(last.leaves - last.start + kKeepNs);
  }
  for (const BudgetBucket& bucket : line.buckets) {
    ask.held.emplace_back(Seconds(bucket.start), std::max<int64_t>(bucket.held(), 0));
  }
  return ask;
}

// Which Redis was told; read by ShareFromHere.
void Budgets::Impl::SaveGeneration() {
  if (redis_->generation().empty() || redis_->generation() == saved_generation_) return;
  const absl::Status status =
      WriteFileAtomic(options_.folder + std::string(kGenerationFile), redis_->generation());
  if (status.ok()) saved_generation_ = redis_->generation();
}

absl::Status Budgets::Impl::GrantShared(std::vector<Want>& wants) {
  std::vector<RedisAsk> asks;
  std::vector<Want*> asked;
  {
    MutexLock lock(&mutex_);
    const UnixNanos now = NowLocked();
    records_.clear();
    for (Want& want : wants) {
      BudgetLine& line = *want.line;
      BudgetLedger::Roll(line, now);
      const LiveBudget* const budget = BudgetOf(line);
      if (line.buckets.empty() || budget == nullptr) continue;
      CloseOld(line);
      const BudgetBucket& bucket = line.buckets.back();
      const int64_t room = std::max<int64_t>(LimitOf(*budget, &line) - line.used(), 0);
      const int64_t firm = std::max(bucket.leased, bucket.used() - bucket.waiting);
      const int64_t goal = AddUsd(bucket.used(), std::min(room, SliceOf(line, *budget)));
      want.start = bucket.start;
      want.leased = firm;
      asks.push_back(AskOf(*budget, line, std::max<int64_t>(goal - firm, 0)));
      // What does not suffice for any call that waits would only lack others.
      const int64_t least = AddUsd(bucket.used() - bucket.waiting, line.least) - firm;
      asks.back().least = line.least == 0 ? 0 : std::max<int64_t>(least, 0);
      asked.push_back(&want);
    }
    AppendLocked(records_);
  }
  if (asks.empty()) return absl::OkStatus();
  const absl::StatusOr<std::vector<RedisGrant>> grants = redis_->Lease(asks);
  SaveGeneration();
  MutexLock lock(&mutex_);
  redis_status_ = grants.status();
  for (size_t i = 0; i < asked.size(); ++i) {
    Want& want = *asked[i];
    if (!grants.ok()) {
      want.leased = 0;
      continue;
    }
    want.leased = AddUsd(want.leased, (*grants)[i].granted);
    want.line->elsewhere = (*grants)[i].elsewhere;
    const bool dry = asks[i].want > 0 && (*grants)[i].granted == 0;
    want.line->dry_until = dry ? ledger_.last_now() + kDryNs : 0;
  }
  return grants.status();
}

void Budgets::Impl::GiveBack(BudgetLine& line) {
  const LiveBudget* const budget = BudgetOf(line);
  if (line.buckets.empty() || budget == nullptr) return;
  BudgetBucket& bucket = line.buckets.back();
  const int64_t keeps = AddUsd(bucket.used(), SliceOf(line, *budget));
  if (bucket.leased <= keeps) return;
  bucket.leased = keeps;
  records_.clear();
  BudgetRecords(records_).Lease(line, bucket.start, keeps);
  AppendLocked(records_);
  WantLease(line);  // The next round says what is held.
}

void Budgets::Impl::RecordGrants(const std::vector<Want>& wants) {
  for (const Want& want : wants) {
    if (want.leased > 0) BudgetRecords(records_).Lease(*want.line, want.start, want.leased);
  }
}

void Budgets::Impl::ShareRound() {
  if (redis_ == nullptr) return;
  const absl::Status status = redis_->Check();
  const bool lost = redis_->losses() != losses_seen_;
  {
    MutexLock lock(&mutex_);
    if (status.ok() != redis_status_.ok()) {
      if (status.ok()) LogInfo("budgets: Redis answers");
      if (!status.ok()) LogWarning("budgets: {}", Message(status));
    }
    redis_status_ = status;
    for (size_t i = 0; lost && i < ledger_.size(); ++i) {
      // What earlier processes said is lost with the rest: now it is this one's to say.
      for (BudgetBucket& bucket : ledger_.at(i).buckets) bucket.base = 0;
    }
  }
  if (!status.ok() && !lost) return;
  if (Report(lost, false).ok()) losses_seen_ = redis_->losses();
  SaveGeneration();
}

absl::Status Budgets::Impl::Report(bool all, bool stopping) {
  size_t at = 0;
  while (true) {
    std::vector<RedisAsk> asks;
    {
      MutexLock lock(&mutex_);
      const UnixNanos now = NowLocked();
      records_.clear();
      const size_t end = std::min(at + kLinesAtOnce, ledger_.size());
      for (; at < end && asks.size() < kReportAtOnce; ++at) {
        BudgetLine& line = ledger_.at(at);
        BudgetLedger::Roll(line, now);
        const LiveBudget* const budget = BudgetOf(line);
        if (budget == nullptr || line.buckets.empty() || !budget->spec.hard) continue;
        BudgetBucket& bucket = line.buckets.back();
        const bool idle = line.open == 0 && (stopping || line.used_at + kIdleNs <= now);
        const bool gives = idle && !line.lease_wanted && bucket.leased > bucket.used();
        if (!gives && !all) continue;
        if (gives) {
          bucket.leased = bucket.used();
          BudgetRecords(records_).Lease(line, bucket.start, bucket.leased);
        }
        asks.push_back(AskOf(*budget, line, 0));
      }
      AppendLocked(records_);
      if (asks.empty() && at >= ledger_.size()) return absl::OkStatus();
    }
    if (asks.empty()) continue;
    RETURN_IF_ERROR(redis_->Lease(asks).status());
  }
}

}  // namespace pitot
