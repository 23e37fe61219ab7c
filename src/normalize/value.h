// normalize/value.h
//
// What an attribute value means, whatever type it came in: exporters send counts as strings, floats
// as integers, lists as JSON text or comma-separated words, and placeholders for "nothing".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "model/arena.h"
#include "model/attr.h"

namespace pitot {

// Nothing, or a word that emitters write for nothing: empty, `{}`, `null`, `<REDACTED>`, `N/A`, ...
bool IsAbsent(const AttrValue& value);

// A finite number, from an integer, a float or a decimal string.
std::optional<double> AsNumber(const AttrValue& value);

// A whole number >= 0. Counts beyond 64 bits become the largest count, so that limits catch them.
std::optional<int64_t> AsCount(const AttrValue& value);

// true, "true", "True", 1 and their opposites.
std::optional<bool> AsBool(const AttrValue& value);

// Plain text; numbers are written out (into `arena`). Empty for absent values.
std::string_view AsText(const AttrValue& value, Arena& arena);

// The items of an array, a JSON array in a string, or a comma-separated string.
void AppendList(const AttrValue& value, Arena& arena, std::vector<std::string_view>& items);

// The value as JSON text. Strings of plain characters and JSON values cost one copy or none.
std::string_view AsJson(const AttrValue& value, Arena& arena);

// `text` in lower case; `text` itself when it already is.
std::string_view Lower(std::string_view text, Arena& arena);

}  // namespace pitot
