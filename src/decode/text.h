// decode/text.h
//
// UTF-8 and base64 helpers of the decoders. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace pitot {

// Any length; vectorised.
bool IsUtf8Slow(std::string_view text);

// Most texts of a span are short and ASCII: those are told without a call.
inline bool IsUtf8(std::string_view text) {
  if (text.size() > 64) return IsUtf8Slow(text);
  const char* at = text.data();
  uint64_t bits = 0;
  size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    bits |= word;
  }
  for (; left > 0; --left, ++at) bits |= static_cast<uint8_t>(*at);
  return (bits & 0x8080808080808080ULL) == 0 || IsUtf8Slow(text);
}

// Appends `text` with each maximal ill-formed part replaced by one U+FFFD.
// Source: The Unicode Standard 15, 3.9, "U+FFFD Substitution of Maximal Subparts".
void AppendMended(std::string_view text, std::string& out);

// The largest n <= at that cuts no UTF-8 sequence of `text`.
size_t Utf8Floor(std::string_view text, size_t at);

// RFC 4648: standard alphabet, padded.
void AppendBase64(std::string_view raw, std::string& out);

// Standard or URL-safe alphabet, padded or not; false when `text` is neither.
[[nodiscard]] bool DecodeBase64(std::string_view text, std::string& raw);

}  // namespace pitot
