// ExportMetricsServiceRequest on the protobuf wire.
// Source of field numbers: opentelemetry-proto 1.11, metrics/v1/metrics.proto.
#include <bit>
#include <utility>

#include "decode/decode.h"
#include "decode/metric_point.h"
#include "decode/otlp_proto.h"

namespace pitot {
namespace {

using protozero::pbf_reader;

double DoubleOf(uint64_t bits) { return std::bit_cast<double>(bits); }

class MetricReader {
 public:
  explicit MetricReader(Intake& intake) : intake_(intake) {}

  void Read(pbf_reader reader) {
    MetricHead head;
    std::string_view data;
    uint32_t field = 0;
    while (reader.next()) {
      const uint32_t at = reader.tag_and_type();
      switch (at) {
        case BytesField(1):
          head.name = intake_.Text(View(reader));
          break;
        case BytesField(3):
          head.unit = intake_.Text(View(reader));
          break;
        case BytesField(5):
        case BytesField(7):
        case BytesField(9):
        case BytesField(10):
        case BytesField(11):
          data = View(reader);
          field = at;
          break;
        default:
          reader.skip();
      }
    }
    if (head.name.empty()) {
      return intake_.Refuse(Drop::kPointMalformed, {}, "a metric needs a name");
    }
    Data(field, pbf_reader(data.data(), data.size()), head);
  }

 private:
  using PointReader = bool (MetricReader::*)(pbf_reader);

  void Data(uint32_t field, pbf_reader data, MetricHead& head) {
    PointReader read = &MetricReader::Number;
    switch (field) {
      case BytesField(5):
        head.type = MetricType::kGauge;
        break;
      case BytesField(7):
        head.type = MetricType::kSum;
        break;
      case BytesField(9):
        head.type = MetricType::kHistogram;
        read = &MetricReader::Histogram;
        break;
      case BytesField(10):
        head.type = MetricType::kExpHistogram;
        read = &MetricReader::ExpHistogram;
        break;
      case BytesField(11):
        head.type = MetricType::kSummary;
        read = &MetricReader::Summary;
        break;
      default:
        return;  // A metric without data is a name and nothing more.
    }
    ReadHead(data, head);
    uint32_t index = 0;
    for (; data.next(1, protozero::pbf_wire_type::length_delimited); ++index) {
      point_.Clear();
      if (!(this->*read)(data.get_message()) || !AddPoint(head, point_, intake_)) {
        intake_.FaultWithin("data_points[{}]: ", index);
        intake_.RefuseFault(head.name);
      }
      if (intake_.Overgrown()) return;
    }
  }

  // Temporality and monotonicity may stand behind the points.
  void ReadHead(pbf_reader data, MetricHead& head) {
    while (data.next()) {
      switch (data.tag_and_type()) {
        case VarintField(2):
          head.temporality = EnumByte(data.get_int64());
          break;
        case VarintField(3):
          head.monotonic = data.get_int64() != 0;
          break;
        default:
          data.skip();
      }
    }
  }

  bool Times(uint64_t start, uint64_t time) {
    return intake_.Time(start, "start_time_unix_nano", point_.start_ns) &&
           intake_.Time(time, "time_unix_nano", point_.time_ns);
  }

  bool Number(pbf_reader reader) {
    uint64_t start = 0;
    uint64_t time = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(2):
          start = reader.get_fixed64();
          break;
        case Fixed64Field(3):
          time = reader.get_fixed64();
          break;
        case Fixed64Field(4):
          point_.value = DoubleOf(reader.get_fixed64());
          break;
        case Fixed64Field(6):
          point_.value = static_cast<double>(static_cast<int64_t>(reader.get_fixed64()));
          break;
        case BytesField(7):
          ReadProtoAttr(reader.get_message(), intake_, point_.attributes);
          break;
        case VarintField(8):
          point_.flags = static_cast<uint64_t>(reader.get_int64());
          break;
        default:
          reader.skip();
      }
    }
    return Times(start, time);
  }

  bool Histogram(pbf_reader reader) {
    uint64_t start = 0;
    uint64_t time = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(2):
          start = reader.get_fixed64();
          break;
        case Fixed64Field(3):
          time = reader.get_fixed64();
          break;
        case Fixed64Field(4):
          point_.count = reader.get_fixed64();
          break;
        case Fixed64Field(5):
          point_.value = DoubleOf(reader.get_fixed64());
          break;
        case BytesField(6):
          for (const uint64_t bits : reader.get_packed_fixed64()) AddCount(bits);
          break;
        case Fixed64Field(6):
          AddCount(reader.get_fixed64());
          break;
        case BytesField(7):
          for (const uint64_t bits : reader.get_packed_fixed64()) AddBound(bits);
          break;
        case Fixed64Field(7):
          AddBound(reader.get_fixed64());
          break;
        case BytesField(9):
          ReadProtoAttr(reader.get_message(), intake_, point_.attributes);
          break;
        case Fixed64Field(11):
          point_.min = DoubleOf(reader.get_fixed64());
          break;
        case Fixed64Field(12):
          point_.max = DoubleOf(reader.get_fixed64());
          break;
        default:
          reader.skip();
      }
    }
    return Times(start, time);
  }

  bool ExpHistogram(pbf_reader reader) {
    uint64_t start = 0;
    uint64_t time = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          ReadProtoAttr(reader.get_message(), intake_, point_.attributes);
          break;
        case Fixed64Field(2):
          start = reader.get_fixed64();
          break;
        case Fixed64Field(3):
          time = reader.get_fixed64();
          break;
        case Fixed64Field(4):
          point_.count = reader.get_fixed64();
          break;
        case Fixed64Field(5):
          point_.value = DoubleOf(reader.get_fixed64());
          break;
        case VarintField(6):
          point_.scale = reader.get_sint32();
          break;
        case Fixed64Field(7):
          point_.zero_count = reader.get_fixed64();
          break;
        case BytesField(8):
          Buckets(reader.get_message(), point_.positive);
          break;
        case BytesField(9):
          Buckets(reader.get_message(), point_.negative);
          break;
        case Fixed64Field(12):
          point_.min = DoubleOf(reader.get_fixed64());
          break;
        case Fixed64Field(13):
          point_.max = DoubleOf(reader.get_fixed64());
          break;
        case Fixed64Field(14):
          point_.zero_threshold = DoubleOf(reader.get_fixed64());
          break;
        default:
          reader.skip();
      }
    }
    return Times(start, time);
  }

  bool Summary(pbf_reader reader) {
    uint64_t start = 0;
    uint64_t time = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(2):
          start = reader.get_fixed64();
          break;
        case Fixed64Field(3):
          time = reader.get_fixed64();
          break;
        case Fixed64Field(4):
          point_.count = reader.get_fixed64();
          break;
        case Fixed64Field(5):
          point_.value = DoubleOf(reader.get_fixed64());
          break;
        case BytesField(6):
          Quantile(reader.get_message());
          break;
        case BytesField(7):
          ReadProtoAttr(reader.get_message(), intake_, point_.attributes);
          break;
        default:
          reader.skip();
      }
    }
    return Times(start, time);
  }

  // One part above the limit is enough for AddPoint to refuse the point.
  bool HasRoom() const { return point_.parts() <= static_cast<size_t>(intake_.limits().events); }

  void AddCount(uint64_t count) {
    if (HasRoom()) point_.bucket_counts.push_back(count);
  }
  void AddBound(uint64_t bits) {
    if (HasRoom()) point_.bounds.push_back(DoubleOf(bits));
  }

  void Buckets(pbf_reader reader, ExpBuckets& buckets) {
    const auto add = [&](uint64_t count) {
      if (HasRoom()) buckets.counts.push_back(count);
    };
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case VarintField(1):
          buckets.offset = reader.get_sint32();
          break;
        case BytesField(2):
          for (const uint64_t count : reader.get_packed_uint64()) add(count);
          break;
        case VarintField(2):
          add(reader.get_uint64());
          break;
        default:
          reader.skip();
      }
    }
  }

  void Quantile(pbf_reader reader) {
    std::pair<double, double> quantile;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(1):
          quantile.first = DoubleOf(reader.get_fixed64());
          break;
        case Fixed64Field(2):
          quantile.second = DoubleOf(reader.get_fixed64());
          break;
        default:
          reader.skip();
      }
    }
    if (HasRoom()) point_.quantiles.push_back(quantile);
  }

  Intake& intake_;
  WirePoint point_;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpMetricsProto(std::string body, const Limits& limits,
                                                DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), 0, "metric", Drop::kPointMalformed, limits, counted);
  MetricReader metrics(intake);
  const auto read = [&](pbf_reader reader) { metrics.Read(reader); };
  const ProtoEnvelope envelope{.resources = "resource_metrics",
                               .scopes = "scope_metrics",
                               .records = "metrics",
                               .read = read};
  RETURN_IF_ERROR(DecodeProtoEnvelope(intake, envelope, Drop::kPointMalformed));
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
