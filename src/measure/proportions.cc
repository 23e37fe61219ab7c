#include "measure/proportions.h"

#include <algorithm>
#include <cmath>

namespace pitot {
namespace {

constexpr double kExpectedCountMin = 5;
// Two tables are equally likely when their weights differ by rounding only (R's own tolerance).
constexpr double kTieTolerance = 1e-7;

}  // namespace

double TwoProportionZ(const Proportion& before, const Proportion& after) {
  const double n1 = static_cast<double>(before.trials);
  const double n2 = static_cast<double>(after.trials);
  const double pooled = double(before.hits + after.hits) / (n1 + n2);
  return (after.share() - before.share()) / std::sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2));
}

double FisherExactP(const Proportion& before, const Proportion& after) {
  // Tables with these margins differ in k, the hits before; each one's probability follows from its
  // neighbour's. Weights start at 1 for the likeliest k, so that none overflows and those that
  // underflow do not matter.
  const int64_t hits = before.hits + after.hits;
  const int64_t k_min = std::max<int64_t>(0, hits - after.trials);
  const int64_t k_max = std::min(hits, before.trials);
  const double n = static_cast<double>(before.trials) + static_cast<double>(after.trials);
  const auto mode =
      std::clamp(int64_t(std::floor((static_cast<double>(hits) + 1) *
                                    (static_cast<double>(before.trials) + 1) / (n + 2))),
                 k_min, k_max);
  // P(k + 1) / P(k).
  const auto rise = [&](int64_t k) {
    return double(hits - k) / double(k + 1) * double(before.trials - k) /
           double(after.trials - hits + k + 1);
  };
  double seen = 1;
  double weight = 1;
  if (before.hits >= mode) {
    for (int64_t k = mode; k < before.hits; ++k) seen *= rise(k);
  } else {
    for (int64_t k = mode; k > before.hits; --k) seen /= rise(k - 1);
  }
  const double limit = seen * (1 + kTieTolerance);
  double all = 0;
  double rare = 0;
  const auto add = [&] {
    all += weight;
    if (weight <= limit) rare += weight;
  };
  add();
  for (int64_t k = mode; k < k_max && weight > 0; ++k) {
    weight *= rise(k);
    add();
  }
  weight = 1;
  for (int64_t k = mode; k > k_min && weight > 0; --k) {
    weight /= rise(k - 1);
    add();
  }
  return std::min(1.0, rare / all);
}

double TwoProportionP(const Proportion& before, const Proportion& after) {
  const int64_t trials = before.trials + after.trials;
  const int64_t hits = before.hits + after.hits;
  if (before.trials == 0 || after.trials == 0 || hits == 0 || hits == trials) return 1;
  const double expected_min = double(std::min(before.trials, after.trials)) *
                              double(std::min(hits, trials - hits)) / static_cast<double>(trials);
  if (expected_min < kExpectedCountMin) return FisherExactP(before, after);
  return std::erfc(std::abs(TwoProportionZ(before, after)) / std::sqrt(2.0));
}

}  // namespace pitot
