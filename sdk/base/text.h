// sdk/base/text.h
//
// Text as headers, URLs and environment variables have it. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace pitot {
inline namespace sdk {

// Without blanks and tabs around it.
std::string_view TrimBlanks(std::string_view text);

// %XX undone (RFC 3986); what is no escape stays as it is.
std::string PercentDecoded(std::string_view text);

// RFC 4648, with padding.
std::string Base64(std::string_view bytes);

}  // namespace sdk
}  // namespace pitot
