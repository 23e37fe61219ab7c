// sdk/export/utf8.h
//
// Every format spans are sent in demands UTF-8, and refuses a whole request for one byte that is not.
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

// Whether `text` is UTF-8 (RFC 3629: shortest form, no surrogates, up to U+10FFFF).
bool IsUtf8(std::string_view text);

// `text`, or a copy in `*scratch` with each run of bytes that cannot be part of a character replaced by
// one U+FFFD, as the Unicode standard recommends (maximal subparts).
std::string_view Utf8(std::string_view text, std::string* scratch);

// Appends `text`, mended, as a JSON string with quotes.
void AppendJsonText(std::string_view text, std::string& out);

}  // namespace sdk
}  // namespace pitot
