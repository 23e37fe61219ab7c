// sdk/testing/json_out.h
//
// Writing JSON as the providers write it: members in a given order, no white space. Values are JSON text.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wire/json_text.h"

namespace pitot {
inline namespace sdk {

inline constexpr const char* kJsonNull = "null";

inline std::string Quoted(std::string_view text) {
  std::string out;
  AppendQuoted(text, out);
  return out;
}

inline std::string JsonNumber(std::integral auto number) { return std::to_string(number); }

struct JsonPair {
  std::string_view key;
  std::string value;
};

// Members with an empty value are left out.
inline std::string JsonObject(std::initializer_list<JsonPair> members) {
  std::string out = "{";
  for (const JsonPair& member : members) {
    if (member.value.empty()) continue;
    if (out.size() > 1) out += ',';
    AppendQuoted(member.key, out);
    out += ':';
    out += member.value;
  }
  return out + '}';
}

inline std::string JsonArray(const std::vector<std::string>& values) {
  std::string out = "[";
  for (const std::string& value : values) {
    if (out.size() > 1) out += ',';
    out += value;
  }
  return out + ']';
}

}  // namespace sdk
}  // namespace pitot
