// alert/runbook/slowness.h
//
// Internal to alert/runbook/: how a slow model is slow, in figures and in words. Pure.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>

#include "alert/runbook/investigation.h"

namespace pitot {

// The keys of models' figures.
enum ModelKey { kProvider, kModel, kFeature };

// A longer answer, a longer prompt: from there on it may explain a slow call.
inline constexpr double kTokensRatio = 1.3;

// Which part of a call grew: what happens before the first token, how fast tokens come, how many.
struct Shape {
  double ratio = 1;  // Of medians.
  double ttft = 1, speed = 1, output = 1, input = 1;

  explicit Shape(const Pair& pair) : ratio(pair.Ratio()) {
    const auto of = [](std::optional<double> now, std::optional<double> base) {
      return now && base && *base > 0 && *now > 0 ? *now / *base : 1;
    };
    ttft = of(pair.now.ttft_p50, pair.base.ttft_p50);
    speed = of(pair.now.speed_p50, pair.base.speed_p50);
    output = std::max(0.01, pair.base.output_sum > 0 ? RatioOf(pair.now.Mean(pair.now.output_sum),
                                                               pair.base.Mean(pair.base.output_sum))
                                                     : 1);
    input = std::max(0.01, pair.base.input_sum > 0 ? RatioOf(pair.now.Mean(pair.now.input_sum),
                                                             pair.base.Mean(pair.base.input_sum))
                                                   : 1);
  }
  // The part of the slowdown, in logarithms, that so many more tokens account for.
  double Explains(double tokens) const {
    if (ratio <= 1 || tokens < kTokensRatio) return 0;
    return std::min(1.0, std::log(tokens) / std::log(ratio));
  }
};

std::string NameOf(const Pair& pair);
// "8.2 s instead of 1.6 s"
std::string Instead(std::optional<double> now, std::optional<double> base);
// "median 8.2 s instead of 1.6 s, p99 41 s instead of 9 s, first token after ..."
std::string FigureWords(const Pair& pair);
// "openai gpt-5 answers 5.1x slower than usual: median ..."
std::string SlowWords(const Pair& pair);
// What grew, and what did not, as sentences; empty: nothing stands out.
std::string ShapeWords(const Pair& pair);
// Upstreams of one dialect may stand in for each other; by their providers' names.
std::string_view DialectFamily(std::string_view provider);

}  // namespace pitot
