// alert/rules/log_histogram.h
//
// Durations counted by size: buckets 2 % wide, so that any answer is within 1 % of the true one. The
// engine fills it (kDurationBucketSql), groups add up, and every question about a group (how many took
// longer, what was the median) is answered without asking the engine again.
//
// Bucket i holds (1.02^(i-1), 1.02^i] ns. What ended by a timeout would have taken longer than it did:
// it is slower than anything. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

namespace pitot {

// The bucket of a row, over facts AS f.
inline constexpr std::string_view kDurationBucketSql =
    "toInt16(if(f.error_category = 'timeout', 32000, "
    "ceil(log(greatest(f.duration_ns, 1)) / log(1.02))))";

class LogHistogram {
 public:
  static constexpr int kTimeout = 32'000;
  static int BucketOf(double ns);

  void Add(int bucket, int64_t count);
  void Add(const LogHistogram& other);
  // Each value of `other` times `factor`. REQUIRES: factor > 0.
  void AddScaled(const LogHistogram& other, double factor);

  int64_t count() const { return count_; }
  int64_t CountAbove(double ns) const;
  // Nearest rank, the middle of its bucket; 0 < q <= 1. Nothing: there is no value, or that one ended
  // by a timeout.
  std::optional<double> Quantile(double q) const;

 private:
  std::map<int, int64_t> buckets_;
  int64_t count_ = 0;
};

}  // namespace pitot
