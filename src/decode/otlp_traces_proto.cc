// ExportTraceServiceRequest on the protobuf wire.
// Source of field numbers: opentelemetry-proto 1.11, trace/v1/trace.proto.
#include <algorithm>
#include <utility>

#include "decode/decode.h"
#include "decode/otlp_proto.h"

namespace pitot {
namespace {

using protozero::pbf_reader;

class SpanReader {
 public:
  explicit SpanReader(Intake& intake) : intake_(intake) {}

  void Read(pbf_reader reader) {
    Wire wire;
    ReadFields(reader, wire);
    RawSpan span;
    if (!SetIds(wire, span)) return;
    if (!fault_free_ || !intake_.Time(wire.start, "start_time_unix_nano", span.start_ns) ||
        !intake_.Time(wire.end, "end_time_unix_nano", span.end_ns)) {
      return intake_.RefuseFault(wire.name);
    }
    intake_.ClampEnd(span);
    span.name = intake_.Text(wire.name);
    span.otel_kind = EnumByte(wire.kind);
    ReadStatus(pbf_reader(wire.status.data(), wire.status.size()), span);
    span.attributes = attrs_.Take(intake_.arena());
    span.events = Keep(intake_.arena(), events_);
    span.links = Keep(intake_.arena(), links_);
    span.resource = intake_.UseResource();
    span.scope = intake_.UseScope();
    intake_.batch().spans.push_back(span);
  }

  // Did any record carry one of the two id fields of a span?
  bool saw_ids() const { return saw_ids_; }

 private:
  struct Wire {
    std::string_view trace_id, span_id, parent_span_id, name, status;
    uint64_t start = 0;
    uint64_t end = 0;
    int64_t kind = 0;
  };

  void ReadFields(pbf_reader& reader, Wire& wire) {
    attrs_.Clear();
    events_.clear();
    links_.clear();
    fault_free_ = true;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          wire.trace_id = View(reader);
          saw_ids_ = true;
          break;
        case BytesField(2):
          wire.span_id = View(reader);
          saw_ids_ = true;
          break;
        case BytesField(4):
          wire.parent_span_id = View(reader);
          break;
        case BytesField(5):
          wire.name = View(reader);
          break;
        case VarintField(6):
          wire.kind = reader.get_int64();
          break;
        case Fixed64Field(7):
          wire.start = reader.get_fixed64();
          break;
        case Fixed64Field(8):
          wire.end = reader.get_fixed64();
          break;
        case BytesField(9):
          ReadProtoAttr(reader.get_message(), intake_, attrs_);
          break;
        case BytesField(11):
          ReadEvent(reader.get_message());
          break;
        case BytesField(13):
          ReadLink(reader.get_message());
          break;
        case BytesField(15):
          wire.status = View(reader);
          break;
        default:
          reader.skip();
      }
    }
  }

  bool SetIds(const Wire& wire, RawSpan& span) {
    span.trace_id = TraceId::FromBytes(wire.trace_id);
    span.span_id = SpanId::FromBytes(wire.span_id);
    span.parent_span_id = SpanId::FromBytes(wire.parent_span_id);
    if (span.trace_id.empty()) {
      RefuseId("trace_id", wire.trace_id, span.trace_id.bytes.size(), wire.name);
      return false;
    }
    if (span.span_id.empty()) {
      RefuseId("span_id", wire.span_id, span.span_id.bytes.size(), wire.name);
      return false;
    }
    if (!wire.parent_span_id.empty() && wire.parent_span_id.size() != 8) {
      intake_.drops().Add(Drop::kParentIdInvalid);
    }
    return true;
  }

  void RefuseId(std::string_view field, std::string_view raw, size_t bytes,
                std::string_view span_name) {
    if (raw.size() == bytes) {
      return intake_.Refuse(Drop::kSpanIdInvalid, span_name, "{} is all zero", field);
    }
    intake_.Refuse(Drop::kSpanIdInvalid, span_name, "{} has {} bytes, {} are needed", field,
                   raw.size(), bytes);
  }

  void ReadStatus(pbf_reader reader, RawSpan& span) {
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(2):
          span.status_message = intake_.Text(View(reader));
          break;
        case VarintField(3):
          span.status_code = EnumByte(reader.get_int64());
          break;
        default:
          reader.skip();
      }
    }
  }

  // False when the span already holds as many as allowed.
  template <typename T>
  bool HasRoom(const std::vector<T>& items) {
    if (items.size() < static_cast<size_t>(intake_.limits().events) && !intake_.Overgrown()) {
      return true;
    }
    intake_.drops().Add(Drop::kEventLimit);
    return false;
  }

  void ReadEvent(pbf_reader reader) {
    if (!HasRoom(events_)) return;
    RawEvent event;
    uint64_t time = 0;
    child_attrs_.Clear();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case Fixed64Field(1):
          time = reader.get_fixed64();
          break;
        case BytesField(2):
          event.name = intake_.Text(View(reader));
          break;
        case BytesField(3):
          ReadProtoAttr(reader.get_message(), intake_, child_attrs_);
          break;
        default:
          reader.skip();
      }
    }
    event.attributes = child_attrs_.Take(intake_.arena());
    if (fault_free_ && !intake_.Time(time, "time_unix_nano", event.time_ns)) {
      fault_free_ = intake_.FaultWithin("events[{}].", events_.size());
    }
    events_.push_back(event);
  }

  void ReadLink(pbf_reader reader) {
    if (!HasRoom(links_)) return;
    RawLink link;
    child_attrs_.Clear();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          link.trace_id = TraceId::FromBytes(View(reader));
          break;
        case BytesField(2):
          link.span_id = SpanId::FromBytes(View(reader));
          break;
        case BytesField(4):
          ReadProtoAttr(reader.get_message(), intake_, child_attrs_);
          break;
        default:
          reader.skip();
      }
    }
    link.attributes = child_attrs_.Take(intake_.arena());
    links_.push_back(link);
  }

  Intake& intake_;
  AttrSet attrs_;
  AttrSet child_attrs_;  // Of one event or link.
  std::vector<RawEvent> events_;
  std::vector<RawLink> links_;
  bool fault_free_ = true;
  bool saw_ids_ = false;
};

}  // namespace

absl::StatusOr<RawBatch> DecodeOtlpTracesProto(std::string body, const Limits& limits,
                                               DropCounts& drops) {
  DropCounts counted = drops;
  Intake intake(std::move(body), 0, "span", Drop::kSpanMalformed, limits, counted);
  intake.batch().spans.reserve(intake.body().size() / 1024);
  SpanReader spans(intake);
  const auto read = [&](pbf_reader reader) { spans.Read(reader); };
  const ProtoEnvelope envelope{
      .resources = "resource_spans", .scopes = "scope_spans", .records = "spans", .read = read};
  RETURN_IF_ERROR(DecodeProtoEnvelope(intake, envelope, Drop::kSpanMalformed));
  // The three signals' envelopes have the same field numbers, so a log export decodes as spans.
  if (intake.place().seen > 0 && !spans.saw_ids()) {
    return InvalidArgument(
        "none of the {} spans has a trace_id or span_id: this looks like a log export; those go to "
        "/v1/logs or LogsService",
        intake.place().seen);
  }
  drops = std::move(counted);
  return std::move(intake.batch());
}

}  // namespace pitot
