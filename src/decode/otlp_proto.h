// decode/otlp_proto.h
//
// What the three OTLP signals share on the protobuf wire: field keys, AnyValue, KeyValue, and the
// envelope resource > scope > record. Internal to decode/.
// Wire errors are protozero exceptions up to DecodeProtoEnvelope, which catches them: one record's
// broken bytes refuse that record, broken nesting refuses the request.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include <cstdint>
#include <protozero/pbf_reader.hpp>
#include <string_view>

#include "decode/intake.h"

namespace pitot {

// Field number and wire type together, as pbf_reader::tag_and_type() yields them: a known field of
// an unexpected wire type is thereby an unknown field, which protobuf says to skip.
constexpr uint32_t VarintField(uint32_t number) { return number << 3; }
constexpr uint32_t Fixed64Field(uint32_t number) { return number << 3 | 1; }
constexpr uint32_t BytesField(uint32_t number) { return number << 3 | 2; }

inline std::string_view View(protozero::pbf_reader& reader) {
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

// AnyValue.
AttrValue ReadProtoValue(protozero::pbf_reader any, Intake& intake);

// KeyValue.
void ReadProtoAttr(protozero::pbf_reader key_value, Intake& intake, AttrSet& attrs);

struct ProtoEnvelope {
  // Paths of error messages.
  std::string_view resources;  // "resource_spans"
  std::string_view scopes;
  std::string_view records;
  // Reads one record, or refuses it itself.
  absl::FunctionRef<void(protozero::pbf_reader record)> read;
};

// ExportXServiceRequest{1: ResourceX{1: Resource, 2: ScopeX{1: InstrumentationScope, 2: record}}}.
absl::Status DecodeProtoEnvelope(Intake& intake, const ProtoEnvelope& envelope, Drop malformed);

}  // namespace pitot
