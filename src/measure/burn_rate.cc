#include "measure/burn_rate.h"

#include <algorithm>
#include <cmath>

#include "measure/binomial.h"

namespace pitot {
namespace {

// 1 - target is off by up to 1e-16, which is 1e-13 of the budget at 99.9 %; no count is as fine as this.
constexpr double kRounding = 1e-9;

}  // namespace

std::optional<double> BurnRate(const SliCount& count, double target) {
  if (count.valid <= 0) return std::nullopt;
  const double sli = static_cast<double>(count.good) / static_cast<double>(count.valid);
  return (1 - sli) / (1 - target);
}

double MaxBurn(double target) { return 1 / (1 - target); }

bool BurnExceeds(const SliCount& count, double target, double factor) {
  if (count.valid <= 0) return false;
  const double allowed = factor * (1 - target) * static_cast<double>(count.valid);
  return static_cast<double>(count.bad()) > allowed * (1 + kRounding);
}

bool IsReachable(double target, double factor) { return factor * (1 - target) < 1 - kRounding; }

double TargetReaching(double factor, double error_ratio) { return 1 - error_ratio / factor; }

double TierFactor(double budget_share, double period, double long_window) {
  return budget_share * period / long_window;
}

double BudgetConsumed(double burn, double window, double period) { return burn * window / period; }

double BudgetLeft(const SliCount& period, double target) {
  return 1 - BurnRate(period, target).value_or(0);
}

std::optional<double> TimeToExhaust(double budget_left, double period, double burn) {
  if (budget_left <= 0) return 0;
  if (burn <= 0) return std::nullopt;
  return budget_left * period / burn;
}

double ThresholdErrorRatio(double target, double factor) { return factor * (1 - target); }

std::optional<double> DetectionTime(double target, double error_ratio, double long_window,
                                    double factor) {
  const double threshold = ThresholdErrorRatio(target, factor);
  if (error_ratio <= threshold * (1 + kRounding)) return std::nullopt;
  return threshold / error_ratio * long_window;
}

std::optional<double> ResetTime(double target, double error_ratio, double short_window,
                                double factor) {
  const double threshold = ThresholdErrorRatio(target, factor);
  if (error_ratio <= threshold * (1 + kRounding)) return std::nullopt;
  return short_window * (1 - threshold / error_ratio);
}

int64_t AbsentFor(double target, double factor, double long_window_s, double for_s) {
  const double detection = std::trunc(ThresholdErrorRatio(target, factor) * long_window_s);
  return 60 * static_cast<int64_t>(std::round((detection + for_s) / 60));
}

bool IsEvidence(const SliCount& count, double target, int64_t valid_min, int64_t bad_min) {
  if (count.valid < std::max<int64_t>(1, valid_min) || count.bad() < bad_min) return false;
  return BinomialUpperTail(count.bad(), count.valid, 1 - target) <= kGateProbabilityMax;
}

}  // namespace pitot
