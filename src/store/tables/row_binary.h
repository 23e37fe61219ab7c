// store/tables/row_binary.h
//
// Reads ClickHouse's RowBinary format: values row after row without separators, as selected.
// Numbers are little-endian; String is varuint length and bytes; FixedString(N) is N bytes;
// Nullable(T) a byte (1 = null) and, unless null, T; Array(T) a varuint count and the items; Map
// the same with key and value in turn; LowCardinality(T) is plain T; Enum8 is Int8; Date is UInt16
// days. Source: ClickHouse documentation, formats, RowBinary.
//
// The bytes may be cut or wrong (a remote store, a proxy between): no read passes the end. After
// the first failure everything reads as zero or empty and ok() is false: check it once a row.
//
// Thread-safety: none. Ownership: views point into the bytes given, which must outlive them.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace pitot {

class RowBinaryReader {
 public:
  explicit RowBinaryReader(std::string_view bytes) : left_(bytes) {}

  bool ok() const { return ok_; }
  // Bytes not read yet; 0 after a failure.
  size_t left() const { return left_.size(); }
  // True when every byte was read; also after a failure, so that loops end.
  bool AtEnd() const { return left_.empty(); }

  template <typename T>
  T Number() {
    T value{};
    const std::string_view raw = Bytes(sizeof(T));
    if (ok_) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  bool Bool() { return Number<uint8_t>() != 0; }

  // The enumerator stored as an Enum8; values outside [0, end) are a failure.
  template <typename E>
  E Enum(E end) {
    const uint8_t value = Number<uint8_t>();
    if (value >= static_cast<uint8_t>(end)) return Fail(), E{};
    return static_cast<E>(value);
  }

  template <typename T>
  std::optional<T> NullableNumber() {
    const uint8_t null = Number<uint8_t>();
    if (!ok_ || null != 0) return std::nullopt;
    return Number<T>();
  }

  uint64_t VarUint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint8_t byte = Number<uint8_t>();
      if (!ok_) return 0;
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    Fail();
    return 0;
  }

  std::string_view String() { return Bytes(VarUint()); }

  // `size` bytes: a FixedString.
  std::string_view Bytes(uint64_t size) {
    if (size > left_.size()) {
      Fail();
      return {};
    }
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }

  // The count of an Array or Map whose items take at least `item_bytes_min` each: a count that
  // cannot be true is a failure, so that callers may reserve memory for it.
  size_t Count(size_t item_bytes_min = 1) {
    const uint64_t count = VarUint();
    if (count > left_.size() / item_bytes_min) {
      Fail();
      return 0;
    }
    return count;
  }

 private:
  void Fail() {
    ok_ = false;
    left_ = {};
  }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace pitot
