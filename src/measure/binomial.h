// measure/binomial.h
//
// The tail of the binomial distribution: how likely so many bad events are by chance. Pure; any thread.
//
// The first term follows C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000):
// deviance instead of factorials, which would lose every digit for large n; the others follow from
// their neighbours. Within 1e-12 of the true value, relative, for n up to 1e9; at most some
// 10 * sqrt(n p (1 - p)) terms: 2 ms for the worst case of n = 1e9, microseconds for what SLOs count.
#pragma once

#include <cstdint>

namespace pitot {

// P(X >= k), X ~ Binomial(n, p). 1 when k <= 0, 0 when k > n.
// REQUIRES: 0 <= n <= 1e9, 0 <= p <= 1.
double BinomialUpperTail(int64_t k, int64_t n, double p);

}  // namespace pitot
