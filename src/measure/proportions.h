// measure/proportions.h
//
// Did a share change? Two samples of successes among trials, compared with the test that suits them.
//
// Formulas: the pooled two-proportion z test (R: prop.test without continuity correction),
//   p = (x1 + x2) / (n1 + n2),  z = (x2/n2 - x1/n1) / sqrt(p (1 - p) (1/n1 + 1/n2)),
// and, when a count expected in the 2x2 table is below 5, where z misleads, Fisher's exact test: the
// probability, margins given, of all tables no more likely than the one seen (R: fisher.test).
//
// Pure; any thread.
#pragma once

#include <cstdint>

namespace pitot {

// REQUIRES: 0 <= hits <= trials <= 2^53.
struct Proportion {
  int64_t hits = 0;
  int64_t trials = 0;

  // 0 without trials.
  double share() const {
    return trials == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(trials);
  }
};

// The probability of a difference at least as large when both samples are of one distribution, in
// [0, 1]; two-sided. 1 when a sample is empty, or all trials of both ended alike: nothing differs.
double TwoProportionP(const Proportion& before, const Proportion& after);

// The two tests themselves.
// REQUIRES: trials > 0 in both and not all alike.
double TwoProportionZ(const Proportion& before, const Proportion& after);
double FisherExactP(const Proportion& before, const Proportion& after);

}  // namespace pitot
