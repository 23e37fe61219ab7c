#include "measure/exponential_histogram.h"

#include <algorithm>
#include <cmath>

namespace pitot {

int32_t ExponentialIndex(double value, int scale) {
  int exponent = 0;
  const double fraction =
      std::frexp(value, &exponent);  // value = fraction * 2^exponent, in [0.5, 1)
  const bool is_power = fraction == 0.5;
  // The bucket at scale 0, (2^i, 2^(i+1)]: a power of two is the end of the one below.
  const int32_t octave = exponent - (is_power ? 2 : 1);
  if (scale <= 0) return octave >> -scale;
  if (is_power) return ((octave + 1) << scale) - 1;
  const auto index = static_cast<int32_t>(std::ceil(std::ldexp(std::log2(value), scale))) - 1;
  // Just beside a power of two the logarithm may round onto it: the octave is known, and is kept.
  return std::clamp(index, octave * (1 << scale), (octave + 1) * (1 << scale) - 1);
}

double ExponentialBound(int32_t index, int scale) {
  return std::exp2(std::ldexp(static_cast<double>(index), -scale));
}

double ExponentialErrorBound(int scale) {
  // (b - 1) / (b + 1), b = exp(x), is tanh(x / 2).
  return std::tanh(std::ldexp(std::log(2.0), -scale) / 2);
}

}  // namespace pitot
