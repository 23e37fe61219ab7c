#include "measure/binomial.h"

#include <cmath>
#include <iterator>
#include <numbers>

namespace pitot {
namespace {

// long double throughout: a rounding of n * p at 53 bits is multiplied by the distance from the mean,
// 6e5 at n = 1e9, and would be all that is left of twelve digits.
using Real = long double;

// log(n!) less Stirling's approximation.
Real StirlingError(int64_t n) {
  if (n < 16) {
    const Real x = static_cast<Real>(n);
    return std::lgamma(x + 1) -
           ((x + 0.5L) * std::log(x) - x + 0.5L * std::log(2 * std::numbers::pi_v<Real>));
  }
  // sum B_2i / (2i (2i-1) n^(2i-1)).
  const Real inverse = 1 / static_cast<Real>(n);
  const Real square = inverse * inverse;
  constexpr Real kTerms[] = {1 / 12.0L,         -1 / 360.0L,        1 / 1260.0L, -1 / 1680.0L,
                             1 / 1188.0L,       -691 / 360360.0L,   1 / 156.0L,  -3617 / 122400.0L,
                             43867 / 244188.0L, -174611 / 125400.0L};
  Real sum = 0;
  for (size_t i = std::size(kTerms); i-- > 0;) sum = sum * square + kTerms[i];
  return sum * inverse;
}

// x log(x / mean) + mean - x, also where x is near the mean.
Real Deviance(Real x, Real mean) {
  const Real difference = x - mean;
  if (std::abs(difference) >= 0.1L * (x + mean)) return x * std::log(x / mean) - difference;
  const Real v = difference / (x + mean);
  Real sum = difference * v;
  Real power = 2 * x * v;
  const Real square = v * v;
  for (int j = 3;; j += 2) {
    power *= square;
    const Real next = sum + power / static_cast<Real>(j);
    if (next == sum) return sum;
    sum = next;
  }
}

// P(X = k). REQUIRES: 0 < p < 1.
Real Probability(int64_t k, int64_t n, Real p, Real q) {
  if (k == 0) return std::exp(static_cast<Real>(n) * std::log1p(-p));
  if (k == n) return std::exp(static_cast<Real>(n) * std::log(p));
  const Real trials = static_cast<Real>(n);
  const Real hits = static_cast<Real>(k);
  const Real misses = static_cast<Real>(n - k);
  const Real exponent = StirlingError(n) - StirlingError(k) - StirlingError(n - k) -
                        Deviance(hits, trials * p) - Deviance(misses, trials * q);
  return std::exp(exponent) * std::sqrt(trials / (2 * std::numbers::pi_v<Real> * hits * misses));
}

// Of what the last terms add, nothing is left.
constexpr Real kNothing = 1e-20L;

Real SumUp(int64_t k, int64_t n, Real p, Real q) {
  Real term = Probability(k, n, p, q);
  Real sum = term;
  for (int64_t i = k; i < n; ++i) {
    term *= static_cast<Real>(n - i) / static_cast<Real>(i + 1) * (p / q);
    sum += term;
    if (term <= sum * kNothing) break;
  }
  return sum;
}

Real SumDown(int64_t k, int64_t n, Real p, Real q) {
  Real term = Probability(k, n, p, q);
  Real sum = term;
  for (int64_t i = k; i > 0; --i) {
    term *= static_cast<Real>(i) / static_cast<Real>(n - i + 1) * (q / p);
    sum += term;
    if (term <= sum * kNothing) break;
  }
  return sum;
}

}  // namespace

double BinomialUpperTail(int64_t k, int64_t n, double p) {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  const Real hit = p;
  const Real miss = 1 - hit;
  // From k away from the mean terms only fall; towards it they would rise first.
  if (static_cast<Real>(k) > static_cast<Real>(n) * hit) {
    return static_cast<double>(SumUp(k, n, hit, miss));
  }
  return static_cast<double>(1 - SumDown(k - 1, n, hit, miss));
}

}  // namespace pitot
