// measure/robust_z.h
//
// Is a value far above what was usual? Median and median absolute deviation instead of mean and standard
// deviation: a spike among past values neither hides the next one nor is hidden. Source: Iglewicz and
// Hoaglin, "How to Detect and Handle Outliers" (1993); 1.4826 makes the MAD of a normal distribution
// its standard deviation.
//
//   z = (x - median) / max(1.4826 * MAD, share of |median|, least)
//
// The floors keep a history without any spread from calling each cent an anomaly. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace pitot {

// In US dollars, an hour each.
struct AnomalyLimits {
  double scale_share = 0.05;  // Of the median.
  double scale_min = 0.01;
  // Unusual: all three hold. Only upwards.
  double z_min = 5;
  double ratio_min = 2;  // Of the median.
  double rise_min = 1;   // Above the median.
  // An anomaly: two unusual hours in a row, or one as unusual as this.
  double z_alone = 10;
};

struct RobustScore {
  double median = 0;
  double mad = 0;
  double scale = 0;
  double z = 0;
  bool log_scale = false;  // mad, scale and z are of logarithms; the median is not.
  size_t history = 0;      // Values that it rests on.
};

// Nothing without history.
std::optional<RobustScore> RobustZ(std::span<const double> history, double x,
                                   const AnomalyLimits& limits = {});

// The same on a logarithmic scale: z = (ln x - ln median) / max(1.4826 * MAD of ln, ln(1 + share)).
// REQUIRES: every value of `history` is above 0. An x of 0 has z 0.
std::optional<RobustScore> RobustLogZ(std::span<const double> history, double x,
                                      const AnomalyLimits& limits = {});

// Whether values lie so far to the right of their median (Bowley's quartile skewness above 0.5, of
// kSkewValuesMin values, all above 0) that only their logarithms are even. Hours of few large jobs are.
inline constexpr size_t kSkewValuesMin = 8;
bool IsSkewed(std::span<const double> values);

struct AnomalyVerdict {
  RobustScore score;
  bool unusual = false;
  bool fires = false;
};

// Against what was usual; nothing without history. On the logarithmic scale where the history is skewed.
// `unusual_before`: whether the bucket before was.
std::optional<AnomalyVerdict> JudgeAnomaly(std::span<const double> history, double x,
                                           bool unusual_before, const AnomalyLimits& limits = {});

// The probability of a z at least as large by chance, were values normal.
double UpperTailP(double z);

}  // namespace pitot
