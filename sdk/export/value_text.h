// sdk/export/value_text.h
//
// Values as text, for the formats that are text. Everything appended is UTF-8. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "pitot/attribute.h"

namespace pitot {
inline namespace sdk {

// Lower case.
void AppendHex(std::string_view bytes, std::string& out);

void AppendInteger(int64_t value, std::string& out);

// `value` / 10^`decimals`, exact, without zeros at the end: 1500000 with 6 is "1.5".
void AppendScaled(int64_t value, int decimals, std::string& out);

// "2026-11-20T19:46:08.123456789Z", with `decimals` digits of the second (3, 6 or 9), cut.
void AppendRfc3339(int64_t unix_ns, int decimals, std::string& out);

// A JSON value on one line: JSON as it is, what is not JSON as a string, NaN and infinities as "NaN",
// "Infinity", "-Infinity". JSON with a number beyond 64 bits or a double is a string, too: strict
// parsers refuse everything around such a number.
void AppendJsonValue(const AttributeValue& value, std::string& out);

// `{"key":value,...}`
void AppendJsonObject(std::span<const Attribute> attributes, std::string& out);

// The same as AppendJsonValue, but a string without quotes and escapes.
void AppendPlain(const AttributeValue& value, std::string& out);

}  // namespace sdk
}  // namespace pitot
