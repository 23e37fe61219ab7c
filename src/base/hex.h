// base/hex.h
//
// Lower-case hex of raw bytes and back.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace pitot {

std::string ToHex(std::string_view raw);

// Appends to `out` without a temporary.
void AppendHex(std::string_view raw, std::string& out);

// Decodes hex of either case into raw[0..bytes); false when text is not exactly 2*bytes hex digits.
[[nodiscard]] bool FromHex(std::string_view text, char* raw, size_t bytes);

}  // namespace pitot
