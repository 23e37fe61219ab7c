// decode/metric_point.h
//
// What both OTLP encodings do alike with a metric and its points. Internal to decode/.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/intake.h"

namespace pitot {

// The metric whose points are being read.
struct MetricHead {
  std::string_view name;
  std::string_view unit;
  MetricType type = MetricType::kGauge;
  uint8_t temporality = 0;
  bool monotonic = false;
};

// One side of an exponential histogram.
struct ExpBuckets {
  int64_t offset = 0;
  std::vector<uint64_t> counts;
};

// One data point of any type as the wire has it; fields of other types stay empty. Reused, so that
// its vectors allocate once.
struct WirePoint {
  int64_t start_ns = 0;
  int64_t time_ns = 0;
  uint64_t flags = 0;
  uint64_t count = 0;
  std::optional<double> value;  // Gauge and sum: the value. Distributions: the sum.
  std::optional<double> min;
  std::optional<double> max;
  std::vector<uint64_t> bucket_counts;
  std::vector<double> bounds;
  int64_t scale = 0;
  uint64_t zero_count = 0;
  double zero_threshold = 0;
  ExpBuckets positive;
  ExpBuckets negative;
  std::vector<std::pair<double, double>> quantiles;
  AttrSet attributes;

  void Clear();
  // More buckets or quantiles than this are refused, as are more events in a span.
  size_t parts() const;
};

// Adds `point` to the batch; false, a fault, when it contradicts itself. A number point without a
// recorded value has the value NaN. RawPoint::detail is
//   histogram      {"bounds":[..],"counts":[..]}, bucket i is (bounds[i-1], bounds[i]]
//   exp histogram  {"scale":..,"zero_count":..,"zero_threshold":..,"positive":{"offset":..,
//                   "counts":[..]},"negative":{..}}
//   summary        {"quantiles":[[quantile,value],..]}
// the histograms' with "min" and "max" where given.
bool AddPoint(const MetricHead& head, WirePoint& point, Intake& intake);

}  // namespace pitot
