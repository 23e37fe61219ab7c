#include "alert/slo/slo_status.h"

#include <fmt/format.h>

#include <algorithm>

namespace pitot {
namespace {

SloBurn BurnOver(const MinuteCounts& counts, double target, int64_t window_ns, UnixNanos now) {
  SloBurn out;
  out.window_ns = window_ns;
  out.count = CountOver(counts, window_ns, now);
  out.burn = BurnRate(out.count, target);
  return out;
}

// How near a rule is to firing: of its two windows the one that is further from it.
double Nearness(const SloRuleState& rule) {
  return std::min(rule.over_long.burn.value_or(0), rule.over_short.burn.value_or(0)) / rule.factor;
}

// Of a tier: which verdict wins.
int Weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::kBreach:
      return 3;
    case Verdict::kHold:
      return 2;
    case Verdict::kSuppressed:
      return 1;
    default:
      return 0;
  }
}

// "5m", "6h", "3d".
std::string WindowText(int64_t minutes) {
  if (minutes % 1440 == 0) return fmt::format("{}d", minutes / 1440);
  if (minutes % 60 == 0) return fmt::format("{}h", minutes / 60);
  return fmt::format("{}m", minutes);
}

std::string WeakEvidence(const BurnRule& rule, const SliCount& count) {
  if (count.valid < rule.valid_min) {
    return fmt::format("{} valid events within {}; at least {} are needed to tell", count.valid,
                       WindowText(rule.long_minutes), rule.valid_min);
  }
  if (count.bad() < rule.bad_min) {
    return fmt::format(
        "{} bad of {} valid events within {}; at least {} bad ones are needed to "
        "tell",
        count.bad(), count.valid, WindowText(rule.long_minutes), rule.bad_min);
  }
  return fmt::format(
      "{} bad of {} valid events within {}: a service that just meets its target would have as "
      "many by chance more often than one time in a thousand",
      count.bad(), count.valid, WindowText(rule.long_minutes));
}

}  // namespace

SliCount CountOver(const MinuteCounts& counts, int64_t window_ns, UnixNanos now) {
  const int64_t minute = now / kNanosPerMinute;
  return counts.Sum(minute + 1, window_ns / kNanosPerMinute + 1);
}

namespace {

// Whether it was over its factor in both windows at every minute of the last `hold_minutes`.
bool Held(const BurnRule& rule, double target, const MinuteCounts& counts, UnixNanos now) {
  for (int64_t back = 1; back <= rule.hold_minutes; ++back) {
    const UnixNanos then = now - back * kNanosPerMinute;
    for (const int64_t minutes : {rule.long_minutes, rule.short_minutes}) {
      if (!BurnExceeds(CountOver(counts, minutes * kNanosPerMinute, then), target, rule.factor)) {
        return false;
      }
    }
  }
  return true;
}

}  // namespace

SloRuleState JudgeBurn(const BurnRule& rule, double target, const MinuteCounts& counts,
                       UnixNanos now) {
  SloRuleState out;
  out.name = rule.name;
  out.tier = rule.tier;
  out.severity = rule.severity;
  out.factor = rule.factor;
  out.reachable = rule.reachable;
  out.over_long = BurnOver(counts, target, rule.long_minutes * kNanosPerMinute, now);
  out.over_short = BurnOver(counts, target, rule.short_minutes * kNanosPerMinute, now);
  const SliCount& over_long = out.over_long.count;
  const SliCount& over_short = out.over_short.count;
  const auto both_above = [&](double factor) {
    return BurnExceeds(over_long, target, factor) && BurnExceeds(over_short, target, factor);
  };
  if (!rule.reachable) {
    out.reason = fmt::format("no outage burns faster than {:.4g} at this target", MaxBurn(target));
  } else if (over_long.valid == 0) {
    out.verdict = Verdict::kNoData;
    out.reason = fmt::format("nothing valid within {}", rule.long_minutes);
  } else if (BurnExceeds(over_long, target, rule.factor) && over_short.valid == 0) {
    out.verdict = Verdict::kNoData;
    out.reason = fmt::format("burns at {:.4g} over {}m, and nothing valid came within {}",
                             *out.over_long.burn, rule.long_minutes, rule.short_minutes);
  } else if (both_above(rule.factor)) {
    if (!IsEvidence(over_long, target, rule.valid_min, rule.bad_min)) {
      out.verdict = Verdict::kSuppressed;
      out.reason = WeakEvidence(rule, over_long);
    } else {
      // Not held for long enough yet is below by a little: what fires goes on.
      out.verdict = Held(rule, target, counts, now) ? Verdict::kBreach : Verdict::kHold;
    }
  } else if (both_above(kClearShare * rule.factor)) {
    out.verdict = Verdict::kHold;
  }
  return out;
}

void FillFigures(const MinuteCounts& counts, UnixNanos now, SloStatus& status) {
  const SloSpec& spec = *status.spec;
  const SloBurn whole = BurnOver(counts, spec.target, spec.window_ns, now);
  status.total = whole.count;
  status.burn = whole.burn;
  status.sli.reset();
  if (whole.count.valid > 0) {
    status.sli = static_cast<double>(whole.count.good) / static_cast<double>(whole.count.valid);
  }
  status.budget_left = BudgetLeft(whole.count, spec.target);
  status.burns.clear();
  for (const int64_t minutes : kBurnMinutes) {
    const int64_t window_ns = minutes * kNanosPerMinute;
    if (window_ns < spec.window_ns) {
      status.burns.push_back(BurnOver(counts, spec.target, window_ns, now));
    }
  }
  status.burns.push_back(whole);

  const int64_t recent_ns = std::min(spec.window_ns, 60 * kNanosPerMinute);
  const auto recent = BurnRate(CountOver(counts, recent_ns, now), spec.target);
  status.time_to_exhaust_ns.reset();
  if (status.budget_left <= 0) {
    status.time_to_exhaust_ns = 0;
  } else if (recent && *recent > 0) {
    const auto left =
        TimeToExhaust(status.budget_left, static_cast<double>(spec.window_ns), *recent);
    // Beyond the window the events of today are forgotten: it lasts.
    if (left && *left < static_cast<double>(spec.window_ns)) {
      status.time_to_exhaust_ns = static_cast<int64_t>(*left);
    }
  }
  status.rules.clear();
  for (const BurnRule& rule : BurnRulesOf(spec)) {
    status.rules.push_back(JudgeBurn(rule, spec.target, counts, now));
  }
}

std::vector<TierVerdict> JudgeTiers(const std::vector<SloRuleState>& rules) {
  std::vector<TierVerdict> tiers;
  for (const SloRuleState& first : rules) {
    if (std::ranges::any_of(tiers, [&](const auto& tier) { return tier.tier == first.tier; })) {
      continue;
    }
    TierVerdict tier{first.tier, first.severity, Verdict::kOk, nullptr};
    const SloRuleState* widest = nullptr;
    const SloRuleState* unknown = nullptr;
    for (const SloRuleState& rule : rules) {
      if (rule.tier != first.tier || !rule.reachable) continue;
      // Of several that fire the first: the rules stand in the order of their urgency.
      const bool decides = tier.rule == nullptr ||
                           Weight(rule.verdict) > Weight(tier.rule->verdict) ||
                           (Weight(rule.verdict) == 0 && Weight(tier.rule->verdict) == 0 &&
                            Nearness(rule) > Nearness(*tier.rule));
      if (decides) tier.rule = &rule;
      if (widest == nullptr || rule.over_short.window_ns > widest->over_short.window_ns) {
        widest = &rule;
      }
      if (rule.verdict == Verdict::kNoData && rule.over_long.count.valid > 0) unknown = &rule;
    }
    if (tier.rule == nullptr) continue;  // None can fire.
    if (Weight(tier.rule->verdict) > 0) {
      tier.verdict = tier.rule->verdict;
    } else if (unknown != nullptr || widest->over_short.count.valid == 0) {
      tier.verdict = Verdict::kNoData;
      tier.rule = unknown != nullptr ? unknown : widest;
    }
    tiers.push_back(tier);
  }
  return tiers;
}

std::string WindowName(int64_t window_ns) {
  const int64_t minutes = window_ns / kNanosPerMinute;
  if (minutes % 1'440 == 0) return fmt::format("{}d", minutes / 1'440);
  if (minutes % 60 == 0) return fmt::format("{}h", minutes / 60);
  return fmt::format("{}m", minutes);
}

}  // namespace pitot
