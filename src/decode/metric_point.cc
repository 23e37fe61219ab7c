#include "decode/metric_point.h"

#include <algorithm>
#include <limits>

namespace pitot {
namespace {

// OTLP DataPointFlags: bit 0, no recorded value.
constexpr uint64_t kNoRecordedValue = 1;

void Key(JsonText& json, std::string_view key) {
  bool mended = false;  // Our own keys are ASCII.
  json.Key(key, &mended);
}

void WriteCounts(JsonText& json, std::string_view key, const std::vector<uint64_t>& counts) {
  Key(json, key);
  json.BeginArray();
  for (const uint64_t count : counts) json.Uint(count);
  json.EndArray();
}

void WriteExpBuckets(JsonText& json, std::string_view key, const ExpBuckets& buckets) {
  if (buckets.counts.empty()) return;
  Key(json, key);
  json.BeginObject();
  Key(json, "offset");
  json.Int(buckets.offset);
  WriteCounts(json, "counts", buckets.counts);
  json.EndObject();
}

void WriteHistogram(JsonText& json, const WirePoint& point) {
  if (point.bucket_counts.empty()) return;
  Key(json, "bounds");
  json.BeginArray();
  for (const double bound : point.bounds) json.Double(bound);
  json.EndArray();
  WriteCounts(json, "counts", point.bucket_counts);
}

void WriteExpHistogram(JsonText& json, const WirePoint& point) {
  Key(json, "scale");
  json.Int(point.scale);
  Key(json, "zero_count");
  json.Uint(point.zero_count);
  Key(json, "zero_threshold");
  json.Double(point.zero_threshold);
  WriteExpBuckets(json, "positive", point.positive);
  WriteExpBuckets(json, "negative", point.negative);
}

void WriteSummary(JsonText& json, const WirePoint& point) {
  Key(json, "quantiles");
  json.BeginArray();
  for (const auto& [quantile, value] : point.quantiles) {
    json.BeginArray();
    json.Double(quantile);
    json.Double(value);
    json.EndArray();
  }
  json.EndArray();
}

void WriteLimit(JsonText& json, std::string_view key, const std::optional<double>& value) {
  if (!value) return;
  Key(json, key);
  json.Double(*value);
}

std::string_view Detail(MetricType type, const WirePoint& point, Intake& intake) {
  JsonText& json = intake.json_text();
  json.Reset(static_cast<size_t>(intake.limits().payload_bytes));
  json.BeginObject();
  if (type == MetricType::kHistogram) WriteHistogram(json, point);
  if (type == MetricType::kExpHistogram) WriteExpHistogram(json, point);
  if (type == MetricType::kSummary) WriteSummary(json, point);
  if (type != MetricType::kSummary) {
    WriteLimit(json, "min", point.min);
    WriteLimit(json, "max", point.max);
  }
  json.EndObject();
  return intake.JsonValue().text;
}

}  // namespace

void WirePoint::Clear() {
  start_ns = time_ns = 0;
  flags = count = zero_count = 0;
  value = min = max = std::nullopt;
  bucket_counts.clear();
  bounds.clear();
  scale = 0;
  zero_threshold = 0;
  positive.offset = negative.offset = 0;
  positive.counts.clear();
  negative.counts.clear();
  quantiles.clear();
  attributes.Clear();
}

size_t WirePoint::parts() const {
  return std::max({bucket_counts.size(), bounds.size(), positive.counts.size(),
                   negative.counts.size(), quantiles.size()});
}

bool AddPoint(const MetricHead& head, WirePoint& wire, Intake& intake) {
  if (wire.parts() > static_cast<size_t>(intake.limits().events)) {
    return intake.Fault("more than {} buckets (limits.events)", intake.limits().events);
  }
  const size_t counts = wire.bucket_counts.size();
  const size_t bounds = wire.bounds.size();
  if (counts != bounds + 1 && (counts != 0 || bounds != 0)) {
    return intake.Fault("{} bucket counts and {} bounds: one more count than bounds is needed",
                        counts, bounds);
  }
  RawPoint point{.resource = intake.UseResource(),
                 .scope = intake.UseScope(),
                 .metric = head.name,
                 .unit = head.unit,
                 .type = head.type,
                 .temporality = head.temporality,
                 .monotonic = head.monotonic,
                 .start_ns = wire.start_ns,
                 .time_ns = wire.time_ns};
  if (head.type == MetricType::kGauge || head.type == MetricType::kSum) {
    const bool recorded = wire.value && (wire.flags & kNoRecordedValue) == 0;
    point.value = recorded ? *wire.value : std::numeric_limits<double>::quiet_NaN();
  } else {
    point.value = wire.value.value_or(0);
    point.count = wire.count;
    point.detail = Detail(head.type, wire, intake);
  }
  point.attributes = wire.attributes.Take(intake.arena());
  intake.batch().points.push_back(point);
  return true;
}

}  // namespace pitot
