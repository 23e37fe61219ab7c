// measure/burn_rate.h
//
// How fast an objective's error budget is spent. Pure; any thread.
//
//   sli    = good / valid                 budget = 1 - target
//   burn   = (1 - sli) / (1 - target)     1: the budget lasts exactly as long as the objective's period
//
// Sources: B. Beyer et al., "The Site Reliability Workbook" (2018), chapter 5, "Alerting on SLOs": burn
// rates over two windows and the table of tiers; Pyrra, slo/slo.go: how long data may be absent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pitot {

// Events of a window. REQUIRES of all functions here: 0 <= good <= valid.
struct SliCount {
  int64_t good = 0;
  int64_t valid = 0;

  int64_t bad() const { return valid - good; }
  SliCount& operator+=(const SliCount& other) {
    good += other.good;
    valid += other.valid;
    return *this;
  }
  SliCount& operator-=(const SliCount& other) {
    good -= other.good;
    valid -= other.valid;
    return *this;
  }
  bool operator==(const SliCount&) const = default;
};

// All below: REQUIRES 0 < target < 1.

// Nothing without valid events: no data is not a burn of 0.
std::optional<double> BurnRate(const SliCount& count, double target);

// The burn of a total outage: 1 / (1 - target).
double MaxBurn(double target);

// Whether `burn > factor`, told from the counts, so that a burn of exactly `factor` is not above it by
// an error of rounding. False without data.
bool BurnExceeds(const SliCount& count, double target, double factor);

// Whether any outage could make `burn > factor`. At a target of 90 % a burn above 10 cannot be.
bool IsReachable(double target, double factor);
// The lowest target at which `factor` is reached by the error ratio `error_ratio` (1: a total outage):
// targets above it reach it. 1 - error_ratio / factor.
double TargetReaching(double factor, double error_ratio = 1);

// The burn that spends `budget_share` of the budget within `long_window`; both spans in one unit.
double TierFactor(double budget_share, double period, double long_window);

// The share of the budget that `burn` spends within `window`.
double BudgetConsumed(double burn, double window, double period);

// What is left of the budget of a whole period: 1 untouched, 0 spent, below 0 overspent. 1 without data.
double BudgetLeft(const SliCount& period, double target);

// In the unit of `period`; nothing when nothing burns. 0: it is spent.
std::optional<double> TimeToExhaust(double budget_left, double period, double burn);

// The error ratio above which a tier fires: factor * (1 - target).
double ThresholdErrorRatio(double target, double factor);

// After how much of `long_window` a constant error ratio fires, and after how much of `short_window`
// with no error it stops: of a clean history and even traffic. Nothing: it never fires.
std::optional<double> DetectionTime(double target, double error_ratio, double long_window,
                                    double factor);
std::optional<double> ResetTime(double target, double error_ratio, double short_window,
                                double factor);

// After how many seconds without data somebody is told: the time in which a total outage would have been
// found, and the rule's own `for`; to the nearest minute, as Pyrra has it. All in seconds.
int64_t AbsentFor(double target, double factor, double long_window_s, double for_s);

// The four tiers for a period of 30 days; for another the factor is TierFactor(budget_share, ...).
// One fires when the burn is above its factor over both windows.
struct BurnTier {
  std::string_view name;
  bool page = false;  // Else a ticket.
  int64_t long_minutes = 0;
  int64_t short_minutes = 0;
  double budget_share = 0;
  double factor_30d = 0;
};
inline constexpr std::array<BurnTier, 4> kBurnTiers = {{
    {"page_quick", true, 60, 5, 0.02, 14.4},
    {"page_slow", true, 360, 30, 0.05, 6},
    {"ticket_quick", false, 1'440, 120, 0.1, 3},
    {"ticket_slow", false, 4'320, 360, 0.1, 1},
}};

// Fixed factors on short windows, beside the tiers: at loose targets these take too long (at 95 % a
// total outage pages after 43 minutes). Fires when above over both windows, with so many events.
struct FastBurn {
  std::string_view name;
  bool page = false;  // Else a warning.
  int64_t long_minutes = 0;
  int64_t short_minutes = 0;
  double factor = 0;
  int64_t valid_min = 0;
  int64_t bad_min = 0;
};
inline constexpr std::array<FastBurn, 2> kFastBurns = {{
    {"fast_page", true, 5, 1, 10, 20, 5},
    {"fast_warning", false, 60, 5, 2, 0, 3},
}};

// A burn rate of few events says little: one failure of ten requests an hour is a burn of 100 at
// 99.9 %. Enough are: `valid_min` events, `bad_min` bad ones, and so many bad ones that a service that
// just meets its target would have them with a probability of at most kGateProbabilityMax.
inline constexpr double kGateProbabilityMax = 1e-3;
inline constexpr int64_t kGateBadMin = 3;
bool IsEvidence(const SliCount& count, double target, int64_t valid_min = 0,
                int64_t bad_min = kGateBadMin);

}  // namespace pitot
