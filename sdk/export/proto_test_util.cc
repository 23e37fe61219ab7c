// Reading Protocol Buffers for tests, independently of the code that writes them.
#include <gtest/gtest.h>

#include <bit>
#include <cinttypes>
#include <cstdio>
#include <map>

#include "sdk/export/export_test_util.h"

namespace pitot {
inline namespace sdk {
namespace {

enum class Type : uint8_t { kMessage, kText, kId, kNumber, kSigned, kDouble, kTime };

struct FieldName {
  std::string name;
  Type type = Type::kNumber;
  std::string message = {};  // Name of the message's own type.
};

// Source: opentelemetry-proto 1.11.
const std::map<std::string, std::map<uint32_t, FieldName>>& Schema() {
  static const std::map<std::string, std::map<uint32_t, FieldName>> schema = {
      {"Request", {{1, {"resource_spans", Type::kMessage, "ResourceSpans"}}}},
      {"ResourceSpans",
       {{1, {"resource", Type::kMessage, "Resource"}},
        {2, {"scope_spans", Type::kMessage, "ScopeSpans"}}}},
      {"Resource", {{1, {"attributes", Type::kMessage, "KeyValue"}}}},
      {"ScopeSpans",
       {{1, {"scope", Type::kMessage, "Scope"}}, {2, {"spans", Type::kMessage, "Span"}}}},
      {"Scope", {{1, {"name", Type::kText}}, {2, {"version", Type::kText}}}},
      {"Span",
       {{1, {"trace_id", Type::kId}},
        {2, {"span_id", Type::kId}},
        {3, {"trace_state", Type::kText}},
        {4, {"parent_span_id", Type::kId}},
        {5, {"name", Type::kText}},
        {6, {"kind", Type::kNumber}},
        {7, {"start_time_unix_nano", Type::kTime}},
        {8, {"end_time_unix_nano", Type::kTime}},
        {9, {"attributes", Type::kMessage, "KeyValue"}},
        {10, {"dropped_attributes_count", Type::kNumber}},
        {11, {"events", Type::kMessage, "Event"}},
        {12, {"dropped_events_count", Type::kNumber}},
        {13, {"links", Type::kMessage, "Link"}},
        {15, {"status", Type::kMessage, "Status"}},
        {16, {"flags", Type::kTime}}}},
      {"Event",
       {{1, {"time_unix_nano", Type::kTime}},
        {2, {"name", Type::kText}},
        {3, {"attributes", Type::kMessage, "KeyValue"}}}},
      {"Link",
       {{1, {"trace_id", Type::kId}},
        {2, {"span_id", Type::kId}},
        {4, {"attributes", Type::kMessage, "KeyValue"}}}},
      {"Status", {{2, {"message", Type::kText}}, {3, {"code", Type::kNumber}}}},
      {"KeyValue", {{1, {"key", Type::kText}}, {2, {"value", Type::kMessage, "AnyValue"}}}},
      {"AnyValue",
       {{1, {"string_value", Type::kText}},
        {2, {"bool_value", Type::kNumber}},
        {3, {"int_value", Type::kSigned}},
        {4, {"double_value", Type::kDouble}},
        {5, {"array_value", Type::kMessage, "ArrayValue"}}}},
      {"ArrayValue", {{1, {"values", Type::kMessage, "AnyValue"}}}},
  };
  return schema;
}

int WireTypeOf(Type type) {
  switch (type) {
    case Type::kNumber:
    case Type::kSigned:
      return 0;
    case Type::kDouble:
    case Type::kTime:
      return 1;
    default:
      return 2;
  }
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f || c == '"' || c == '\\') {
      char escaped[8];
      std::snprintf(escaped, sizeof(escaped), "\\x%02x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string Shown(const FieldName& name, const ProtoField& field) {
  char text[64] = "";
  switch (name.type) {
    case Type::kText:
      return Quoted(field.bytes);
    case Type::kId: {
      std::string hex;
      for (const char c : field.bytes) {
        std::snprintf(text, sizeof(text), "%02x", static_cast<unsigned char>(c));
        hex += text;
      }
      return hex;
    }
    case Type::kSigned:
      std::snprintf(text, sizeof(text), "%" PRId64, static_cast<int64_t>(field.value));
      return text;
    case Type::kDouble:
      std::snprintf(text, sizeof(text), "%.17g", std::bit_cast<double>(field.value));
      return text;
    default:
      std::snprintf(text, sizeof(text), "%" PRIu64, field.value);
      return text;
  }
}

void Dump(const std::string& message, std::string_view bytes, size_t depth, std::string& out) {
  uint32_t before = 0;
  for (const ProtoField& field : ReadProto(bytes)) {
    const auto& names = Schema().at(message);
    const auto found = names.find(field.number);
    if (found == names.end()) {
      ADD_FAILURE() << message << " has no field " << field.number << " known to this test";
      continue;
    }
    const FieldName& name = found->second;
    const bool fixed32 = name.name == "flags";
    EXPECT_EQ(field.wire_type, fixed32 ? 5 : WireTypeOf(name.type)) << message << "." << name.name;
    EXPECT_GE(field.number, before) << "fields of " << message << " are not in order";
    before = field.number;
    out.append(2 * depth, ' ');
    out += name.name;
    if (name.type != Type::kMessage) {
      out += ": " + Shown(name, field) + "\n";
    } else if (name.message == "KeyValue") {
      // On one line: key, type and value.
      const std::vector<ProtoField> pair = ReadProto(field.bytes);
      std::string value;
      if (pair.size() == 2) Dump("AnyValue", pair[1].bytes, 0, value);
      while (!value.empty() && value.back() == '\n') value.pop_back();
      for (size_t at = 0; (at = value.find('\n', at)) != std::string::npos;) value[at] = ' ';
      out += ' ';
      if (!pair.empty()) out += Quoted(pair[0].bytes);
      out.append(1, ' ').append(value).append(1, '\n');
    } else {
      out += '\n';
      Dump(name.message, field.bytes, depth + 1, out);
    }
  }
}

}  // namespace

std::vector<ProtoField> ReadProto(std::string_view bytes) {
  std::vector<ProtoField> fields;
  size_t at = 0;
  bool good = true;
  const auto varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      if (at >= bytes.size()) break;
      const auto byte = static_cast<uint8_t>(bytes[at++]);
      value += static_cast<uint64_t>(byte % 128) << shift;
      if (byte < 128) {
        EXPECT_TRUE(shift == 0 || byte != 0) << "a number at " << at << " has needless bytes";
        return value;
      }
    }
    good = false;
    return value;
  };
  const auto fixed = [&](size_t width) {
    uint64_t value = 0;
    good = good && bytes.size() - at >= width;
    for (size_t i = 0; good && i < width; ++i) {
      value += static_cast<uint64_t>(static_cast<uint8_t>(bytes[at++])) << (8 * i);
    }
    return value;
  };
  while (good && at < bytes.size()) {
    const uint64_t tag = varint();
    ProtoField field{.number = static_cast<uint32_t>(tag / 8),
                     .wire_type = static_cast<int>(tag % 8)};
    if (field.wire_type == 0) {
      field.value = varint();
    } else if (field.wire_type == 1 || field.wire_type == 5) {
      field.value = fixed(field.wire_type == 1 ? 8 : 4);
    } else if (field.wire_type == 2) {
      const uint64_t length = varint();
      good = good && length <= bytes.size() - at;
      if (good) field.bytes = bytes.substr(at, length);
      at += field.bytes.size();
    } else {
      good = false;
    }
    if (good) fields.push_back(field);
  }
  EXPECT_TRUE(good) << "not a Protocol Buffers message near byte " << at << " of " << bytes.size();
  return fields;
}

std::string DumpOtlp(std::string_view request) {
  std::string out;
  Dump("Request", request, 0, out);
  return out;
}

}  // namespace sdk
}  // namespace pitot
