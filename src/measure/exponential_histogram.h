// measure/exponential_histogram.h
//
// Buckets of OpenTelemetry's exponential histograms. Source: OpenTelemetry metrics data model,
// "ExponentialHistogram": base = 2^(2^-scale), bucket i holds (base^i, base^(i+1)], its upper end
// included. Pure; any thread.
#pragma once

#include <cstdint>

namespace pitot {

inline constexpr int kExponentialScaleMin = -10;
inline constexpr int kExponentialScaleMax = 20;

// The bucket of `value`. Powers of two, whose logarithm no rounding may move over an edge, are exact.
// REQUIRES: value > 0 and finite; kExponentialScaleMin <= scale <= kExponentialScaleMax.
int32_t ExponentialIndex(double value, int scale);

// base^index: the lower end of a bucket, which is not in it; index + 1 gives the upper.
double ExponentialBound(int32_t index, int scale);

// The same bucket in a histogram whose scale is lower by `by`: 2^by buckets become one.
constexpr int32_t ExponentialDownscaled(int32_t index, int by) { return index >> by; }

// The relative error of a quantile told from such buckets: (base - 1) / (base + 1).
double ExponentialErrorBound(int scale);

}  // namespace pitot
