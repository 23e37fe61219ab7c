#include "measure/robust_z.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "measure/forecast.h"

namespace pitot {
namespace {

constexpr double kMadToSigma = 1.4826;
constexpr double kSkewMin = 0.5;

std::vector<double> Sorted(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  return sorted;
}

double MadOf(std::span<const double> values, double median) {
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) distances.push_back(std::abs(value - median));
  std::ranges::sort(distances);
  return QuantileOfSorted(distances, 0.5);
}

}  // namespace

std::optional<RobustScore> RobustZ(std::span<const double> history, double x,
                                   const AnomalyLimits& limits) {
  if (history.empty()) return std::nullopt;
  RobustScore score;
  score.history = history.size();
  score.median = QuantileOfSorted(Sorted(history), 0.5);
  score.mad = MadOf(history, score.median);
  score.scale = std::max(
      {kMadToSigma * score.mad, limits.scale_share * std::abs(score.median), limits.scale_min});
  score.z = (x - score.median) / score.scale;
  return score;
}

std::optional<RobustScore> RobustLogZ(std::span<const double> history, double x,
                                      const AnomalyLimits& limits) {
  if (history.empty()) return std::nullopt;
  std::vector<double> logs;
  logs.reserve(history.size());
  for (const double value : history) logs.push_back(std::log(value));
  const double median = QuantileOfSorted(Sorted(logs), 0.5);
  RobustScore score;
  score.log_scale = true;
  score.history = history.size();
  score.median = std::exp(median);
  score.mad = MadOf(logs, median);
  score.scale = std::max(kMadToSigma * score.mad, std::log1p(limits.scale_share));
  score.z = x <= 0 ? 0 : (std::log(x) - median) / score.scale;
  return score;
}

bool IsSkewed(std::span<const double> values) {
  if (values.size() < kSkewValuesMin) return false;
  const std::vector<double> sorted = Sorted(values);
  if (sorted.front() <= 0) return false;
  const double low = QuantileOfSorted(sorted, 0.25);
  const double middle = QuantileOfSorted(sorted, 0.5);
  const double high = QuantileOfSorted(sorted, 0.75);
  return high > low && (high + low - 2 * middle) / (high - low) > kSkewMin;
}

std::optional<AnomalyVerdict> JudgeAnomaly(std::span<const double> history, double x,
                                           bool unusual_before, const AnomalyLimits& limits) {
  const std::optional<RobustScore> score =
      IsSkewed(history) ? RobustLogZ(history, x, limits) : RobustZ(history, x, limits);
  if (!score) return std::nullopt;
  AnomalyVerdict verdict{*score};
  verdict.unusual = score->z >= limits.z_min && x >= limits.ratio_min * score->median &&
                    x - score->median >= limits.rise_min;
  verdict.fires = verdict.unusual && (unusual_before || score->z >= limits.z_alone);
  return verdict;
}

double UpperTailP(double z) { return std::erfc(z / std::numbers::sqrt2) / 2; }

}  // namespace pitot
