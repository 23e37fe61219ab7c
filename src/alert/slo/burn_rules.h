// alert/slo/burn_rules.h
//
// The burn rules of an objective: fast ones at fixed factors on short windows, and the four tiers of
// measure/burn_rate.h with factors that suit its window.
//
// A window other than 30 days: a tier's factor is what spends its share of the budget within its long
// window. One that would be below 1 is raised to 1 for tickets, since a slower burn leaves budget over;
// as a page it is left out. So is a tier whose long window is more than half of the objective's.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "alert/alert.h"
#include "alert/slo/slo.h"

namespace pitot {

struct BurnRule {
  std::string_view
      name;  // fast_page, fast_warning, page_quick, page_slow, ticket_quick, ticket_slow
  std::string_view
      tier;  // page, warning, ticket, info: the label. Rules of one tier are one alert.
  AlertSeverity severity = AlertSeverity::kWarning;
  int64_t long_minutes = 0;
  int64_t short_minutes = 0;
  int64_t hold_minutes = 0;  // Fires once it has held for so long.
  double factor = 0;
  // Of evidence, in the long window.
  int64_t valid_min = 0;
  int64_t bad_min = 0;
  bool reachable = true;  // At the objective's target.
};

// Those that the objective asks for, fast ones first, its own last, also unreachable ones. Views into
// `spec`. Pure; any thread.
std::vector<BurnRule> BurnRulesOf(const SloSpec& spec);

}  // namespace pitot
