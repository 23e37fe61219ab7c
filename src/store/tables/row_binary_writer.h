// store/tables/row_binary_writer.h
//
// For tests: rows as RowBinary, so that what a table holds is compared with what was meant to be
// there, byte by byte, by an encoding that shares nothing with native.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace pitot {

class RowBinaryWriter {
 public:
  template <typename T>
  void Number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  template <typename T, typename U>
  void Nullable(const std::optional<U>& value) {
    Number<uint8_t>(!value.has_value());
    if (value) Number<T>(static_cast<T>(*value));
  }
  template <typename E>
  void Enum(E value) {
    Number(static_cast<int8_t>(value));
  }
  void Count(uint64_t count) {
    for (; count >= 0x80; count >>= 7) Number(static_cast<uint8_t>(count | 0x80));
    Number(static_cast<uint8_t>(count));
  }
  void Text(std::string_view text) {
    Count(text.size());
    out_ += text;
  }
  void Raw(std::string_view bytes) { out_ += bytes; }

  std::string Take() { return std::exchange(out_, {}); }

 private:
  std::string out_;
};

}  // namespace pitot
