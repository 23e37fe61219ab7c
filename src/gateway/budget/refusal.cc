#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "gateway/budget/impl.h"

namespace pitot {
namespace {

// A counter that refused a call when at least nine tenths of its limit were spent is exhausted, for
// smaller calls too.
constexpr int64_t kExhaustedRest = 10;

std::string Usd(int64_t nano) { return FormatUsd(nano); }

std::string WhoseWords(const BudgetSpec& spec, bool each, std::string_view value) {
  if (!each) return std::string();
  if (value.empty()) return fmt::format(" for calls without a {}", Name(spec.scope));
  return fmt::format(" of {} {}", Name(spec.scope), value);
}

// When so much has left a rolling window that `needed` fits; kNever: it never does.
UnixNanos FitsAt(const BudgetLine& line, int64_t limit, int64_t needed) {
  int64_t used = line.used();
  for (const BudgetBucket& bucket : line.buckets) {
    if (bucket.leaves == kNever) break;
    used -= bucket.used();
    if (AddUsd(used, needed) <= limit) return bucket.leaves;
  }
  return kNever;
}

}  // namespace

int64_t Budgets::Impl::LimitOf(const LiveBudget& budget, const BudgetLine* line) {
  return line == nullptr ? budget.spec.limit.value : AddUsd(budget.spec.limit.value, line->extra);
}

bool Budgets::Impl::IsExhausted(const LiveBudget& budget, const BudgetLine& line) {
  const int64_t limit = LimitOf(budget, &line);
  return line.exhausted && line.spent >= limit - limit / kExhaustedRest;
}

BudgetRefusal Budgets::Impl::Refuse(LiveBudget& budget, BudgetLine* line, std::string_view value,
                                    int64_t needed, BudgetRefusal::Why why, UnixNanos now,
                                    std::string_view detail) {
  using Why = BudgetRefusal::Why;
  const BudgetSpec& spec = budget.spec;
  ++budget.refused;
  BudgetRefusal refusal;
  refusal.budget = spec.id;
  refusal.counter_key = value;
  refusal.scope = spec.scope;
  refusal.why = why;
  refusal.limit.value = LimitOf(budget, line);
  refusal.needed.value = needed;
  if (line != nullptr) {
    ++line->refused;
    refusal.spent.value = line->spent;
    refusal.reserved.value = line->reserved;
  }
  const std::string name =
      fmt::format("budget \"{}\"{}", spec.id, WhoseWords(spec, budget.each, value));
  switch (why) {
    case Why::kExhausted: {
      if (!line->exhausted &&
          line->spent >= refusal.limit.value - refusal.limit.value / kExhaustedRest) {
        line->exhausted = true;
        std::string mark;
        BudgetRecords(mark).Mark(*line);
        AppendLocked(mark);
      }
      const UnixNanos fits = FitsAt(*line, refusal.limit.value, needed);
      refusal.resets_at = fits == kNever ? 0 : std::max(fits, now);
      refusal.in_flight = AddUsd(line->spent, needed) <= refusal.limit.value;
      refusal.message = fmt::format(
          "{}: {} of {} is spent and {} reserved by calls in flight{}; this call may cost {}.{}",
          name, Usd(line->spent), Usd(refusal.limit.value), Usd(line->reserved),
          line->elsewhere == 0 ? std::string()
                               : fmt::format(", {} leased by other gateways", Usd(line->elsewhere)),
          Usd(needed),
          refusal.resets_at == 0
              ? std::string(" It does not start anew by itself.")
              : fmt::format(" Enough is free at {}.", FormatTime(refusal.resets_at)));
      break;
    }
    case Why::kDisabled:
      refusal.message = fmt::format("{} is disabled: {}. `pitot budget enable {}` enables it.",
                                    name, detail.empty() ? "by an operator" : detail, spec.id);
      break;
    case Why::kTooLarge:
      refusal.message = fmt::format(
          "{}: this call may cost {}, and the limit is {}. A smaller max_tokens makes it smaller.",
          name, Usd(needed), Usd(refusal.limit.value));
      break;
    case Why::kUnknownPrice:
      refusal.message = fmt::format(
          "{}: {}. Add a price to prices.yaml, or allow such calls with unknown_price: allow.",
          name, detail.empty() ? "the price of this model is not known" : detail);
      break;
    case Why::kUnboundedInput:
      refusal.message = fmt::format("{}: {}. A budget of mode expected would allow it.", name,
                                    detail.empty() ? "nothing bounds this call's input" : detail);
      break;
    case Why::kCounters:
      refusal.message = fmt::format(
          "{}: {} counters are in use, which is limits.budget_counters; another is not made.", name,
          ledger_.size());
      break;
    case Why::kUnavailable:
      refusal.message =
          fmt::format("{} cannot be charged now, so the call is not made: {}", name, detail);
      break;
  }
  return refusal;
}

std::string_view Name(BudgetRefusal::Why v) {
  constexpr std::string_view kNames[] = {"exhausted",     "disabled",        "too_large",
                                         "unknown_price", "unbounded_input", "counters",
                                         "unavailable"};
  return kNames[static_cast<size_t>(v)];
}

}  // namespace pitot
