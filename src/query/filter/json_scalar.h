// query/filter/json_scalar.h
//
// What an attribute's JSON says when compared as text, and which texts are numbers. The SQL of
// query/filter/compile.cc says the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pitot {

// A JSON string's content, empty for null, else the JSON as it stands. The view is into `json` or
// `storage`.
std::string_view JsonScalarText(std::string_view json, std::string& storage);

// Digits with an optional sign, fraction and exponent, nothing around them. Empty for everything else
// and for what no double holds.
std::optional<double> ParseNumber(std::string_view text);

// The same as the engine reads it: too large is infinite, too small is 0.
std::optional<double> ReadNumber(std::string_view text);

// Whether `text` is written like a number, whether or not a double holds it.
bool IsNumber(std::string_view text);

}  // namespace pitot
