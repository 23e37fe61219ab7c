#include "decode/json_value.h"

#include <string_view>

namespace pitot {
namespace {

void WriteContainer(Intake& intake, JsonElement json, int64_t depth, bool* mended) {
  JsonText& out = intake.json_text();
  if (depth > intake.limits().depth) {
    intake.drops().Add(Drop::kAttrDepth);
    return out.Null();
  }
  simdjson::dom::array array;
  simdjson::dom::object object;
  if (json.get(array) == simdjson::SUCCESS) {
    out.BeginArray();
    for (const JsonElement item : array) WriteJsonValue(intake, item, depth + 1, mended);
    out.EndArray();
  } else if (json.get(object) == simdjson::SUCCESS) {
    out.BeginObject();
    for (const auto& [key, value] : object) {
      out.Key(key, mended);
      WriteJsonValue(intake, value, depth + 1, mended);
    }
    intake.drops().Add(Drop::kAttrDuplicateKey, out.EndObject());
  }
}

}  // namespace

void WriteJsonValue(Intake& intake, JsonElement json, int64_t depth, bool* mended) {
  JsonText& out = intake.json_text();
  std::string_view text;
  int64_t integer = 0;
  uint64_t natural = 0;
  double number = 0;
  bool flag = false;
  if (json.is_array() || json.is_object()) return WriteContainer(intake, json, depth, mended);
  if (json.get(text) == simdjson::SUCCESS) return out.String(text, mended);
  if (json.get(integer) == simdjson::SUCCESS) return out.Int(integer);
  if (json.get(natural) == simdjson::SUCCESS) return out.Uint(natural);
  if (json.get(number) == simdjson::SUCCESS) return out.Double(number);
  if (json.get(flag) == simdjson::SUCCESS) return out.Bool(flag);
  out.Null();
}

}  // namespace pitot
