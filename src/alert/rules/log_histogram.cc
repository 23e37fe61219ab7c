#include "alert/rules/log_histogram.h"

#include <algorithm>
#include <cmath>

namespace pitot {
namespace {

constexpr double kGrowth = 1.02;

}  // namespace

int LogHistogram::BucketOf(double ns) {
  return static_cast<int>(std::ceil(std::log(std::max(ns, 1.0)) / std::log(kGrowth)));
}

void LogHistogram::Add(int bucket, int64_t count) {
  if (count <= 0) return;
  buckets_[bucket] += count;
  count_ += count;
}

void LogHistogram::Add(const LogHistogram& other) {
  for (const auto& [bucket, count] : other.buckets_) Add(bucket, count);
}

void LogHistogram::AddScaled(const LogHistogram& other, double factor) {
  const int by = static_cast<int>(std::lround(std::log(factor) / std::log(kGrowth)));
  for (const auto& [bucket, count] : other.buckets_) {
    Add(bucket == kTimeout ? kTimeout : bucket + by, count);
  }
}

int64_t LogHistogram::CountAbove(double ns) const {
  int64_t above = 0;
  for (auto at = buckets_.upper_bound(BucketOf(ns)); at != buckets_.end(); ++at) {
    above += at->second;
  }
  return above;
}

std::optional<double> LogHistogram::Quantile(double q) const {
  if (count_ == 0) return std::nullopt;
  const double rank = std::ceil(q * static_cast<double>(count_) - 1e-9);
  int64_t before = 0;
  for (const auto& [bucket, count] : buckets_) {
    before += count;
    if (static_cast<double>(before) < rank) continue;
    if (bucket == kTimeout) return std::nullopt;
    return std::pow(kGrowth, bucket - 0.5);
  }
  return std::nullopt;
}

}  // namespace pitot
