#include "decode/otlp_proto.h"

#include <protozero/exception.hpp>

namespace pitot {
namespace {

using protozero::pbf_reader;

// Unwinding costs about a microsecond and a broken record may be three bytes: a body with more of
// them than this is no OTLP and is refused as a whole.
constexpr uint32_t kBrokenRecordsMax = 1000;

void WriteArray(pbf_reader array, int64_t depth, Intake& intake, bool* mended);
void WriteMap(pbf_reader list, int64_t depth, Intake& intake, bool* mended);

// The last field present wins, as for every oneof.
struct AnyValue {
  uint32_t field = 0;  // 0: empty.
  uint64_t bits = 0;
  std::string_view bytes;
};

AnyValue ReadAny(pbf_reader any) {
  AnyValue value;
  while (any.next()) {
    const uint32_t field = any.tag_and_type();
    switch (field) {
      case BytesField(1):
      case BytesField(5):
      case BytesField(6):
      case BytesField(7):
        value.bytes = View(any);
        break;
      case VarintField(2):
      case VarintField(3):
        value.bits = static_cast<uint64_t>(any.get_int64());
        break;
      case Fixed64Field(4):
        value.bits = any.get_fixed64();
        break;
      default:
        any.skip();
        continue;
    }
    value.field = field;
  }
  return value;
}

double DoubleOf(uint64_t bits) {
  double number;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

void WriteValue(const AnyValue& value, int64_t depth, Intake& intake, bool* mended) {
  JsonText& json = intake.json_text();
  const bool nested = value.field == BytesField(5) || value.field == BytesField(6);
  if (nested && depth > intake.limits().depth) {
    intake.drops().Add(Drop::kAttrDepth);
    return json.Null();
  }
  switch (value.field) {
    case BytesField(1):
      return json.String(value.bytes, mended);
    case VarintField(2):
      return json.Bool(value.bits != 0);
    case VarintField(3):
      return json.Int(static_cast<int64_t>(value.bits));
    case Fixed64Field(4):
      return json.Double(DoubleOf(value.bits));
    case BytesField(5):
      return WriteArray(pbf_reader(value.bytes.data(), value.bytes.size()), depth, intake, mended);
    case BytesField(6):
      return WriteMap(pbf_reader(value.bytes.data(), value.bytes.size()), depth, intake, mended);
    case BytesField(7):
      return json.Base64(value.bytes);
    default:
      return json.Null();
  }
}

void WriteArray(pbf_reader array, int64_t depth, Intake& intake, bool* mended) {
  intake.json_text().BeginArray();
  while (array.next(1, protozero::pbf_wire_type::length_delimited)) {
    WriteValue(ReadAny(array.get_message()), depth + 1, intake, mended);
  }
  intake.json_text().EndArray();
}

struct KeyValue {
  std::string_view key;
  AnyValue value;
};

KeyValue ReadKeyValue(pbf_reader reader) {
  KeyValue out;
  while (reader.next()) {
    switch (reader.tag_and_type()) {
      case BytesField(1):
        out.key = View(reader);
        break;
      case BytesField(2):
        out.value = ReadAny(reader.get_message());
        break;
      default:
        reader.skip();
    }
  }
  return out;
}

void WriteMap(pbf_reader list, int64_t depth, Intake& intake, bool* mended) {
  intake.json_text().BeginObject();
  while (list.next(1, protozero::pbf_wire_type::length_delimited)) {
    const KeyValue entry = ReadKeyValue(list.get_message());
    intake.json_text().Key(entry.key, mended);
    WriteValue(entry.value, depth + 1, intake, mended);
  }
  intake.drops().Add(Drop::kAttrDuplicateKey, intake.json_text().EndObject());
}

AttrValue Keep(const AnyValue& value, Intake& intake) {
  switch (value.field) {
    case BytesField(1):
      return intake.TextValue(value.bytes);
    case VarintField(2):
      return {.type = AttrType::kBool, .boolean = value.bits != 0};
    case VarintField(3):
      return {.type = AttrType::kInt, .integer = static_cast<int64_t>(value.bits)};
    case Fixed64Field(4):
      return {.type = AttrType::kDouble, .number = DoubleOf(value.bits)};
    case BytesField(5):
    case BytesField(6): {
      bool mended = false;
      intake.json_text().Reset(static_cast<size_t>(intake.limits().payload_bytes));
      WriteValue(value, 1, intake, &mended);
      intake.CountMended(mended);
      return intake.JsonValue();
    }
    case BytesField(7):
      return intake.BytesValue(value.bytes);
    default:
      return {};
  }
}

class EnvelopeDecoder {
 public:
  EnvelopeDecoder(Intake& intake, const ProtoEnvelope& envelope, Drop malformed)
      : intake_(intake), envelope_(envelope), malformed_(malformed) {}

  absl::Status Decode() {
    try {
      pbf_reader request(intake_.body().data(), intake_.body().size());
      Mark(request);
      while (status_.ok() && request.next()) {
        if (request.tag_and_type() == BytesField(1)) {
          Resource(request.get_message());
          ++intake_.place().resource;
        } else {
          request.skip();
        }
        Mark(request);
      }
    } catch (const protozero::exception& error) {
      return InvalidArgument(
          "broken protobuf at or after byte {} of the body, in {}[{}].{}[{}]: {}", at_,
          envelope_.resources, intake_.place().resource, envelope_.scopes, intake_.place().scope,
          error.what());
    }
    return status_;
  }

 private:
  // Remembers how far the body was good.
  void Mark(pbf_reader& reader) {
    at_ = static_cast<size_t>(reader.data().data() - intake_.body().data());
  }

  void Resource(pbf_reader reader) {
    RawResource resource;
    intake_.BeginResource();
    intake_.place().scope = 0;
    Mark(reader);
    while (status_.ok() && reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          resource.attributes = Attributes(reader.get_message(), 1);
          break;
        case BytesField(2):
          Scope(reader.get_message());
          ++intake_.place().scope;
          break;
        default:
          reader.skip();
      }
      Mark(reader);
    }
    intake_.EndResource(resource);
  }

  void Scope(pbf_reader reader) {
    RawScope scope;
    intake_.BeginScope();
    Place& place = intake_.place();
    place.record = 0;
    Mark(reader);
    while (status_.ok() && reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          InstrumentationScope(reader.get_message(), scope);
          break;
        case BytesField(2):
          Record(reader.get_message());
          ++place.record;
          ++place.seen;
          break;
        default:
          reader.skip();
      }
      Mark(reader);
    }
    intake_.EndScope(scope);
  }

  void Record(pbf_reader reader) {
    try {
      envelope_.read(reader);
    } catch (const protozero::exception& error) {
      const Place& place = intake_.place();
      intake_.Refuse(malformed_, {}, "broken protobuf in {}[{}].{}[{}].{}[{}], after byte {}: {}",
                     envelope_.resources, place.resource, envelope_.scopes, place.scope,
                     envelope_.records, place.record, at_, error.what());
      if (++broken_ > kBrokenRecordsMax) {
        status_ = InvalidArgument("more than {} records are broken protobuf; the first: {}",
                                  kBrokenRecordsMax, intake_.drops().first_refusal);
      }
    }
    if (status_.ok()) status_ = intake_.CheckGrowth();
  }

  void InstrumentationScope(pbf_reader reader, RawScope& scope) {
    scope.attributes = Attributes(reader, 3);
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case BytesField(1):
          scope.name = intake_.Text(View(reader));
          break;
        case BytesField(2):
          scope.version = intake_.Text(View(reader));
          break;
        default:
          reader.skip();
      }
    }
  }

  std::span<const Attr> Attributes(pbf_reader reader, uint32_t field) {
    attrs_.Clear();
    while (reader.next(field, protozero::pbf_wire_type::length_delimited)) {
      ReadProtoAttr(reader.get_message(), intake_, attrs_);
    }
    return attrs_.Take(intake_.arena());
  }

  Intake& intake_;
  const ProtoEnvelope& envelope_;
  const Drop malformed_;
  absl::Status status_;
  AttrSet attrs_;
  size_t at_ = 0;
  uint32_t broken_ = 0;
};

}  // namespace

AttrValue ReadProtoValue(pbf_reader any, Intake& intake) { return Keep(ReadAny(any), intake); }

void ReadProtoAttr(pbf_reader key_value, Intake& intake, AttrSet& attrs) {
  const KeyValue raw = ReadKeyValue(key_value);
  attrs.Add({.key = intake.Text(raw.key), .value = Keep(raw.value, intake)}, intake);
}

absl::Status DecodeProtoEnvelope(Intake& intake, const ProtoEnvelope& envelope, Drop malformed) {
  return EnvelopeDecoder(intake, envelope, malformed).Decode();
}

}  // namespace pitot
