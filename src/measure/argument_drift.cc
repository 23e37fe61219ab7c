#include "measure/argument_drift.h"

#include <algorithm>

namespace pitot {
namespace {

constexpr double kSignificance = 0.01;
constexpr int kRisePercentMin = 5;
constexpr int kFactorMin = 2;

// Shares are compared as fractions: 0.15 - 0.1 is less than 0.05 in binary ones. Fits: 100 times the
// square of all calls ever.
using Wide = __int128;

}  // namespace

bool ArgumentsDrifted(const Proportion& before, const Proportion& after) {
  if (std::min(before.trials, after.trials) < kDriftCallsMin) return false;
  const Wide hits1 = Wide{before.hits} * after.trials;
  const Wide hits2 = Wide{after.hits} * before.trials;
  return 100 * (hits2 - hits1) >= Wide{kRisePercentMin} * before.trials * after.trials &&
         hits2 >= kFactorMin * hits1 && TwoProportionP(before, after) <= kSignificance;
}

}  // namespace pitot
