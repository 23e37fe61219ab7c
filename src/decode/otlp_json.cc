#include "decode/otlp_json.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

namespace pitot {
namespace {

using simdjson::dom::element_type;

std::string_view TypeWord(JsonElement json) {
  switch (json.type()) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a bool";
    case element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string_view TextOf(JsonElement json) {
  std::string_view text;
  if (json.get(text) != simdjson::SUCCESS) text = {};
  return text;
}

// Enough of a peer's text for a message.
std::string_view Excerpt(std::string_view text) { return text.substr(0, Utf8Floor(text, 40)); }

template <typename T>
bool ParseWhole(std::string_view text, T& out) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, out);
  return result.ec == std::errc() && result.ptr == end;
}

// An integral double inside the range of T.
template <typename T>
bool FromDouble(double number, T& out) {
  constexpr double kEnd = std::is_signed_v<T> ? 9223372036854775808.0 : 18446744073709551616.0;
  const double begin = std::is_signed_v<T> ? -kEnd : 0;
  if (!(number >= begin && number < kEnd) || number != std::trunc(number)) return false;
  out = static_cast<T>(number);
  return true;
}

template <typename T>
bool ReadInteger(Intake& intake, JsonElement json, std::string_view field, T& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  if (json.is_string()) {
    const std::string_view text = TextOf(json);
    if (ParseWhole(text, out)) return true;
    return intake.Fault("{}: \"{}\" is no {} 64-bit integer", field, Excerpt(text),
                        std::is_signed_v<T> ? "signed" : "unsigned");
  }
  double number = 0;
  if (json.is_number() && json.get(number) == simdjson::SUCCESS) {
    if (FromDouble(number, out)) return true;
    return intake.Fault("{}: {} is no {} 64-bit integer", field, number,
                        std::is_signed_v<T> ? "signed" : "unsigned");
  }
  return intake.Fault("{} is {}, an integer was expected", field, TypeWord(json));
}

// Text like "1.5", "-1e-400", "NaN". Overflow is an error, underflow is zero.
bool ParseDouble(std::string_view text, double& out) {
  if (text == "NaN") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else if (text == "Infinity") {
    out = std::numeric_limits<double>::infinity();
  } else if (text == "-Infinity") {
    out = -std::numeric_limits<double>::infinity();
  } else {
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, out);
    if (result.ptr != end || text.empty()) return false;
    if (result.ec == std::errc::result_out_of_range) {
      out = std::strtod(std::string(text).c_str(), nullptr);
    } else if (result.ec != std::errc()) {
      return false;
    }
    return std::isfinite(out);
  }
  return true;
}

enum class AnyType : uint8_t { kEmpty, kString, kBool, kInt, kDouble, kArray, kMap, kBytes };
struct AnyName {
  std::string_view name;
  AnyType type;
};
constexpr std::array<AnyName, 7> kAnyNames = {{{"stringValue", AnyType::kString},
                                               {"intValue", AnyType::kInt},
                                               {"doubleValue", AnyType::kDouble},
                                               {"boolValue", AnyType::kBool},
                                               {"arrayValue", AnyType::kArray},
                                               {"kvlistValue", AnyType::kMap},
                                               {"bytesValue", AnyType::kBytes}}};

// The one value that is set; of several the last, counted.
struct Any {
  AnyType type = AnyType::kEmpty;
  std::string_view name;
  JsonElement json;
};

bool ReadAny(Intake& intake, JsonElement json, std::string_view field, Any& any) {
  simdjson::dom::object object;
  if (!ReadJsonObject(intake, json, field, object)) return false;
  for (const auto& [key, value] : object) {
    if (value.is_null()) continue;
    for (const AnyName& row : kAnyNames) {
      if (row.name != key) continue;
      if (any.type != AnyType::kEmpty) intake.drops().Add(Drop::kAttrDuplicateKey);
      any = {row.type, row.name, value};
    }
  }
  return true;
}

// {"values": [...]} of arrayValue and kvlistValue; absent: empty.
bool ReadValues(Intake& intake, const Any& any, simdjson::dom::array& values, bool& present) {
  simdjson::dom::object object;
  if (!ReadJsonObject(intake, any.json, any.name, object)) return false;
  present = false;
  for (const auto& [key, value] : object) {
    if (key != "values" || value.is_null()) continue;
    if (!ReadJsonArray(intake, value, "values", values)) {
      return intake.FaultWithin("{}.", any.name);
    }
    present = true;
  }
  return true;
}

bool ReadBase64(Intake& intake, const Any& any, std::string& raw) {
  std::string_view text;
  if (!ReadJsonText(intake, any.json, any.name, text)) return false;
  return DecodeBase64(text, raw) || intake.Fault("{} is no base64", any.name);
}

// Writes AnyValues as plain JSON into the intake's json_text().
class NestedWriter {
 public:
  explicit NestedWriter(Intake& intake) : intake_(intake), json_(intake.json_text()) {}
  ~NestedWriter() { intake_.CountMended(mended_); }

  bool Write(const Any& any, int64_t depth) {
    switch (any.type) {
      case AnyType::kEmpty:
        json_.Null();
        return true;
      case AnyType::kString: {
        std::string_view text;
        if (!ReadJsonText(intake_, any.json, any.name, text)) return false;
        json_.String(text, &mended_);
        return true;
      }
      case AnyType::kBool: {
        bool value = false;
        if (!ReadJsonBool(intake_, any.json, any.name, value)) return false;
        json_.Bool(value);
        return true;
      }
      case AnyType::kInt: {
        int64_t value = 0;
        if (!ReadJsonInt(intake_, any.json, any.name, value)) return false;
        json_.Int(value);
        return true;
      }
      case AnyType::kDouble: {
        double value = 0;
        if (!ReadJsonDouble(intake_, any.json, any.name, value)) return false;
        json_.Double(value);
        return true;
      }
      case AnyType::kBytes: {
        std::string raw;
        if (!ReadBase64(intake_, any, raw)) return false;
        json_.Base64(raw);
        return true;
      }
      default:
        return Container(any, depth);
    }
  }

 private:
  bool Container(const Any& any, int64_t depth) {
    if (depth > intake_.limits().depth) {
      intake_.drops().Add(Drop::kAttrDepth);
      json_.Null();
      return true;
    }
    simdjson::dom::array values;
    bool present = false;
    if (!ReadValues(intake_, any, values, present)) return false;
    const bool map = any.type == AnyType::kMap;
    map ? json_.BeginObject() : json_.BeginArray();
    size_t index = 0;
    if (present) {
      for (const JsonElement item : values) {
        if (!(map ? Entry(item, depth) : Item(item, depth))) {
          return intake_.FaultWithin("{}.values[{}].", any.name, index);
        }
        ++index;
      }
    }
    if (map) {
      intake_.drops().Add(Drop::kAttrDuplicateKey, json_.EndObject());
    } else {
      json_.EndArray();
    }
    return true;
  }

  bool Item(JsonElement item, int64_t depth) {
    Any any;
    return ReadAny(intake_, item, "value", any) && Write(any, depth + 1);
  }

  bool Entry(JsonElement item, int64_t depth) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake_, item, "entry", object)) return false;
    std::string_view name;
    Any any;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      if (key == "key" && !ReadJsonText(intake_, value, "key", name)) return false;
      if (key != "value") continue;
      any = {};
      if (!ReadAny(intake_, value, "value", any)) return false;
    }
    json_.Key(name, &mended_);
    return Write(any, depth + 1);
  }

  Intake& intake_;
  JsonText& json_;
  bool mended_ = false;
};

bool KeepAny(Intake& intake, const Any& any, AttrValue& out) {
  out = {};
  switch (any.type) {
    case AnyType::kEmpty:
      return true;
    case AnyType::kString:
      out.type = AttrType::kString;
      return KeepJsonText(intake, any.json, any.name, out.text);
    case AnyType::kBool:
      out.type = AttrType::kBool;
      return ReadJsonBool(intake, any.json, any.name, out.boolean);
    case AnyType::kInt:
      out.type = AttrType::kInt;
      return ReadJsonInt(intake, any.json, any.name, out.integer);
    case AnyType::kDouble:
      out.type = AttrType::kDouble;
      return ReadJsonDouble(intake, any.json, any.name, out.number);
    case AnyType::kBytes: {
      std::string raw;
      if (!ReadBase64(intake, any, raw)) return false;
      out = intake.BytesValue(raw);
      out.text = intake.arena().Copy(out.text);
      return true;
    }
    default:
      intake.json_text().Reset(static_cast<size_t>(intake.limits().payload_bytes));
      if (!NestedWriter(intake).Write(any, 1)) return false;
      out = intake.JsonValue();
      return true;
  }
}

}  // namespace

bool ReadJsonText(Intake& intake, JsonElement json, std::string_view field, std::string_view& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  return intake.Fault("{} is {}, a string was expected", field, TypeWord(json));
}

bool KeepJsonText(Intake& intake, JsonElement json, std::string_view field, std::string_view& out) {
  std::string_view text;
  if (!ReadJsonText(intake, json, field, text)) return false;
  out = intake.CopyText(text);
  return true;
}

bool ReadJsonBool(Intake& intake, JsonElement json, std::string_view field, bool& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  const std::string_view text = TextOf(json);
  out = text == "true";
  if (out || text == "false") return true;
  return intake.Fault("{} is {}, a bool was expected", field, TypeWord(json));
}

bool ReadJsonInt(Intake& intake, JsonElement json, std::string_view field, int64_t& out) {
  return ReadInteger(intake, json, field, out);
}

bool ReadJsonUint(Intake& intake, JsonElement json, std::string_view field, uint64_t& out) {
  return ReadInteger(intake, json, field, out);
}

bool ReadJsonTime(Intake& intake, JsonElement json, std::string_view field, int64_t& out) {
  uint64_t wire = 0;
  return ReadJsonUint(intake, json, field, wire) && intake.Time(wire, field, out);
}

bool ReadJsonDouble(Intake& intake, JsonElement json, std::string_view field, double& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  if (!json.is_string()) {
    return intake.Fault("{} is {}, a number was expected", field, TypeWord(json));
  }
  const std::string_view text = TextOf(json);
  return ParseDouble(text, out) ||
         intake.Fault("{}: \"{}\" is no 64-bit number", field, Excerpt(text));
}

bool ReadJsonEnum(Intake& intake, JsonElement json, std::string_view field, std::string_view prefix,
                  std::span<const std::string_view> names, int64_t& out) {
  const std::string_view text = TextOf(json);
  if (text.starts_with(prefix)) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (text.substr(prefix.size()) != names[i]) continue;
      out = static_cast<int64_t>(i);
      return true;
    }
  }
  return ReadInteger(intake, json, field, out);
}

bool ReadJsonArray(Intake& intake, JsonElement json, std::string_view field,
                   simdjson::dom::array& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  return intake.Fault("{} is {}, an array was expected", field, TypeWord(json));
}

bool ReadJsonObject(Intake& intake, JsonElement json, std::string_view field,
                    simdjson::dom::object& out) {
  if (json.get(out) == simdjson::SUCCESS) return true;
  return intake.Fault("{} is {}, an object was expected", field, TypeWord(json));
}

bool KeepJsonValue(Intake& intake, JsonElement json, std::string_view field, AttrValue& out) {
  Any any;
  if (!ReadAny(intake, json, field, any)) return false;
  return KeepAny(intake, any, out) || intake.FaultWithin("{}.", field);
}

bool KeepJsonAttrs(Intake& intake, JsonElement list, std::string_view field, AttrSet& attrs) {
  attrs.Clear();
  simdjson::dom::array array;
  if (!ReadJsonArray(intake, list, field, array)) return false;
  size_t index = 0;
  for (const JsonElement item : array) {
    simdjson::dom::object object;
    if (!ReadJsonObject(intake, item, "item", object)) {
      return intake.FaultWithin("{}[{}]: ", field, index);
    }
    Attr attr;
    for (const auto& [key, value] : object) {
      if (value.is_null()) continue;
      const bool fine = key == "key"     ? KeepJsonText(intake, value, "key", attr.key)
                        : key == "value" ? KeepJsonValue(intake, value, "value", attr.value)
                                         : true;
      if (!fine) return intake.FaultWithin("{}[{}].", field, index);
    }
    attrs.Add(attr, intake);
    ++index;
  }
  return true;
}

}  // namespace pitot
