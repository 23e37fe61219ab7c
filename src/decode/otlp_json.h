// decode/otlp_json.h
//
// What the three OTLP signals share in JSON: scalars in their several spellings, AnyValue,
// attributes, and the envelope resource > scope > record. Internal to decode/.
// Source: opentelemetry-proto 1.11, docs/specification.md, "JSON Protobuf Encoding".
//
// Readers return false after Intake::Fault said what is wrong with `field`; the record is then
// malformed. Strings they yield live as long as the JsonSource, unless said otherwise.
#pragma once

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "decode/intake.h"
#include "decode/json_source.h"

namespace pitot {

using JsonElement = simdjson::dom::element;

bool ReadJsonText(Intake& intake, JsonElement json, std::string_view field, std::string_view& out);
// A string kept in the batch.
bool KeepJsonText(Intake& intake, JsonElement json, std::string_view field, std::string_view& out);
bool ReadJsonBool(Intake& intake, JsonElement json, std::string_view field, bool& out);
// A number or decimal text, never through a double unless it was written as one.
bool ReadJsonInt(Intake& intake, JsonElement json, std::string_view field, int64_t& out);
bool ReadJsonUint(Intake& intake, JsonElement json, std::string_view field, uint64_t& out);
// Unix nanoseconds.
bool ReadJsonTime(Intake& intake, JsonElement json, std::string_view field, int64_t& out);
// A number, numeric text, or "NaN", "Infinity", "-Infinity".
bool ReadJsonDouble(Intake& intake, JsonElement json, std::string_view field, double& out);
// A number, or one of `names` behind `prefix`, standing for its index.
bool ReadJsonEnum(Intake& intake, JsonElement json, std::string_view field, std::string_view prefix,
                  std::span<const std::string_view> names, int64_t& out);
bool ReadJsonArray(Intake& intake, JsonElement json, std::string_view field,
                   simdjson::dom::array& out);
bool ReadJsonObject(Intake& intake, JsonElement json, std::string_view field,
                    simdjson::dom::object& out);

// AnyValue, kept in the batch.
bool KeepJsonValue(Intake& intake, JsonElement any, std::string_view field, AttrValue& out);
// An array of {key, value}, kept in the batch; clears `attrs` first.
bool KeepJsonAttrs(Intake& intake, JsonElement list, std::string_view field, AttrSet& attrs);

struct JsonEnvelope {
  std::string_view resources;   // "resourceSpans"
  std::string_view scopes;      // "scopeSpans"
  std::string_view old_scopes;  // "instrumentationLibrarySpans", of exporters before 0.16
  std::string_view records;     // "spans"
  std::string_view snake_case;  // "resource_spans": not OTLP; refused rather than lost in silence
  // Reads one record, or refuses it itself.
  absl::FunctionRef<void(JsonElement record)> read;
};

// Reads the whole body. A repeated key of the envelope adds to the earlier one: losing records to a
// duplicate key would be silent.
absl::Status DecodeJsonEnvelope(Intake& intake, const JsonEnvelope& envelope);

}  // namespace pitot
