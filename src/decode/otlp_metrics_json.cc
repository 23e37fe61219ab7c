// ExportMetricsServiceRequest in JSON.
#include <array>
#include <utility>

#include "decode/decode.h"
#include "decode/metric_point.h"
#include "decode/otlp_json.h"

namespace pitot {
namespace {

constexpr std::array<std::string_view, 3> kTemporalities = {"UNSPECIFIED", "DELTA", "CUMULATIVE"};

struct DataName {
  std::string_view name;
  MetricType type;
};
constexpr std::array<DataName, 5> kDataNames = {
    {{"gauge", MetricType::kGauge},
     {"sum", MetricType::kSum},
     {"histogram", MetricType::kHistogram},
     {"exponentialHistogram", MetricType::kExpHistogram},
     {"summary", MetricType::kSummary}}};

class MetricReader {
 public:
  explicit MetricReader(Intake& intake) : intake_(intake) {}

  void Read(JsonElement json) {
    MetricHead head;
    if (!Metric(json, head)) intake_.RefuseFault(head.name);
  }

 private:
  bool Metric(JsonElement json, MetricHead& head) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "the metric", object)) return false;
    JsonElement data;
    std::string_view data_name;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "name" && !KeepJsonText(intake_, value, key, head.name)) return false;
      if (key == "unit" && !KeepJsonText(intake_, value, key, head.unit)) return false;
      for (const DataName& row : kDataNames) {
        if (row.name != key) continue;
        head.type = row.type;
        data_name = row.name;
        data = value;
      }
    }
    if (head.name.empty()) return intake_.Fault("a metric needs a name");
    return data_name.empty() || Data(data, data_name, head);
  }

  bool Data(JsonElement json, std::string_view field, MetricHead& head) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    simdjson::dom::array points;
    bool present = false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      bool fine = true;
      if (key == "aggregationTemporality") {
        int64_t number = 0;
        fine =
            ReadJsonEnum(intake_, value, key, "AGGREGATION_TEMPORALITY_", kTemporalities, number);
        head.temporality = EnumByte(number);
      } else if (key == "isMonotonic") {
        fine = ReadJsonBool(intake_, value, key, head.monotonic);
      } else if (key == "dataPoints") {
        fine = ReadJsonArray(intake_, value, key, points);
        present = fine;
      }
      if (!fine) return intake_.FaultWithin("{}.", field);
    }
    if (present) Points(points, head);
    return true;
  }

  // A bad point is refused alone.
  void Points(simdjson::dom::array points, const MetricHead& head) {
    size_t index = 0;
    for (const JsonElement json : points) {
      point_.Clear();
      if (!Point(json) || !AddPoint(head, point_, intake_)) {
        intake_.FaultWithin("dataPoints[{}]: ", index);
        intake_.RefuseFault(head.name);
      }
      if (intake_.Overgrown()) return;
      ++index;
    }
  }

  bool Point(JsonElement json) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, "the point", object)) return false;
    for (const auto& [key, value] : object) {
      if (!value.is_null() && !Field(key, value)) return false;
    }
    return true;
  }

  // The fields of all point types: none means two things.
  bool Field(std::string_view key, JsonElement json) {
    if (key == "attributes") return KeepJsonAttrs(intake_, json, key, point_.attributes);
    if (key == "startTimeUnixNano") return ReadJsonTime(intake_, json, key, point_.start_ns);
    if (key == "timeUnixNano") return ReadJsonTime(intake_, json, key, point_.time_ns);
    if (key == "asDouble" || key == "sum") return Number(json, key, point_.value);
    if (key == "asInt") return Integer(json, key);
    if (key == "flags") return ReadJsonUint(intake_, json, key, point_.flags);
    if (key == "count") return ReadJsonUint(intake_, json, key, point_.count);
    if (key == "min") return Number(json, key, point_.min);
    if (key == "max") return Number(json, key, point_.max);
    if (key == "bucketCounts") return Counts(json, key, point_.bucket_counts);
    if (key == "explicitBounds") return Bounds(json, key);
    if (key == "scale") return ReadJsonInt(intake_, json, key, point_.scale);
    if (key == "zeroCount") return ReadJsonUint(intake_, json, key, point_.zero_count);
    if (key == "zeroThreshold") return ReadJsonDouble(intake_, json, key, point_.zero_threshold);
    if (key == "positive") return Buckets(json, key, point_.positive);
    if (key == "negative") return Buckets(json, key, point_.negative);
    if (key == "quantileValues") return Quantiles(json, key);
    return true;
  }

  bool Number(JsonElement json, std::string_view field, std::optional<double>& out) {
    double number = 0;
    if (!ReadJsonDouble(intake_, json, field, number)) return false;
    out = number;
    return true;
  }

  bool Integer(JsonElement json, std::string_view field) {
    int64_t number = 0;
    if (!ReadJsonInt(intake_, json, field, number)) return false;
    point_.value = static_cast<double>(number);
    return true;
  }

  bool Counts(JsonElement json, std::string_view field, std::vector<uint64_t>& counts) {
    counts.clear();
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    for (const JsonElement item : array) {
      uint64_t count = 0;
      if (!ReadJsonUint(intake_, item, field, count)) return false;
      counts.push_back(count);
    }
    return true;
  }

  bool Bounds(JsonElement json, std::string_view field) {
    point_.bounds.clear();
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    for (const JsonElement item : array) {
      double bound = 0;
      if (!ReadJsonDouble(intake_, item, field, bound)) return false;
      point_.bounds.push_back(bound);
    }
    return true;
  }

  bool Buckets(JsonElement json, std::string_view field, ExpBuckets& buckets) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, json, field, object)) return false;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      const bool fine = key == "offset"         ? ReadJsonInt(intake_, value, key, buckets.offset)
                        : key == "bucketCounts" ? Counts(value, key, buckets.counts)
                                                : true;
      if (!fine) return intake_.FaultWithin("{}.", field);
    }
    return true;
  }

  bool Quantiles(JsonElement json, std::string_view field) {
    point_.quantiles.clear();
    simdjson::dom::array array;
    if (!ReadJsonArray(intake_, json, field, array)) return false;
    for (const JsonElement item : array) {
      simdjson::dom::object object;
      if (!ReadJsonObject(intake_, item, field, object)) return false;
      std::pair<double, double> quantile;
      for (const auto& [key, value] : object) {
        if (value.is_null()) continue;
        if (key == "quantile" && !ReadJsonDouble(intake_, value, key, quantile.first)) return false;
        if (key == "value" && !ReadJsonDouble(intake_, value, key, quantile.second)) return false;
      }
      point_.quantiles.push_back(quantile);
    }
    return true;
  }

  Intake& intake_;
  WirePoint point_;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpMetricsJson(std::string body, const Limits& limits,
                                               DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), kJsonPadding, "metric", Drop::kPointMalformed, limits, counted);
  MetricReader metrics(intake);
  const auto read = [&](JsonElement metric) { metrics.Read(metric); };
  const JsonEnvelope envelope{.resources = "resourceMetrics",
                              .scopes = "scopeMetrics",
                              .old_scopes = "instrumentationLibraryMetrics",
                              .records = "metrics",
                              .snake_case = "resource_metrics",
                              .read = read};
  RETURN_IF_ERROR(DecodeJsonEnvelope(intake, envelope));
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
