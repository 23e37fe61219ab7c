#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <utility>

#include "base/hash.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/status.h"
#include "base/text.h"
#include "gateway/budget/impl.h"
#include "price/match.h"

namespace pitot {
namespace {

// Of budgets that other calls share: a call without a session is its own.
std::string_view ValueOf(BudgetScope of, const CallScope& scope) {
  switch (of) {
    case BudgetScope::kProject:
      return scope.project;
    case BudgetScope::kKey:
      return scope.key;
    case BudgetScope::kFeature:
      return scope.feature;
    case BudgetScope::kWorkflow:
      return scope.workflow;
    case BudgetScope::kUser:
      return scope.user;
    case BudgetScope::kModel:
      return scope.model;
    case BudgetScope::kSession:
      return scope.session.empty() ? scope.trace : scope.session;
    case BudgetScope::kTrace:
      return scope.trace;
    default:
      return {};
  }
}

// Counters looked at when there is no room for another.
constexpr size_t kSweepAtOnce = 256;

std::string ShortValue(std::string_view value) {
  const auto hash = Sha128(value);
  return fmt::format("{}#{}", value.substr(0, kCounterValueBytesMax - 33),
                     ToHex({reinterpret_cast<const char*>(hash.data()), hash.size()}));
}

}  // namespace

UnixNanos Budgets::Impl::NowLocked() {
  const UnixNanos now = clock_.Now();
  const int64_t behind = ledger_.last_now() - now;
  if (behind > kNanosPerMinute && !std::exchange(said_behind_, true)) {
    LogWarning("budgets: the clock went back by {}; windows wait until it has caught up",
               FormatDuration(behind));
  }
  if (behind <= 0) said_behind_ = false;
  ledger_.SawTime(now);
  return ledger_.last_now();
}

LiveBudget* Budgets::Impl::BudgetOf(const BudgetLine& line) const {
  return line.series < by_series_.size() ? by_series_[line.series] : nullptr;
}

void Budgets::Impl::TouchAll(const CallScope& scope, std::list<std::string>& long_values,
                             UnixNanos now, Touches& touches) {
  for (const auto& budget : budgets_) {
    const BudgetSpec& spec = budget->spec;
    if (!spec.project.empty() && spec.project != scope.project) continue;
    std::string_view value = ValueOf(spec.scope, scope);
    if (spec.match != "*" && !GlobMatches(spec.match, value)) continue;
    if (value.size() > kCounterValueBytesMax) value = long_values.emplace_back(ShortValue(value));
    Touch& touch = touches.emplace_back();
    touch.budget = budget.get();
    touch.value = budget->each ? value : std::string_view();
    if (spec.scope == BudgetScope::kRequest) continue;
    if (now >= budget->period.end || now < budget->period.start) {
      budget->period = PeriodAt(budget->rule, now);
    }
    touch.line = ledger_.Find(budget->series, touch.value);
    if (touch.line == nullptr) continue;
    BudgetLedger::Roll(*touch.line, now);
    auto& buckets = touch.line->buckets;
    if (!buckets.empty() && buckets.back().start == budget->period.start) {
      touch.bucket = &buckets.back();
    }
  }
}

int64_t Budgets::Impl::AmountOf(const LiveBudget& budget, const CallScope& scope,
                                const CallBound& bound) {
  if (!bound.worst) return 0;
  const int64_t worst = std::clamp<int64_t>(bound.worst->value, 0, kCallUsdMax);
  if (budget.spec.mode == BudgetMode::kStrict) return worst;
  return history_.Expect(history_.PairOf(scope.key, scope.model), worst);
}

std::optional<BudgetRefusal> Budgets::Impl::Check(Touch& touch, const CallScope& scope,
                                                  const CallBound& bound, UnixNanos now) {
  using Why = BudgetRefusal::Why;
  LiveBudget& budget = *touch.budget;
  const BudgetSpec& spec = budget.spec;
  touch.amount = AmountOf(budget, scope, bound);
  const auto refuse = [&](Why why,
                          std::string_view detail = {}) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return Refuse(budget, touch.line, touch.value, touch.amount, why, now, detail);
  };
  if (budget.disabled) return refuse(Why::kDisabled, budget.why);
  if (!budget.disabled_values.empty()) {
    const auto at = budget.disabled_values.find(std::string(touch.value));
    if (at != budget.disabled_values.end()) return refuse(Why::kDisabled, at->second);
  }
  if (!spec.hard) return std::nullopt;
  if (!bound.worst && spec.unknown_price == UnknownPrice::kRefuse) {
    return refuse(Why::kUnknownPrice, bound.why_unknown);
  }
  if (!bound.input_known && spec.mode == BudgetMode::kStrict) {
    return refuse(Why::kUnboundedInput, bound.why_unknown);
  }
  const int64_t limit = LimitOf(budget, touch.line);
  if (touch.amount > limit || (bound.worst && bound.worst->value > kCallUsdMax)) {
    return refuse(Why::kTooLarge);
  }
  if (spec.scope == BudgetScope::kRequest) return std::nullopt;
  if (touch.line == nullptr) {
    if (!IsFull()) return std::nullopt;
    return refuse(Why::kCounters);
  }
  if (IsExhausted(budget, *touch.line) || AddUsd(touch.line->used(), touch.amount) > limit) {
    return refuse(Why::kExhausted);
  }
  return std::nullopt;
}

bool Budgets::Impl::AppendLocked(std::string_view records) {
  if (!broken_.ok()) {
    if (recovering_) pending_ += records;
    return false;
  }
  broken_ = journal_->Append(records);
  if (broken_.ok()) return true;
  LogError("budgets: {}; hard budgets refuse calls until it can be written", Message(broken_));
  work_.NotifyAll();
  return false;
}

int64_t Budgets::Impl::SliceOf(const BudgetLine& line, const LiveBudget& budget) const {
  const int64_t part = LimitOf(budget, &line) / options_.lease_parts;
  // What others share is taken in small pieces.
  return redis_ != nullptr ? part : std::max(part, line.largest);
}

void Budgets::Impl::WantLease(BudgetLine& line) {
  if (std::exchange(line.lease_wanted, true)) return;
  wants_.push_back(&line);
  work_.NotifyAll();
}

// Asked for before it is needed, so that calls need not wait.
void Budgets::Impl::LeaseAhead(BudgetLine& line, const BudgetBucket& bucket,
                               const LiveBudget& budget) {
  if (bucket.leased - bucket.used() >= SliceOf(line, budget) / 2) return;
  if (AddUsd(line.used() - bucket.used(), bucket.leased) >= LimitOf(budget, &line)) return;
  if (ledger_.last_now() < line.dry_until) return;
  WantLease(line);
}

void Budgets::Impl::Place(Touch& touch, BudgetRecords& records) {
  LiveBudget& budget = *touch.budget;
  if (touch.line == nullptr) {
    touch.line = &ledger_.Add(ledger_.next_line(), budget.series, std::string(touch.value));
    touch.line->used_at = ledger_.last_now();
    records.Line(*touch.line);
  }
  if (touch.bucket == nullptr) {
    touch.bucket = &BudgetLedger::AddBucket(*touch.line, budget.period.start, budget.period.leaves);
    records.Period(*touch.line, *touch.bucket);
  }
  touch.line->largest = std::max(touch.line->largest, touch.amount);
}

void Budgets::Impl::NoticeSoft(Touch& touch, BudgetDecision& decision) {
  const BudgetSpec& spec = touch.budget->spec;
  if (spec.hard || touch.line == nullptr ||
      touch.line->spent < LimitOf(*touch.budget, touch.line)) {
    return;
  }
  decision.soft.push_back({spec.id, std::string(touch.value), spec.limit,
                           NanoUsd{touch.line->spent}, !std::exchange(touch.line->noticed, true)});
}

bool Budgets::Impl::Take(const CallScope& scope, const CallBound& bound, Touches& touches,
                         UnixNanos now, BudgetDecision& decision, uint64_t& id) {
  records_.clear();
  BudgetRecords records(records_);
  BudgetCall call;
  call.at = now;
  call.trace = scope.trace;
  call.call = scope.call;
  call.worst = bound.worst ? bound.worst->value : 0;
  bool any_hard = false;
  bool lacking = false;
  int64_t largest = 0;
  for (Touch& touch : touches) {
    const BudgetSpec& spec = touch.budget->spec;
    largest = std::max(largest, touch.amount);
    if (spec.mode == BudgetMode::kExpected) call.history = history_.PairOf(scope.key, scope.model);
    if (spec.scope == BudgetScope::kRequest) {
      if (spec.hard && spec.cut) call.cut_above = std::min(call.cut_above, spec.limit.value);
      continue;
    }
    // A soft budget that finds no room counts nothing, and refuses nothing.
    if (touch.line == nullptr && !spec.hard && IsFull()) continue;
    NoticeSoft(touch, decision);
    Place(touch, records);
    any_hard |= spec.hard;
    lacking |= spec.hard && AddUsd(touch.bucket->used(), touch.amount) > touch.bucket->leased;
    call.holds.push_back({touch.line, touch.bucket->start, touch.amount, spec.hard});
  }
  id = ledger_.next_call();
  call.waiting = lacking;
  const bool writable = broken_.ok() || !any_hard;
  if (!lacking && writable) records.Reserve(id, call);
  if ((!AppendLocked(records_) || !writable) && any_hard) {
    const Touch& hard = *std::ranges::find_if(
        touches, [](const Touch& t) { return t.budget->spec.hard && t.line != nullptr; });
    decision.refusal = Refuse(*hard.budget, hard.line, hard.value, hard.amount,
                              BudgetRefusal::Why::kUnavailable, now, Message(broken_));
    return true;
  }
  BudgetCall& open = ledger_.Open(id, std::move(call));
  decision.reservation.owner_ = &owner_;
  decision.reservation.call_ = id;
  decision.reservation.amount_.value = largest;
  for (const BudgetHold& hold : open.holds) {
    if (!hold.leases) continue;
    BudgetBucket& bucket = *hold.line->Find(hold.start);
    if (lacking) {
      bucket.waiting = AddUsd(bucket.waiting, hold.amount);
      int64_t& least = hold.line->least;
      least = least == 0 ? hold.amount : std::min(least, hold.amount);
      if (bucket.used() > bucket.leased) WantLease(*hold.line);
    } else if (const LiveBudget* const budget = BudgetOf(*hold.line)) {
      LeaseAhead(*hold.line, bucket, *budget);
    }
  }
  decision.allowed = !lacking;
  return !lacking;
}

void Budgets::Impl::Reserve(const CallScope& scope, const CallBound& bound,
                            std::function<void(BudgetDecision)> done) {
  BudgetDecision decision;
  {
    MutexLock lock(&mutex_);
    decision.allowed = budgets_.empty();
    if (!decision.allowed) {
      const UnixNanos now = NowLocked();
      if (IsFull()) Sweep(kSweepAtOnce);
      std::list<std::string> long_values;
      Touches touches;
      TouchAll(scope, long_values, now, touches);
      for (Touch& touch : touches) {
        decision.refusal = Check(touch, scope, bound, now);
        if (decision.refusal) break;
      }
      decision.allowed = touches.empty();
      uint64_t call = 0;
      if (!touches.empty() && !decision.refusal &&
          !Take(scope, bound, touches, now, decision, call)) {
        waiting_.push_back({call, std::move(done), std::move(decision)});
        work_.NotifyAll();
        return;
      }
    }
  }
  done(std::move(decision));
}

void Budgets::Impl::Settle(uint64_t id, std::optional<NanoUsd> cost) {
  MutexLock lock(&mutex_);
  BudgetCall* const call = ledger_.FindCall(id);
  if (call == nullptr) return;
  std::optional<int64_t> nano;
  if (cost) nano = std::clamp<int64_t>(cost->value, 0, kCallUsdMax);
  if (nano && call->history != 0) history_.Add(call->history, *nano);
  records_.clear();
  BudgetRecords(records_).Settle(id, nano);
  // A settlement that could not be written leaves the reservation to a replay, which is more.
  AppendLocked(records_);
  const auto holds = call->holds;
  ledger_.Settle(id, nano);
  for (const BudgetHold& hold : holds) {
    const BudgetBucket* const bucket = hold.line->Find(hold.start);
    if (!hold.leases || bucket == nullptr) continue;
    if (bucket->used() - bucket->waiting > bucket->leased) WantLease(*hold.line);
  }
}

bool Budgets::Impl::MustCut(uint64_t id, NanoUsd cost, std::string* why, std::string* by) {
  MutexLock lock(&mutex_);
  BudgetCall* const call = ledger_.FindCall(id);
  if (call == nullptr) return false;
  if (cost.value > call->cut_above) {
    *why = fmt::format("it has cost {}, more than a call may: {}", FormatUsd(cost.value),
                       FormatUsd(call->cut_above));
    return true;
  }
  const UnixNanos now = NowLocked();
  const int64_t nano = std::min(cost.value, kCallUsdMax);
  for (size_t i = 0; i < call->holds.size(); ++i) {
    const BudgetHold& hold = call->holds[i];
    LiveBudget* const budget = BudgetOf(*hold.line);
    if (budget == nullptr || !budget->spec.hard || !budget->spec.cut) continue;
    const auto disabled = budget->disabled_values.find(hold.line->value);
    if (budget->disabled || disabled != budget->disabled_values.end()) {
      const std::string& words = budget->disabled ? budget->why : disabled->second;
      *why = fmt::format("budget \"{}\" is disabled: {}", budget->spec.id,
                         words.empty() ? "by an operator" : words);
      *by = budget->spec.id;
      return true;
    }
    if (nano <= hold.amount) continue;
    BudgetLedger::Roll(*hold.line, now);
    BudgetBucket* const bucket = hold.line->Find(hold.start);
    if (bucket == nullptr) continue;  // Its window is over: nothing to exceed.
    const int64_t more = nano - hold.amount;
    if (AddUsd(hold.line->used(), more) > LimitOf(*budget, hold.line)) {
      *why = fmt::format("budget \"{}\" of {} is used up", budget->spec.id,
                         FormatUsd(LimitOf(*budget, hold.line)));
      *by = budget->spec.id;
      return true;
    }
    records_.clear();
    BudgetRecords(records_).Grow(id, i, nano);
    AppendLocked(records_);
    BudgetLedger::Grow(*call, i, nano);
    if (bucket->used() - bucket->waiting > bucket->leased) WantLease(*hold.line);
  }
  return false;
}

}  // namespace pitot
