#include "alert/slo/burn_rules.h"

#include <algorithm>

#include "measure/burn_rate.h"

namespace pitot {
namespace {

BurnRule OfFast(const FastBurn& fast) {
  BurnRule rule;
  rule.name = fast.name;
  rule.tier = fast.page ? "page" : "warning";
  rule.severity = fast.page ? AlertSeverity::kPage : AlertSeverity::kWarning;
  rule.long_minutes = fast.long_minutes;
  rule.short_minutes = fast.short_minutes;
  rule.factor = fast.factor;
  rule.valid_min = fast.valid_min;
  rule.bad_min = fast.bad_min;
  return rule;
}

BurnRule OfTier(const BurnTier& tier, double period_minutes) {
  BurnRule rule;
  rule.name = tier.name;
  rule.tier = tier.page ? "page" : "ticket";
  rule.severity = tier.page ? AlertSeverity::kPage : AlertSeverity::kTicket;
  rule.long_minutes = tier.long_minutes;
  rule.short_minutes = tier.short_minutes;
  rule.factor =
      TierFactor(tier.budget_share, period_minutes, static_cast<double>(tier.long_minutes));
  rule.bad_min = kGateBadMin;
  return rule;
}

BurnRule OfSpec(const SloBurnRule& own) {
  BurnRule rule;
  rule.name = own.name;
  rule.tier = Name(own.severity);
  rule.severity = own.severity;
  rule.long_minutes = own.long_ns / kNanosPerMinute;
  rule.short_minutes = own.short_ns > 0 ? own.short_ns / kNanosPerMinute
                                        : std::max<int64_t>(1, rule.long_minutes / 12);
  rule.hold_minutes = own.hold_ns / kNanosPerMinute;
  rule.factor = own.factor;
  rule.bad_min = kGateBadMin;
  return rule;
}

}  // namespace

std::vector<BurnRule> BurnRulesOf(const SloSpec& spec) {
  const int64_t period = spec.window_ns / kNanosPerMinute;
  std::vector<BurnRule> rules;
  for (const FastBurn& fast : kFastBurns) {
    if (fast.page ? spec.alert_fast_page : spec.alert_fast_warn) rules.push_back(OfFast(fast));
  }
  for (const BurnTier& tier : kBurnTiers) {
    if (!spec.alert_multiwindow || tier.long_minutes * 2 > period) continue;
    BurnRule rule = OfTier(tier, static_cast<double>(period));
    if (tier.page && rule.factor < 1) continue;
    rule.factor = std::max(rule.factor, 1.0);
    rules.push_back(rule);
  }
  for (const SloBurnRule& own : spec.alert_rules) rules.push_back(OfSpec(own));
  for (BurnRule& rule : rules) rule.reachable = IsReachable(spec.target, rule.factor);
  return rules;
}

}  // namespace pitot
