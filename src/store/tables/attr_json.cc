#include "store/tables/attr_json.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>

#include "base/hex.h"

namespace pitot {
namespace {

bool NeedsEscape(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\'; }

void AppendEscape(char c, std::string& out) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<int>(c));
  }
}

void AppendBase64(std::string_view raw, std::string& out) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < raw.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < raw.size() ? static_cast<uint8_t>(raw[i + j]) : 0);
    }
    for (size_t j = 0; j < 4; ++j) {
      out += i + j > raw.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    }
  }
}

void AppendDouble(double number, std::string& out) {
  if (std::isnan(number)) {
    out += "\"NaN\"";
  } else if (std::isinf(number)) {
    out += number > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    const size_t from = out.size();
    fmt::format_to(std::back_inserter(out), "{}", number);  // Shortest that reads back the same.
    if (out.find_first_of(".e", from) == std::string::npos) out += ".0";
  }
}

template <typename Item, typename AppendItem>
void AppendArray(std::span<const Item> items, std::string& out, AppendItem append) {
  if (items.empty()) return;
  char separator = '[';
  for (const Item& item : items) {
    out += separator;
    separator = ',';
    append(item);
  }
  out += ']';
}

}  // namespace

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  size_t from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!NeedsEscape(text[i])) continue;
    out.append(text, from, i - from);
    AppendEscape(text[i], out);
    from = i + 1;
  }
  out.append(text, from);
  out += '"';
}

void AppendAttrJson(const AttrValue& value, std::string& out) {
  switch (value.type) {
    case AttrType::kEmpty:
      out += "null";
      return;
    case AttrType::kString:
      AppendJsonString(value.text, out);
      return;
    case AttrType::kBool:
      out += value.boolean ? "true" : "false";
      return;
    case AttrType::kInt:
      fmt::format_to(std::back_inserter(out), "{}", value.integer);
      return;
    case AttrType::kDouble:
      AppendDouble(value.number, out);
      return;
    case AttrType::kBytes:
      out += '"';
      AppendBase64(value.text, out);
      out += '"';
      return;
    case AttrType::kJson:
      out += value.text;
      return;
  }
}

void AppendJsonObject(std::span<const JsonAttr> attributes, std::string& out) {
  out += '{';
  bool first = true;
  for (const JsonAttr& attribute : attributes) {
    if (!first) out += ',';
    first = false;
    AppendJsonString(attribute.key, out);
    out += ':';
    out += attribute.json;
  }
  out += '}';
}

void AppendEventsJson(std::span<const SpanEvent> events, std::string& out) {
  AppendArray(events, out, [&](const SpanEvent& event) {
    fmt::format_to(std::back_inserter(out), "{{\"time_ns\":{},\"name\":", event.time_ns);
    AppendJsonString(event.name, out);
    out += ",\"attributes\":";
    AppendJsonObject(event.attributes, out);
    out += '}';
  });
}

void AppendLinksJson(std::span<const SpanLink> links, std::string& out) {
  AppendArray(links, out, [&](const SpanLink& link) {
    out += "{\"trace_id\":\"";
    AppendHex(link.trace_id.view(), out);
    out += "\",\"span_id\":\"";
    AppendHex(link.span_id.view(), out);
    out += "\",\"attributes\":";
    AppendJsonObject(link.attributes, out);
    out += '}';
  });
}

}  // namespace pitot
