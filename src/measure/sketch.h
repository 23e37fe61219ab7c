// measure/sketch.h
//
// Quantiles of any number of values in a few kilobytes, each within 1 % of a true one, however sketches
// were merged: DDSketch. Source: Masson, Rim, Lee, "DDSketch: a fast and fully-mergeable quantile sketch
// with relative-error guarantees" (VLDB 2019), the logarithmic mapping with a dense store that gives up
// its lowest bins.
//
//   gamma = (1 + a) / (1 - a)    bin i holds [gamma^i, gamma^(i+1)) and stands for gamma^i * (1 + a)
//
// One unit a sketch, the caller's. 2048 bins at a = 1 % span a factor of 6e17 (80 us to a thousand
// years); values below the lowest bin that is kept count in it. Zero has a count of its own. Beside the
// bins: the exact number, sum, least and greatest value. Pure; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pitot {

class Sketch {
 public:
  static constexpr double kAccuracy = 0.01;
  static constexpr size_t kBinsMax = 2048;

  // REQUIRES: 0.001 <= accuracy <= 0.5.
  explicit Sketch(double accuracy = kAccuracy);

  // NaN, infinite and negative values are refused: counted, and in nothing else.
  void Add(double value, uint64_t count = 1);

  // As if every value of `other` had been added. False, and nothing done, when its accuracy differs.
  [[nodiscard]] bool Merge(const Sketch& other);

  // The value of rank q * (count - 1) in the sorted values, counted from 0 and rounded down, within
  // `accuracy` of it. Nothing without values. REQUIRES: 0 <= q <= 1.
  std::optional<double> Quantile(double q) const;
  // The same by the bins alone: Quantile also knows that none lies outside of [min, max].
  std::optional<double> QuantileOfBins(double q) const;

  // Fewer values than tell this quantile from the greatest: below 100 of p99.
  bool IsLowN(double q) const { return static_cast<double>(count_) * (1 - q) < 1 - 1e-9; }

  uint64_t count() const { return count_; }  // Of values, zeros among them.
  uint64_t refused() const { return refused_; }
  double sum() const { return sum_; }
  double min() const { return min_; }  // 0 without values, as max.
  double max() const { return max_; }
  double accuracy() const { return accuracy_; }
  double gamma() const { return gamma_; }
  size_t bins() const;  // That hold something.

  // REQUIRES: value > 0 and finite.
  int32_t IndexOf(double value) const;

  // All of it, in a format of our own, for a column of bytes: a version byte; accuracy, sum, min and
  // max as little-endian doubles; count of zeros, refused and bins as LEB128; then of each bin that
  // holds something the distance to the one before it (the first: zigzag of its index) and its count.
  std::string Encode() const;
  // Nothing when the bytes are not of Encode, whatever they are.
  static std::optional<Sketch> Decode(std::string_view bytes);

 private:
  void AddToBin(int32_t index, uint64_t count);
  double ValueOf(int32_t index) const;

  double accuracy_;
  double gamma_;
  double log_gamma_;
  std::vector<uint64_t> bins_;  // Of the indices lowest_, lowest_ + 1, ...
  int32_t lowest_ = 0;
  uint64_t zeros_ = 0;
  uint64_t count_ = 0;
  uint64_t refused_ = 0;
  double sum_ = 0;
  double min_ = 0;
  double max_ = 0;
};

}  // namespace pitot
