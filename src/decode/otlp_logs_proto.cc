// ExportLogsServiceRequest on the protobuf wire.
// Source of field numbers: opentelemetry-proto 1.11, logs/v1/logs.proto.
#include <algorithm>
#include <utility>

#include "decode/decode.h"
#include "decode/otlp_proto.h"

namespace pitot {
namespace {

using protozero::pbf_reader;

class LogReader {
 public:
  explicit LogReader(Intake& intake) : intake_(intake) {}

  void Read(pbf_reader reader) {
    RawLog log;
    uint64_t time = 0;
    uint64_t observed = 0;
    attrs_.Clear();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(1):
          time = reader.get_fixed64();
          break;
        case BytesField(1):  // A span's trace_id or a metric's name.
          ++foreign_;
          return intake_.Refuse(Drop::kLogMalformed, {}, "field 1 is bytes, a time was expected");
        case Fixed64Field(11):
          observed = reader.get_fixed64();
          break;
        case BytesField(6):
          ReadProtoAttr(reader.get_message(), intake_, attrs_);
          break;
        default:
          ReadOther(reader, log);
      }
    }
    if (!intake_.Time(time, "time_unix_nano", log.time_ns) ||
        !intake_.Time(observed, "observed_time_unix_nano", log.observed_ns)) {
      return intake_.RefuseFault(log.event_name);
    }
    if (log.time_ns == 0) log.time_ns = log.observed_ns;
    log.attributes = attrs_.Take(intake_.arena());
    log.resource = intake_.UseResource();
    log.scope = intake_.UseScope();
    intake_.batch().logs.push_back(log);
  }

  // Records that are a span or a metric by their first field.
  uint64_t foreign() const { return foreign_; }

 private:
  void ReadOther(pbf_reader& reader, RawLog& log) {
    switch (reader.tag_and_type()) {
      case VarintField(2):
        log.severity = static_cast<int32_t>(reader.get_int64());
        break;
      case BytesField(3):
        log.severity_text = intake_.Text(View(reader));
        break;
      case BytesField(5):
        log.body = ReadProtoValue(reader.get_message(), intake_);
        break;
      case BytesField(9):
        log.trace_id = TraceId::FromBytes(View(reader));
        break;
      case BytesField(10):
        log.span_id = SpanId::FromBytes(View(reader));
        break;
      case BytesField(12):
        log.event_name = intake_.Text(View(reader));
        break;
      default:
        reader.skip();
    }
  }

  Intake& intake_;
  AttrSet attrs_;
  uint64_t foreign_ = 0;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpLogsProto(std::string body, const Limits& limits,
                                             DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), 0, "log record", Drop::kLogMalformed, limits, counted);
  LogReader logs(intake);
  const auto read = [&](pbf_reader reader) { logs.Read(reader); };
  const ProtoEnvelope envelope{
      .resources = "resource_logs", .scopes = "scope_logs", .records = "log_records", .read = read};
  RETURN_IF_ERROR(DecodeProtoEnvelope(intake, envelope, Drop::kLogMalformed));
  if (intake.place().seen > 0 && logs.foreign() == intake.place().seen) {
    return InvalidArgument(
        "none of the {} records is a log record: this looks like a trace or metric export; those "
        "go to /v1/traces and /v1/metrics",
        intake.place().seen);
  }
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
