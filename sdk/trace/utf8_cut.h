// sdk/trace/utf8_cut.h
#pragma once

#include <cstddef>
#include <string_view>

namespace pitot {
inline namespace sdk {

// The longest start of `text` of at most `bytes_max` bytes that cuts no UTF-8 character apart. Text that
// is no UTF-8 is cut anywhere.
inline std::string_view CutUtf8(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t at = bytes_max;
  for (int back = 0; back < 3 && at > 0; ++back) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) return text.substr(0, at);
    --at;
  }
  const bool starts = at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0) != 0x80;
  return text.substr(0, starts ? at : bytes_max);
}

}  // namespace sdk
}  // namespace pitot
